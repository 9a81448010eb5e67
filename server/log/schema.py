"""The tables of the embedded store, and the pragmas each connection needs.

Owns the schema and its version (``PRAGMA user_version``): a file made by an earlier version is
brought up step by step, each step in one transaction; one made by a later version is refused rather
than guessed at.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from server.errors import StoreError

_FIRST: Final = """
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
"""Version 1, as 0.1.0 made it. Never edited: what is new is a step of its own."""

_KEPT_AND_CORRECTED: Final = """
ALTER TABLE session ADD COLUMN model_id TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN model_sha256 TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
ALTER TABLE session ADD COLUMN pinned_at REAL;
ALTER TABLE session ADD COLUMN resumed_from TEXT;
CREATE INDEX session_to_expire ON session (ended_at) WHERE pinned_at IS NULL;
CREATE TABLE correction (
    place  INTEGER PRIMARY KEY,
    label  TEXT,
    affect TEXT,
    note   TEXT,
    at     REAL NOT NULL
);
"""
"""Version 2: what listened and how, pins, resumed sessions, and corrections beside the events."""

_VOICES: Final = """
CREATE TABLE voices (
    key   INTEGER PRIMARY KEY,
    known TEXT NOT NULL
);
"""
"""Version 3: what the classifier has learnt of a session's voices, by the session's key."""

STEPS: Final = (_FIRST, _KEPT_AND_CORRECTED, _VOICES)
"""Step N makes version N + 1 out of version N."""

VERSION: Final = len(STEPS)

SEQ_BITS: Final = 32
"""An event's ``place`` is its session's key, then its number in so many bits. A session's events
lie together and in order, one look-up finds any, and appending touches one page of the tree where
a key of two columns would touch three."""

_WRITER_WAITS_S: Final = 1.0
"""For another program that has locked the file. Then the events are sent without being stored."""

_READER_WAITS_S: Final = 5.0


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
            path, timeout=_WRITER_WAITS_S, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {sync.upper()}")
            # What is deleted is overwritten: a page that is free again tells nothing.
            connection.execute("PRAGMA secure_delete = ON")
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
        path, timeout=_READER_WAITS_S, isolation_level=None, check_same_thread=False
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
    for step in STEPS[version:]:
        version += 1
        try:
            connection.executescript(f"BEGIN; {step} PRAGMA user_version = {version}; COMMIT;")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
