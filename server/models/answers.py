"""What a caller is answered. Fields marked locked are what front ends parse."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue, SerializerFunctionWrapHandler, model_serializer

from classifier.frames import Affect
from server.models.base import EndReason, Seconds, SessionState, Tier, WireModel
from server.models.events import ToneEvent


class SessionInfo(WireModel):
    """Answer to starting and to asking for a session. Locked."""

    session_id: str
    state: SessionState
    elcor: bool
    tier: Tier


class SessionStopped(WireModel):
    """Answer to ending a session. Locked."""

    session_id: str
    state: Literal[SessionState.STOPPED] = SessionState.STOPPED


class SessionPinned(WireModel):
    """Answer to pinning and unpinning."""

    session_id: str
    snapshot_id: str
    """What resuming takes: the id of the session itself."""
    pinned: bool
    pinned_at: Seconds | None
    """Seconds since 1970."""


class SessionErased(WireModel):
    """Answer to erasing a session."""

    session_id: str
    erased: Literal[True] = True


class SessionResumed(SessionInfo):
    """Answer to resuming a session."""

    resumed_from: str
    event_count: int = Field(ge=0)
    """Events in its log from the start: the next one is number ``event_count + 1`` or later."""


class SessionSummary(WireModel):
    """One row of the list of past sessions."""

    session_id: str
    started_at: Seconds
    ended_at: Seconds | None
    reason: EndReason | None
    elcor: bool
    event_count: int = Field(ge=0)
    pinned: bool
    resumed_from: str | None


class SessionList(WireModel):
    """Past sessions, the newest first."""

    count: int = Field(ge=0)
    sessions: list[SessionSummary]


class CorrectionMark(WireModel):
    """What a person says an event should have been, and when they said so."""

    label: str | None = None
    affect: Affect | None = None
    note: str | None = None
    at: Seconds
    """Seconds since 1970."""

    @model_serializer(mode="wrap")
    def _only_what_was_said(self, dump: SerializerFunctionWrapHandler) -> dict[str, object]:
        return {key: value for key, value in dump(self).items() if value is not None}


class CorrectionAnswer(WireModel):
    """The correction that stands beside an event now."""

    session_id: str
    seq: int = Field(ge=1)
    correction: CorrectionMark | None


class LoggedTone(ToneEvent):
    """A tone event as history and export give it: with its number, and what a person says it
    should have been."""

    seq: int = Field(ge=1)
    correction: CorrectionMark | None = None


class HistoryAnswer(WireModel):
    """The most recent tone events that match, in time order."""

    session_id: str
    count: int = Field(ge=0)
    events: list[LoggedTone]


class ExportModel(WireModel):
    """What listened."""

    id: str
    """Empty for a session of an older log."""
    sha256: str


class ExportGap(WireModel):
    """A run of events that were sent but could not be kept."""

    first_seq: int = Field(ge=1)
    last_seq: int = Field(ge=1)


class ExportDocument(WireModel):
    """A whole session. The first three are locked; what it was made with follows them."""

    session_id: str
    elcor: bool
    events: list[LoggedTone]
    schema_version: int = Field(ge=1)
    started_at: Seconds
    """Wall clock at timestamp 0, seconds since 1970."""
    ended_at: Seconds | None
    model: ExportModel
    settings: dict[str, JsonValue]
    gaps: list[ExportGap]


class AudioAck(WireModel):
    """Answer to each accepted audio message."""

    ok: Literal[True] = True
    bytes: int = Field(ge=1)


class AudioRefusal(WireModel):
    """Answer to a refused audio message."""

    ok: Literal[False] = False
    error: Literal["odd_length", "empty", "too_long", "not_binary", "overrun"]
    detail: str


class Health(WireModel):
    """State of the process."""

    status: Literal["ok"] = "ok"
    service: Literal["linnet"] = "linnet"
    mode: Literal["local", "demo", "cloud"]
    version: str
    live: Literal[True] = True
    ready: bool
    classifier: str
    sessions: int = Field(ge=0)
    uptime_s: Seconds
    token_needed: bool = False
    """Whether the other addresses ask for credentials."""
    voices_kept: bool = True
    """Whether a later session can begin with the voices of one that ended (``voices_from``)."""


class Ticket(WireModel):
    """Opens one stream or one audio socket."""

    ticket: str
    expires_in_s: Seconds


class Problem(WireModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    request_id: str
