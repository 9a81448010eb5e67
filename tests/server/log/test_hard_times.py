"""A real log under real trouble: the disk full, the file locked, the folder not ours to write."""

from __future__ import annotations

import asyncio
import os
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import orjson
import pytest

from server.errors import StoreError
from server.log.base import Gap
from server.log.channel import Channel
from server.log.sqlite import FILE_NAME, SqliteStore
from server.metrics import Metrics
from server.models import EndReason
from tests.server.log.subscriber import Subscriber, until
from tests.support.clock import FakeClock
from tests.support.events import SESSION_ID, session_row, tone_draft


class Talk:
    """A session on a real store, with one who listens."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.metrics = Metrics()
        self.channel = Channel(SESSION_ID, store, FakeClock(), self.metrics)
        self.subscriber = Subscriber(self.channel, 0)
        self._run = asyncio.create_task(self.subscriber.run())

    async def say(self, count: int = 1, *, label: str = "Urgent") -> None:
        """One burst of tones."""
        await self.channel.append([tone_draft(float(at), label=label) for at in range(count)])

    @property
    def statuses(self) -> list[str]:
        """What the listener was told of the service."""
        lines = self.subscriber.got.split(b"\n")
        events = [orjson.loads(line[6:]) for line in lines if line.startswith(b"data: ")]
        return [event["status"] for event in events if event["event_type"] == "service"]

    def count(self, name: str) -> float:
        """A metric as it stands."""
        return self.metrics.registry.get_sample_value(name) or 0.0

    async def recover(self) -> None:
        """Have the store tried again until it has everything."""

        async def retry() -> None:
            while self.channel.unstored is not None:
                await self.channel.retry()
                await asyncio.sleep(0.01)
            await self.channel.retry()

        await asyncio.wait_for(retry(), 20)

    async def finish(self) -> None:
        """End; the listener must have had every event, once and in order."""
        await self.channel.end(EndReason.CLIENT)
        await asyncio.wait_for(self._run, 10)
        assert self.subscriber.seqs == list(range(1, self.channel.last_seq + 1))


@pytest.fixture
async def talk(store: SqliteStore) -> Talk:
    """A session that has begun."""
    await store.create_session(session_row())
    return Talk(store)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a store as long as people would."""
    monkeypatch.setattr("server.log.channel.STORE_DEADLINE_S", 0.2)
    monkeypatch.setattr("server.log.channel._FAILING_DEADLINE_S", 0.02)


@contextmanager
def no_file_above(size: int) -> Iterator[None]:
    """The system refuses every write beyond this size, as on a disk that is full."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Another program holds the file for writing."""
    with closing(sqlite3.connect(folder / FILE_NAME, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def soundness(folder: Path) -> str:
    """What SQLite says of the file."""
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


async def test_a_full_disk(talk: Talk, tmp_path: Path) -> None:
    """Events flow, one warning says that they are not stored and the counter says how many; with
    room again all of them are, and that is said, too."""
    await talk.say(3)
    wal = tmp_path / "log" / f"{FILE_NAME}-wal"
    with no_file_above(wal.stat().st_size + 10_000):
        for _ in range(12):
            await talk.say(4, label="x" * 1_000)
        assert talk.statuses == ["warning"]
        assert talk.channel.unstored is not None
        assert talk.count("linnet_events_unstored") >= 4
        assert talk.count("linnet_store_failures_total") >= 1
    await talk.recover()
    assert talk.statuses == ["warning", "listening"]
    await talk.say()
    await talk.finish()
    stored = await talk.store.read_after(SESSION_ID, 0, 1_000)
    assert b"".join(event.block for event in stored) == talk.subscriber.got
    assert await talk.store.gaps(SESSION_ID, talk.channel.last_seq) == []
    assert talk.count("linnet_events_unstored") == talk.count("linnet_events_lost_total") == 0
    assert soundness(tmp_path / "log") == "ok"


async def test_a_disk_full_for_too_long(
    talk: Talk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What had to be given up is counted, and the log names exactly those numbers as missing."""
    monkeypatch.setattr("server.log.channel._UNSTORED_MAX", 10)
    await talk.say(3)
    wal = tmp_path / "log" / f"{FILE_NAME}-wal"
    with no_file_above(wal.stat().st_size):
        for _ in range(10):
            await talk.say(3)
    await talk.recover()
    await talk.finish()
    gaps = await talk.store.gaps(SESSION_ID, talk.channel.last_seq)
    # 3 stored, then 30 and the warning; the last ten are kept, and the word that all is well.
    assert gaps == [Gap(4, 24)]
    assert talk.count("linnet_events_lost_total") == 21
    assert talk.statuses == ["warning", "listening"]


async def test_a_locked_file(talk: Talk, tmp_path: Path) -> None:
    """Somebody else writes and does not stop: only the first event waits, nothing is lost."""
    await talk.say(2)
    with locked(tmp_path / "log"):
        for _ in range(5):
            await talk.say(2)
        assert talk.subscriber.seqs == list(range(1, 14))
        assert talk.statuses == ["warning"]
    await talk.recover()
    await talk.finish()
    assert talk.statuses == ["warning", "listening"]
    stored = await talk.store.read_after(SESSION_ID, 0, 1_000)
    assert b"".join(event.block for event in stored) == talk.subscriber.got


async def test_a_file_locked_to_the_end(talk: Talk, tmp_path: Path) -> None:
    """A session that ends meanwhile is told as ended; what it said is stored later."""
    with locked(tmp_path / "log"):
        await talk.say(4)
        await talk.finish()
        assert talk.channel.unstored == Gap(1, 5)
    await talk.recover()
    assert [event.seq for event in await talk.store.read_after(SESSION_ID, 0, 9)] == [1, 2, 3, 4, 5]


async def test_readers_go_on_while_the_file_is_locked(talk: Talk, tmp_path: Path) -> None:
    """Whoever is behind reads what is stored, and the rest from memory."""
    await talk.say(5)
    with locked(tmp_path / "log"):
        await talk.say(5)
        late = Subscriber(talk.channel, 2)
        run = asyncio.create_task(late.run())
        await until(lambda: late.seqs == list(range(3, 12)))
        run.cancel()
    await talk.recover()
    await talk.finish()


async def test_a_start_while_the_file_is_locked_is_refused(
    store: SqliteStore, tmp_path: Path
) -> None:
    """A session that could not be kept from its first event on does not begin; later it does."""
    with locked(tmp_path / "log"), pytest.raises(StoreError, match="locked"):
        await store.create_session(session_row())
    await store.create_session(session_row())


async def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path, clock: FakeClock) -> None:
    """The server does not start on a log that it could not add to, and leaves it as it is."""
    store = SqliteStore(tmp_path, clock)
    await store.open()
    await store.create_session(session_row())
    await store.aclose()
    path = tmp_path / FILE_NAME
    before = path.read_bytes()
    path.chmod(0o400)
    if os.access(path, os.W_OK):
        pytest.skip("whoever runs this may write whatever a file's mode says")
    with pytest.raises(StoreError, match="cannot be"):
        await SqliteStore(tmp_path, clock).open()
    assert path.read_bytes() == before
