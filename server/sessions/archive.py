"""Sessions in the store, as one owner may see and keep them: rows, pins, corrections, copies.

Another owner's session is the same as none. Knows nothing of sessions that run.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Final

import orjson

from server.clock import Clock
from server.errors import UnknownEventError, UnknownSessionError
from server.log.base import Event, EventStore, Gap, SessionRow
from server.log.channel import Channel
from server.models import CorrectionMark, CorrectionRequest
from server.sessions.keeper import Keeper

_PAGE_EVENTS: Final = 500

_SESSION_ID: Final = re.compile(rb'"session_id":"[^"\\]*"')


@dataclass(frozen=True, slots=True)
class Copied:
    """What a session that is resumed begins with."""

    last_events: list[Event]
    """The last of them, for those who reconnect."""

    last_s: float
    """The latest timestamp, in seconds of the session's own clock."""


class Archive:
    """See the module."""

    def __init__(self, store: EventStore, clock: Clock, keeper: Keeper) -> None:
        self._store = store
        self._clock = clock
        self._keeper = keeper

    async def row(self, session_id: str, *, owner: str) -> SessionRow:
        """What is kept of a session.

        Raises:
            UnknownSessionError: no such session of this owner.
        """
        row = await self._store.session(session_id)
        if row is None:
            raise UnknownSessionError
        check_owner(row.owner, owner)
        return self._keeper.as_ended(row)

    async def past(self, owner: str, *, limit: int, before_s: float | None) -> list[SessionRow]:
        """This owner's ended sessions, the newest first."""
        return await self._store.ended_sessions(owner, limit=limit, before_s=before_s)

    async def pin(self, session_id: str, *, owner: str, pinned: bool) -> float | None:
        """Keep a session however old it gets, or no longer; since when it is pinned.

        Raises:
            UnknownSessionError: no such session of this owner.
        """
        await self.row(session_id, owner=owner)
        if not await self._store.pin(session_id, self._clock.wall_s() if pinned else None):
            raise UnknownSessionError
        return (await self.row(session_id, owner=owner)).pinned_at_s

    async def correct(
        self, session_id: str, seq: int, request: CorrectionRequest | None, *, owner: str
    ) -> CorrectionMark | None:
        """Put a correction beside an event, or take it away.

        Raises:
            UnknownSessionError: no such session of this owner.
            UnknownEventError: it has no tone event of this number, or has yet to store it.
        """
        await self.row(session_id, owner=owner)
        mark = None
        if request is not None:
            mark = CorrectionMark(**request.model_dump(), at=round(self._clock.wall_s(), 3))
        if not await self._store.correct(session_id, seq, mark):
            raise UnknownEventError
        return mark

    async def gaps(self, row: SessionRow, channel: Channel | None) -> list[Gap]:
        """Numbers whose events are not stored.

        Args:
            row: which session, as :meth:`row` gave it.
            channel: its log while it runs; what is unstored at the moment is a gap, too.
        """
        found = await self._store.gaps(row.session_id, row.last_seq)
        if channel is not None and (unstored := channel.unstored) is not None:
            first = max(unstored.first_seq, row.last_seq + 1)
            if first <= unstored.last_seq:
                found.append(Gap(first, unstored.last_seq))
        return found

    async def copy(self, old: SessionRow, session_id: str) -> Copied:
        """Copy the events of an ended session into one that has none yet, numbered from 1.

        Their ``session_id`` becomes that of the session they are in now; all else stays.

        Raises:
            UnknownSessionError: the old session was erased meanwhile.
            StoreError: the log failed.
        """
        marks = await self._store.corrections(old.session_id)
        count = 0
        last_s = 0.0
        last_events: list[Event] = []
        async for page in self._pages(old.session_id):
            last_events = [
                replace(event, seq=count + at, data=_moved(event.data, session_id))
                for at, event in enumerate(page, start=1)
            ]
            await self._store.append(session_id, last_events)
            for event, copied in zip(page, last_events, strict=True):
                if (mark := marks.get(event.seq)) is not None:
                    await self._store.correct(session_id, copied.seq, mark)
                last_s = max(last_s, _timestamp_s(event))
            count += len(page)
        if await self._store.session(old.session_id) is None:
            raise UnknownSessionError
        return Copied(last_events, last_s)

    async def _pages(self, session_id: str) -> AsyncIterator[list[Event]]:
        seq = 0
        while page := await self._store.read_after(session_id, seq, _PAGE_EVENTS):
            yield page
            seq = page[-1].seq


def check_owner(owner: str, asking: str) -> None:
    """
    Raises:
        UnknownSessionError: the session is somebody else's.
    """
    if not secrets.compare_digest(owner.encode(), asking.encode()):
        raise UnknownSessionError


def _moved(data: bytes, session_id: str) -> bytes:
    # The quotes of a text inside the event are escaped, so this can only be the field itself.
    return _SESSION_ID.sub(b'"session_id":"%b"' % session_id.encode(), data, count=1)


def _timestamp_s(event: Event) -> float:
    if event.keys is not None:
        return event.keys.timestamp_s
    value = orjson.loads(event.data).get("timestamp")
    return float(value) if isinstance(value, int | float) else 0.0
