"""classifier.engine"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest

from classifier.engine import BatchEngine
from classifier.errors import BackendError


class Work:
    """Doubles numbers; can be held up, and fails on request."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.threads: set[str] = set()
        self.free = threading.Event()
        self.free.set()
        self.busy = threading.Event()

    def __call__(self, tasks: Sequence[int]) -> Sequence[int]:
        self.busy.set()
        assert self.free.wait(10)
        self.batches.append(list(tasks))
        self.threads.add(threading.current_thread().name)
        if -1 in tasks:
            raise ZeroDivisionError("on request")
        if -2 in tasks:
            return []
        return [2 * task for task in tasks]


Make = Callable[..., BatchEngine[int, int]]


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
async def make(work: Work) -> AsyncIterator[Make]:
    made: list[BatchEngine[int, int]] = []

    def engine(**options: Any) -> BatchEngine[int, int]:
        made.append(BatchEngine(work, name="test-engine", **options))
        made[-1].start()
        return made[-1]

    yield engine
    work.free.set()
    for one in made:
        await one.aclose()


async def result(engine: BatchEngine[int, int], task: int) -> int:
    return await asyncio.wait_for(asyncio.wrap_future(engine.submit(task)), 10)


async def hold(engine: BatchEngine[int, int], work: Work) -> asyncio.Future[int]:
    """Have the worker busy with a task of its own until ``work.free`` is set."""
    work.free.clear()
    work.busy.clear()
    held = asyncio.wrap_future(engine.submit(0))
    assert await asyncio.to_thread(work.busy.wait, 10)
    return held


async def test_work_is_done_in_the_engine_s_thread(make: Make, work: Work) -> None:
    """Results come back, and the caller's thread did not compute them."""
    assert await result(make(), 21) == 42
    assert work.threads == {"test-engine"}


async def test_what_waits_is_one_batch(make: Make, work: Work) -> None:
    """Tasks handed in while the worker is busy are done in one call, in order."""
    engine = make()
    held = await hold(engine, work)
    waiting = [asyncio.wrap_future(engine.submit(task)) for task in range(1, 6)]
    assert engine.waiting == 5
    work.free.set()
    assert await asyncio.wait_for(asyncio.gather(held, *waiting), 10) == [0, 2, 4, 6, 8, 10]
    assert work.batches == [[0], [1, 2, 3, 4, 5]]


async def test_a_batch_has_a_limit(make: Make, work: Work) -> None:
    """More than the limit is done in several calls."""
    engine = make(max_batch=2)
    await hold(engine, work)
    waiting = [asyncio.wrap_future(engine.submit(task)) for task in range(1, 6)]
    work.free.set()
    await asyncio.wait_for(asyncio.gather(*waiting), 10)
    assert [len(batch) for batch in work.batches] == [1, 2, 2, 1]


async def test_too_much_waiting_is_refused(make: Make, work: Work) -> None:
    """The queue has a bound; beyond it a task fails at once."""
    engine = make(max_waiting=2)
    await hold(engine, work)
    engine.submit(1)
    engine.submit(2)
    with pytest.raises(BackendError, match="full"):
        engine.submit(3)


@pytest.mark.parametrize("bad", [-1, -2])
async def test_failed_work_fails_its_tasks_and_not_the_engine(make: Make, bad: int) -> None:
    """Who was in the batch gets a BackendError with its cause; the next batch is done."""
    engine = make()
    with pytest.raises(BackendError) as failed:
        await result(engine, bad)
    assert failed.value.__cause__ is not None
    assert await result(engine, 4) == 8


async def test_closing_fails_what_waits(make: Make, work: Work) -> None:
    """The call in progress ends; what no call took fails; nothing can be handed in after."""
    engine = make()
    held = await hold(engine, work)
    waiting = asyncio.wrap_future(engine.submit(1))
    closing = asyncio.create_task(engine.aclose())
    with pytest.raises(BackendError, match="closed"):
        await asyncio.wait_for(waiting, 10)
    work.free.set()
    await asyncio.wait_for(closing, 10)
    assert await held == 0
    with pytest.raises(BackendError, match="closed"):
        engine.submit(2)


async def test_closing_twice_and_before_starting_is_harmless(work: Work) -> None:
    """An engine that never ran closes, again and again, and does not start after that."""
    engine = BatchEngine[int, int](work, name="never-started")
    await engine.aclose()
    await engine.aclose()
    engine.start()
    assert "never-started" not in {thread.name for thread in threading.enumerate()}


async def test_closing_ends_the_thread(make: Make) -> None:
    """No thread is left behind."""
    engine = make()
    await result(engine, 1)
    await engine.aclose()
    assert "test-engine" not in {thread.name for thread in threading.enumerate()}


async def test_a_task_cancelled_before_its_turn_is_skipped(make: Make, work: Work) -> None:
    """A future that was cancelled while waiting costs no work."""
    engine = make()
    held = await hold(engine, work)
    dropped = engine.submit(5)
    assert dropped.cancel()
    work.free.set()
    await held
    assert await result(engine, 6) == 12
    assert 5 not in [task for batch in work.batches for task in batch]


@pytest.mark.parametrize("options", [{"max_batch": 0}, {"max_waiting": 0}])
def test_senseless_limits_are_refused(options: dict[str, int]) -> None:
    """A limit of nothing raises ValueError."""
    with pytest.raises(ValueError, match="above 0"):
        BatchEngine[int, int](Work(), name="never", **options)


async def test_the_first_waits_for_others_to_share_its_call(make: Make, work: Work) -> None:
    """Tasks that come while the worker gathers go into one call; a full batch ends the wait."""
    engine = make(gather_s=30, max_batch=3)
    waiting = []
    for task in (1, 2, 3):
        waiting.append(asyncio.create_task(result(engine, task)))
        await asyncio.sleep(0.02)
    assert await asyncio.gather(*waiting) == [2, 4, 6]
    assert work.batches == [[1, 2, 3]]


async def test_gathering_ends_by_itself(make: Make, work: Work) -> None:
    """A lone task is done after the time is over, again and again."""
    engine = make(gather_s=0.01)
    assert [await result(engine, task) for task in (1, 2)] == [2, 4]
    assert work.batches == [[1], [2]]


async def test_the_more_came_the_longer_it_gathers(make: Make, work: Work) -> None:
    """After a batch of several the next task waits for as many: it is worth it."""
    engine = make(gather_s=0.02, max_batch=8)
    held = await hold(engine, work)
    waiting = [asyncio.wrap_future(engine.submit(task)) for task in (1, 2, 3, 4)]
    work.free.set()
    await asyncio.gather(held, *waiting)
    late = [asyncio.create_task(result(engine, 5))]
    await asyncio.sleep(0.03)
    late.append(asyncio.create_task(result(engine, 6)))
    assert await asyncio.gather(*late) == [10, 12]
    assert work.batches[-1] == [5, 6]


async def test_closing_does_not_wait_for_gathering(make: Make) -> None:
    """Whoever waits is told at once, and the thread ends."""
    engine = make(gather_s=30)
    waiting = engine.submit(1)
    await asyncio.wait_for(engine.aclose(), 2)
    with pytest.raises(BackendError, match="closed"):
        waiting.result(0)
