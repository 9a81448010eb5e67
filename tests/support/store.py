"""A store that fails on demand, around one that works."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from server.errors import StoreError
from server.log.base import Event, EventStore, Gap, SessionRow
from server.models import CorrectionMark, EndReason, HistoryQuery


class FailingStore:
    """See :class:`server.log.base.EventStore`; passes everything on while all is well."""

    def __init__(self, inner: EventStore) -> None:
        self.inner = inner
        """The store that works."""
        self.writes_fail = False
        """Every write raises; nothing of it is kept."""
        self.reads_fail = False
        """Every read raises."""
        self.fail_appends = 0
        """So many of the next appends raise, each counted down."""
        self.gate = asyncio.Event()
        """Clear it, and writes wait before they reach the store, as on a disk that hangs."""
        self.gate.set()
        self.waiting = 0
        """How many writes wait at the gate."""

    async def open(self) -> int:
        return await self.inner.open()

    async def aclose(self) -> None:
        await self.inner.aclose()

    async def create_session(self, row: SessionRow) -> None:
        await self._before_write()
        await self.inner.create_session(row)

    async def append(self, session_id: str, events: Sequence[Event]) -> None:
        await self._before_write()
        if self.fail_appends > 0:
            self.fail_appends -= 1
            raise StoreError("The store was told to fail.")
        await self.inner.append(session_id, events)

    async def end_session(
        self, session_id: str, *, reason: EndReason, ended_at_s: float, last_seq: int
    ) -> None:
        await self._before_write()
        await self.inner.end_session(
            session_id, reason=reason, ended_at_s=ended_at_s, last_seq=last_seq
        )

    async def describe(self, session_id: str, *, model_id: str, model_sha256: str) -> None:
        await self._before_write()
        await self.inner.describe(session_id, model_id=model_id, model_sha256=model_sha256)

    async def keep_voices(self, session_id: str, known: str) -> None:
        await self._before_write()
        await self.inner.keep_voices(session_id, known)

    async def voices(self, session_id: str) -> str:
        self._before_read()
        return await self.inner.voices(session_id)

    async def pin(self, session_id: str, at_s: float | None) -> bool:
        await self._before_write()
        return await self.inner.pin(session_id, at_s)

    async def correct(self, session_id: str, seq: int, mark: CorrectionMark | None) -> bool:
        await self._before_write()
        return await self.inner.correct(session_id, seq, mark)

    async def erase(self, session_id: str) -> bool:
        await self._before_write()
        return await self.inner.erase(session_id)

    async def expire(self, before_s: float) -> int:
        await self._before_write()
        return await self.inner.expire(before_s)

    async def tidy(self, *, quiet: bool) -> None:
        await self._before_write()
        await self.inner.tidy(quiet=quiet)

    async def session(self, session_id: str) -> SessionRow | None:
        self._before_read()
        return await self.inner.session(session_id)

    async def ended_sessions(
        self, owner: str, *, limit: int, before_s: float | None
    ) -> list[SessionRow]:
        self._before_read()
        return await self.inner.ended_sessions(owner, limit=limit, before_s=before_s)

    async def read_after(self, session_id: str, seq: int, limit: int) -> list[Event]:
        self._before_read()
        return await self.inner.read_after(session_id, seq, limit)

    async def tones(self, session_id: str, query: HistoryQuery) -> list[Event]:
        self._before_read()
        return await self.inner.tones(session_id, query)

    async def tones_after(self, session_id: str, seq: int, limit: int) -> list[Event]:
        self._before_read()
        return await self.inner.tones_after(session_id, seq, limit)

    async def corrections(self, session_id: str) -> dict[int, CorrectionMark]:
        self._before_read()
        return await self.inner.corrections(session_id)

    async def gaps(self, session_id: str, last_seq: int) -> list[Gap]:
        self._before_read()
        return await self.inner.gaps(session_id, last_seq)

    async def _before_write(self) -> None:
        self.waiting += 1
        try:
            await self.gate.wait()
        finally:
            self.waiting -= 1
        if self.writes_fail:
            raise StoreError("The store was told to fail.")

    def _before_read(self) -> None:
        if self.reads_fail:
            raise StoreError("The store was told to fail.")
