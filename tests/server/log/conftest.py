"""What tests of the log share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.log.sqlite import SqliteStore
from tests.support.clock import FakeClock


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
