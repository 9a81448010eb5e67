"""The table: whatever the text, it parses back, and no cell is a formula."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pandas as pd
import pytest
from hypothesis import given

from server.export.csv_table import COLUMNS, CSV
from server.log.base import Event
from tests.server.export.pages import (
    CorrectionMark,
    cuts,
    logged,
    logs,
    reading_draft,
    tones,
    written,
)
from tests.support.events import numbered, tone_draft

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
TEXTS = ("label", "subtext", "speaker_id", "correction_label", "correction_note")


def table(data: bytes) -> list[dict[str, str]]:
    """The rows as Python's own reader sees them."""
    reader = csv.DictReader(io.StringIO(data.decode(), newline=""), strict=True)
    rows = list(reader)
    assert tuple(reader.fieldnames or ()) == COLUMNS
    assert all(len(row) == len(COLUMNS) and None not in row.values() for row in rows)
    return rows


def frame(data: bytes) -> Any:
    """The rows as pandas sees them, every cell as text."""
    return pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)


def unguarded(cell: str) -> str:
    """A cell without the apostrophe that keeps a spreadsheet from computing it."""
    guarded = cell.startswith("'") and cell.lstrip("'").startswith(FORMULA_STARTS)
    return cell[1:] if guarded else cell


def kept(text: str | None) -> str:
    """A text as the table keeps it: a NUL would end it in some readers."""
    return (text or "").replace("\x00", "\ufffd")


@given(logs, cuts)
def test_any_session_parses_back_to_its_events(log: list[Event], page_events: int) -> None:
    """Quotes, commas, line breaks and formulas in any text: a row for each tone, its values
    unchanged and its correction beside it; and no text begins as a formula does."""
    rows = table(written(CSV, log, page_events=page_events))
    events = tones(log)
    assert len(rows) == len(events)
    for row, event in zip(rows, events, strict=True):
        data = json.loads(event.data)
        assert not any(row[name].startswith(FORMULA_STARTS) for name in TEXTS)
        assert int(row["seq"]) == event.seq
        for column in ("timestamp", "confidence", "shift_magnitude"):
            assert float(row[column]) == data[column]
        for column in ("speaker_id", "affect", "shift_direction"):
            assert row[column] == data[column]
        assert unguarded(row["label"]) == kept(data["label"])
        assert unguarded(row["subtext"]) == kept(data["subtext"])
        assert row["prosody_flags"].split() == data["prosody_flags"]
        mark = event.correction
        assert row["correction_affect"] == (mark.affect if mark and mark.affect else "")
        assert unguarded(row["correction_label"]) == kept(mark.label if mark else "")
        assert unguarded(row["correction_note"]) == kept(mark.note if mark else "")


@given(logs)
def test_pandas_reads_what_was_written(log: list[Event]) -> None:
    """Another program's reader finds the same rows and the same text in them."""
    data = written(CSV, log)
    rows, seen = table(data), frame(data)
    assert tuple(seen.columns) == COLUMNS
    assert len(seen) == len(rows)
    for name in COLUMNS:
        assert list(seen[name]) == [row[name] for row in rows]


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_a_formula_is_made_text(start: str) -> None:
    """A spreadsheet shows what was said and computes nothing, also in a person's note."""
    mark = CorrectionMark(note=f"{start}cmd|x", at=1.0)
    [row] = table(written(CSV, logged([(tone_draft(subtext=f"{start}cmd|x"), mark)])))
    assert row["subtext"] == row["correction_note"] == f"'{start}cmd|x"


def test_a_tone_carries_the_reading_it_was_named_from() -> None:
    """Arousal, valence and dominance of the same moment and voice; empty where there is none."""
    log = logged(
        [
            reading_draft(1.0, arousal=-0.5, valence=0.25),
            reading_draft(1.0, speaker_id="speaker_b", arousal=0.9, valence=0.9),
            tone_draft(1.0),
            tone_draft(2.0),
        ]
    )
    first, second = table(written(CSV, log))
    assert (first["arousal"], first["valence"], first["dominance"]) == ("-0.5", "0.25", "-0.5")
    assert (second["arousal"], second["valence"], second["dominance"]) == ("", "", "")
    assert frame(written(CSV, log))["arousal"].astype(object)[0] == "-0.5"


def test_an_empty_session_is_a_table_of_headings() -> None:
    """The columns are there without a row."""
    assert table(written(CSV, [])) == []


def test_it_is_a_paid_format_with_the_line_ends_of_its_standard() -> None:
    """RFC 4180: lines end with CR LF."""
    assert (CSV.name, CSV.content_type, CSV.extension, CSV.paid) == ("csv", "text/csv", "csv", True)
    data = written(CSV, numbered(tone_draft()))
    assert data.count(b"\r\n") == data.count(b"\n") == 2
