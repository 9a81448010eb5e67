"""The locked export: one JSON object that parses back to the events."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.export.json_document import JSON
from server.log.base import Event
from server.models import ExportDocument
from tests.server.export.pages import paged, written
from tests.support.events import numbered, tone_draft


@given(pages=paged, elcor=st.booleans())
def test_any_session_parses_back_to_its_events(pages: list[list[Event]], elcor: bool) -> None:
    """Any text, any paging: the events in order, each with the fields it was sent with and its
    number."""
    document = json.loads(asyncio.run(written(JSON, pages, elcor=elcor)))
    assert list(document) == ["session_id", "elcor", "events"]
    assert (document["session_id"], document["elcor"]) == ("the-session", elcor)
    events = [event for page in pages for event in page]
    assert document["events"] == [json.loads(event.data) | {"seq": event.seq} for event in events]
    ExportDocument.model_validate_json(json.dumps(document))


def test_an_empty_session_is_a_whole_document() -> None:
    """Without events the list is empty."""
    document = json.loads(asyncio.run(written(JSON, [])))
    assert document == {"session_id": "the-session", "elcor": False, "events": []}


@pytest.mark.parametrize(
    "field",
    [
        "label",
        "confidence",
        "speaker_id",
        "shift_magnitude",
        "timestamp",
        "subtext",
        "affect",
        "shift_direction",
    ],
)
def test_each_event_carries_the_locked_fields(field: str) -> None:
    """What clients of the original read from the file."""
    [event] = json.loads(asyncio.run(written(JSON, [numbered(tone_draft())])))["events"]
    assert field in event


def test_it_is_free_and_comes_as_json() -> None:
    """Under its own name, for everybody."""
    assert (JSON.name, JSON.content_type, JSON.extension, JSON.paid) == (
        "json",
        "application/json",
        "json",
        False,
    )
