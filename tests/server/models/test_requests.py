"""What clients send: defaults, and bounds on every field."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from classifier import Affect
from server.models import (
    HistoryQuery,
    SessionsQuery,
    StartRequest,
)

DEFAULTS = {
    "elcor": False,
    "license_key": None,
    "window_ms": 1000,
    "transcribe_lang": None,
    "num_speakers": 0,
    "target_lang": None,
    "voices_from": None,
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
