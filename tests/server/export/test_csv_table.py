"""The table: whatever the text, it parses back, and no cell is a formula."""

from __future__ import annotations

import asyncio
import csv
import io
import json

import pytest
from hypothesis import given

from server.export.csv_table import COLUMNS, CSV
from server.log.base import Event
from tests.server.export.pages import paged, written
from tests.support.events import numbered, tone_draft

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def table(data: bytes) -> list[dict[str, str]]:
    """The rows as another program reads them."""
    reader = csv.DictReader(io.StringIO(data.decode(), newline=""), strict=True)
    rows = list(reader)
    assert tuple(reader.fieldnames or ()) == COLUMNS
    assert all(len(row) == len(COLUMNS) and None not in row.values() for row in rows)
    return rows


def unguarded(cell: str) -> str:
    """A cell without the apostrophe that keeps a spreadsheet from computing it."""
    guarded = cell.startswith("'") and cell.lstrip("'").startswith(FORMULA_STARTS)
    return cell[1:] if guarded else cell


@given(paged)
def test_any_session_parses_back_to_its_events(pages: list[list[Event]]) -> None:
    """Quotes, commas, line breaks and formulas in any text: a row for each event, its values
    unchanged; and no cell begins as a formula does."""
    rows = table(asyncio.run(written(CSV, pages)))
    events = [event for page in pages for event in page]
    assert len(rows) == len(events)
    for row, event in zip(rows, events, strict=True):
        data = json.loads(event.data)
        assert not any(cell.startswith(FORMULA_STARTS) for cell in row.values())
        assert int(row["seq"]) == event.seq
        for column in ("timestamp", "confidence", "shift_magnitude"):
            assert float(row[column]) == data[column]
        for column in ("speaker_id", "affect", "shift_direction"):
            assert row[column] == data[column]
        assert unguarded(row["label"]) == data["label"]
        assert unguarded(row["subtext"]) == (data["subtext"] or "")
        assert row["prosody_flags"].split() == data["prosody_flags"]


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_a_formula_is_made_text(start: str) -> None:
    """A spreadsheet shows what was said and computes nothing."""
    [row] = table(asyncio.run(written(CSV, [numbered(tone_draft(subtext=f"{start}cmd|x"))])))
    assert row["subtext"] == f"'{start}cmd|x"


def test_an_empty_session_is_a_table_of_headings() -> None:
    """The columns are there without a row."""
    assert table(asyncio.run(written(CSV, []))) == []


def test_it_is_a_paid_format_with_the_line_ends_of_its_standard() -> None:
    """RFC 4180: lines end with CR LF."""
    assert (CSV.name, CSV.content_type, CSV.extension, CSV.paid) == ("csv", "text/csv", "csv", True)
    data = asyncio.run(written(CSV, [numbered(tone_draft())]))
    assert data.count(b"\r\n") == data.count(b"\n") == 2
