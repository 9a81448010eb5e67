"""JSON Lines: every event of every kind, a line each."""

from __future__ import annotations

import io
import json

import pandas as pd
from hypothesis import given

from server.export.json_lines import JSONL
from server.log.base import Event
from tests.server.export.pages import cuts, logs, reading_draft, tones, written
from tests.support.events import numbered, service_draft, tone_draft


@given(logs, cuts)
def test_any_session_parses_back_to_its_events(log: list[Event], page_events: int) -> None:
    """Whatever the text, a line is an event and an event is a line, numbered and in order."""
    lines = written(JSONL, log, page_events=page_events).split(b"\n")
    assert lines.pop() == b""
    head, *events = (json.loads(line) for line in lines)
    assert (head["event_type"], head["session_id"]) == ("session", "the-session")
    assert len(events) == len(log)
    for data, event in zip(events, log, strict=True):
        mark = data.pop("correction", None)
        assert data == json.loads(event.data) | {"seq": event.seq}
        wanted = event.correction
        assert mark == (wanted and wanted.model_dump(mode="json", exclude_none=True))


@given(logs)
def test_pandas_reads_what_was_written(log: list[Event]) -> None:
    """Another program's reader finds the same tones and the same text."""
    seen = pd.read_json(io.BytesIO(written(JSONL, log)), lines=True, dtype=False)
    rows = seen[seen["event_type"] == "tone"]
    wanted = [json.loads(event.data) for event in tones(log)]
    assert len(rows) == len(wanted)
    if wanted:
        assert list(rows["label"]) == [data["label"] for data in wanted]
        assert list(rows["seq"]) == [event.seq for event in tones(log)]


def test_every_kind_of_event_is_there() -> None:
    """Readings and the service's own words, too: nothing of the log is lost."""
    log = numbered(service_draft("Ready."), reading_draft(0.5), tone_draft(0.5))
    kinds = [json.loads(line)["event_type"] for line in written(JSONL, log).splitlines()]
    assert kinds == ["session", "service", "affect", "tone"]


def test_the_first_line_says_what_the_session_was_made_with() -> None:
    """Schema, wall clock, model, settings and gaps, as in the JSON export."""
    head = json.loads(written(JSONL, []))
    assert head["schema_version"] == 1
    assert head["model"]["id"] == "acoustic:open@2"
    assert head["gaps"] == [{"first_seq": 7, "last_seq": 9}]


def test_it_is_paid() -> None:
    """Its media type and its file's ending are those in use."""
    assert (JSONL.name, JSONL.content_type, JSONL.extension, JSONL.paid) == (
        "jsonl",
        "application/x-ndjson",
        "jsonl",
        True,
    )
