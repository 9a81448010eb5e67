"""The end of all sessions: told in time whatever hangs, and none runs on in the store."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from classifier import BackendError, Source
from server.errors import (
    GoingAwayError,
)
from server.log.sqlite import SqliteStore
from server.models import EndReason
from tests.server.house import House, opened
from tests.server.log.subscriber import until
from tests.support.clock import FakeClock


async def test_shutdown_ends_everybody_with_reason_shutdown(house: House) -> None:
    """Streams come to their end; a start is refused; doing it twice is harmless."""
    sessions = [(await house.start())[0] for _ in range(5)]
    guests = [house.follow(session) for session in sessions]
    await house.manager.end_all()
    for session, guest in zip(sessions, guests, strict=True):
        await guest.to_the_end()
        assert (await house.row(session)).reason is EndReason.SHUTDOWN
    with pytest.raises(GoingAwayError):
        await house.start()
    await house.manager.end_all()


async def test_shutdown_has_two_seconds_whatever_hangs(house: House) -> None:
    """A classifier that does not finish, one that does not stop, and a store that hangs with
    events under way: streams are told all the same. (All deadlines together are 1.3 s; the test
    gives a slow machine more.)"""
    session, listener = await house.start()
    guest = house.follow(session)
    await until(lambda: "ready" in guest.statuses)
    feed = session.feed(Source.MIC)
    listener.feed_gate.clear()
    listener.stop_gate.clear()
    house.store.gate.clear()
    feed.offer(bytes(3_200))
    await until(lambda: house.store.waiting == 1)
    async with asyncio.timeout(4):
        await house.manager.end_all()
    await guest.to_the_end()
    session.unfeed(Source.MIC)
    assert session.channel.ended is not None
    assert session.channel.ended.reason is EndReason.SHUTDOWN
    for gate in (listener.feed_gate, listener.stop_gate, house.store.gate):
        gate.set()
    await listener.stop()


async def test_shutdown_in_the_middle_of_an_ending(house: House) -> None:
    """The ending that is under way is waited for, and keeps its reason."""
    session, _ = await house.start()
    house.store.gate.clear()
    ending = asyncio.create_task(house.manager.end(session.session_id, owner=""))
    await until(session.ended.is_set)
    shutdown = asyncio.create_task(house.manager.end_all())
    await asyncio.sleep(0.01)
    assert not shutdown.done()
    house.store.gate.set()
    await asyncio.gather(ending, shutdown)
    assert (await house.row(session)).reason is EndReason.CLIENT


async def test_closing_lets_go_of_the_log_though_the_classifier_fails(tmp_path: Path) -> None:
    """A backend that cannot be closed does not keep the folder locked."""

    async def fail() -> None:
        raise BackendError("cannot be closed")

    house = await opened(tmp_path)
    house.backend.aclose = fail  # type: ignore[method-assign]
    with pytest.raises(BackendError):
        await house.manager.aclose()
    again = await opened(tmp_path)
    await again.manager.aclose()


async def test_what_ran_when_the_process_died_is_interrupted(tmp_path: Path) -> None:
    """At the next start it is found, ended, and all that was stored can be read."""
    clock = FakeClock()
    house = House(SqliteStore(tmp_path, clock), clock)
    await house.manager.open()
    session, _ = await house.start()
    guest = house.follow(session)
    await until(lambda: "ready" in guest.statuses)
    house.store.writes_fail = True  # from here on nothing reaches the disk, as after a kill
    await house.manager.aclose()
    await guest.to_the_end()
    again = House(SqliteStore(tmp_path, clock), clock)
    await again.manager.open()
    row = await again.manager.archive.row(session.session_id, owner="")
    assert (row.reason, row.last_seq) == (EndReason.INTERRUPTED, 2)
    assert len(await again.stored(session)) == 2
    await again.manager.aclose()
