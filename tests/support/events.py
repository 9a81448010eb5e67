"""Rows and events to put into a log."""

from __future__ import annotations

from classifier import Affect, ShiftDirection
from server.log.base import Draft, Event, SessionRow, ToneKeys
from server.models import ServiceEvent, ServiceStatus, SessionState, Tier, ToneEvent

SESSION_ID = "session-of-this-test"


def session_row(
    session_id: str = SESSION_ID, *, owner: str = "", started_at_s: float = 1_700_000_000.0
) -> SessionRow:
    """A session that has just begun."""
    return SessionRow(
        session_id=session_id,
        state=SessionState.RUNNING,
        elcor=False,
        tier=Tier.FREE,
        owner=owner,
        started_at_s=started_at_s,
    )


def tone_draft(
    timestamp_s: float = 1.0,
    *,
    confidence: float = 0.8,
    affect: Affect = Affect.URGENT,
    speaker_id: str = "speaker_a",
    label: str = "Urgent",
    subtext: str | None = None,
    flags: tuple[str, ...] = (),
    shift_magnitude: float = 0.25,
    shift_direction: ShiftDirection = ShiftDirection.STABLE,
    session_id: str = SESSION_ID,
) -> Draft:
    """A tone event that has no number yet."""
    event = ToneEvent(
        label=label,
        confidence=confidence,
        speaker_id=speaker_id,
        shift_magnitude=shift_magnitude,
        timestamp=timestamp_s,
        session_id=session_id,
        subtext=subtext,
        affect=affect,
        shift_direction=shift_direction,
        prosody_flags=list(flags),
    )
    keys = ToneKeys(timestamp_s, confidence, affect.value, speaker_id)
    return Draft("tone-event", event.to_json(), keys)


def service_draft(detail: str = "", *, session_id: str = SESSION_ID) -> Draft:
    """An event that is not a tone and has no number yet."""
    event = ServiceEvent(session_id=session_id, status=ServiceStatus.LISTENING, detail=detail)
    return Draft("service-event", event.to_json())


def numbered(*drafts: Draft, first_seq: int = 1) -> list[Event]:
    """The drafts as the next events of a log."""
    return [
        Event(seq, draft.kind, draft.data, draft.keys)
        for seq, draft in enumerate(drafts, start=first_seq)
    ]
