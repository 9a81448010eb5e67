"""The tables of the embedded store, and the pragmas each connection needs.

Owns the schema and its version (``PRAGMA user_version``). A file made by a later version is
refused rather than guessed at.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from server.errors import StoreError

VERSION: Final = 1

_TABLES: Final = """
CREATE TABLE session (
    key        INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    state      TEXT NOT NULL,
    elcor      INTEGER NOT NULL,
    tier       TEXT NOT NULL,
    owner      TEXT NOT NULL,
    started_at REAL NOT NULL,
    ended_at   REAL,
    reason     TEXT,
    last_seq   INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX session_by_owner ON session (owner, started_at);
CREATE TABLE event (
    place      INTEGER PRIMARY KEY,
    kind       TEXT NOT NULL,
    data       BLOB NOT NULL,
    timestamp  REAL,
    confidence REAL,
    affect     TEXT,
    speaker_id TEXT
);
"""

SEQ_BITS: Final = 32
"""An event's ``place`` is its session's key, then its number in so many bits. A session's events
lie together and in order, one look-up finds any, and appending touches one page of the tree where
a key of two columns would touch three."""

_BUSY_TIMEOUT_S: Final = 5.0


def connect_writer(path: Path, *, sync: str) -> sqlite3.Connection:
    """The one connection that writes. Transactions are begun and ended by hand.

    Args:
        path: the database file; made when it is not there.
        sync: ``normal`` (safe against the death of the process) or ``full`` (against a power cut).

    Raises:
        StoreError: the file cannot be opened, or a later version made it.
    """
    try:
        connection = sqlite3.connect(
            path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {sync.upper()}")
            _migrate(connection)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as exc:
        raise StoreError(f"The log at {path.name} cannot be opened: {exc}.") from exc
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """A connection that can only read; it never holds the writer up."""
    connection = sqlite3.connect(
        path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA query_only = ON")
    return connection


def _migrate(connection: sqlite3.Connection) -> None:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        raise StoreError(
            f"The log was written by a later version of Linnet (schema {version}, "
            f"this one knows {VERSION})."
        )
    if version == 0:
        connection.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
