"""One recording through one session, from its first stretch to its summary.

Owns the session it starts: ends it when the recording ends, when it breaks off, or when whoever
asked has left. Serves the HTTP route and the command line alike, and knows neither.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog

from classifier import Listener
from classifier.frames import SAMPLE_RATE_HZ
from server.clock import Clock
from server.errors import LinnetError, StoreError
from server.log.base import SessionRow
from server.models import EndReason, ServiceStatus, Tier
from server.recordings.documents import AnalyseRequest, ProgressEvent, RecordingSummary
from server.recordings.feed import held
from server.recordings.in_order import InOrder
from server.recordings.recording import Recording
from server.recordings.summary import Summary, times_real_time
from server.sessions.manager import SessionManager
from server.sessions.session import Session

_READY_S: Final = 60.0
"""How long the classifier may take to be made ready."""

_log = structlog.get_logger(__name__)

Progress = Callable[[ProgressEvent], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an analysis came to."""

    summary: RecordingSummary
    persist_failed: bool
    error: LinnetError | None
    """Why it did not come to its end; None when it did."""


class Analysis:
    """One analysis. Made by :func:`start_analysis`."""

    def __init__(
        self, manager: SessionManager, session: Session, recording: Recording, clock: Clock
    ) -> None:
        self.session = session
        self.recording = recording
        self._manager = manager
        self._clock = clock
        self._summary = Summary()
        self._done_s = 0.0
        self._seq = 0
        self._unread = False

    async def run(self, on_progress: Progress) -> Outcome:
        """Hear the recording to its end, then end the session.

        Args:
            on_progress: told after each stretch; must not wait.
        """
        started_s = self._clock.monotonic_s()
        error: LinnetError | None = None
        reason = EndReason.ABANDONED
        try:
            while (stretch := await self.recording.stretch()) is not None:
                await self.session.hear(stretch)
                samples = len(next(iter(stretch.values())))
                self._done_s += samples / SAMPLE_RATE_HZ
                await self._count()
                on_progress(self._progress(self._clock.monotonic_s() - started_s))
            reason = EndReason.COMPLETE
        except LinnetError as exc:
            error, reason = exc, EndReason.ERROR
            if not self.session.ended.is_set():
                await self.session.say(ServiceStatus.ERROR, exc.detail)
        except Exception:
            reason = EndReason.ERROR
            raise
        finally:
            # Also after a fault of ours or when nobody waits: who follows it must come to its end.
            await self._manager.finish(self.session, reason)
        if error is None and self.session.end_reason is not EndReason.COMPLETE:
            # Somebody ended it while the last stretch was being written.
            error = self.session.farewell()
        await self._count()
        elapsed_s = self._clock.monotonic_s() - started_s
        row = await self._row()
        model_id = (row.model_id if row is not None else "") or self._manager.backend.name
        summary = self._summary.document(
            duration_s=self._done_s, elapsed_s=elapsed_s, model_id=model_id
        )
        return Outcome(summary, row is None or await self._persist_failed(), error)

    def _progress(self, elapsed_s: float) -> ProgressEvent:
        duration_s = self.recording.info.duration_s
        return ProgressEvent(
            session_id=self.session.session_id,
            fraction=None if not duration_s else min(1.0, round(self._done_s / duration_s, 4)),
            done_s=round(self._done_s, 3),
            times_real_time=times_real_time(self._done_s, elapsed_s),
        )

    async def _count(self) -> None:
        """Count what has been logged since the last time."""
        try:
            while events := await self.session.channel.read_after(self._seq):
                for event in events:
                    self._summary.take(event)
                self._seq = events[-1].seq
        except StoreError as exc:
            # The events were sent; only their count is lost, and the answer says so.
            self._unread = True
            self._seq = self.session.channel.last_seq
            _log.warning("events not counted", error=exc.detail)

    async def _row(self) -> SessionRow | None:
        try:
            return await self._manager.store.session(self.session.session_id)
        except StoreError:
            return None

    async def _persist_failed(self) -> bool:
        """Whether anything of this session is missing from the store."""
        channel = self.session.channel
        try:
            gaps = await self._manager.store.gaps(self.session.session_id, channel.last_seq)
        except StoreError:
            return True
        return bool(gaps) or self._unread


@asynccontextmanager
async def start_analysis(
    manager: SessionManager,
    recording: Recording,
    request: AnalyseRequest,
    *,
    tier: Tier,
    owner: str,
    clock: Clock,
) -> AsyncIterator[Analysis]:
    """Start a session for a recording and wait until the classifier listens. The session has ended
    afterwards: as ``abandoned`` when nobody waited for :meth:`Analysis.run`.

    Raises:
        LinnetError: no room, no log, or no classifier.
    """
    session = await manager.start(
        request, tier=tier, owner=owner, wrap_listener=partial(_of_recording, recording)
    )
    try:
        async with held(session, ready_s=_READY_S):
            yield Analysis(manager, session, recording, clock)
    finally:
        await manager.finish(session, EndReason.ABANDONED)


def _of_recording(recording: Recording, listener: Listener) -> Listener:
    listener.follow_audio()
    return InOrder(listener, recording.sources) if len(recording.sources) > 1 else listener
