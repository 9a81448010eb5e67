"""What is done in the background so that the log is whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from classifier import Affect
from server.log.base import Gap
from server.log.sqlite import FILE_NAME, SqliteStore
from server.models import EndReason, SessionState
from server.sessions.keeper import Description
from tests.server.house import House
from tests.server.log.subscriber import until
from tests.support.classifier import voice_frame
from tests.support.clock import FakeClock
from tests.support.waiting import eventually

DAY_S = 86_400.0


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Turns come quickly, and nobody waits long for a store."""
    monkeypatch.setattr("server.sessions.keeper.TURN_EVERY_S", 0.01)
    monkeypatch.setattr("server.sessions.keeper.END_STORED_S", 0.2)


@pytest.fixture
async def keeping(tmp_path: Path) -> AsyncIterator[House]:
    """A house whose log keeps sessions for a day."""
    clock = FakeClock()
    house = House(
        SqliteStore(tmp_path / "log", clock), clock, retention_days=1, session_idle_ttl_s=1e5
    )
    await house.manager.open()
    yield house
    await house.manager.aclose()


async def test_storing_resumes_in_a_silence(house: House) -> None:
    """Nobody says anything any more: what could not be stored is stored all the same, and the
    subscribers are told."""
    session, listener = await house.start()
    guest = house.follow(session)
    await until(lambda: "ready" in guest.statuses)
    house.store.writes_fail = True
    listener.emit(voice_frame(1.0, Affect.WARM))
    await until(lambda: "warning" in guest.statuses)
    house.store.writes_fail = False
    await until(lambda: guest.statuses[-1] == "listening")
    assert session.channel.unstored is None
    assert len(await house.stored(session)) == session.channel.last_seq
    await guest.leave()


async def test_an_end_that_could_not_be_stored_is_stored_later(house: House) -> None:
    """With its events, its reason and its time; until then it is shown as it ended, and what the
    store has yet to get is named as missing."""
    session, listener = await house.start()
    guest = house.follow(session)
    await until(lambda: "ready" in guest.statuses)
    before = session.channel.last_seq
    house.store.writes_fail = True
    listener.emit(voice_frame(1.0, Affect.WARM), voice_frame(2.0, Affect.WARM))
    await until(lambda: len(guest.said("tone")) == 2)
    await house.manager.end(session.session_id, owner="")
    await guest.to_the_end()
    ended_at_s = house.clock.wall_s()
    house.clock.advance(3)
    last_seq = session.channel.last_seq
    assert last_seq > before
    row, gaps = await house.manager.stored(session.session_id, owner="")
    assert (row.state, row.reason) == (SessionState.STOPPED, EndReason.CLIENT)
    assert (row.ended_at_s, row.last_seq) == (ended_at_s, last_seq)
    assert gaps == [Gap(before + 1, last_seq)]
    assert (await house.row(session)).state is SessionState.RUNNING
    house.store.writes_fail = False

    async def noted() -> bool:
        return (await house.row(session)).state is SessionState.STOPPED

    await eventually(noted)
    assert await house.row(session) == row
    assert await house.manager.stored(session.session_id, owner="") == (row, [])
    assert house.count("linnet_events_unstored") == house.count("linnet_events_lost_total") == 0


async def test_what_is_unstored_while_a_session_runs_is_named(house: House) -> None:
    """An export of that moment lacks it, and says so."""
    session, listener = await house.start()
    guest = house.follow(session)
    await until(lambda: "ready" in guest.statuses)
    before = session.channel.last_seq
    assert (await house.manager.stored(session.session_id, owner=""))[1] == []
    house.store.writes_fail = True
    listener.emit(voice_frame(1.0, Affect.WARM))
    await until(lambda: "warning" in guest.statuses)
    row, gaps = await house.manager.stored(session.session_id, owner="")
    assert row.last_seq == before
    assert gaps == [Gap(before + 1, session.channel.last_seq)]
    house.store.writes_fail = False
    await guest.leave()


async def test_too_many_endings_are_not_kept(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the store fails only so many ended sessions wait for it; over that the oldest is given
    up, and what is lost is counted."""
    monkeypatch.setattr("server.sessions.keeper._OWED_MAX", 1)
    sessions = [(await house.start())[0] for _ in range(2)]
    guests = [house.follow(session) for session in sessions]
    for guest in guests:
        await until(lambda guest=guest: "ready" in guest.statuses)  # type: ignore[misc]
    house.store.writes_fail = True
    for listener in house.backend.opened:
        listener.emit(voice_frame(1.0, Affect.WARM))
    for session, guest in zip(sessions, guests, strict=True):
        await until(lambda guest=guest: guest.said("tone") != [])  # type: ignore[misc]
        await house.manager.end(session.session_id, owner="")
        await guest.to_the_end()
    assert sessions[0].channel.unstored is None
    assert sessions[1].channel.unstored is not None
    assert house.count("linnet_events_lost_total") > 0
    house.store.writes_fail = False
    await until(lambda: sessions[1].channel.unstored is None)


async def test_old_sessions_are_erased(keeping: House) -> None:
    """An hour's turn erases what ended longer ago than it is kept; pinned ones stay."""
    sessions = [(await keeping.start())[0] for _ in range(3)]
    for session in sessions[:2]:
        await keeping.manager.end(session.session_id, owner="")
    old, pinned, running = (session.session_id for session in sessions)
    await keeping.manager.archive.pin(pinned, owner="", pinned=True)
    keeping.clock.advance(DAY_S - 60)
    await asyncio.sleep(0.05)
    assert await keeping.store.session(old) is not None
    keeping.clock.advance(3_600)

    async def gone() -> bool:
        return await keeping.store.session(old) is None

    await eventually(gone)
    for session_id in (pinned, running):
        assert await keeping.store.session(session_id) is not None


async def test_without_a_limit_nothing_is_erased(house: House) -> None:
    """By default sessions are kept for good."""
    session, _ = await house.start()
    await house.manager.end(session.session_id, owner="")
    house.clock.advance(DAY_S * 10_000)
    await asyncio.sleep(0.05)
    assert (await house.row(session)).state is SessionState.STOPPED


async def test_a_failing_store_does_not_stop_the_turns(keeping: House) -> None:
    """Erasing that fails is tried again an hour later."""
    session, _ = await keeping.start()
    await keeping.manager.end(session.session_id, owner="")
    keeping.clock.advance(DAY_S * 2)
    keeping.store.reads_fail = keeping.store.writes_fail = True
    await asyncio.sleep(0.05)
    keeping.store.reads_fail = keeping.store.writes_fail = False
    keeping.clock.advance(3_601)

    async def gone() -> bool:
        return await keeping.store.session(session.session_id) is None

    await eventually(gone)


async def test_traces_are_removed_when_nobody_talks(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file too large to be made anew at once is made anew in the first silence."""
    monkeypatch.setattr("server.log.sqlite._COMPACT_AT_ONCE_BYTES", 0)
    other, _ = await house.start()
    session, _ = await house.start()
    await house.manager.erase(session.session_id, owner="")
    await house.manager.end(other.session_id, owner="")
    trace = session.session_id.encode()

    async def gone() -> bool:
        return all(trace not in path.read_bytes() for path in (tmp_path / "log").iterdir())

    await eventually(gone)
    assert (tmp_path / "log" / FILE_NAME).exists()


async def test_the_model_is_noted_when_it_is_known(house: House) -> None:
    """A session begun before the classifier was loaded says afterwards what listened to it."""
    session, _ = await house.start()
    description = Description(house.store, house.backend, session.session_id)
    await description.tell()
    assert (await house.row(session)).model_id == "scripted"
    house.backend.name = "another"
    house.store.writes_fail = True
    await description.tell()  # the session goes on without the note
    house.store.writes_fail = False
    house.backend.name = "a third"
    await description.tell()
    assert (await house.row(session)).model_id == "a third"
