"""What an analysis says of a recording, as it goes over the wire."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from classifier.frames import ShiftDirection
from server.models import (
    Seconds,
    SessionState,
    Signed,
    StartRequest,
    Tier,
    Unit,
    WireModel,
)

NAME_MAX_CHARS = 200
"""Of a recording's name; a longer one is cut."""


class AnalyseRequest(StartRequest):
    """How a recording is to be heard: beside what any session can be started with."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    channels: Literal["mix", "split"] = "mix"
    """``split``: the left channel is ``speaker_a``, the right ``speaker_b``."""

    file_name: str | None = Field(None, max_length=NAME_MAX_CHARS)
    """What a person calls it; for display only."""


class SpeakerSummary(WireModel):
    """One voice of a recording."""

    speaker_id: str
    speech_s: Seconds
    """Seconds in which it spoke."""

    named_s: Seconds
    """Seconds for which a tone could be named."""

    affects: dict[str, Unit]
    """Affect to its share of ``named_s``, the greatest first; they sum to 1, or there are none."""

    arousal: Signed | None
    valence: Signed | None
    """Means over all readings of speech; null where there were none."""

    tones: int = Field(ge=0)


class ShiftMark(WireModel):
    """A moment at which a voice moved."""

    seq: int = Field(ge=1)
    timestamp: Seconds
    speaker_id: str
    label: str
    affect: str
    shift_magnitude: Unit
    shift_direction: ShiftDirection


class RecordingSummary(WireModel):
    """A whole recording, or what was reached of it."""

    duration_s: Seconds
    """Seconds of audio that were heard."""

    speech_s: Seconds
    speakers: list[SpeakerSummary]
    shifts: list[ShiftMark]
    """The strongest, at most one in five seconds of a voice, the strongest first."""

    events: dict[str, int]
    """Event name to how many there were."""

    model_id: str
    elapsed_s: Seconds
    """How long the analysis took."""

    times_real_time: float = Field(ge=0)


class RecordingSession(WireModel):
    """First on the stream of an analysis: the session it is, and what the file says of itself."""

    event_type: Literal["session"] = "session"
    session_id: str
    state: SessionState
    elcor: bool
    tier: Tier
    file_name: str | None
    kind: str
    rate_hz: int = Field(ge=1)
    channels: int = Field(ge=1)
    duration_s: Seconds | None
    """Null where the file does not say."""

    speakers: list[str]


class ProgressEvent(WireModel):
    """How far an analysis is."""

    event_type: Literal["progress"] = "progress"
    session_id: str
    fraction: Unit | None
    """Null where the file does not say how long it is."""

    done_s: Seconds
    times_real_time: float = Field(ge=0)


class DoneEvent(WireModel):
    """Last on the stream of an analysis that came to its end."""

    event_type: Literal["done"] = "done"
    session_id: str
    last_seq: int = Field(ge=0)
    summary: RecordingSummary
    persist_failed: bool
    """Whether there is anything that the log could not keep."""


class ErrorEvent(WireModel):
    """Last on the stream of an analysis that did not; what was reached can be read as ever."""

    event_type: Literal["error"] = "error"
    session_id: str
    code: str
    detail: str
    partial: Literal[True] = True
    last_seq: int = Field(ge=0)
    summary: RecordingSummary
    persist_failed: bool


class AnalysisAnswer(WireModel):
    """A whole analysis as one JSON object."""

    session_id: str
    file_name: str | None
    summary: RecordingSummary
    persist_failed: bool
    events: list[dict[str, object]] | None = None
    """Every event of the session in order, each with its number as ``seq``. Left out in the demo,
    which does not export."""

    notice: str | None = None
    """In the demo: where the events are. Elsewhere left out."""
