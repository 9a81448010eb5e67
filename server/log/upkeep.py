"""What is done to the embedded store beside appending: pins, corrections, erasing, tidying up.

Functions on the connection that writes, run by the one writer. Erasing is thorough: rows that are
deleted are overwritten (``PRAGMA secure_delete``), the write-ahead log is emptied, and the file is
made anew, since pages that were split while they filled up may hold what was moved elsewhere.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from server.log.base import Gap
from server.log.rows import SEQ_MAX
from server.log.schema import SEQ_BITS
from server.models import CorrectionMark

_ERASE_EVENTS: Final = 20_000
"""A transaction erases at most so many: what the running sessions say waits for it."""

_GAPS_MAX: Final = 1_000
"""Gaps that are named; a session with more has little else."""

_GAPS: Final = f"""
SELECT first & {SEQ_MAX}, last & {SEQ_MAX} FROM (
    SELECT lag(place, 1, :start) OVER (ORDER BY place) + 1 AS first, place - 1 AS last
    FROM event WHERE place > :start AND place <= :end
) WHERE first <= last LIMIT {_GAPS_MAX}
"""


def key_of(connection: sqlite3.Connection, session_id: str) -> int | None:
    """The key of a session, or None when there is none."""
    row = connection.execute("SELECT key FROM session WHERE id = ?", (session_id,)).fetchone()
    return None if row is None else int(row[0])


def pin(connection: sqlite3.Connection, session_id: str, at_s: float | None) -> bool:
    """Pin at a time (the first time stays), or unpin. False when there is no such session."""
    changed = connection.execute(
        "UPDATE session SET pinned_at = CASE WHEN ?1 IS NULL THEN NULL"
        " ELSE coalesce(pinned_at, ?1) END WHERE id = ?2",
        (at_s, session_id),
    )
    return changed.rowcount > 0


def correct(
    connection: sqlite3.Connection, session_id: str, seq: int, mark: CorrectionMark | None
) -> bool:
    """Put a correction beside a tone event, or take it away. False when there is no such event."""
    key = key_of(connection, session_id)
    if key is None or not 0 < seq <= SEQ_MAX:
        return False
    place = (key << SEQ_BITS) + seq
    known = connection.execute(
        "SELECT 1 FROM event WHERE place = ? AND kind = 'tone-event'", (place,)
    ).fetchone()
    if known is None:
        return False
    if mark is None:
        connection.execute("DELETE FROM correction WHERE place = ?", (place,))
    else:
        connection.execute(
            "INSERT OR REPLACE INTO correction (place, label, affect, note, at)"
            " VALUES (?, ?, ?, ?, ?)",
            (place, mark.label, mark.affect, mark.note, mark.at),
        )
    return True


def gaps(connection: sqlite3.Connection, key: int, last_seq: int) -> list[Gap]:
    """Runs of numbers up to ``last_seq`` of which there is no event, in order."""
    start = key << SEQ_BITS
    end = start + min(last_seq, SEQ_MAX)
    found = [Gap(*row) for row in connection.execute(_GAPS, {"start": start, "end": end})]
    row = connection.execute(
        "SELECT max(place) FROM event WHERE place > ? AND place <= ?", (start, end)
    ).fetchone()
    last_kept = SEQ_MAX & int(row[0]) if row[0] is not None else 0
    if last_kept < last_seq:
        found.append(Gap(last_kept + 1, last_seq))
    return found


def erase_some(connection: sqlite3.Connection, session_id: str) -> bool | None:
    """Erase a part of a session; call it again while it is True.

    The row goes last: one that was begun and never finished is still there to be erased.

    Returns:
        Whether more is left; None when there is no such session.
    """
    key = key_of(connection, session_id)
    if key is None:
        return None
    start, end = key << SEQ_BITS, (key << SEQ_BITS) + SEQ_MAX
    connection.execute("DELETE FROM correction WHERE place BETWEEN ? AND ?", (start, end))
    connection.execute("DELETE FROM voices WHERE key = ?", (key,))
    erased = connection.execute(
        "DELETE FROM event WHERE place IN"
        " (SELECT place FROM event WHERE place BETWEEN ? AND ? LIMIT ?)",
        (start, end, _ERASE_EVENTS),
    ).rowcount
    if erased == _ERASE_EVENTS:
        return True
    connection.execute("DELETE FROM session WHERE key = ?", (key,))
    connection.execute(
        "UPDATE session SET resumed_from = NULL WHERE resumed_from = ?", (session_id,)
    )
    return False


def expired(connection: sqlite3.Connection, before_s: float, limit: int) -> list[str]:
    """Sessions that ended before a time and are not pinned, the oldest first."""
    rows = connection.execute(
        "SELECT id FROM session WHERE pinned_at IS NULL AND state = 'stopped' AND ended_at < ?"
        " ORDER BY ended_at LIMIT ?",
        (before_s, limit),
    )
    return [str(row[0]) for row in rows]


def compact(connection: sqlite3.Connection, max_bytes: int | None) -> bool:
    """Leave nothing of what was erased: make the file anew and empty the write-ahead log.

    Args:
        max_bytes: a larger file is not made anew, which would hold everybody up for too long.

    Returns:
        Whether it was done; if not, it may be tried again later.
    """
    try:
        pages = int(connection.execute("PRAGMA page_count").fetchone()[0])
        page_bytes = int(connection.execute("PRAGMA page_size").fetchone()[0])
        small = max_bytes is None or pages * page_bytes <= max_bytes
        if small:
            connection.execute("VACUUM")
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.Error:
        return False
    return small and not busy
