"""What goes over the wire, validated and frozen.

Field names and order of :class:`ToneEvent` are locked: front ends parse them. Working objects
(sessions, log records) live elsewhere; nothing here knows how it is transported.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal

import orjson
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from classifier.frames import Affect, EnvironLabel, QueueLabel, ShiftDirection

Unit = Annotated[float, Field(ge=0, le=1)]
Signed = Annotated[float, Field(ge=-1, le=1)]
Seconds = Annotated[float, Field(ge=0)]

SEQ_MAX: Final = 2**63 - 1
"""The largest number that the log can be asked for (a signed 64-bit integer)."""


class WireModel(BaseModel):
    """Frozen; what a client sent beyond the known fields is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    def to_json(self) -> bytes:
        """UTF-8 JSON, keys in the order of the fields."""
        # A copy: what orjson gives out holds on to its whole buffer of 4 KB, and events are kept.
        return memoryview(orjson.dumps(self.model_dump(mode="python"))).tobytes()


class Tier(StrEnum):
    """What a licence key buys."""

    FREE = "free"
    PAID = "paid"


class SessionState(StrEnum):
    """As clients of the original know it."""

    RUNNING = "running"
    STOPPED = "stopped"


class EndReason(StrEnum):
    """Why a session ended."""

    CLIENT = "client"
    IDLE = "idle"
    SHUTDOWN = "shutdown"
    INTERRUPTED = "interrupted"
    ERROR = "error"
    COMPLETE = "complete"
    """A recording was heard to its end."""
    ABANDONED = "abandoned"
    """Whoever sent the recording left before its end."""


# -- sessions -----------------------------------------------------------------------------------


class StartRequest(WireModel):
    """Body of ``POST /session/start``; every field is optional."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    elcor: bool = False
    license_key: str | None = Field(None, max_length=200)
    window_ms: int = Field(1000, ge=100, le=5000, multiple_of=100)
    transcribe_lang: str | None = Field(None, max_length=35)
    num_speakers: int = Field(0, ge=0, le=8)
    target_lang: str | None = Field(None, max_length=35)

    @model_validator(mode="before")
    @classmethod
    def _null_means_default(cls, data: object) -> object:
        # Clients of the original send null for what the user left open.
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if value is not None}
        return data


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


class ResumeRequest(StartRequest):
    """Body of ``POST /session/resume``; what is not given is as it was."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    snapshot_id: str = Field(min_length=1, max_length=128)


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


# -- events -------------------------------------------------------------------------------------


class ToneEvent(WireModel):
    """The locked event: exactly these eleven keys in this order."""

    event_type: Literal["tone"] = "tone"
    label: str
    confidence: Unit
    speaker_id: str
    shift_magnitude: Unit
    timestamp: Seconds
    session_id: str
    subtext: str | None
    affect: Affect
    shift_direction: ShiftDirection
    prosody_flags: list[str]


class ServiceStatus(StrEnum):
    """What stage the service is in for this session."""

    LOADING = "loading"
    READY = "ready"
    LISTENING = "listening"
    WARNING = "warning"
    ERROR = "error"


class ServiceEvent(WireModel):
    """A stage of the service, with a sentence for a person."""

    event_type: Literal["service"] = "service"
    session_id: str
    status: ServiceStatus
    detail: str


class AffectEvent(WireModel):
    """The dimensional reading behind the labels, at the analysis rate."""

    event_type: Literal["affect"] = "affect"
    session_id: str
    timestamp: Seconds
    speaker_id: str
    speech: Unit
    arousal: Signed | None
    valence: Signed | None
    dominance: Signed | None
    distribution: dict[str, float]
    heard_s: Seconds


class EnvironEvent(WireModel):
    """What surrounds the voices, said when it changes."""

    event_type: Literal["environ"] = "environ"
    session_id: str
    label: EnvironLabel
    confidence: Unit
    timestamp: Seconds


class QueueEvent(WireModel):
    """What the line carries while nobody speaks, said when it begins."""

    event_type: Literal["queue"] = "queue"
    session_id: str
    label: QueueLabel
    confidence: Unit
    timestamp: Seconds


class SpeakerEvent(WireModel):
    """Another voice of the same source begins to speak; only where voices are told apart."""

    event_type: Literal["speaker"] = "speaker"
    session_id: str
    label: str
    """The ``speaker_id`` of who speaks from here on."""
    confidence: Unit
    """How strongly the change showed; not calibrated."""
    timestamp: Seconds


class SessionEndEvent(WireModel):
    """The last thing a stream says. Not numbered: it belongs to the stream, not to the log."""

    event_type: Literal["session_end"] = "session_end"
    session_id: str
    reason: EndReason
    last_seq: int = Field(ge=0)


# -- reading ------------------------------------------------------------------------------------


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


class CorrectionRequest(WireModel):
    """Body of ``PUT /session/{id}/events/{seq}/correction``: a label or an affect, or both."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", str_strip_whitespace=True, allow_inf_nan=False
    )

    label: str | None = Field(None, min_length=1, max_length=200)
    affect: Affect | None = None
    note: str | None = Field(None, min_length=1, max_length=2000)

    @model_validator(mode="after")
    def _says_something(self) -> CorrectionRequest:
        if self.label is None and self.affect is None:
            raise ValueError("needs a label or an affect")
        return self


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


class HistoryQuery(BaseModel):
    """Filters of ``GET /session/{id}/history``."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    min_confidence: Unit = 0.0
    limit: int = Field(50, ge=1, le=10_000)
    affect: Affect | None = None
    speaker_id: str | None = Field(None, min_length=1, max_length=64)
    since: Seconds | None = None
    until: Seconds | None = None
    after_seq: int | None = Field(None, ge=0, le=SEQ_MAX)


EXPORT_FORMATS: Final = ("json", "jsonl", "csv", "vtt", "srt", "textgrid", "eaf", "rttm", "html")
"""Names of :data:`server.export.formats.FORMATS`, for the documents."""


class ExportQuery(BaseModel):
    """Options of ``GET /session/{id}/export``."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: str = Field(
        "json", min_length=1, max_length=32, json_schema_extra={"enum": list(EXPORT_FORMATS)}
    )


class SessionsQuery(BaseModel):
    """Paging of ``GET /sessions/history``."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    limit: int = Field(50, ge=1, le=1000)
    before: Seconds | None = None


# -- audio --------------------------------------------------------------------------------------


class AudioAck(WireModel):
    """Answer to each accepted audio message."""

    ok: Literal[True] = True
    bytes: int = Field(ge=1)


class AudioRefusal(WireModel):
    """Answer to a refused audio message."""

    ok: Literal[False] = False
    error: Literal["odd_length", "empty", "too_long", "not_binary", "overrun"]
    detail: str


# -- the service itself -------------------------------------------------------------------------


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
