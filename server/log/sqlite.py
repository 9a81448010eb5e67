"""The embedded store: SQLite in WAL mode behind one writer, readers beside it.

Owns the file and the SQL. Readers run on a small pool of threads, each with a connection of its
own that can only read; they see every committed event and never wait for the writer.
"""

from __future__ import annotations

import asyncio
import fcntl
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, Final, TypeVar

from server.clock import Clock
from server.errors import StoreError
from server.log.base import Event, SessionRow, ToneKeys
from server.log.schema import SEQ_BITS, connect_reader, connect_writer
from server.log.writer import GroupCommitWriter
from server.models import EndReason, HistoryQuery, SessionState, Tier

T = TypeVar("T")

FILE_NAME: Final = "linnet.sqlite3"
_READERS: Final = 2
"""Reads are short and mostly from the page cache; two keep one slow export from blocking all."""

_SEQ_MAX: Final = (1 << SEQ_BITS) - 1

_INSERT_SESSION: Final = """
INSERT INTO session (key, id, state, elcor, tier, owner, started_at) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_INSERT_EVENT: Final = """
INSERT INTO event (place, kind, data, timestamp, confidence, affect, speaker_id)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (place) DO NOTHING
"""
_LAST_SEQ: Final = f"""
coalesce((SELECT max(place) & {_SEQ_MAX} FROM event
    WHERE place BETWEEN session.key << {SEQ_BITS} AND (session.key << {SEQ_BITS}) + {_SEQ_MAX}), 0)
"""
_END_SESSION: Final = """
UPDATE session SET state = 'stopped', reason = ?, ended_at = ?, last_seq = ?
WHERE id = ? AND state = 'running'
"""
_END_INTERRUPTED: Final = f"""
UPDATE session SET state = 'stopped', reason = 'interrupted', ended_at = ?, last_seq = {_LAST_SEQ}
WHERE state = 'running'
"""
_SESSION_COLUMNS: Final = f"""
id, state, elcor, tier, owner, started_at, ended_at, reason,
CASE state WHEN 'stopped' THEN last_seq ELSE {_LAST_SEQ} END
"""
_EVENTS_ABOVE: Final = f"""
SELECT place & {_SEQ_MAX}, kind, data, timestamp, confidence, affect, speaker_id
FROM session JOIN event ON place > (session.key << {SEQ_BITS}) + ?
    AND place <= (session.key << {SEQ_BITS}) + {_SEQ_MAX}
WHERE session.id = ?
"""
"""The events of a session above a number; further conditions and an order may follow."""


class SqliteStore:
    """See :class:`server.log.base.EventStore`."""

    def __init__(self, data_dir: Path, clock: Clock, *, sync: str = "normal") -> None:
        self._dir = data_dir
        self._path = data_dir / FILE_NAME
        self._clock = clock
        self._sync = sync
        self._writer: GroupCommitWriter | None = None
        self._readers: ThreadPoolExecutor | None = None
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._lock: IO[str] | None = None
        self._keys: dict[str, int] = {}
        """Keys of the running sessions: appending looks nothing up."""
        self._next_key = 1

    async def open(self) -> int:
        return await asyncio.get_running_loop().run_in_executor(None, self._open)

    def _open(self) -> int:
        self._take_folder()
        try:
            connection = connect_writer(self._path, sync=self._sync)
            try:
                found = connection.execute(_END_INTERRUPTED, (self._clock.wall_s(),)).rowcount
                last_key = connection.execute("SELECT max(key) FROM session").fetchone()[0]
                self._next_key = (last_key or 0) + 1
            except sqlite3.Error as exc:
                connection.close()
                raise StoreError(f"The log at {self._path.name} cannot be written: {exc}.") from exc
        except BaseException:
            self._leave_folder()
            raise
        self._writer = GroupCommitWriter(connection)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="log-reader")
        return found

    def _take_folder(self) -> None:
        try:
            self._dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = (self._dir / "linnet.lock").open("w")
        except OSError as exc:
            raise StoreError(
                f"LINNET_DATA_DIR={self._dir} cannot be used: {exc.strerror}."
            ) from exc
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._leave_folder()
            raise StoreError(
                f"LINNET_DATA_DIR={self._dir} is in use by another Linnet server."
            ) from None

    def _leave_folder(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    async def aclose(self) -> None:
        if self._writer is not None:
            await self._writer.aclose()
            self._writer = None
        readers, self._readers = self._readers, None
        # A read may be under way: waiting for it is not for the loop.
        await asyncio.get_running_loop().run_in_executor(None, self._close_readers, readers)
        self._leave_folder()

    def _close_readers(self, readers: ThreadPoolExecutor | None) -> None:
        if readers is not None:
            readers.shutdown(wait=True, cancel_futures=True)
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    # -- writing --------------------------------------------------------------------------------

    async def create_session(self, row: SessionRow) -> None:
        key = self._next_key
        self._next_key += 1
        values = (
            key,
            row.session_id,
            row.state.value,
            int(row.elcor),
            row.tier.value,
            row.owner,
            row.started_at_s,
        )
        await self._write(_INSERT_SESSION, [values])
        self._keys[row.session_id] = key

    async def append(self, session_id: str, events: Sequence[Event]) -> None:
        key = self._keys.get(session_id)
        if key is None:
            raise StoreError("The log knows no such running session.")
        start = key << SEQ_BITS
        await self._write(_INSERT_EVENT, [_event_values(start, event) for event in events])

    async def end_session(
        self, session_id: str, *, reason: EndReason, ended_at_s: float, last_seq: int
    ) -> None:
        await self._write(_END_SESSION, [(reason.value, ended_at_s, last_seq, session_id)])
        self._keys.pop(session_id, None)

    async def _write(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        if self._writer is None:
            raise StoreError("The log is closed.")
        await self._writer.write([(sql, rows)])

    # -- reading --------------------------------------------------------------------------------

    async def session(self, session_id: str) -> SessionRow | None:
        rows = await self._rows(
            f"SELECT {_SESSION_COLUMNS} FROM session WHERE id = ?", (session_id,)
        )
        return _session_row(rows[0]) if rows else None

    async def ended_sessions(
        self, owner: str, *, limit: int, before_s: float | None
    ) -> list[SessionRow]:
        rows = await self._rows(
            f"SELECT {_SESSION_COLUMNS} FROM session"
            " WHERE owner = ? AND state = 'stopped' AND started_at < ?"
            " ORDER BY started_at DESC LIMIT ?",
            (owner, float("inf") if before_s is None else before_s, limit),
        )
        return [_session_row(row) for row in rows]

    async def read_after(self, session_id: str, seq: int, limit: int) -> list[Event]:
        rows = await self._rows(
            f"{_EVENTS_ABOVE} ORDER BY place LIMIT ?", (min(seq, _SEQ_MAX), session_id, limit)
        )
        return [_event(row) for row in rows]

    async def tones_after(self, session_id: str, seq: int, limit: int) -> list[Event]:
        rows = await self._rows(
            f"{_EVENTS_ABOVE} AND kind = 'tone-event' ORDER BY place LIMIT ?",
            (min(seq, _SEQ_MAX), session_id, limit),
        )
        return [_event(row) for row in rows]

    async def tones(self, session_id: str, query: HistoryQuery) -> list[Event]:
        where = [_EVENTS_ABOVE, "kind = 'tone-event'", "confidence >= ?"]
        values: list[Any] = [
            min(query.after_seq or 0, _SEQ_MAX),
            session_id,
            query.min_confidence,
        ]
        filters = (
            ("affect = ?", query.affect),
            ("speaker_id = ?", query.speaker_id),
            ("timestamp >= ?", query.since),
            ("timestamp <= ?", query.until),
        )
        for condition, value in filters:
            if value is not None:
                where.append(condition)
                values.append(value)
        rows = await self._rows(
            f"{' AND '.join(where)} ORDER BY place DESC LIMIT ?", (*values, query.limit)
        )
        return [_event(row) for row in reversed(rows)]

    async def _rows(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        return await self._read(lambda connection: connection.execute(sql, values).fetchall())

    async def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        if self._readers is None:
            raise StoreError("The log is closed.")

        def run() -> T:
            connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
            try:
                if connection is None:
                    connection = self._local.connection = connect_reader(self._path)
                    self._connections.append(connection)
                return query(connection)
            except sqlite3.Error as exc:
                raise StoreError(f"The log could not be read: {exc}.") from exc

        return await asyncio.get_running_loop().run_in_executor(self._readers, run)


def _event_values(start: int, event: Event) -> tuple[Any, ...]:
    keys = event.keys
    filters = (
        (None, None, None, None)
        if keys is None
        else (keys.timestamp_s, keys.confidence, keys.affect, keys.speaker_id)
    )
    return (start + event.seq, event.kind, event.data, *filters)


def _event(row: tuple[Any, ...]) -> Event:
    seq, kind, data, timestamp_s, confidence, affect, speaker_id = row
    keys = None if affect is None else ToneKeys(timestamp_s, confidence, affect, speaker_id)
    return Event(seq, kind, data, keys)


def _session_row(row: tuple[Any, ...]) -> SessionRow:
    session_id, state, elcor, tier, owner, started_at, ended_at, reason, last_seq = row
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
    )
