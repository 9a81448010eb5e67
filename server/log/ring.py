"""The last events of a live session, ready to send without asking the store.

Bounded by count. When it is full the oldest goes: it is in the store, where a reader that needs
it will find it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Final

from server.log.base import Event

RING_EVENTS: Final = 64
"""About twenty seconds of a conversation: what a short reconnect asks for, in 30 KB a session."""


class Ring:
    """A bounded run of consecutive events."""

    def __init__(self, size: int = RING_EVENTS) -> None:
        self._events: deque[Event] = deque(maxlen=size)

    def extend(self, events: Iterable[Event]) -> None:
        """Take the next events, in order."""
        self._events.extend(events)

    def after(self, seq: int, limit: int) -> list[Event] | None:
        """Up to ``limit`` events above ``seq``; None when the first of them has left the ring."""
        if not self._events:
            return None
        skip = seq + 1 - self._events[0].seq
        if skip < 0:
            return None
        return list(islice(self._events, skip, skip + limit))

    def first(self, limit: int) -> list[Event]:
        """The oldest events still here."""
        return list(islice(self._events, limit))
