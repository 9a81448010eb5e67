"""A fixed number of places, each given back."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from server.errors import CapacityError
from server.recordings.places import RETRY_AFTER_S, Places


def test_over_the_limit_nobody_waits() -> None:
    """Who finds no place is told when to ask again; one given back is there for the next."""
    places = Places(2)
    with ExitStack() as held:
        held.enter_context(places.take())
        with places.take():
            with pytest.raises(CapacityError) as refused:
                held.enter_context(places.take())
            assert refused.value.retry_after_s == RETRY_AFTER_S
        held.enter_context(places.take())


def test_a_failure_gives_its_place_back() -> None:
    """Whatever happens to who holds it."""
    places = Places(1)
    for _ in range(3):
        with pytest.raises(ValueError, match="mine"), places.take():
            raise ValueError("mine")
