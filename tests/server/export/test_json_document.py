"""The locked export: one JSON object that parses back to the events."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.export.base import ExportHead
from server.export.json_document import JSON
from server.log.base import Event
from server.models import ExportDocument
from tests.server.export.pages import HEAD, cuts, logs, tones, written
from tests.support.events import numbered, tone_draft


@given(log=logs, page_events=cuts, elcor=st.booleans())
def test_any_session_parses_back_to_its_events(
    log: list[Event], page_events: int, elcor: bool
) -> None:
    """Any text, any paging: the tones in order, each with the fields it was sent with, its number
    and its correction, if there is one."""
    head = replace(HEAD, elcor=elcor)
    document = json.loads(written(JSON, log, page_events=page_events, head=head))
    assert list(document)[:3] == ["session_id", "elcor", "events"]
    assert (document["session_id"], document["elcor"]) == ("the-session", elcor)
    expected = []
    for event in tones(log):
        expected.append(json.loads(event.data) | {"seq": event.seq})
        if event.correction is not None:
            mark = event.correction.model_dump(mode="json", exclude_none=True)
            expected[-1]["correction"] = mark
    assert document["events"] == expected
    ExportDocument.model_validate_json(json.dumps(document))


def test_what_the_session_was_made_with_stands_after_the_events() -> None:
    """Schema, wall clock, model, settings, and the events that could not be kept."""
    document = json.loads(written(JSON, numbered(tone_draft())))
    assert {key: document[key] for key in list(document)[3:]} == {
        "schema_version": 1,
        "started_at": 1_700_000_000.25,
        "ended_at": 1_700_000_100.5,
        "model": {"id": "acoustic:open@2", "sha256": "ab" * 32},
        "settings": {"elcor": False, "window_ms": 1000},
        "gaps": [{"first_seq": 7, "last_seq": 9}],
    }


def test_an_empty_session_is_a_whole_document() -> None:
    """Without events the list is empty; what an older log does not know is null or empty."""
    document = json.loads(written(JSON, [], head=ExportHead("s", elcor=False)))
    assert document["events"] == document["gaps"] == []
    assert document["ended_at"] is None
    assert document["model"] == {"id": "", "sha256": ""}
    ExportDocument.model_validate(document)


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
    [event] = json.loads(written(JSON, numbered(tone_draft())))["events"]
    assert field in event


def test_it_is_free_and_comes_as_json() -> None:
    """Under its own name, for everybody."""
    assert (JSON.name, JSON.content_type, JSON.extension, JSON.paid) == (
        "json",
        "application/json",
        "json",
        False,
    )
