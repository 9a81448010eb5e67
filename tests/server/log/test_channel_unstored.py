"""One session's log while its store fails or hangs: events flow, and are stored later."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from server.log.base import Gap
from server.log.channel import Channel
from server.log.ring import Ring
from server.metrics import Metrics
from server.models import EndReason
from tests.server.log.session_log import Log, drafts, statuses
from tests.server.log.subscriber import Subscriber, until
from tests.support.clock import FakeClock
from tests.support.events import SESSION_ID


async def test_events_flow_while_the_store_fails(log: Log) -> None:
    """They are sent, one warning follows the first; when storing works again that is said, and
    nothing is missing from the store."""
    subscriber = Subscriber(log.channel, 0)
    run = asyncio.create_task(subscriber.run())
    seen = await log.channel.append(drafts(1))
    log.store.writes_fail = True
    seen += await log.channel.append(drafts(2))
    assert log.channel.last_seq == 4  # the warning is number 4
    seen += await log.channel.append(drafts(1))
    assert log.channel.last_seq == 5  # said once
    assert [event.seq for event in await log.stored()] == [1]
    assert log.count("linnet_events_unstored") == 4
    log.store.writes_fail = False
    seen += await log.channel.append(drafts(1))
    await log.channel.end(EndReason.CLIENT)
    await run
    stored = await log.stored()
    assert subscriber.seqs == [event.seq for event in stored] == [1, 2, 3, 4, 5, 6, 7]
    assert subscriber.got == b"".join(event.block for event in stored)
    assert statuses(stored) == ["warning", "listening"]
    assert [event for event in stored if event.kind == "tone-event"] == seen
    assert log.count("linnet_events_unstored") == 0
    assert log.count("linnet_store_failures_total") == 2


async def test_a_single_failure_does_not_leave_the_warning_standing(log: Log) -> None:
    """When the store works again with the warning itself, that is told as well."""
    log.store.fail_appends = 1
    await log.channel.append(drafts(1))
    await log.channel.append(drafts(1))
    assert statuses(await log.stored()) == ["warning", "listening"]
    await log.channel.append(drafts(1))
    stored = await log.stored()
    assert statuses(stored) == ["warning", "listening"]
    assert [event.seq for event in stored] == [1, 2, 3, 4, 5]


async def test_a_store_that_hangs_counts_as_failed(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event waits for the store until the deadline, then it is sent; it is stored later."""
    monkeypatch.setattr("server.log.channel.STORE_DEADLINE_S", 0.02)
    monkeypatch.setattr("server.log.channel._FAILING_DEADLINE_S", 5.0)
    log.store.gate.clear()
    [event] = await log.channel.append(drafts(1))
    assert log.channel.last_seq == 2
    log.store.gate.set()
    monkeypatch.setattr("server.log.channel.STORE_DEADLINE_S", 5.0)
    await log.channel.append(drafts(1))
    stored = await log.stored()
    assert stored[0] == event
    assert [event.seq for event in stored] == list(range(1, log.channel.last_seq + 1))
    assert statuses(stored) == ["warning", "listening"]


async def test_unstored_events_can_be_read_though_they_have_left_the_ring(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the store fails a late subscriber still gets every event, also when nothing of the
    store can be read any more."""
    monkeypatch.setattr("server.log.channel.Ring", partial(Ring, 3))
    monkeypatch.setattr("server.log.channel._READ_EVENTS", 4)
    channel = Channel(SESSION_ID, log.store, FakeClock(), Metrics())
    await channel.append(drafts(6))
    log.store.writes_fail = True
    for _ in range(4):
        await channel.append(drafts(3))
    from_the_first, unstored_only = Subscriber(channel, 0), Subscriber(channel, 6)
    runs = [asyncio.create_task(from_the_first.run())]
    await until(lambda: len(channel.following) == 1)
    log.store.reads_fail = True
    runs.append(asyncio.create_task(unstored_only.run()))
    await until(lambda: len(channel.following) == 2)
    await channel.end(EndReason.CLIENT)
    await asyncio.gather(*runs)
    assert from_the_first.seqs == list(range(1, channel.last_seq + 1))
    assert unstored_only.seqs == list(range(7, channel.last_seq + 1))
    assert unstored_only.returns == 0


async def test_what_is_kept_for_another_try_is_bounded(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over the bound the oldest is given up and counted; who followed had it, who comes later
    goes on with what is left."""
    monkeypatch.setattr("server.log.channel.Ring", partial(Ring, 2))
    monkeypatch.setattr("server.log.channel._UNSTORED_MAX", 4)
    channel = Channel(SESSION_ID, log.store, FakeClock(), log.metrics)
    follower = Subscriber(channel, 0)
    runs = [asyncio.create_task(follower.run())]
    await channel.append(drafts(2))
    log.store.writes_fail = True
    await channel.append(drafts(1))  # 3, and the warning 4
    await channel.append(drafts(5))  # 5..9: given up are 3, 4, 5
    assert log.count("linnet_events_lost_total") == 3
    assert log.count("linnet_events_unstored") == 4
    late = Subscriber(channel, 0)
    runs.append(asyncio.create_task(late.run()))
    await until(lambda: len(channel.following) == 2)
    log.store.writes_fail = False
    await channel.append(drafts(1))
    await channel.end(EndReason.CLIENT)
    await asyncio.gather(*runs)
    assert follower.seqs == list(range(1, 12))
    assert late.seqs == [1, 2, 6, 7, 8, 9, 10, 11]
    assert [event.seq for event in await log.stored()] == late.seqs


async def test_the_end_tries_once_more_to_store(log: Log) -> None:
    """Events that could not be stored are offered again when the session ends."""
    log.store.writes_fail = True
    await log.channel.append(drafts(3))
    log.store.writes_fail = False
    await log.channel.end(EndReason.CLIENT)
    assert [event.seq for event in await log.stored()] == [1, 2, 3, 4]
    assert log.count("linnet_events_unstored") == 0


async def test_an_end_with_a_store_that_fails_is_an_end(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session ends, its subscribers get what was sent; what was not stored is counted as
    pending until it is given up, then as lost."""
    log.store.writes_fail = True
    await log.channel.append(drafts(2))
    late = Subscriber(log.channel, 0)
    run = asyncio.create_task(late.run())
    await log.channel.end(EndReason.SHUTDOWN)
    await run
    assert late.seqs == [1, 2, 3]
    assert log.channel.ended is not None
    assert log.channel.ended.last_seq == 3
    assert log.channel.unstored == Gap(1, 3)
    assert log.count("linnet_events_unstored") == 3
    await log.channel.give_up()
    assert log.channel.unstored is None
    assert log.count("linnet_events_unstored") == 0
    assert log.count("linnet_events_lost_total") == 3


async def test_storing_can_be_tried_again_after_the_end(log: Log) -> None:
    """What could not be stored while the session ran is stored once it can be."""
    log.store.writes_fail = True
    events = await log.channel.append(drafts(2))
    await log.channel.end(EndReason.CLIENT)
    await log.channel.retry()
    assert log.channel.unstored == Gap(1, 3)
    log.store.writes_fail = False
    await log.channel.retry()
    assert log.channel.unstored is None
    stored = await log.stored()
    assert stored[:2] == events
    assert [event.seq for event in stored] == [1, 2, 3]
    assert log.count("linnet_events_unstored") == log.count("linnet_events_lost_total") == 0


async def test_what_is_offered_to_the_store_is_not_read_before_it_is_sent(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the store fails, one who is behind does not get the next event ahead of the others,
    and then once more with them."""
    monkeypatch.setattr("server.log.channel.Ring", partial(Ring, 1))
    channel = Channel(SESSION_ID, log.store, FakeClock(), log.metrics)
    log.store.writes_fail = True
    await channel.append(drafts(3))
    monkeypatch.setattr("server.log.channel._FAILING_DEADLINE_S", 5.0)
    log.store.gate.clear()
    append = asyncio.create_task(channel.append(drafts(1)))
    await until(lambda: log.store.waiting == 1)
    behind = Subscriber(channel, 0)
    run = asyncio.create_task(behind.run())
    await until(lambda: len(channel.following) == 1)
    assert behind.seqs == [1, 2, 3, 4]
    log.store.gate.set()
    await append
    await channel.end(EndReason.CLIENT)
    await run
    assert behind.seqs == [1, 2, 3, 4, 5]


async def test_giving_up_while_somebody_tries_again(log: Log) -> None:
    """Whoever tries again in that moment comes back, and nothing is tried any more."""
    log.store.writes_fail = True
    await log.channel.append(drafts(2))
    log.store.gate.clear()
    retry = asyncio.create_task(log.channel.retry())
    await until(lambda: log.store.waiting == 1)
    await log.channel.give_up()
    await retry
    assert log.store.waiting == 0
    assert log.count("linnet_events_lost_total") == 3
    log.store.gate.set()


async def test_storing_resumes_though_nothing_is_said(log: Log) -> None:
    """A retry in a silence stores what there is and tells subscribers that all is well."""
    log.store.writes_fail = True
    await log.channel.append(drafts(2))
    log.store.writes_fail = False
    await log.channel.retry()
    assert statuses(await log.stored()) == ["warning", "listening"]
    assert log.channel.unstored is None
    await log.channel.retry()
    assert log.channel.last_seq == 4


async def test_a_store_that_hangs_holds_up_one_burst(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the store is known to hang, what is said later waits only briefly, and one write at
    a time is under way, however much is said meanwhile."""
    monkeypatch.setattr("server.log.channel.STORE_DEADLINE_S", 0.02)
    monkeypatch.setattr("server.log.channel._FAILING_DEADLINE_S", 0.001)
    log.store.gate.clear()
    await log.channel.append(drafts(1))
    monkeypatch.setattr("server.log.channel.STORE_DEADLINE_S", 3600.0)
    for _ in range(20):
        await log.channel.append(drafts(1))
        assert log.store.waiting <= 1
    assert log.channel.last_seq == 22
    log.store.gate.set()
    await until(lambda: log.channel.unstored is None)
    await log.channel.append(drafts(1))
    assert [event.seq for event in await log.stored()] == list(range(1, 25))


async def test_an_end_does_not_wait_long_for_a_store_that_hangs(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unlike an event, which may wait for its deadline: a shutdown has two seconds for all."""
    monkeypatch.setattr("server.log.channel.STORE_DEADLINE_S", 0.02)
    log.store.gate.clear()
    await log.channel.append(drafts(1))
    monkeypatch.setattr("server.log.channel.STORE_DEADLINE_S", 3600.0)
    async with asyncio.timeout(4):
        await log.channel.end(EndReason.SHUTDOWN)
    assert log.channel.ended is not None
