"""Files of earlier versions are brought up to this one, and what they hold stays."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from server.errors import StoreError
from server.log.base import Gap
from server.log.schema import STEPS, VERSION, connect_writer
from server.log.sqlite import FILE_NAME, SqliteStore
from server.models import CorrectionMark, EndReason, HistoryQuery, SessionState, Tier
from tests.support.clock import FakeClock
from tests.support.events import numbered, session_row, tone_draft

FIRST_RELEASE = Path(__file__).parents[2] / "data" / "log-v1.sql"


@pytest.fixture
def first_release(tmp_path: Path) -> Path:
    """A folder with a log as 0.1.0 left it."""
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        connection.executescript(FIRST_RELEASE.read_text(encoding="utf-8"))
    return tmp_path


def version_of(folder: Path) -> int:
    """The version that the file says."""
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def layout(path: Path) -> set[str]:
    """Names of all tables, columns and indexes."""
    with closing(sqlite3.connect(path)) as connection:
        return {
            f"{table}.{column}"
            for (table,) in connection.execute("SELECT name FROM sqlite_schema")
            for column in [
                "",
                *(row[1] for row in connection.execute(f"PRAGMA table_info({table})")),
                *(row[2] for row in connection.execute(f"PRAGMA index_info({table})")),
            ]
        }


async def test_a_log_of_the_first_release_is_read(first_release: Path, clock: FakeClock) -> None:
    """Sessions and events are all there, what was running is interrupted, and what nobody noted
    then is empty."""
    store = SqliteStore(first_release, clock)
    assert await store.open() == 1
    ended, cut_off = await store.session("ended-session"), await store.session("cut-off-session")
    assert ended is not None
    assert (ended.state, ended.reason, ended.last_seq) == (
        SessionState.STOPPED,
        EndReason.CLIENT,
        4,
    )
    assert (ended.elcor, ended.tier, ended.owner) == (True, Tier.PAID, "owner ü")
    assert (ended.model_id, ended.model_sha256, ended.settings) == ("", "", {})
    assert (ended.pinned_at_s, ended.resumed_from) == (None, None)
    assert cut_off is not None
    assert (cut_off.reason, cut_off.last_seq) == (EndReason.INTERRUPTED, 2)
    tones = await store.tones("ended-session", HistoryQuery())
    assert [orjson.loads(tone.data)["label"] for tone in tones] == ['Urgent, "now"', "Urgent"]
    assert orjson.loads(tones[0].data)["subtext"] == "it's é"
    assert await store.gaps("ended-session", ended.last_seq) == [Gap(4, 4)]
    await store.aclose()


async def test_a_log_of_the_first_release_goes_on(first_release: Path, clock: FakeClock) -> None:
    """Its sessions can be pinned, corrected and erased, and new ones are kept beside them."""
    store = SqliteStore(first_release, clock)
    await store.open()
    assert await store.pin("ended-session", 5.0)
    mark = CorrectionMark(label="Calm", at=6.0)
    assert await store.correct("ended-session", 2, mark)
    await store.create_session(session_row("new"))
    await store.append("new", numbered(tone_draft()))
    assert len(await store.read_after("new", 0, 10)) == 1
    assert [event.correction for event in await store.tones_after("ended-session", 0, 9)] == [
        mark,
        None,
    ]
    assert await store.erase("cut-off-session")
    assert await store.session("cut-off-session") is None
    await store.aclose()


async def test_an_old_file_ends_up_like_a_new_one(
    first_release: Path, tmp_path_factory: pytest.TempPathFactory, clock: FakeClock
) -> None:
    """Tables, columns and indexes are the same; opening it again changes nothing."""
    new = tmp_path_factory.mktemp("new")
    for folder in (first_release, new, first_release):
        store = SqliteStore(folder, clock)
        await store.open()
        await store.aclose()
        assert version_of(folder) == VERSION
    assert layout(first_release / FILE_NAME) == layout(new / FILE_NAME)


@pytest.mark.parametrize("version", range(len(STEPS)))
def test_every_version_is_brought_up(tmp_path: Path, version: int) -> None:
    """From an empty file and from each version there was."""
    path = tmp_path / FILE_NAME
    with closing(sqlite3.connect(path)) as connection:
        for step in STEPS[:version]:
            connection.executescript(step)
        connection.execute(f"PRAGMA user_version = {version}")
    connect_writer(path, sync="normal").close()
    assert version_of(tmp_path) == VERSION


def test_a_step_is_taken_whole_or_not_at_all(first_release: Path) -> None:
    """Where something stands in the way the file keeps its version and its contents."""
    path = first_release / FILE_NAME
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE correction (somebody_elses)")
    before = layout(path)
    with pytest.raises(StoreError, match="correction already exists"):
        connect_writer(path, sync="normal")
    assert version_of(first_release) == 1
    assert layout(path) == before
