"""A table of comma-separated values (RFC 4180), safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncGenerator
from typing import Any, Final

import orjson

from server.export.base import ExportFormat, ExportHead, SessionEvents
from server.export.readings import Reading, reading_of
from server.export.tones import milliseconds
from server.log.base import Event

_TONE: Final = (
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
_READING: Final = ("arousal", "valence", "dominance")
_CORRECTION: Final = ("affect", "label", "note")

COLUMNS: Final = (*_TONE, *_READING, *(f"correction_{name}" for name in _CORRECTION))

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A spreadsheet takes a cell that begins so for a formula."""


async def write_csv(head: ExportHead, events: SessionEvents) -> AsyncGenerator[bytes, None]:
    """A header line, then a line per tone event; flags are joined by spaces.

    Arousal, valence and dominance are those of the reading that the tone was named from.
    """
    yield _lines([COLUMNS])
    latest: dict[str, Reading] = {}
    async for page in events.everything():
        rows = []
        for event in page:
            reading = reading_of(event)
            if reading is not None:
                latest[reading.speaker_id] = reading
            elif event.keys is not None:
                rows.append(_row(event, latest.get(event.keys.speaker_id)))
        if rows:
            yield _lines(rows)


def _row(event: Event, reading: Reading | None) -> list[Any]:
    data: dict[str, Any] = orjson.loads(event.numbered_json())
    row = [_cell(data[column]) for column in _TONE]
    own = reading is not None and reading.at_ms == milliseconds(data["timestamp"])
    row += [_cell(getattr(reading, name) if own else None) for name in _READING]
    row += [_cell(getattr(event.correction, name, None)) for name in _CORRECTION]
    return row


def _lines(rows: list[Any]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, list):
        value = " ".join(value)
    if not isinstance(value, str):
        return value
    # Some readers end a cell at a NUL.
    value = value.replace("\x00", "\N{REPLACEMENT CHARACTER}")
    # One that begins with apostrophes before it gets one more, so that a reader who takes one
    # away has the text as it was.
    return "'" + value if value.lstrip("'").startswith(_FORMULA_STARTS) else value


CSV = ExportFormat("csv", "text/csv", "csv", paid=True, write=write_csv)
