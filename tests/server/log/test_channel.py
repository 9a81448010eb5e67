"""One session's log: numbers, storing, fan-out, its end."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from server.log.base import Event
from server.log.channel import Channel
from server.log.ring import Ring
from server.metrics import Metrics
from server.models import EndReason
from tests.server.log.session_log import Log, drafts, statuses
from tests.server.log.subscriber import Subscriber, until
from tests.support.clock import FakeClock
from tests.support.events import SESSION_ID, service_draft

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
