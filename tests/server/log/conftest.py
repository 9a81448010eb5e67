"""What tests of the log share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.log.sqlite import SqliteStore
from tests.server.log.session_log import Log
from tests.support.clock import FakeClock
from tests.support.events import session_row


@pytest.fixture
def clock() -> FakeClock:
    """Time that stands still."""
    return FakeClock()


@pytest.fixture
async def store(tmp_path: Path, clock: FakeClock) -> AsyncIterator[SqliteStore]:
    """A real store in an empty folder."""
    store = SqliteStore(tmp_path / "log", clock)
    await store.open()
    yield store
    await store.aclose()


@pytest.fixture
async def log(store: SqliteStore, clock: FakeClock) -> Log:
    """A session's log that has just begun."""
    await store.create_session(session_row())
    return Log(store, clock)
