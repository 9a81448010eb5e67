"""Sessions that nobody uses come to their end: which, how late at most, and no other."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from classifier import Affect, Source
from server.log.sqlite import SqliteStore
from server.models import EndReason, Tier
from server.sessions.reaper import Reaper
from server.sessions.session import Session
from server.settings import Settings
from tests.server.house import IDLE_TTL_S, LOOK_S, PAID_TTL_S, House
from tests.server.log.subscriber import until
from tests.support.classifier import ScriptedListener, voice_frame
from tests.support.clock import FakeClock

LONG_S = 86_400.0


async def look() -> None:
    """Let the reaper of the house look."""
    await asyncio.sleep(LOOK_S)


async def say(session: Session, listener: ScriptedListener, at_s: float) -> None:
    """Let a tone be heard, and wait until it is in the log."""
    last_seq = session.channel.last_seq
    listener.emit(voice_frame(at_s, Affect.WARM))
    await until(lambda: session.channel.last_seq > last_seq)


# -- how often it looks -------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """A clock on which the reaper sleeps: it moves by what is slept, and at once."""
    clock = FakeClock()

    async def sleep(duration_s: float) -> None:
        clock.advance(duration_s)
        await asyncio.sleep(0)

    monkeypatch.setattr("server.sessions.reaper.asyncio", SimpleNamespace(sleep=sleep))
    return clock


async def ages_at_end_s(
    folder: Path, clock: FakeClock, tier: Tier, **settings: float
) -> list[float]:
    """Start three sessions that nobody uses; the age of each when a reaper ends it.

    Whoever is told to end one takes it out of the table at once.
    """
    house = House(SqliteStore(folder, clock), clock)
    await house.store.open()  # and not the manager: its own reaper is not to look
    started_s = clock.monotonic_s()
    table: dict[str, Session] = {}
    for _ in range(3):
        session, _ = await house.start(tier=tier)
        table[session.session_id] = session
    ages_s: list[float] = []

    def end(session: Session) -> None:
        del table[session.session_id]
        ages_s.append(clock.monotonic_s() - started_s)

    reaper = Reaper(Settings(_env_file=None, **settings))  # type: ignore[arg-type]
    run = asyncio.create_task(reaper.run(table.values, end))
    await until(lambda: not table or run.done())
    run.cancel()
    await asyncio.wait([run])
    await house.manager.aclose()
    assert run.cancelled(), "it ended by itself"
    return ages_s


@pytest.mark.parametrize("tier", list(Tier))
@pytest.mark.parametrize(
    ("ttl_s", "late_s"), [(0.04, 0.01), (2.0, 0.5), (4.0, 1.0), (90.0, 1.0), (1_800.0, 1.0)]
)
async def test_the_end_comes_after_its_time_and_hardly_later(
    tmp_path: Path, clock: FakeClock, tier: Tier, ttl_s: float, late_s: float
) -> None:
    """A quarter of the time at most, and never more than a second; several at once, too. The
    time is that of the session's tier, whatever that of the other."""
    free_s, paid_s = (LONG_S, ttl_s) if tier is Tier.PAID else (ttl_s, LONG_S)
    ages_s = await ages_at_end_s(
        tmp_path, clock, tier, session_idle_ttl_s=free_s, session_paid_ttl_s=paid_s
    )
    assert len(ages_s) == 3
    for age_s in ages_s:
        assert ttl_s < age_s <= ttl_s + late_s + 1e-6


async def test_one_that_cannot_be_ended_does_not_stop_the_others(
    tmp_path: Path, clock: FakeClock
) -> None:
    """It is said in the log, once, and tried again; the reaper goes on."""
    house = House(SqliteStore(tmp_path, clock), clock)
    await house.store.open()
    table: dict[str, Session] = {}
    for _ in range(3):
        session, _ = await house.start()
        table[session.session_id] = session
    stuck, *others = table
    ended: list[str] = []
    tries = 0

    def end(session: Session) -> None:
        nonlocal tries
        if session.session_id == stuck and tries < 2:
            tries += 1
            raise RuntimeError("cannot")
        del table[session.session_id]
        ended.append(session.session_id)

    with capture_logs() as logs:
        run = asyncio.create_task(Reaper(Settings(_env_file=None)).run(table.values, end))
        await until(lambda: not table or run.done())
    run.cancel()
    await asyncio.wait([run])
    await house.manager.aclose()
    assert run.cancelled(), "it ended by itself"
    assert ended == [*others, stuck]
    assert tries == 2
    assert [log["session"] for log in logs] == [stuck[:6]]


# -- who lives and who does not -----------------------------------------------------------------


async def test_a_session_that_never_had_a_subscriber_is_reaped(house: House) -> None:
    """Not before its time, and then with reason idle."""
    session, _ = await house.start()
    house.clock.advance(IDLE_TTL_S * 0.9)
    await look()
    assert house.manager.running == 1
    house.clock.advance(IDLE_TTL_S * 0.2)
    await until(lambda: house.manager.running == 0)
    assert (await house.row(session)).reason is EndReason.IDLE


async def test_a_free_session_lives_while_somebody_is_here(house: House) -> None:
    """A subscriber or a socket, however silent; the time counts from when the last one left."""
    session, _ = await house.start()
    guest = house.follow(session)
    house.clock.advance(100)
    await look()
    session.feed(Source.TAB)
    await guest.leave()
    house.clock.advance(100)
    await look()
    session.unfeed(Source.TAB)
    house.clock.advance(IDLE_TTL_S * 0.9)
    await look()
    assert house.manager.running == 1
    house.clock.advance(IDLE_TTL_S * 0.2)
    await until(lambda: house.manager.running == 0)
    assert (await house.row(session)).reason is EndReason.IDLE


async def test_a_paid_session_lives_by_its_activity(house: House) -> None:
    """Longer than a free one with nobody here, but not for ever; asking for it is activity."""
    session, _ = await house.start(tier=Tier.PAID)
    guest = house.follow(session)
    await until(lambda: "ready" in guest.statuses)
    await guest.leave()
    for _ in range(3):
        house.clock.advance(PAID_TTL_S * 0.9)
        await look()
        await house.manager.info(session.session_id, owner="")
    assert house.manager.running == 1
    house.clock.advance(PAID_TTL_S * 1.1)
    await until(lambda: house.manager.running == 0)
    assert (await house.row(session)).reason is EndReason.IDLE


async def test_a_subscriber_alone_does_not_keep_a_paid_session(house: House) -> None:
    """Without audio and events it ends, and the subscriber is told."""
    session, _ = await house.start(tier=Tier.PAID)
    guest = house.follow(session)
    await until(lambda: "ready" in guest.statuses)
    house.clock.advance(PAID_TTL_S * 1.1)
    await guest.to_the_end()
    assert session.channel.ended is not None
    assert session.channel.ended.reason is EndReason.IDLE


async def test_reaping_one_leaves_the_others(house: House) -> None:
    """Each session is looked at by itself."""
    await house.start()
    kept, _ = await house.start()
    guest = house.follow(kept)
    house.clock.advance(IDLE_TTL_S * 2)
    await until(lambda: house.manager.running == 1)
    assert await house.manager.live(kept.session_id, owner="") is kept
    await guest.leave()


async def test_a_recording_keeps_its_session(house: House) -> None:
    """However long it takes to be heard; the time counts from when it let go."""
    session, _ = await house.start()
    with session.hold(tuple(Source)):
        house.clock.advance(100)
        await look()
        assert house.manager.running == 1
    house.clock.advance(IDLE_TTL_S * 0.9)
    await look()
    assert house.manager.running == 1
    house.clock.advance(IDLE_TTL_S * 0.2)
    await until(lambda: house.manager.running == 0)


@pytest.mark.parametrize("heard", [True, False], ids=["heard", "unheard"])
async def test_tones_keep_a_paid_session_where_somebody_hears_them(
    house: House, heard: bool
) -> None:
    """A conversation that is listened to goes on; one that talks to nobody ends."""
    session, listener = await house.start(tier=Tier.PAID)
    guest = house.follow(session)
    await until(lambda: "ready" in guest.statuses)
    if not heard:
        await guest.leave()
    for at_s in (1.0, 2.0):
        house.clock.advance(PAID_TTL_S * 0.45)
        await say(session, listener, at_s)
    await look()
    assert house.manager.running == 1
    house.clock.advance(PAID_TTL_S * 0.2)
    if heard:
        await look()
        assert house.manager.running == 1
        await guest.leave()
    else:
        await until(lambda: house.manager.running == 0)


async def test_an_end_that_takes_long_is_one_end(house: House) -> None:
    """The reaper looks on while the store hangs, and finds the session still there: it is ended
    once, with one reason."""
    session, _ = await house.start()
    await until(lambda: session.channel.last_seq == 2)
    house.store.gate.clear()
    house.clock.advance(IDLE_TTL_S * 1.1)
    await until(session.ended.is_set)
    await look()
    assert house.manager.running == 1
    house.store.gate.set()
    await until(lambda: house.manager.running == 0)
    assert (await house.row(session)).reason is EndReason.IDLE
    assert house.count("linnet_sessions_ended_total", reason="idle") == 1
