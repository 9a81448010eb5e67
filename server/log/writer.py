"""The one writer of the embedded store: a thread that commits in groups.

While one commit is under way, whatever else arrives waits and goes into the next one together:
the price of a commit is shared, and falls per event as load rises. Owns the connection that
writes; knows nothing of what the statements mean.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import structlog

from server.errors import LinnetError, StoreError

T = TypeVar("T")

_CLOSE_S: Final = 1.0
"""How long closing waits for the commits under way: shutdown as a whole has two seconds."""

Statement = tuple[str, Sequence[Sequence[Any]]]
"""SQL and the rows to run it with."""

_QUEUE_MAX_JOBS: Final = 10_000
"""When so many wait, the disk has stopped keeping up: a new one is refused, not queued."""

_GROUP_MAX_JOBS: Final = 2_000
"""One commit takes at most so many, so that the first of them is not held up for long."""

_log = structlog.get_logger(__name__)

Work = Callable[[sqlite3.Connection], T]
"""Something to be done on the connection that writes."""


@dataclass(slots=True)
class _Job:
    work: Work[Any]
    alone: bool
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Any]
    result: Any = None


class GroupCommitWriter:
    """Runs statements on one connection, in order, many jobs to a commit."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._told_failing = False
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()
        self._closed = False

    async def write(self, statements: Sequence[Statement]) -> None:
        """Run the statements in one transaction; return once it is committed.

        Cancelling the wait does not take the job back: it is written all the same.

        Raises:
            StoreError: the queue is full, the writer is closed, or SQLite refused.
        """

        def work(connection: sqlite3.Connection) -> None:
            for sql, rows in statements:
                connection.executemany(sql, rows)

        await self._do(work, alone=False)

    async def transact(self, work: Work[T]) -> T:
        """Do ``work`` in one transaction with whatever else waits; what it returned, once that is
        committed. It may be called a second time, when the first was rolled back.

        Raises:
            StoreError: as for :meth:`write`.
            LinnetError: raised by ``work`` itself; nothing of it is kept.
        """
        return await self._do(work, alone=False)

    async def alone(self, work: Work[T]) -> T:
        """Do ``work`` with no transaction open; what it returned.

        Raises:
            StoreError: as for :meth:`write`.
        """
        return await self._do(work, alone=True)

    async def _do(self, work: Work[T], *, alone: bool) -> T:
        if self._closed:
            raise StoreError("The log is closed.")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        if self._jobs.qsize() >= _QUEUE_MAX_JOBS:
            raise StoreError("The log cannot keep up with what is to be written.")
        self._jobs.put(_Job(work, alone, loop, done))
        return await done

    async def aclose(self) -> None:
        """Commit what waits, then close the connection.

        A disk that hangs holds this up for a second; then the thread, a daemon, is left to it.
        """
        if self._closed:
            return
        self._closed = True
        loop = asyncio.get_running_loop()
        self._jobs.put(None)
        await loop.run_in_executor(None, self._thread.join, _CLOSE_S)

    def _run(self) -> None:
        try:
            last = False
            while not last and (job := self._jobs.get()) is not None:
                group, alone, last = self._gather(job)
                if group:
                    self._commit(group)
                if alone is not None:
                    self._do_alone(alone)
        finally:
            self._connection.close()

    def _gather(self, first: _Job) -> tuple[list[_Job], _Job | None, bool]:
        """The jobs of one commit, one that comes after it alone, and whether that is all."""
        if first.alone:
            return [], first, False
        group = [first]
        while len(group) < _GROUP_MAX_JOBS:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return group, None, True
            if job.alone:
                return group, job, False
            group.append(job)
        return group, None, False

    def _commit(self, group: list[_Job]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as exc:
            # Somebody else holds the file, and no job is to blame: waiting once is enough.
            self._tell(exc)
            self._settle(group, StoreError(f"The log could not be written: {exc}."))
            return
        try:
            self._transaction(group)
        except Exception as exc:
            # Whatever it was (also a value that SQLite cannot take, which is no sqlite3.Error):
            # the thread lives on, for without it nobody's events are stored any more.
            if len(group) == 1:
                if isinstance(exc, sqlite3.OperationalError):
                    self._tell(exc)
                self._settle(group, _as_ours(exc))
                return
            # One bad job must not take its neighbours down: each gets a transaction of its own.
            for job in group:
                self._commit([job])
            return
        self._tell(None)
        self._settle(group, None)

    def _tell(self, error: sqlite3.Error | None) -> None:
        """Say it to whoever runs this: once when writing begins to fail, by the disk or the file
        and not by what a job asked for, and once when it works again."""
        if (error is not None) is self._told_failing:
            return
        self._told_failing = error is not None
        if error is not None:
            _log.error("log cannot be written", error=str(error))
        else:
            _log.info("log is written again")

    def _transaction(self, group: list[_Job]) -> None:
        try:
            for job in group:
                job.result = job.work(self._connection)
            self._connection.execute("COMMIT")
        except BaseException:
            # SQLite itself rolls back on some errors (a full disk): then there is nothing to undo.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _do_alone(self, job: _Job) -> None:
        try:
            job.result = job.work(self._connection)
        except Exception as exc:
            self._settle([job], _as_ours(exc))
        else:
            self._settle([job], None)

    @staticmethod
    def _settle(group: list[_Job], error: LinnetError | None) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
        for job in group:
            by_loop.setdefault(job.loop, []).append(job)
        for loop, jobs in by_loop.items():
            try:
                loop.call_soon_threadsafe(_resolve, jobs, error)
            except RuntimeError:
                continue  # That loop is closed: nobody waits for these any more.


def _as_ours(error: Exception) -> LinnetError:
    if isinstance(error, LinnetError):
        return error
    return StoreError(f"The log could not be written: {error}.")


def _resolve(jobs: list[_Job], error: LinnetError | None) -> None:
    for job in jobs:
        if job.done.done():
            continue
        if error is None:
            job.done.set_result(job.result)
        else:
            job.done.set_exception(error)
