"""Reading the corrections of a whole log, for those who learn from them: beside a server that runs,
without disturbing it.

Opens the file to read only. Knows nothing of what the rows are for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from server.errors import StoreError
from server.log.rows import SEQ_MAX, mark_of
from server.log.schema import SEQ_BITS, VERSION
from server.models import CorrectionMark

_BUSY_S: Final = 5.0

_CORRECTED: Final = f"""
SELECT session.id, session.model_id, session.model_sha256, event.place, event.data,
    correction.label, correction.affect, correction.note, correction.at
FROM session JOIN correction ON correction.place BETWEEN session.key << {SEQ_BITS}
        AND (session.key << {SEQ_BITS}) + {SEQ_MAX}
    JOIN event ON event.place = correction.place
WHERE session.owner = ?
ORDER BY session.started_at, correction.place
"""
_READINGS_BEFORE: Final = """
SELECT data FROM event WHERE place < ? AND place > ? AND kind = 'affect-event'
ORDER BY place DESC LIMIT 8
"""
"""A tone follows the reading that it was taken from; those of another voice may lie between."""


@dataclass(frozen=True, slots=True)
class CorrectedTone:
    """One corrected tone event and what it was taken from."""

    session_id: str
    model_id: str
    model_sha256: str
    seq: int
    tone: dict[str, Any]
    """The tone event."""

    reading: dict[str, Any] | None
    """The affect-event of the same voice and moment; None when it is not in the log."""

    correction: CorrectionMark


def read_corrected(path: Path, owner: str) -> Iterator[CorrectedTone]:
    """The corrected tone events of one owner, in the order of sessions and events.

    Args:
        path: of the log's file.
        owner: whose; empty where there is only one user.

    Raises:
        StoreError: there is no log, or not one that can be read.
    """
    if not path.is_file():
        raise StoreError(f"There is no log at {path}.")
    try:
        address = f"{path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=_BUSY_S)) as connection:
            _check_version(connection)
            seen: set[tuple[object, ...]] = set()
            for session_id, model_id, model_sha256, place, data, *mark in connection.execute(
                _CORRECTED, (owner,)
            ):
                tone = orjson.loads(data)
                # A session that was resumed has its corrections twice: in its copy as well.
                what = (tone["timestamp"], tone["speaker_id"], tone["label"], *mark)
                if what in seen:
                    continue
                seen.add(what)
                yield CorrectedTone(
                    session_id=session_id,
                    model_id=model_id,
                    model_sha256=model_sha256,
                    seq=place & SEQ_MAX,
                    tone=tone,
                    reading=_reading(connection, place, tone),
                    correction=mark_of(*mark),
                )
    except sqlite3.Error as exc:
        raise StoreError(f"The log at {path} cannot be read: {exc}.") from exc


def _check_version(connection: sqlite3.Connection) -> None:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        raise StoreError(
            f"The log was written by a later version of Linnet (schema {version}, "
            f"this one knows {VERSION})."
        )
    if version < VERSION:
        raise StoreError(
            "The log was written by an earlier version of Linnet and holds no corrections; the "
            "server brings it up when it starts."
        )


def _reading(
    connection: sqlite3.Connection, place: int, tone: dict[str, Any]
) -> dict[str, Any] | None:
    start = (place >> SEQ_BITS) << SEQ_BITS
    for (data,) in connection.execute(_READINGS_BEFORE, (place, start)):
        reading: dict[str, Any] = orjson.loads(data)
        if (reading["speaker_id"], reading["timestamp"]) == (
            tone["speaker_id"],
            tone["timestamp"],
        ):
            return reading
    return None
