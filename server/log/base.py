"""The records of the log and what a store must be able to do.

Knows neither SQLite nor subscribers. A :class:`Draft` becomes an :class:`Event` when it is given
its number; from then on its bytes never change and are shared by every reader.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from server.models import CorrectionMark, EndReason, HistoryQuery, SessionState, Tier


@dataclass(frozen=True, slots=True)
class ToneKeys:
    """What history filters tone events by."""

    timestamp_s: float
    confidence: float
    affect: str
    speaker_id: str


@dataclass(frozen=True, slots=True)
class Draft:
    """An event before it has a number."""

    kind: str
    """The SSE event name: ``tone-event``, ``service-event`` ..."""

    data: bytes
    """One line of UTF-8 JSON."""

    keys: ToneKeys | None = None
    """Set for tone events only."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A run of numbers whose events were sent but could not be kept."""

    first_seq: int
    last_seq: int


@dataclass(frozen=True, slots=True)
class Event:
    """A numbered event."""

    seq: int
    """1, 2, 3 ... within its session, without gaps."""

    kind: str
    data: bytes
    keys: ToneKeys | None = None
    correction: CorrectionMark | None = None
    """What a person says it should have been; kept beside the event, whose bytes stay."""

    @property
    def block(self) -> bytes:
        """The event as it goes over the wire. Not kept: a session would hold all twice."""
        return b"event: %b\ndata: %b\nid: %d\n\n" % (self.kind.encode(), self.data, self.seq)

    def numbered_json(self) -> bytes:
        """The event's JSON object, then its number as ``seq``, then its ``correction`` if any."""
        if self.correction is None:
            return b'%b,"seq":%d}' % (self.data[:-1], self.seq)
        return b'%b,"seq":%d,"correction":%b}' % (
            self.data[:-1],
            self.seq,
            self.correction.to_json(),
        )


@dataclass(frozen=True, slots=True)
class SessionRow:
    """What the store keeps of a session beside its events."""

    session_id: str
    state: SessionState
    elcor: bool
    tier: Tier
    owner: str
    """Whose session it is; empty where there is only one user."""

    started_at_s: float
    ended_at_s: float | None = None
    reason: EndReason | None = None
    last_seq: int = 0
    """Number of the last event: of those stored while it runs, of all once it has ended."""

    model_id: str = ""
    """What listened, such as ``acoustic:open@2``."""

    model_sha256: str = ""
    """Of the network's file, in hexadecimal; empty where there is none."""

    settings: Mapping[str, object] = field(default_factory=dict)
    """What it was started with, as JSON values."""

    pinned_at_s: float | None = None
    """When it was pinned: a pinned session is kept however old it gets."""

    resumed_from: str | None = None
    """The session whose events it began with."""


class EventStore(Protocol):
    """Where sessions and their events are kept.

    Every method raises :class:`~server.errors.StoreError` when the store cannot be reached.
    """

    async def open(self) -> int:
        """Open; mark sessions found running as ended with reason ``interrupted``.

        Returns:
            How many were found running.
        """
        ...

    async def aclose(self) -> None:
        """Write what is pending and close."""
        ...

    async def create_session(self, row: SessionRow) -> None:
        """Keep a new session. Returns when it is durable."""
        ...

    async def append(self, session_id: str, events: Sequence[Event]) -> None:
        """Keep numbered events of one session. Returns when they are durable."""
        ...

    async def end_session(
        self, session_id: str, *, reason: EndReason, ended_at_s: float, last_seq: int
    ) -> None:
        """Mark a session ended. Ending twice keeps the first reason."""
        ...

    async def describe(self, session_id: str, *, model_id: str, model_sha256: str) -> None:
        """Keep which model listens to a session, when that is known later than its start."""
        ...

    async def keep_voices(self, session_id: str, known: str) -> None:
        """Keep what is known of a session's voices, in place of what was; erased with it."""
        ...

    async def voices(self, session_id: str) -> str:
        """What :meth:`keep_voices` kept; empty where there is nothing."""
        ...

    async def pin(self, session_id: str, at_s: float | None) -> bool:
        """Keep a session from expiring, from a time on (the first stays), or no longer (None).

        Returns:
            Whether there is such a session.
        """
        ...

    async def correct(self, session_id: str, seq: int, mark: CorrectionMark | None) -> bool:
        """Keep a correction beside a tone event, in place of an earlier one, or none (None).

        Returns:
            Whether there is such a tone event.
        """
        ...

    async def erase(self, session_id: str) -> bool:
        """Erase an ended session and all it left. Returns when it cannot be read any more.

        Returns:
            Whether there was one.
        """
        ...

    async def expire(self, before_s: float) -> int:
        """Erase sessions that ended before a time and are not pinned.

        Returns:
            How many; there may be more when it is not 0.
        """
        ...

    async def tidy(self, *, quiet: bool) -> None:
        """Leave nothing of what was erased where somebody could dig it up.

        Args:
            quiet: nobody is talking, so it may take its time; does nothing when all is tidy.
        """
        ...

    async def session(self, session_id: str) -> SessionRow | None:
        """The session's row, or None when there is none."""
        ...

    async def ended_sessions(
        self, owner: str, *, limit: int, before_s: float | None
    ) -> list[SessionRow]:
        """Ended sessions of one owner, the newest first, those started before ``before_s``."""
        ...

    async def read_after(self, session_id: str, seq: int, limit: int) -> list[Event]:
        """Up to ``limit`` events with a number above ``seq``, in order."""
        ...

    async def tones(self, session_id: str, query: HistoryQuery) -> list[Event]:
        """The most recent ``query.limit`` tone events that match, in order, with corrections."""
        ...

    async def tones_after(self, session_id: str, seq: int, limit: int) -> list[Event]:
        """Up to ``limit`` tone events with a number above ``seq``, in order, with corrections."""
        ...

    async def corrections(self, session_id: str) -> dict[int, CorrectionMark]:
        """All corrections of a session, by the number of their event."""
        ...

    async def gaps(self, session_id: str, last_seq: int) -> list[Gap]:
        """Runs of numbers up to ``last_seq`` whose events are not kept, in order."""
        ...
