"""A session's events as exports read them, from a store.

Knows the store's reading methods and nothing of formats.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final

from server.errors import StoreError
from server.export.base import ExportHead, Pages, SessionEvents
from server.log.base import Event, EventStore, Gap, SessionRow
from server.models import CorrectionMark

PAGE_EVENTS: Final = 500
"""Read and turned into text in one go; between two pages the event loop has its turn."""

_Reader = Callable[[str, int, int], Awaitable[list[Event]]]


def head_of(row: SessionRow, *, gaps: Sequence[Gap] = (), title: str = "") -> ExportHead:
    """What stands above the events of a stored session."""
    return ExportHead(
        session_id=row.session_id,
        elcor=row.elcor,
        started_at_s=row.started_at_s,
        ended_at_s=row.ended_at_s,
        model_id=row.model_id,
        model_sha256=row.model_sha256,
        settings=row.settings,
        gaps=tuple(gaps),
        title=title,
    )


class StoredEvents(SessionEvents):
    """The events of one session up to a number, with the corrections of when it was first read."""

    def __init__(self, store: EventStore, session_id: str, last_seq: int) -> None:
        """
        Args:
            store: where they are kept.
            session_id: whose events.
            last_seq: the last number there is for these readings; later events are not for them.
        """
        self._store = store
        self._session_id = session_id
        self._last_seq = last_seq
        self._corrections: dict[int, CorrectionMark] | None = None

    def tones(self) -> Pages:
        return self._pages(self._store.tones_after)

    def everything(self) -> Pages:
        return self._pages(self._store.read_after)

    async def _pages(self, read: _Reader) -> Pages:
        if self._corrections is None:
            # Once for all readings, which are to agree. They are few: each was made by hand.
            self._corrections = await self._store.corrections(self._session_id)
        marks = self._corrections
        seq = 0
        while seq < self._last_seq:
            page = await read(self._session_id, seq, PAGE_EVENTS)
            if not page:
                await self._check_still_there()
                return
            seq = page[-1].seq
            if seq > self._last_seq:
                page = [event for event in page if event.seq <= self._last_seq]
                if not page:
                    return
            yield [_marked(event, marks.get(event.seq)) for event in page] if marks else page

    async def _check_still_there(self) -> None:
        """A session erased under its export must not look like a shorter one."""
        if await self._store.session(self._session_id) is None:
            raise StoreError("The session was erased while it was being exported.")


def _marked(event: Event, mark: CorrectionMark | None) -> Event:
    return event if event.correction == mark else replace(event, correction=mark)
