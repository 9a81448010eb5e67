"""A corrected tone as a training row: what was measured, what was said, what it should have been.

Never audio, never the session's id: rows of one session share a digest of it, so that they can be
kept together when data is split.
"""

from __future__ import annotations

import hashlib
from typing import Final

import orjson

from server.log.corrected import CorrectedTone

ROW_VERSION: Final = 1
"""Raised when a field changes its meaning; a new one does not."""

_SAID: Final = (
    "speaker_id",
    "timestamp",
    "label",
    "affect",
    "confidence",
    "shift_magnitude",
    "shift_direction",
    "prosody_flags",
)
_MEASURED: Final = ("speech", "arousal", "valence", "dominance", "distribution", "heard_s")


def training_row(corrected: CorrectedTone, *, notes: bool = True) -> bytes:
    """One line of JSON, with its line feed.

    Args:
        corrected: the tone event, its correction and the reading behind it.
        notes: whether the note that a person wrote goes along.
    """
    mark = corrected.correction
    reading = corrected.reading or {}
    row = {
        "row_version": ROW_VERSION,
        "session": hashlib.sha256(corrected.session_id.encode()).hexdigest()[:16],
        "seq": corrected.seq,
        **{name: corrected.tone[name] for name in _SAID},
        "corrected_label": mark.label,
        "corrected_affect": mark.affect,
        "note": mark.note if notes else None,
        "corrected_at": mark.at,
        **{name: reading.get(name) for name in _MEASURED},
        "model_id": corrected.model_id,
        "model_sha256": corrected.model_sha256,
    }
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
