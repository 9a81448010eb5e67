"""Rows of the embedded store's tables to records and back: the one place that knows their columns.

Knows no connection and no thread.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from classifier.frames import Affect
from server.log.base import Event, SessionRow, ToneKeys
from server.log.schema import SEQ_BITS
from server.models import CorrectionMark, EndReason, SessionState, Tier

SEQ_MAX: Final = (1 << SEQ_BITS) - 1
"""The largest number an event can have here."""

INSERT_SESSION: Final = """
INSERT INTO session (key, id, state, elcor, tier, owner, started_at, model_id, model_sha256,
    settings, pinned_at, resumed_from)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
INSERT_EVENT: Final = """
INSERT INTO event (place, kind, data, timestamp, confidence, affect, speaker_id)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (place) DO NOTHING
"""
LAST_SEQ: Final = f"""
coalesce((SELECT max(place) & {SEQ_MAX} FROM event
    WHERE place BETWEEN session.key << {SEQ_BITS} AND (session.key << {SEQ_BITS}) + {SEQ_MAX}), 0)
"""
SESSION_COLUMNS: Final = f"""
id, state, elcor, tier, owner, started_at, ended_at, reason,
CASE state WHEN 'stopped' THEN last_seq ELSE {LAST_SEQ} END,
model_id, model_sha256, settings, pinned_at, resumed_from
"""
_EVENT_COLUMNS: Final = f"""
event.place & {SEQ_MAX}, event.kind, event.data, event.timestamp, event.confidence, event.affect,
event.speaker_id
"""
_ABOVE: Final = f"""
event.place > (session.key << {SEQ_BITS}) + ?
AND event.place <= (session.key << {SEQ_BITS}) + {SEQ_MAX}
"""
EVENTS_ABOVE: Final = f"""
SELECT {_EVENT_COLUMNS} FROM session JOIN event ON {_ABOVE} WHERE session.id = ?
"""
"""The events of a session above a number; further conditions and an order may follow."""

TONES_ABOVE: Final = f"""
SELECT {_EVENT_COLUMNS}, correction.label, correction.affect, correction.note, correction.at
FROM session JOIN event ON {_ABOVE} LEFT JOIN correction ON correction.place = event.place
WHERE session.id = ? AND event.kind = 'tone-event'
"""
"""The same of its tone events, with their corrections."""

CORRECTIONS: Final = f"""
SELECT correction.place & {SEQ_MAX}, label, affect, note, at FROM session JOIN correction
    ON correction.place BETWEEN session.key << {SEQ_BITS}
        AND (session.key << {SEQ_BITS}) + {SEQ_MAX}
WHERE session.id = ?
ORDER BY correction.place
"""


def session_values(key: int, row: SessionRow) -> tuple[Any, ...]:
    """For :data:`INSERT_SESSION`."""
    return (
        key,
        row.session_id,
        row.state.value,
        int(row.elcor),
        row.tier.value,
        row.owner,
        row.started_at_s,
        row.model_id,
        row.model_sha256,
        orjson.dumps(dict(row.settings)).decode(),
        row.pinned_at_s,
        row.resumed_from,
    )


def session_row(row: tuple[Any, ...]) -> SessionRow:
    """From :data:`SESSION_COLUMNS`."""
    session_id, state, elcor, tier, owner, started_at, ended_at, reason, last_seq, *kept = row
    model_id, model_sha256, settings, pinned_at, resumed_from = kept
    return SessionRow(
        session_id=session_id,
        state=SessionState(state),
        elcor=bool(elcor),
        tier=Tier(tier),
        owner=owner,
        started_at_s=started_at,
        ended_at_s=ended_at,
        reason=None if reason is None else EndReason(reason),
        last_seq=last_seq,
        model_id=model_id,
        model_sha256=model_sha256,
        settings=orjson.loads(settings),
        pinned_at_s=pinned_at,
        resumed_from=resumed_from,
    )


def event_values(start: int, event: Event) -> tuple[Any, ...]:
    """For :data:`INSERT_EVENT`; ``start`` is the place before the session's first event."""
    keys = event.keys
    filters = (
        (None, None, None, None)
        if keys is None
        else (keys.timestamp_s, keys.confidence, keys.affect, keys.speaker_id)
    )
    return (start + event.seq, event.kind, event.data, *filters)


def event_of(row: tuple[Any, ...]) -> Event:
    """From :data:`EVENTS_ABOVE` or :data:`TONES_ABOVE`."""
    seq, kind, data, timestamp_s, confidence, affect, speaker_id, *corrected = row
    keys = None if affect is None else ToneKeys(timestamp_s, confidence, affect, speaker_id)
    mark = mark_of(*corrected) if corrected and corrected[-1] is not None else None
    return Event(seq, kind, data, keys, mark)


def mark_of(label: str | None, affect: str | None, note: str | None, at_s: float) -> CorrectionMark:
    """From the columns of a correction."""
    return CorrectionMark(
        label=label, affect=None if affect is None else Affect(affect), note=note, at=at_s
    )
