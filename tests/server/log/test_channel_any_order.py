"""Whatever happens in whatever order, every subscriber gets every event once and in order."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from server.log.channel import Channel
from server.log.ring import Ring
from server.log.sqlite import SqliteStore
from server.metrics import Metrics
from server.models import EndReason
from tests.server.log.subscriber import Subscriber
from tests.support.clock import FakeClock
from tests.support.events import service_draft, session_row, tone_draft
from tests.support.store import FailingStore

_session_numbers = itertools.count()


@dataclass(frozen=True)
class Append:
    """A burst of events; given up on after so many turns of the loop, or waited for by nobody."""

    count: int
    cancel_after: int | None


@dataclass(frozen=True)
class Arrive:
    """A subscriber with some cursor, and room for live events as listed, none after that."""

    after: int | None
    room: tuple[bool, ...]


@dataclass(frozen=True)
class Leave:
    """The oldest subscriber but so many goes, in the middle of whatever it does."""

    index: int


@dataclass(frozen=True)
class Wait:
    """Let the loop take so many turns, or let everything settle."""

    turns: int


@dataclass(frozen=True)
class Retry:
    """Whoever looks after the session has the store tried again; nobody waits for it."""


@dataclass(frozen=True)
class Store:
    """What the store does from now on."""

    writes_fail: bool
    reads_fail: bool
    hangs: bool


Step = Append | Arrive | Leave | Wait | Retry | Store

cursors = st.none() | st.integers(0, 40)
steps = st.one_of(
    st.builds(Append, st.integers(1, 5), st.none() | st.integers(0, 12)),
    st.builds(Append, st.integers(1, 5), st.none()),
    st.builds(Arrive, cursors, st.lists(st.booleans(), max_size=12).map(tuple)),
    st.builds(Leave, st.integers(0, 5)),
    st.builds(Wait, st.integers(0, 20)),
    st.just(Retry()),
    st.builds(Store, st.booleans(), st.booleans(), st.booleans()),
    st.just(Store(False, False, False)),
)


class Scene:
    """One session with everybody who takes part in it."""

    def __init__(self, store: SqliteStore) -> None:
        self.session_id = f"session-{next(_session_numbers)}"
        self.store = FailingStore(store)
        self.metrics = Metrics()
        self.channel = Channel(self.session_id, self.store, FakeClock(), self.metrics)
        self.appends: list[asyncio.Task[object]] = []
        self.here: list[tuple[Subscriber, asyncio.Task[None]]] = []
        self.gone: list[Subscriber] = []

    async def play(self, steps: list[Step]) -> None:
        """Do as told, then mend the store and end the session."""
        await self.store.create_session(session_row(self.session_id))
        for step in steps:
            await self._do(step)
        await self._do(Store(False, False, False))
        await asyncio.gather(*self.appends, return_exceptions=True)
        await self.channel.end(EndReason.CLIENT)
        async with asyncio.timeout(10):
            await asyncio.gather(*(run for _, run in self.here))

    async def _do(self, step: Step) -> None:
        match step:
            case Append(count, cancel_after):
                drafts = [tone_draft(float(n)) if n % 2 else service_draft() for n in range(count)]
                append = asyncio.create_task(self.channel.append(drafts))
                self.appends.append(append)
                if cancel_after is not None:
                    await self._turns(cancel_after)
                    append.cancel()
            case Arrive(after, room):
                subscriber = Subscriber(self.channel, after, iter(room))
                self.here.append((subscriber, asyncio.create_task(subscriber.run())))
            case Leave(index) if self.here:
                subscriber, run = self.here.pop(index % len(self.here))
                run.cancel()
                self.gone.append(subscriber)
            case Retry():
                self.appends.append(asyncio.create_task(self.channel.retry()))
            case Wait(turns):
                await self._turns(turns)
            case Store(writes_fail, reads_fail, hangs):
                self.store.writes_fail = writes_fail
                self.store.reads_fail = reads_fail
                (self.store.gate.clear if hangs else self.store.gate.set)()

    async def _turns(self, count: int) -> None:
        for turn in range(count):
            # Every fourth turn is long enough for a thread of the store to come back.
            await asyncio.sleep(0.0005 if turn % 4 == 3 else 0)

    async def check(self) -> None:
        """The promises of the log."""
        stored = await self.store.inner.read_after(self.session_id, 0, 100_000)
        last_seq = self.channel.last_seq
        assert [event.seq for event in stored] == list(range(1, last_seq + 1))
        for subscriber, _ in self.here:
            assert subscriber.seqs == list(range(subscriber.after + 1, last_seq + 1))
            assert subscriber.got == b"".join(event.block for event in stored[subscriber.after :])
        for subscriber in self.gone:
            first = subscriber.after + 1
            assert subscriber.seqs == list(range(first, first + len(subscriber.seqs)))
        assert not self.channel.following
        assert self.metrics.registry.get_sample_value("linnet_events_unstored") == 0


@pytest.mark.parametrize("ring_events", [1, 4, 512])
def test_every_subscriber_gets_every_event_once_and_in_order(
    ring_events: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any interleaving of bursts (some cancelled), subscribers with any cursor (some slow, some
    leaving) and failures of the store: whoever stays has the very bytes of every event after its
    cursor, and when the store works again nothing is missing from it."""
    monkeypatch.setattr("server.log.channel.Ring", partial(Ring, ring_events))
    monkeypatch.setattr("server.log.channel._READ_EVENTS", 3)
    monkeypatch.setattr("server.log.channel.STORE_DEADLINE_S", 0.005)
    monkeypatch.setattr("server.log.channel._FAILING_DEADLINE_S", 0.01)
    monkeypatch.setattr("server.log.channel._LAST_TRY_S", 5.0)
    monkeypatch.setattr("server.log.channel._OFFER_EVENTS", 3)
    with asyncio.Runner() as runner:
        store = SqliteStore(tmp_path, FakeClock())
        runner.run(store.open())

        async def play(steps: list[Step]) -> None:
            scene = Scene(store)
            await scene.play(steps)
            await scene.check()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            assert not {task for task in others if not task.cancelling()}

        @settings(max_examples=150, deadline=None)
        @given(st.lists(steps, max_size=30))
        # An offer is refused while the one who waited for it is cancelled; then the store works.
        @example([Append(1, None), Store(True, False, False), Append(1, 2)])
        def any_order(steps: list[Step]) -> None:
            runner.run(play(steps))

        try:
            any_order()
        finally:
            runner.run(store.aclose())
