"""What a stream says: one model for each kind of event.

Field names and order of :class:`ToneEvent` are locked: front ends parse them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from classifier.frames import Affect, EnvironLabel, QueueLabel, ShiftDirection
from server.models.base import EndReason, Seconds, Signed, Unit, WireModel


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
