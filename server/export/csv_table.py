"""A table of comma-separated values (RFC 4180), safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Any, Final

import orjson

from server.export.base import ExportFormat, ExportHead, Pages

COLUMNS: Final = (
    "seq",
    "timestamp",
    "speaker_id",
    "affect",
    "label",
    "confidence",
    "shift_magnitude",
    "shift_direction",
    "prosody_flags",
    "subtext",
)

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins so for a formula."""


async def write_csv(head: ExportHead, pages: Pages) -> AsyncIterator[bytes]:
    """A header line, then a line per tone event; flags are joined by spaces."""
    yield _lines([COLUMNS])
    async for page in pages:
        events = (orjson.loads(event.numbered_json()) for event in page)
        yield _lines([[_cell(event[column]) for column in COLUMNS] for event in events])


def _lines(rows: list[Any]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, list):
        value = " ".join(value)
    # One that begins with apostrophes before it gets one more, so that a reader who takes one
    # away has the text as it was.
    if isinstance(value, str) and value.lstrip("'").startswith(_FORMULA_STARTS):
        return "'" + value
    return value


CSV = ExportFormat("csv", "text/csv", "csv", paid=True, write=write_csv)
