"""The wire's models: locked names, order and bounds."""

from __future__ import annotations

import tracemalloc
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from classifier import Affect, ShiftDirection
from server.models import (
    AffectEvent,
    AudioAck,
    AudioRefusal,
    EndReason,
    ExportDocument,
    ExportModel,
    HistoryAnswer,
    HistoryQuery,
    ServiceEvent,
    ServiceStatus,
    SessionEndEvent,
    SessionInfo,
    SessionsQuery,
    SessionState,
    SessionStopped,
    StartRequest,
    Tier,
    ToneEvent,
    WireModel,
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


@pytest.mark.parametrize(
    ("model", "keys"),
    [
        (
            SessionInfo(session_id="i", state=SessionState.RUNNING, elcor=False, tier=Tier.FREE),
            {"session_id": "i", "state": "running", "elcor": False, "tier": "free"},
        ),
        (SessionStopped(session_id="i"), {"session_id": "i", "state": "stopped"}),
        (HistoryAnswer(session_id="i", count=0, events=[]), {"session_id", "count", "events"}),
        (
            ExportDocument(
                session_id="i",
                elcor=True,
                events=[],
                schema_version=1,
                started_at=0,
                ended_at=None,
                model=ExportModel(id="m", sha256=""),
                settings={},
                gaps=[],
            ),
            {
                "session_id",
                "elcor",
                "events",
                "schema_version",
                "started_at",
                "ended_at",
                "model",
                "settings",
                "gaps",
            },
        ),
        (AudioAck(bytes=3200), {"ok": True, "bytes": 3200}),
        (
            AudioRefusal(error="overrun", detail="d"),
            {"ok": False, "error": "overrun", "detail": "d"},
        ),
        (
            SessionEndEvent(session_id="i", reason=EndReason.IDLE, last_seq=3),
            {"event_type": "session_end", "session_id": "i", "reason": "idle", "last_seq": 3},
        ),
        (
            ServiceEvent(session_id="i", status=ServiceStatus.READY, detail="d"),
            {"event_type": "service", "session_id": "i", "status": "ready", "detail": "d"},
        ),
    ],
)
def test_answers_hold_what_the_wire_promises(
    model: WireModel, keys: dict[str, object] | set[str]
) -> None:
    """The fields of WIRE, and no others."""
    data = orjson.loads(model.to_json())
    assert (set(data) if isinstance(keys, set) else data) == keys


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


# -- what clients send --------------------------------------------------------------------------

DEFAULTS = {
    "elcor": False,
    "license_key": None,
    "window_ms": 1000,
    "transcribe_lang": None,
    "num_speakers": 0,
    "target_lang": None,
}


@pytest.mark.parametrize("body", [{}, dict.fromkeys(DEFAULTS), {"unknown": 1, "session_id": "x"}])
def test_what_is_left_open_has_its_default(body: dict[str, object]) -> None:
    """An absent field, a null, and fields nobody knows."""
    assert StartRequest.model_validate(body).model_dump() == DEFAULTS


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("window_ms", 100),
        ("window_ms", 5000),
        ("num_speakers", 0),
        ("num_speakers", 8),
        ("elcor", True),
        ("license_key", "CFG-LNNT-1"),
        ("transcribe_lang", "de-CH"),
        ("target_lang", "en"),
    ],
)
def test_fields_of_the_original_are_taken(field: str, value: object) -> None:
    """The values at the edge of each range are in it."""
    assert getattr(StartRequest.model_validate({field: value}), field) == value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("window_ms", 0),
        ("window_ms", 50),
        ("window_ms", 5100),
        ("window_ms", 150),
        ("window_ms", "1000"),
        ("window_ms", 1000.5),
        ("window_ms", True),
        ("num_speakers", -1),
        ("num_speakers", 9),
        ("elcor", "yes"),
        ("elcor", 1),
        ("license_key", 5),
        ("license_key", "x" * 201),
        ("transcribe_lang", ["de"]),
        ("target_lang", "x" * 36),
    ],
)
def test_fields_out_of_range_or_ill_typed_are_refused_by_name(field: str, value: object) -> None:
    """Nothing is guessed at: a number in quotes is not a number."""
    with pytest.raises(ValidationError) as refused:
        StartRequest.model_validate({field: value})
    assert refused.value.errors()[0]["loc"] == (field,)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("min_confidence", "1.1"),
        ("min_confidence", "-0.1"),
        ("min_confidence", "nan"),
        ("min_confidence", "high"),
        ("limit", "0"),
        ("limit", "10001"),
        ("limit", "1.5"),
        ("affect", "angry"),
        ("speaker_id", ""),
        ("speaker_id", "x" * 65),
        ("since", "-1"),
        ("since", "nan"),
        ("until", "later"),
        ("after_seq", "-1"),
        ("after_seq", "9" * 30),
    ],
)
def test_a_filter_out_of_range_or_ill_typed_is_refused_by_name(field: str, value: str) -> None:
    """As it comes in a query string."""
    with pytest.raises(ValidationError) as refused:
        HistoryQuery.model_validate({field: value})
    assert refused.value.errors()[0]["loc"] == (field,)


def test_filters_as_they_come_in_a_query() -> None:
    """Text becomes numbers; without filters it is the last fifty of everything."""
    query = HistoryQuery.model_validate({"min_confidence": "0.5", "limit": "3", "affect": "tired"})
    assert (query.min_confidence, query.limit, query.affect) == (0.5, 3, Affect.TIRED)
    plain = HistoryQuery.model_validate({})
    assert (plain.min_confidence, plain.limit, plain.affect) == (0.0, 50, None)
    assert SessionsQuery.model_validate({}).limit == 50
