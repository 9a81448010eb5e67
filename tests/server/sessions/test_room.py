"""How many there may be at once."""

from __future__ import annotations

import pytest

from server.errors import CapacityError
from server.metrics import Metrics
from server.sessions.room import Room
from server.settings import Settings


def _room(**settings: object) -> Room:
    return Room(Settings(_env_file=None, **settings), Metrics())  # type: ignore[arg-type]


def test_sessions_are_bounded_by_the_setting() -> None:
    """One below the bound may begin, at the bound none; the refusal names the setting."""
    room = _room(max_sessions=2)
    room.check_session(1)
    with pytest.raises(CapacityError, match="LINNET_MAX_SESSIONS"):
        room.check_session(2)


def test_the_demo_has_a_bound_of_its_own() -> None:
    """Whichever is lower counts."""
    with pytest.raises(CapacityError, match="demo"):
        _room(demo_mode=True, demo_max_sessions=1).check_session(1)
    with pytest.raises(CapacityError, match="LINNET_MAX_SESSIONS"):
        _room(demo_mode=True, demo_max_sessions=5, max_sessions=1).check_session(1)


def test_a_stream_that_was_given_back_is_there_for_others() -> None:
    """Streams are bounded, too; a refusal takes no place."""
    room = _room(max_subscribers=1)
    room.take_stream()
    for _ in range(2):
        with pytest.raises(CapacityError):
            room.take_stream()
    room.give_back_stream()
    room.take_stream()
