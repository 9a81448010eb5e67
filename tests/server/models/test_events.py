"""Events on the wire: locked names, order and bounds."""

from __future__ import annotations

import tracemalloc
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from classifier import Affect, ShiftDirection
from server.models import (
    AffectEvent,
    ServiceEvent,
    ServiceStatus,
    SessionState,
    ToneEvent,
)

TONE: dict[str, Any] = {
    "label": "Frustrated",
    "confidence": 0.5,
    "speaker_id": "speaker_a",
    "shift_magnitude": 0.25,
    "timestamp": 12.5,
    "session_id": "id",
    "subtext": None,
    "affect": Affect.FRUSTRATED,
    "shift_direction": ShiftDirection.DE_ESCALATING,
    "prosody_flags": ["loud"],
}


def test_the_tone_event_has_the_locked_keys_in_the_locked_order() -> None:
    """Exactly eleven, as front ends parse them; enumerations are plain words."""
    data = orjson.loads(ToneEvent(**TONE).to_json())
    assert list(data) == [
        "event_type",
        "label",
        "confidence",
        "speaker_id",
        "shift_magnitude",
        "timestamp",
        "session_id",
        "subtext",
        "affect",
        "shift_direction",
        "prosody_flags",
    ]
    assert data["event_type"] == "tone"
    assert data["affect"] == "frustrated"
    assert data["shift_direction"] == "de-escalating"
    assert data["subtext"] is None


def test_the_words_of_the_wire_are_locked() -> None:
    """Affects, shift directions, states and statuses are the words that clients switch on."""
    assert " ".join(affect.value for affect in Affect) == (
        "neutral warm frustrated confused apologetic scripted genuine dismissive urgent tired"
    )
    assert {shift.value for shift in ShiftDirection} == {"stable", "escalating", "de-escalating"}
    assert {state.value for state in SessionState} == {"running", "stopped"}
    assert {status.value for status in ServiceStatus} == {
        "loading",
        "ready",
        "listening",
        "warning",
        "error",
    }


def test_text_goes_out_as_utf8_on_one_line() -> None:
    """Words of any language stay themselves; a line break inside a text cannot end the line."""
    line = ToneEvent(**{**TONE, "label": "müde 疲れた", "subtext": "a\nb\r\u2028"}).to_json()
    assert "müde 疲れた".encode() in line
    assert b"\n" not in line
    assert b"\r" not in line
    assert orjson.loads(line)["subtext"] == "a\nb\r\u2028"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("confidence", 1.01),
        ("confidence", -0.01),
        ("confidence", float("nan")),
        ("shift_magnitude", 2),
        ("timestamp", -1),
        ("affect", "angry"),
        ("shift_direction", "rising"),
        ("subtext", 7),
    ],
)
def test_a_tone_event_out_of_bounds_cannot_be_made(field: str, value: object) -> None:
    """Numbers outside their range and words outside their list are refused by name."""
    with pytest.raises(ValidationError) as refused:
        ToneEvent(**{**TONE, field: value})
    assert refused.value.errors()[0]["loc"] == (field,)


def test_what_goes_over_the_wire_is_frozen() -> None:
    """An event cannot be changed once it has been made."""
    event = ToneEvent(**TONE)
    with pytest.raises(ValidationError):
        event.label = "Calm"  # type: ignore[misc]


def test_encoded_events_weigh_what_they_say() -> None:
    """They are kept by the hundred in every session: no buffer larger than the text stays."""
    event = ServiceEvent(session_id="i", status=ServiceStatus.READY, detail="x" * 200)
    tracemalloc.start()
    try:
        kept = [event.to_json() for _ in range(200)]
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 2 * sum(map(len, kept)) + 20_000


def test_the_affect_event_says_so_where_there_is_no_evidence() -> None:
    """Without speech the dimensions are null, which is not the same as 0."""
    event = AffectEvent(
        session_id="i",
        timestamp=1,
        speaker_id="speaker_a",
        speech=0,
        arousal=None,
        valence=None,
        dominance=None,
        distribution={},
        heard_s=0,
    )
    data = orjson.loads(event.to_json())
    assert data["event_type"] == "affect"
    assert data["arousal"] is data["valence"] is data["dominance"] is None
