"""What tests of sessions share: a manager on a real store, with everything else in hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.log.sqlite import SqliteStore
from tests.server.house import House
from tests.support.clock import FakeClock


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Opened, with nobody in it; closed afterwards, and no task may be left over."""
    clock = FakeClock()
    house = House(SqliteStore(tmp_path / "log", clock), clock)
    await house.manager.open()
    yield house
    await house.manager.aclose()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left, f"left over: {left}"
    assert house.count("linnet_sessions") == 0
    assert house.backend.closed
    assert all(listener.stopped for listener in house.backend.opened)
