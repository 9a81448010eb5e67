"""A recording takes hold of its session: who is kept out, and how long it waits."""

from __future__ import annotations

import pytest

from classifier import Source
from server.errors import ClassifierFailedError, SessionEndedError, SourceTakenError
from server.recordings.feed import held
from tests.server.house import House

_READY_S = 20.0


async def test_a_session_that_is_held_takes_no_socket(house: House) -> None:
    """On either side; afterwards it does."""
    session, _ = await house.start()
    async with held(session, ready_s=_READY_S):
        assert session.ready.is_set()
        for source in Source:
            with pytest.raises(SourceTakenError):
                session.feed(source)
    session.feed(Source.MIC)


async def test_a_socket_that_was_faster_keeps_its_source(house: House) -> None:
    """The recording is refused, and the socket goes on."""
    session, _ = await house.start()
    feed = session.feed(Source.TAB)
    with pytest.raises(SourceTakenError):
        async with held(session, ready_s=_READY_S):
            raise AssertionError("it was held twice")
    feed.offer(bytes(3_200))


async def test_a_classifier_that_is_not_ready_in_time_is_said(house: House) -> None:
    """It is a failure that passes; the session's sources are free again."""
    house.backend.load_gate.clear()
    session, _ = await house.start()
    with pytest.raises(ClassifierFailedError, match="try again"):
        async with held(session, ready_s=0.01):
            raise AssertionError("nobody listens")
    session.feed(Source.MIC)
    house.backend.load_gate.set()


async def test_a_session_that_ends_meanwhile_is_not_waited_for(house: House) -> None:
    """However long its classifier would take."""
    house.backend.load_gate.clear()
    session, _ = await house.start()
    await house.manager.end(session.session_id, owner="")
    with pytest.raises(SessionEndedError):
        async with held(session, ready_s=3600.0):
            raise AssertionError("it has ended")
