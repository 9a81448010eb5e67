"""One session's log: numbers, storing, fan-out, and what happens when the store fails."""

from __future__ import annotations

import asyncio
from functools import partial

import orjson
import pytest

from server.log.base import Draft, Event, Gap
from server.log.channel import Channel
from server.log.ring import Ring
from server.log.sqlite import SqliteStore
from server.metrics import Metrics
from server.models import EndReason
from tests.server.log.subscriber import Subscriber, until
from tests.support.clock import FakeClock
from tests.support.events import SESSION_ID, service_draft, session_row, tone_draft
from tests.support.store import FailingStore


class Log:
    """A channel on a real store that fails when told to, and what was counted."""

    def __init__(self, store: SqliteStore, clock: FakeClock) -> None:
        self.store = FailingStore(store)
        self.metrics = Metrics()
        self.channel = Channel(SESSION_ID, self.store, clock, self.metrics)

    def count(self, name: str, **labels: str) -> float:
        """A metric as it stands."""
        return self.metrics.registry.get_sample_value(name, labels) or 0.0

    async def stored(self) -> list[Event]:
        """All that the store holds."""
        return await self.store.inner.read_after(SESSION_ID, 0, 100_000)


@pytest.fixture
async def log(store: SqliteStore, clock: FakeClock) -> Log:
    """A session's log that has just begun."""
    await store.create_session(session_row())
    return Log(store, clock)


def drafts(count: int) -> list[Draft]:
    """Some events to append."""
    return [tone_draft(float(n)) for n in range(count)]


def statuses(events: list[Event]) -> list[str]:
    """What the service events among them say."""
    data = [orjson.loads(event.data) for event in events]
    return [event["status"] for event in data if event["event_type"] == "service"]


# -- while all is well --------------------------------------------------------------------------


async def test_events_are_numbered_from_one_without_gaps(log: Log) -> None:
    """Each burst goes on where the last one left off, in the order of its drafts."""
    first = await log.channel.append(drafts(2))
    second = await log.channel.append([service_draft("x"), *drafts(1)])
    assert [event.seq for event in first + second] == [1, 2, 3, 4]
    assert [event.kind for event in second] == ["service-event", "tone-event"]
    assert log.channel.last_seq == 4
    assert await log.stored() == first + second


async def test_appending_nothing_does_nothing(log: Log) -> None:
    """An empty burst takes no number and disturbs nobody."""
    assert await log.channel.append([]) == []
    assert log.channel.last_seq == 0


async def test_an_event_is_stored_before_anybody_sees_it(log: Log) -> None:
    """A follower is offered nothing while the write is under way."""
    subscriber = Subscriber(log.channel, None)
    run = asyncio.create_task(subscriber.run())
    log.store.gate.clear()
    append = asyncio.create_task(log.channel.append(drafts(1)))
    await until(lambda: log.store.waiting == 1)
    assert subscriber.got == b""
    assert log.channel.last_seq == 0
    log.store.gate.set()
    await append
    assert subscriber.seqs == [1]
    assert [event.seq for event in await log.stored()] == [1]
    await log.channel.end(EndReason.CLIENT)
    await run


async def test_all_followers_are_handed_the_same_bytes(log: Log) -> None:
    """A burst is encoded and joined once, however many follow."""
    taken: list[bytes] = []

    def take(data: bytes) -> bool:
        taken.append(data)
        return True

    follows = [asyncio.create_task(log.channel.subscribe(None).follow(take)) for _ in range(3)]
    await until(lambda: len(log.channel.following) == 3)
    await log.channel.append(drafts(2))
    assert len(taken) == 3
    assert taken[0] is taken[1] is taken[2]
    await log.channel.end(EndReason.CLIENT)
    await asyncio.gather(*follows)
    assert not log.channel.following


@pytest.mark.parametrize(
    ("after", "expected"),
    [(None, [4]), (0, [1, 2, 3, 4]), (2, [3, 4]), (3, [4]), (99, [4])],
    ids=["live", "all", "some", "newest", "beyond-the-end"],
)
async def test_where_a_subscriber_begins(log: Log, after: int | None, expected: list[int]) -> None:
    """After the given number; at what comes next without one or with one that is not there yet."""
    await log.channel.append(drafts(3))
    subscriber = Subscriber(log.channel, after)
    run = asyncio.create_task(subscriber.run())
    await asyncio.sleep(0)
    await log.channel.append(drafts(1))
    await log.channel.end(EndReason.CLIENT)
    await run
    assert subscriber.seqs == expected


async def test_one_without_room_holds_nobody_up(log: Log) -> None:
    """It is refused nothing and skipped nothing: it reads on, and the others get theirs live."""
    slow = Subscriber(log.channel, None, iter([True, False]))
    quick = Subscriber(log.channel, None)
    runs = [asyncio.create_task(each.run()) for each in (slow, quick)]
    await until(lambda: len(log.channel.following) == 2)
    for _ in range(3):
        await log.channel.append(drafts(1))
        await asyncio.sleep(0.005)
    await log.channel.end(EndReason.CLIENT)
    await asyncio.gather(*runs)
    assert slow.seqs == quick.seqs == [1, 2, 3]
    assert quick.offers_taken == 3
    assert (slow.offers_taken, slow.offers_refused) == (1, 2)
    assert log.count("linnet_subscribers_fell_behind_total") == 2


async def test_a_follower_that_leaves_is_forgotten(log: Log) -> None:
    """Cancelling follow() leaves nothing behind in the channel, and nothing is offered any more."""
    subscriber = Subscriber(log.channel, None)
    run = asyncio.create_task(subscriber.run())
    await until(lambda: len(log.channel.following) == 1)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert not log.channel.following
    await log.channel.append(drafts(1))
    assert subscriber.got == b""


async def test_events_between_reading_and_following_are_not_missed(log: Log) -> None:
    """A cursor that was overtaken after it had caught up does not begin to follow."""
    cursor = log.channel.subscribe(0)
    assert await cursor.read() == b""
    [event] = await log.channel.append(drafts(1))
    async with asyncio.timeout(1):
        await cursor.follow(lambda data: pytest.fail("behind, and yet offered"))
    assert await cursor.read() == event.block


async def test_a_subscriber_far_behind_reads_from_the_store(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has left the ring is read a page at a time, then the ring, then live: all once."""
    monkeypatch.setattr("server.log.channel.Ring", partial(Ring, 5))
    monkeypatch.setattr("server.log.channel._READ_EVENTS", 3)
    channel = Channel(SESSION_ID, log.store, FakeClock(), Metrics())
    for _ in range(10):
        await channel.append(drafts(2))
    subscriber = Subscriber(channel, 0)
    run = asyncio.create_task(subscriber.run())
    await until(lambda: len(channel.following) == 1)
    assert subscriber.seqs == list(range(1, 21))
    await channel.append(drafts(1))
    await channel.end(EndReason.CLIENT)
    await run
    assert subscriber.seqs == list(range(1, 22))


async def test_stored_but_not_yet_numbered_for_all(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that finds an event in the store before it is fanned out does not get it twice."""
    monkeypatch.setattr("server.log.channel.Ring", partial(Ring, 1))
    channel = Channel(SESSION_ID, log.store, FakeClock(), Metrics())
    await channel.append(drafts(3))
    commit = log.store.inner.append

    async def commit_and_dawdle(session_id: str, events: list[Event]) -> None:
        await commit(session_id, events)
        committed.set()
        await gate.wait()

    committed, gate = asyncio.Event(), asyncio.Event()
    monkeypatch.setattr(log.store.inner, "append", commit_and_dawdle)
    append = asyncio.create_task(channel.append(drafts(1)))
    await committed.wait()
    subscriber = Subscriber(channel, 0)  # event 4 is in the store, and nobody has seen it
    run = asyncio.create_task(subscriber.run())
    await until(lambda: len(channel.following) == 1)
    assert subscriber.seqs == [1, 2, 3]
    gate.set()
    await append
    await channel.end(EndReason.CLIENT)
    await run
    assert subscriber.seqs == [1, 2, 3, 4]


# -- the end ------------------------------------------------------------------------------------


async def test_the_end_lets_everybody_come_to_theirs(log: Log) -> None:
    """Followers wake, later subscribers read what there is; the end says reason and last number."""
    await log.channel.append(drafts(2))
    early = Subscriber(log.channel, None)
    run = asyncio.create_task(early.run())
    await until(lambda: len(log.channel.following) == 1)
    await log.channel.end(EndReason.IDLE)
    await run
    late = Subscriber(log.channel, 1)
    await late.run()
    assert (early.seqs, late.seqs) == ([], [2])
    assert log.channel.ended is not None
    assert log.channel.ended.reason is EndReason.IDLE
    assert log.channel.ended.last_seq == 2


async def test_after_the_end_nothing_is_taken(log: Log) -> None:
    """append() gives nothing back, takes no number and stores nothing; ending again is harmless."""
    await log.channel.end(EndReason.CLIENT)
    assert await log.channel.append(drafts(1)) == []
    await log.channel.end(EndReason.IDLE)
    assert log.channel.ended is not None
    assert log.channel.ended.reason is EndReason.CLIENT
    assert await log.stored() == []


async def test_ending_waits_for_an_append_under_way(log: Log) -> None:
    """An event whose write has begun is fanned out before the session ends; a waiting one is not
    taken any more."""
    subscriber = Subscriber(log.channel, None)
    run = asyncio.create_task(subscriber.run())
    await until(lambda: len(log.channel.following) == 1)
    log.store.gate.clear()
    under_way = asyncio.create_task(log.channel.append(drafts(1)))
    await until(lambda: log.store.waiting == 1)
    ending = asyncio.create_task(log.channel.end(EndReason.CLIENT))
    await asyncio.sleep(0)
    too_late = asyncio.create_task(log.channel.append(drafts(1)))
    await asyncio.sleep(0.005)
    assert not ending.done()
    log.store.gate.set()
    await asyncio.gather(under_way, ending, too_late, run)
    assert subscriber.seqs == [1]
    assert too_late.result() == []
    assert [event.seq for event in await log.stored()] == [1]


# -- a store that fails -------------------------------------------------------------------------


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


# -- cancellation -------------------------------------------------------------------------------


async def test_cancelling_while_another_appends_takes_no_number(log: Log) -> None:
    """An append cancelled before its turn leaves no trace."""
    log.store.gate.clear()
    first = asyncio.create_task(log.channel.append(drafts(1)))
    await until(lambda: log.store.waiting == 1)
    second = asyncio.create_task(log.channel.append(drafts(1)))
    await asyncio.sleep(0)
    second.cancel()
    log.store.gate.set()
    await asyncio.gather(first, second, return_exceptions=True)
    assert second.cancelled()
    await log.channel.append(drafts(1))
    assert [event.seq for event in await log.stored()] == [1, 2]


async def test_cancelling_while_storing_leaves_no_gap(log: Log) -> None:
    """The number was given, so the event is fanned out, and it is stored: at the latest with the
    next one, though the write never reached the disk."""
    subscriber = Subscriber(log.channel, 0)
    run = asyncio.create_task(subscriber.run())
    log.store.gate.clear()
    cancelled = asyncio.create_task(log.channel.append(drafts(2)))
    await until(lambda: log.store.waiting == 1)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    log.store.gate.set()
    await log.channel.append(drafts(1))
    await log.channel.end(EndReason.CLIENT)
    await run
    stored = await log.stored()
    assert subscriber.seqs == [event.seq for event in stored] == [1, 2, 3]
    assert statuses(stored) == []  # nothing has failed: no warning


async def test_cancelled_while_storing_and_then_the_end(log: Log) -> None:
    """The end stores what a cancelled append had numbered."""
    log.store.gate.clear()
    cancelled = asyncio.create_task(log.channel.append(drafts(1)))
    await until(lambda: log.store.waiting == 1)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    log.store.gate.set()
    await log.channel.end(EndReason.CLIENT)
    assert [event.seq for event in await log.stored()] == [1]
    assert log.count("linnet_events_unstored") == 0
