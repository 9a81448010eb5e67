"""All sessions: who may start one, who finds it, and that each comes to its end."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from classifier import BackendError, Source
from server.errors import (
    CapacityError,
    GoingAwayError,
    SessionEndedError,
    StoreError,
    UnknownSessionError,
)
from server.log.sqlite import SqliteStore
from server.models import EndReason, SessionState, StartRequest, Tier
from tests.server.house import House, opened
from tests.server.log.subscriber import until
from tests.support.clock import FakeClock

# -- starting and finding -----------------------------------------------------------------------


async def test_a_started_session_runs_and_is_kept(house: House) -> None:
    """It is found by its id, and its row is in the store before anybody knows the id."""
    session, _ = await house.start(tier=Tier.PAID, elcor=True)
    info = await house.manager.info(session.session_id, owner="")
    assert (info.state, info.tier, info.elcor) == (SessionState.RUNNING, Tier.PAID, True)
    row = await house.row(session)
    assert (row.state, row.tier, row.elcor) == (SessionState.RUNNING, Tier.PAID, True)
    assert row.started_at_s == house.clock.wall_s()
    assert await house.manager.live(session.session_id, owner="") is session
    assert house.count("linnet_sessions") == house.manager.running == 1


async def test_ids_cannot_be_guessed(house: House) -> None:
    """At least 128 random bits, URL-safe, never the same."""
    ids = {(await house.start())[0].session_id for _ in range(20)}
    assert len(ids) == 20
    assert all(len(each) * 6 >= 128 for each in ids)
    assert all(each.replace("-", "").replace("_", "").isalnum() for each in ids)


async def test_an_unknown_id_is_unknown_to_everybody(house: House) -> None:
    """To those who look, who follow and who end."""
    manager = house.manager
    for ask in (manager.info, manager.live, manager.followed, manager.archive.row, manager.end):
        with pytest.raises(UnknownSessionError):
            await ask("no-such-id", owner="")


async def test_another_owners_session_is_the_same_as_none(house: House) -> None:
    """While it runs and after it has ended; its owner sees it."""
    session, _ = await house.start(owner="ann")
    manager, session_id = house.manager, session.session_id
    for _ in range(2):
        for ask in (manager.info, manager.live, manager.followed, manager.end):
            with pytest.raises(UnknownSessionError):
                await ask(session_id, owner="bob")
        assert (await manager.info(session_id, owner="ann")).session_id == session_id
        await manager.end(session_id, owner="ann")
    assert [
        row.session_id for row in await manager.archive.past("ann", limit=9, before_s=None)
    ] == [session_id]
    assert await manager.archive.past("bob", limit=9, before_s=None) == []


# -- ending -------------------------------------------------------------------------------------


async def test_an_ended_session_is_stopped_and_can_still_be_asked_for(house: House) -> None:
    """It answers stopped, takes nothing, and its row says when and why."""
    session, _ = await house.start()
    house.clock.advance(0.01)
    await house.manager.end(session.session_id, owner="")
    assert house.manager.running == 0
    info = await house.manager.info(session.session_id, owner="")
    assert info.state is SessionState.STOPPED
    for ask in (house.manager.live, house.manager.followed):
        with pytest.raises(SessionEndedError):
            await ask(session.session_id, owner="")
    row = await house.manager.archive.row(session.session_id, owner="")
    assert (row.reason, row.ended_at_s) == (EndReason.CLIENT, house.clock.wall_s())
    assert row.last_seq == session.channel.last_seq


async def test_ending_twice_is_harmless(house: House) -> None:
    """At once by several, and again later: one end, with the first reason."""
    session, _ = await house.start()
    manager, session_id = house.manager, session.session_id
    await asyncio.gather(*(manager.end(session_id, owner="") for _ in range(3)))
    await manager.end(session_id, owner="")
    assert (await house.row(session)).reason is EndReason.CLIENT
    assert house.count("linnet_sessions_ended_total", reason="client") == 1
    assert house.count("linnet_sessions") == 0


async def test_an_ending_goes_on_when_its_asker_leaves(house: House) -> None:
    """A client that hangs up in the middle of its DELETE has still ended the session."""
    session, _ = await house.start()
    house.store.gate.clear()
    asking = asyncio.create_task(house.manager.end(session.session_id, owner=""))
    await until(session.ended.is_set)
    asking.cancel()
    await asyncio.wait([asking])
    house.store.gate.set()
    await until(lambda: house.manager.running == 0)
    assert (await house.row(session)).reason is EndReason.CLIENT


async def test_a_session_that_is_ending_can_be_followed_to_its_end(house: House) -> None:
    """Who comes back in just that moment misses neither the last events nor the end."""
    session, _ = await house.start()
    first = house.follow(session)
    await until(lambda: "ready" in first.statuses)
    house.store.gate.clear()
    feed = session.feed(Source.MIC)
    feed.offer(bytes(3_200))
    ending = asyncio.create_task(house.manager.end(session.session_id, owner=""))
    await until(session.ended.is_set)
    with pytest.raises(SessionEndedError):
        await house.manager.live(session.session_id, owner="")
    late = house.follow(await house.manager.followed(session.session_id, owner=""))
    house.store.gate.set()
    await asyncio.gather(ending, first.to_the_end(), late.to_the_end())
    session.unfeed(Source.MIC)
    assert late.events == first.events
    assert late.statuses[-1] == "listening"


async def test_an_end_that_cannot_be_stored_is_an_end(house: House) -> None:
    """Nobody is kept waiting; what was stored can be read, and its number is known."""
    session, _ = await house.start()
    guest = house.follow(session)
    await until(lambda: "ready" in guest.statuses)
    house.store.writes_fail = True
    await house.manager.end(session.session_id, owner="")
    await guest.to_the_end()
    assert house.manager.running == 0
    info = await house.manager.info(session.session_id, owner="")
    assert info.state is SessionState.STOPPED
    row = await house.manager.archive.row(session.session_id, owner="")
    assert row.last_seq == session.channel.last_seq == 2
    house.store.writes_fail = False


# -- bounds -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [{"demo_mode": True, "demo_max_sessions": 2}, {"max_sessions": 2}],
    ids=["demo", "server"],
)
async def test_only_so_many_sessions_run_at_once(
    tmp_path: Path, settings: dict[str, object]
) -> None:
    """Also when many start in the same moment; one that ends makes room."""
    house = await opened(tmp_path, **settings)
    starts = await asyncio.gather(*(house.start() for _ in range(6)), return_exceptions=True)
    started = [start for start in starts if not isinstance(start, BaseException)]
    assert [type(start) for start in starts if isinstance(start, BaseException)] == (
        [CapacityError] * 4
    )
    assert house.manager.running == len(started) == 2
    await house.manager.end(started[0][0].session_id, owner="")
    await house.start()
    await house.manager.aclose()


async def test_only_so_many_streams_are_open_at_once(tmp_path: Path) -> None:
    """Over all sessions; one that closes makes room."""
    house = await opened(tmp_path, max_subscribers=2)
    session, _ = await house.start()
    other, _ = await house.start()
    guests = [house.follow(session), house.follow(other)]
    with pytest.raises(CapacityError):
        house.follow(session)
    assert house.count("linnet_subscribers") == 2
    await guests[1].leave()
    guests[1] = house.follow(session)
    for guest in guests:
        await guest.leave()
    assert house.count("linnet_subscribers") == 0
    await house.manager.aclose()


# -- starts that go wrong -----------------------------------------------------------------------


async def test_a_start_that_the_log_cannot_keep(tmp_path: Path) -> None:
    """It fails for the one who asked, and its place is free again."""
    house = await opened(tmp_path, max_sessions=1)
    house.store.writes_fail = True
    with pytest.raises(StoreError):
        await house.start()
    house.store.writes_fail = False
    await until(lambda: house.manager.running == 0)
    await house.start()
    assert house.count("linnet_sessions") == 1
    await house.manager.aclose()
    assert all(listener.stopped for listener in house.backend.opened)


async def test_a_start_whose_client_has_left(house: House, tmp_path: Path) -> None:
    """Its session may be in the log already, so its end is put there, too: it does not run on in
    the store as if somebody had it."""
    inner = house.store.inner.create_session

    async def create(row: object) -> None:
        await inner(row)  # type: ignore[arg-type]
        kept.set()
        await asyncio.Event().wait()

    kept = asyncio.Event()
    house.store.create_session = create  # type: ignore[method-assign]
    start = asyncio.create_task(house.start())
    await kept.wait()
    start.cancel()
    await asyncio.wait([start])
    assert start.cancelled()
    await until(lambda: house.manager.running == 0)
    [row] = await house.manager.archive.past("", limit=9, before_s=None)
    assert (row.reason, row.last_seq) == (EndReason.CLIENT, 0)


async def test_a_start_that_the_shutdown_overtakes(house: House) -> None:
    """Whoever waits for it is told that the server goes; the session neither runs on nor stays
    marked as running."""
    house.store.gate.clear()
    start = asyncio.create_task(house.start())
    await until(lambda: house.store.waiting == 1)
    ending = asyncio.create_task(house.manager.end_all())
    await until(lambda: house.store.waiting == 2)
    house.store.gate.set()
    await ending
    with pytest.raises(GoingAwayError):
        await start
    assert house.manager.running == 0
    [row] = await house.manager.archive.past("", limit=9, before_s=None)
    assert row.reason is EndReason.SHUTDOWN


# -- the classifier -----------------------------------------------------------------------------


async def test_ready_is_when_the_classifier_is_loaded(tmp_path: Path) -> None:
    """Sessions may start before; loaded() waits."""
    clock = FakeClock()
    house = House(SqliteStore(tmp_path, clock), clock)
    house.backend.load_gate.clear()
    assert not house.manager.ready
    await house.manager.open()
    assert not house.manager.ready
    waiting = asyncio.create_task(house.manager.loaded())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    house.backend.load_gate.set()
    await waiting
    assert house.manager.ready
    await house.manager.aclose()


async def test_a_classifier_that_cannot_be_loaded_is_never_ready(tmp_path: Path) -> None:
    """loaded() says why; the server can still be closed in order."""
    clock = FakeClock()
    house = House(SqliteStore(tmp_path, clock), clock)
    house.backend.load_error = BackendError("no model")
    await house.manager.open()
    with pytest.raises(BackendError, match="no model"):
        await house.manager.loaded()
    assert not house.manager.ready
    await house.manager.aclose()


async def test_the_start_request_reaches_the_session(house: House) -> None:
    """Elcor is asked for at the start and shown by the session."""
    session = await house.manager.start(
        StartRequest.model_validate({"elcor": True}), tier=Tier.FREE, owner=""
    )
    assert session.info().elcor is True
