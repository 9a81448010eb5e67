"""Who speaks when, as Rich Transcription Time Marks (NIST RT-09 evaluation plan, appendix A).

One SPEAKER line per turn. Speech is derived from the readings: see
:func:`server.export.readings.turns`.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

from server.export.base import ExportFormat, ExportHead, SessionEvents
from server.export.readings import Turn, outline, turns
from server.export.text import in_pieces
from server.export.tones import in_time_order

_NO_FIELD: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


async def write_rttm(head: ExportHead, events: SessionEvents) -> AsyncGenerator[bytes, None]:
    """A line per turn, in order of time."""
    async for piece in in_pieces(_lines(head, events)):
        yield piece


async def _lines(head: ExportHead, events: SessionEvents) -> AsyncIterator[str]:
    speakers = (await outline(events)).speakers
    streams = [turns(events, speaker_id) for speaker_id in speakers]
    file = _field(head.session_id)
    async for turn in in_time_order(streams, lambda turn: turn.start_ms):
        yield _line(file, turn)


def _line(file: str, turn: Turn) -> str:
    onset_s = turn.start_ms / 1000
    duration_s = (turn.end_ms - turn.start_ms) / 1000
    return (
        f"SPEAKER {file} 1 {onset_s:.3f} {duration_s:.3f} <NA> <NA>"
        f" {_field(turn.speaker_id)} <NA> <NA>\n"
    )


def _field(text: str) -> str:
    """Text as a field: fields are parted by white space, so there is none within."""
    return _NO_FIELD.sub("_", text) or "<NA>"


RTTM = ExportFormat("rttm", "text/plain", "rttm", paid=True, write=write_rttm)
