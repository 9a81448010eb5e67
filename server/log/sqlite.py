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
from server.log import upkeep
from server.log.base import Event, Gap, SessionRow
from server.log.rows import (
    CORRECTIONS,
    EVENTS_ABOVE,
    INSERT_EVENT,
    INSERT_SESSION,
    LAST_SEQ,
    SEQ_MAX,
    SESSION_COLUMNS,
    TONES_ABOVE,
    event_of,
    event_values,
    mark_of,
    session_row,
    session_values,
)
from server.log.schema import SEQ_BITS, connect_reader, connect_writer
from server.log.writer import GroupCommitWriter
from server.models import CorrectionMark, EndReason, HistoryQuery

T = TypeVar("T")

FILE_NAME: Final = "linnet.sqlite3"
_READERS: Final = 2
"""Reads are short and mostly from the page cache; two keep one slow export from blocking all."""

_COMPACT_AT_ONCE_BYTES: Final = 64 * 1024 * 1024
"""A file up to this size is made anew in about a second; a larger one waits until nobody talks."""

_EXPIRE_AT_ONCE: Final = 100
"""Sessions erased for their age in one go."""

_DESCRIBE_SESSION: Final = "UPDATE session SET model_id = ?, model_sha256 = ? WHERE id = ?"
_KEEP_VOICES: Final = """
INSERT OR REPLACE INTO voices (key, known) SELECT key, ? FROM session WHERE id = ?
"""
_VOICES: Final = """
SELECT voices.known FROM voices JOIN session ON session.key = voices.key WHERE session.id = ?
"""
_END_SESSION: Final = """
UPDATE session SET state = 'stopped', reason = ?, ended_at = ?, last_seq = ?
WHERE id = ? AND state = 'running'
"""
_END_INTERRUPTED: Final = f"""
UPDATE session SET state = 'stopped', reason = 'interrupted', ended_at = ?, last_seq = {LAST_SEQ}
WHERE state = 'running'
"""


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
        self._untidy = False
        """Whether something was erased whose traces may still be in the file."""

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
        await self._write(INSERT_SESSION, [session_values(key, row)])
        self._keys[row.session_id] = key

    async def append(self, session_id: str, events: Sequence[Event]) -> None:
        key = self._keys.get(session_id)
        if key is None:
            raise StoreError("The log knows no such running session.")
        start = key << SEQ_BITS
        await self._write(INSERT_EVENT, [event_values(start, event) for event in events])

    async def end_session(
        self, session_id: str, *, reason: EndReason, ended_at_s: float, last_seq: int
    ) -> None:
        await self._write(_END_SESSION, [(reason.value, ended_at_s, last_seq, session_id)])
        self._keys.pop(session_id, None)

    async def describe(self, session_id: str, *, model_id: str, model_sha256: str) -> None:
        await self._write(_DESCRIBE_SESSION, [(model_id, model_sha256, session_id)])

    async def keep_voices(self, session_id: str, known: str) -> None:
        await self._write(_KEEP_VOICES, [(known, session_id)])

    async def pin(self, session_id: str, at_s: float | None) -> bool:
        return await self._writing.transact(
            lambda connection: upkeep.pin(connection, session_id, at_s)
        )

    async def correct(self, session_id: str, seq: int, mark: CorrectionMark | None) -> bool:
        return await self._writing.transact(
            lambda connection: upkeep.correct(connection, session_id, seq, mark)
        )

    async def erase(self, session_id: str) -> bool:
        found = await self._erase_rows(session_id)
        if found:
            await self.tidy(quiet=False)
        return found

    async def expire(self, before_s: float) -> int:
        session_ids = await self._read(
            lambda connection: upkeep.expired(connection, before_s, _EXPIRE_AT_ONCE)
        )
        for session_id in session_ids:
            await self._erase_rows(session_id)
        if session_ids:
            await self.tidy(quiet=False)
        return len(session_ids)

    async def tidy(self, *, quiet: bool) -> None:
        if quiet and not self._untidy:
            return
        self._untidy = True
        max_bytes = None if quiet else _COMPACT_AT_ONCE_BYTES
        if await self._writing.alone(lambda connection: upkeep.compact(connection, max_bytes)):
            self._untidy = False

    async def _erase_rows(self, session_id: str) -> bool:
        found = False
        more: bool | None = True
        while more:
            more = await self._writing.transact(
                lambda connection: upkeep.erase_some(connection, session_id)
            )
            found = found or more is not None
        self._keys.pop(session_id, None)
        return found

    async def _write(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        await self._writing.write([(sql, rows)])

    @property
    def _writing(self) -> GroupCommitWriter:
        if self._writer is None:
            raise StoreError("The log is closed.")
        return self._writer

    # -- reading --------------------------------------------------------------------------------

    async def session(self, session_id: str) -> SessionRow | None:
        rows = await self._rows(
            f"SELECT {SESSION_COLUMNS} FROM session WHERE id = ?", (session_id,)
        )
        return session_row(rows[0]) if rows else None

    async def voices(self, session_id: str) -> str:
        rows = await self._rows(_VOICES, (session_id,))
        return str(rows[0][0]) if rows else ""

    async def ended_sessions(
        self, owner: str, *, limit: int, before_s: float | None
    ) -> list[SessionRow]:
        rows = await self._rows(
            f"SELECT {SESSION_COLUMNS} FROM session"
            " WHERE owner = ? AND state = 'stopped' AND started_at < ?"
            " ORDER BY started_at DESC LIMIT ?",
            (owner, float("inf") if before_s is None else before_s, limit),
        )
        return [session_row(row) for row in rows]

    async def read_after(self, session_id: str, seq: int, limit: int) -> list[Event]:
        rows = await self._rows(
            f"{EVENTS_ABOVE} ORDER BY event.place LIMIT ?", (min(seq, SEQ_MAX), session_id, limit)
        )
        return [event_of(row) for row in rows]

    async def tones_after(self, session_id: str, seq: int, limit: int) -> list[Event]:
        rows = await self._rows(
            f"{TONES_ABOVE} ORDER BY event.place LIMIT ?", (min(seq, SEQ_MAX), session_id, limit)
        )
        return [event_of(row) for row in rows]

    async def tones(self, session_id: str, query: HistoryQuery) -> list[Event]:
        where = [TONES_ABOVE, "event.confidence >= ?"]
        values: list[Any] = [
            min(query.after_seq or 0, SEQ_MAX),
            session_id,
            query.min_confidence,
        ]
        filters = (
            ("event.affect = ?", query.affect),
            ("event.speaker_id = ?", query.speaker_id),
            ("event.timestamp >= ?", query.since),
            ("event.timestamp <= ?", query.until),
        )
        for condition, value in filters:
            if value is not None:
                where.append(condition)
                values.append(value)
        rows = await self._rows(
            f"{' AND '.join(where)} ORDER BY event.place DESC LIMIT ?", (*values, query.limit)
        )
        return [event_of(row) for row in reversed(rows)]

    async def corrections(self, session_id: str) -> dict[int, CorrectionMark]:
        rows = await self._rows(CORRECTIONS, (session_id,))
        return {seq: mark_of(*columns) for seq, *columns in rows}

    async def gaps(self, session_id: str, last_seq: int) -> list[Gap]:
        def find(connection: sqlite3.Connection) -> list[Gap]:
            key = upkeep.key_of(connection, session_id)
            return [] if key is None else upkeep.gaps(connection, key, last_seq)

        return await self._read(find)

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
