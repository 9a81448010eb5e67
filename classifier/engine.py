"""One worker thread that many sessions share.

Owns the thread, the waiting work and its failure. Whatever is waiting when the worker comes back
is handed to it as one batch, so that the cost of a call is shared by all who wait. Knows nothing
of audio or models: it is given a function.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final, Generic, TypeVar

from classifier.errors import BackendError

logger = logging.getLogger(__name__)

Task = TypeVar("Task")
Result = TypeVar("Result")

MAX_BATCH: Final = 64
"""Tasks in one call: enough to share the cost, few enough that the last is not kept waiting."""

ENOUGH: Final = 20
"""Tasks that share a call so well that waiting for more is time lost."""

MOST_S: Final = 0.08
"""How long a task waits for others at most: a blink of an eye is longer."""

MAX_WAITING: Final = 4096
"""Tasks that may wait. Each lane has at most one, so this many lanes; beyond it a task fails."""

JOIN_S: Final = 5.0
"""How long closing waits for the call in progress before it leaves the thread behind."""


class BatchEngine(Generic[Task, Result]):
    """Runs a function over batches of tasks, off the event loop."""

    def __init__(
        self,
        work: Callable[[Sequence[Task]], Sequence[Result]],
        *,
        name: str,
        max_batch: int = MAX_BATCH,
        max_waiting: int = MAX_WAITING,
        gather_s: float = 0.0,
    ) -> None:
        """An engine that stands still until :meth:`start`.

        Args:
            work: one result for each task, in order; called in the worker thread only.
            name: of the thread.
            max_batch: tasks in one call, above 0.
            max_waiting: tasks that may wait, above 0.
            gather_s: how long the first task waits for others to share its call, seconds for each
                that was in the last batch, and never longer than :data:`MOST_S`.
        """
        if max_batch < 1 or max_waiting < 1:
            raise ValueError("max_batch and max_waiting must be above 0")
        self._work = work
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._changed = threading.Condition()
        self._waiting: list[tuple[Task, Future[Result]]] = []
        self._closing = False
        self._gather_s = gather_s
        self._last_batch = 1
        self._enough = min(ENOUGH, max_batch)
        self._hurry = threading.Event()
        """Set when gathering is to end before its time: there is enough, or the end has come."""
        # A daemon: an engine that nobody closed must not keep the process alive.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread. Harmless when called twice."""
        with self._changed:
            if not self._closing and self._thread.ident is None:
                self._thread.start()

    @property
    def waiting(self) -> int:
        """Tasks that no call has taken yet."""
        return len(self._waiting)

    def submit(self, task: Task) -> Future[Result]:
        """Hand in a task, from any thread; never waits.

        Returns:
            Its result, or a BackendError if the work failed or the engine was closed.

        Raises:
            BackendError: the engine is closed or full.
        """
        future: Future[Result] = Future()
        with self._changed:
            if self._closing:
                raise BackendError("the classifier's engine is closed")
            if len(self._waiting) >= self._max_waiting:
                raise BackendError("the classifier's engine is full")
            self._waiting.append((task, future))
            if len(self._waiting) == 1:
                self._changed.notify()
            if len(self._waiting) >= self._enough:
                self._hurry.set()
        return future

    async def aclose(self) -> None:
        """Fail what waits, let the call in progress end, and end the thread. Idempotent."""
        with self._changed:
            self._closing = True
            left, self._waiting = self._waiting, []
            self._hurry.set()
            self._changed.notify()
        for _, future in left:
            _fail(future, BackendError("the classifier's engine was closed"))
        if self._thread.ident is not None:
            await asyncio.to_thread(self._thread.join, JOIN_S)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closing:
                    self._changed.wait()
            if self._gather_s > 0:
                # Not on the condition: each task that comes would wake the thread to no purpose.
                self._hurry.wait(min(MOST_S, self._gather_s * self._last_batch))
            with self._changed:
                if self._closing:
                    return
                batch = self._waiting[: self._max_batch]
                del self._waiting[: self._max_batch]
                self._last_batch = len(batch)
                if len(self._waiting) < self._enough:
                    self._hurry.clear()
            self._run_batch(batch)

    def _run_batch(self, batch: Sequence[tuple[Task, Future[Result]]]) -> None:
        # Marked as running, a future can no longer be cancelled under the worker's hands.
        taken = [(task, future) for task, future in batch if future.set_running_or_notify_cancel()]
        if not taken:
            return
        try:
            results = self._work([task for task, _ in taken])
            if len(results) != len(taken):
                raise BackendError("the classifier gave too few results")
        except Exception as error:  # the root of the thread's work: every failure is recorded
            logger.exception("classifier work failed")
            failure = BackendError(f"the classifier failed: {type(error).__name__}")
            failure.__cause__ = error
            for _, future in taken:
                _fail(future, failure)
            return
        for (_, future), result in zip(taken, results, strict=True):
            future.set_result(result)


def _fail(future: Future[Result], error: BackendError) -> None:
    if future.running() or future.set_running_or_notify_cancel():
        future.set_exception(error)
