"""The writer thread: order, groups, failures and closing."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from server.errors import StoreError
from server.log.writer import GroupCommitWriter, Statement


class Desk:
    """A database with one table, a writer on it, and a look at what has been committed."""

    def __init__(self, path: Path) -> None:
        self._reader = sqlite3.connect(path, check_same_thread=False)
        self._reader.execute("PRAGMA journal_mode = WAL")
        self._reader.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.begins = 0
        self.commits = 0
        self._connection.set_trace_callback(self._trace)

    def _trace(self, sql: str) -> None:
        self.begins += sql.startswith("BEGIN")
        self.commits += sql == "COMMIT"

    def wait_for_the_lock_ms(self, wait_ms: int) -> None:
        """How long the writer waits at a locked file; 5 s if not told otherwise."""
        self._connection.execute(f"PRAGMA busy_timeout = {wait_ms}")

    def start(self) -> GroupCommitWriter:
        """A writer that owns the connection from now on."""
        return GroupCommitWriter(self._connection)

    def lock_out_writers(self) -> None:
        """Hold the write lock, so that whatever is committing waits."""
        self._reader.execute("BEGIN IMMEDIATE")

    def let_writers_in(self) -> None:
        """Give the write lock back."""
        self._reader.execute("ROLLBACK")

    def notes(self) -> list[str]:
        """What is committed, in order of arrival."""
        rows = self._reader.execute("SELECT text FROM note ORDER BY id").fetchall()
        return [row[0] for row in rows]

    def close(self) -> None:
        """Close the look."""
        self._reader.close()


def note(text: object) -> list[Statement]:
    """A job that writes one note."""
    return [("INSERT INTO note (text) VALUES (?)", [(text,)])]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A database of its own."""
    desk = Desk(tmp_path / "notes.sqlite3")
    yield desk
    desk.close()


async def test_a_write_returns_once_it_is_committed(desk: Desk) -> None:
    """Another connection sees the row as soon as write() has returned."""
    writer = desk.start()
    await writer.write(note("one"))
    assert desk.notes() == ["one"]
    await writer.aclose()


async def test_what_waits_is_committed_together_and_in_order(desk: Desk) -> None:
    """Jobs that arrive during a commit share the next one."""
    writer = desk.start()
    desk.lock_out_writers()
    writes = [asyncio.create_task(writer.write(note(str(n)))) for n in range(100)]
    await asyncio.sleep(0.05)  # the first is at the locked door, the others behind it
    assert not any(write.done() for write in writes)
    desk.let_writers_in()
    await asyncio.gather(*writes)
    assert desk.notes() == [str(n) for n in range(100)]
    assert desk.commits <= 3
    await writer.aclose()


@pytest.mark.parametrize(
    "bad",
    [None, 2**70, "\ud800", object()],
    ids=["constraint", "number-too-large", "lone-surrogate", "no-such-type"],
)
async def test_a_failing_job_takes_no_neighbour_down(desk: Desk, bad: object) -> None:
    """One job of a group fails with StoreError; the others are committed, and later ones too."""
    writer = desk.start()
    desk.lock_out_writers()
    texts = ["first", "before", bad, "after"]
    writes = [asyncio.create_task(writer.write(note(text))) for text in texts]
    await asyncio.sleep(0.05)
    desk.let_writers_in()
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(result) for result in results] == [type(None), type(None), StoreError, type(None)]
    await writer.write(note("later"))
    assert desk.notes() == ["first", "before", "after", "later"]
    await writer.aclose()


async def test_a_locked_file_costs_one_wait_not_one_for_each_job(desk: Desk) -> None:
    """While another program holds the file, all that wait fail together; then writing resumes."""
    desk.wait_for_the_lock_ms(100)
    writer = desk.start()
    desk.lock_out_writers()
    writes = [asyncio.create_task(writer.write(note(str(n)))) for n in range(50)]
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert {type(result) for result in results} == {StoreError}
    assert desk.begins <= 3
    desk.let_writers_in()
    await writer.write(note("again"))
    assert desk.notes() == ["again"]
    await writer.aclose()


async def test_a_log_that_cannot_be_written_is_said_once(desk: Desk) -> None:
    """One line when it begins to fail, with the reason, and one when it works again; a job that
    asks for what cannot be is its own fault and no such line."""
    desk.wait_for_the_lock_ms(1)
    writer = desk.start()
    with structlog.testing.capture_logs() as lines:
        with pytest.raises(StoreError):
            await writer.write(note(None))
        assert lines == []
        desk.lock_out_writers()
        for _ in range(3):
            with pytest.raises(StoreError):
                await writer.write(note("locked out"))
        desk.let_writers_in()
        for _ in range(3):
            await writer.write(note("let in"))
    await writer.aclose()
    assert [(line["log_level"], line["event"]) for line in lines] == [
        ("error", "log cannot be written"),
        ("info", "log is written again"),
    ]
    assert "locked" in lines[0]["error"]


async def test_a_job_is_all_or_nothing(desk: Desk) -> None:
    """When its second statement fails, the first leaves no trace."""
    writer = desk.start()
    with pytest.raises(StoreError):
        await writer.write([*note("half"), *note(None)])
    assert desk.notes() == []
    await writer.aclose()


async def test_cancelling_the_wait_does_not_take_the_job_back(desk: Desk) -> None:
    """The row is written though nobody waits for it any more."""
    writer = desk.start()
    desk.lock_out_writers()
    write = asyncio.create_task(writer.write(note("left alone")))
    await asyncio.sleep(0.01)
    write.cancel()
    with pytest.raises(asyncio.CancelledError):
        await write
    desk.let_writers_in()
    await writer.aclose()
    assert desk.notes() == ["left alone"]


async def test_closing_flushes_then_refuses(desk: Desk) -> None:
    """aclose() returns when all that waited is committed; later writes are refused."""
    writer = desk.start()
    writes = [asyncio.create_task(writer.write(note(str(n)))) for n in range(50)]
    await asyncio.sleep(0)  # every job is in the queue
    await writer.aclose()
    await asyncio.gather(*writes)
    assert desk.notes() == [str(n) for n in range(50)]
    with pytest.raises(StoreError):
        await writer.write(note("too late"))
    await writer.aclose()


async def test_a_full_queue_refuses(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """When too many jobs wait, a new one is refused at once and the others are kept."""
    monkeypatch.setattr("server.log.writer._QUEUE_MAX_JOBS", 3)
    writer = desk.start()
    desk.lock_out_writers()
    first = asyncio.create_task(writer.write(note("first")))
    await asyncio.sleep(0.05)  # the thread has taken it
    writes = [asyncio.create_task(writer.write(note(str(n)))) for n in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(StoreError, match="cannot keep up"):
        await writer.write(note("one too many"))
    desk.let_writers_in()
    await asyncio.gather(first, *writes)
    assert desk.notes() == ["first", "0", "1", "2"]
    await writer.aclose()


async def test_groups_are_bounded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long queue is committed in groups of at most _GROUP_MAX_JOBS."""
    monkeypatch.setattr("server.log.writer._GROUP_MAX_JOBS", 10)
    writer = desk.start()
    await asyncio.gather(*(writer.write(note(str(n))) for n in range(95)))
    assert desk.notes() == [str(n) for n in range(95)]
    assert desk.commits >= 10
    await writer.aclose()
