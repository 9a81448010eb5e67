"""What is done to a real log beside appending: pins, corrections, gaps, erasing, expiring."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.log.base import Event, Gap
from server.log.sqlite import FILE_NAME, SqliteStore
from server.models import CorrectionMark, EndReason
from tests.support.clock import FakeClock
from tests.support.events import SESSION_ID, numbered, service_draft, session_row, tone_draft

DAY_S = 86_400.0
MARK = CorrectionMark(label="Calm", affect=None, note="a note", at=7.0)


async def ended(store: SqliteStore, session_id: str, *, ended_at_s: float = 2e9) -> None:
    """A session of two tone events that has ended."""
    await store.create_session(session_row(session_id))
    await store.append(session_id, numbered(tone_draft(1, session_id=session_id), tone_draft(2)))
    await store.end_session(session_id, reason=EndReason.CLIENT, ended_at_s=ended_at_s, last_seq=2)


# -- pins and corrections -----------------------------------------------------------------------


async def test_a_pin_keeps_its_first_time(store: SqliteStore) -> None:
    """Pinning again changes nothing, unpinning forgets; a session that is not there cannot be."""
    await ended(store, SESSION_ID)
    for at_s, expected in ((5.0, 5.0), (6.0, 5.0), (None, None), (None, None), (7.0, 7.0)):
        assert await store.pin(SESSION_ID, at_s)
        row = await store.session(SESSION_ID)
        assert row is not None
        assert row.pinned_at_s == expected
    assert not await store.pin("unknown", 5.0)


async def test_a_correction_is_kept_beside_its_event(store: SqliteStore) -> None:
    """The event's bytes stay; the last correction counts; taken away, nothing is left of it."""
    await ended(store, SESSION_ID)
    before = await store.tones_after(SESSION_ID, 0, 9)
    later = CorrectionMark(affect=None, label="Joking", at=8.0)
    for mark in (MARK, later, None, None):
        assert await store.correct(SESSION_ID, 2, mark)
        first, second = await store.tones_after(SESSION_ID, 0, 9)
        assert (first.correction, second.correction) == (None, mark)
        assert [first.data, second.data] == [event.data for event in before]
        assert await store.corrections(SESSION_ID) == ({} if mark is None else {2: mark})


async def test_only_tone_events_take_a_correction(store: SqliteStore) -> None:
    """Other kinds, other numbers and other sessions take none, whatever their numbers."""
    await ended(store, "other")
    await store.create_session(session_row())
    await store.append(SESSION_ID, numbered(service_draft(), tone_draft()))
    for session_id, seq in (
        (SESSION_ID, 1), (SESSION_ID, 3), (SESSION_ID, 0), (SESSION_ID, -1), (SESSION_ID, 2**32),
        (SESSION_ID, 2**70), ("unknown", 2),
    ):  # fmt: skip
        assert not await store.correct(session_id, seq, MARK)
    assert await store.corrections(SESSION_ID) == await store.corrections("other") == {}


# -- voices -------------------------------------------------------------------------------------


async def test_what_is_known_of_voices_is_kept_with_its_session(store: SqliteStore) -> None:
    """The last that was learnt, of a session that runs or has ended, until it is erased; of a
    session that is not there nothing is kept, whoever has its number later."""
    await store.create_session(session_row())
    assert await store.voices(SESSION_ID) == ""
    for known in ("first", "later ü"):
        await store.keep_voices(SESSION_ID, known)
        assert await store.voices(SESSION_ID) == known
    await store.end_session(SESSION_ID, reason=EndReason.CLIENT, ended_at_s=2e9, last_seq=0)
    await store.keep_voices(SESSION_ID, "last")
    assert await store.voices(SESSION_ID) == "last"
    assert await store.erase(SESSION_ID)
    await store.keep_voices(SESSION_ID, "too late")
    await store.create_session(session_row())
    assert await store.voices(SESSION_ID) == await store.voices("unknown") == ""


# -- gaps ---------------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(kept=st.sets(st.integers(1, 30)), beyond=st.integers(0, 5))
def test_gaps_are_exactly_what_is_missing(
    tmp_path_factory: pytest.TempPathFactory, kept: set[int], beyond: int
) -> None:
    """Whatever is kept: the gaps, taken together, are all other numbers, in order and apart."""
    last_seq = max(kept, default=0) + beyond

    async def check() -> None:
        store = SqliteStore(tmp_path_factory.mktemp("log"), FakeClock())
        await store.open()
        try:
            for session_id in ("before", SESSION_ID, "after"):
                await store.create_session(session_row(session_id))
                await store.append(session_id, numbered(*[service_draft()] * 3))
            await store.erase(SESSION_ID)
            await store.create_session(session_row())
            draft = service_draft()
            await store.append(
                SESSION_ID, [Event(seq, draft.kind, draft.data) for seq in sorted(kept)]
            )
            gaps = await store.gaps(SESSION_ID, last_seq)
        finally:
            await store.aclose()
        missing = [seq for gap in gaps for seq in range(gap.first_seq, gap.last_seq + 1)]
        assert missing == sorted(set(range(1, last_seq + 1)) - kept)
        assert all(gap.first_seq <= gap.last_seq for gap in gaps)
        assert all(a.last_seq + 1 < b.first_seq for a, b in pairwise(gaps))

    asyncio.run(check())


async def test_a_session_without_events_is_one_gap(store: SqliteStore) -> None:
    """As when storing failed from the first event on; an unknown session has none."""
    await store.create_session(session_row())
    assert await store.gaps(SESSION_ID, 7) == [Gap(1, 7)]
    assert await store.gaps("unknown", 7) == []


# -- erasing ------------------------------------------------------------------------------------


def found_in_files(folder: Path, secret: bytes) -> list[str]:
    """Files of the log that hold some bytes."""
    return [path.name for path in folder.iterdir() if secret in path.read_bytes()]


async def test_nothing_of_an_erased_session_is_in_the_files(
    tmp_path: Path, clock: FakeClock
) -> None:
    """Not in the database, not in its free pages, not in the write-ahead log: neither words nor
    id, though its events lay among those of others and pages had to be split for them."""
    store = SqliteStore(tmp_path, clock)
    await store.open()
    names = [f"session-{number}" for number in range(6)]
    for name in names:
        await store.create_session(session_row(name))
    for round_ in range(60):
        for name in names:
            secret = f"secret of {name} "
            drafts = [
                tone_draft(round_, label=secret * (1 + (round_ + at) % 9), session_id=name)
                for at in range(5)
            ]
            await store.append(name, numbered(*drafts, first_seq=1 + round_ * 5))
    gone, other = names[2], names[3]
    note = "secret of session-2 in a note"
    await store.correct(gone, 3, CorrectionMark(label=f"secret of {gone}", note=note, at=1.0))
    await store.correct(other, 3, MARK)
    await store.keep_voices(gone, f"secret of {gone}: a voice")
    await store.end_session(gone, reason=EndReason.CLIENT, ended_at_s=1.0, last_seq=300)
    assert found_in_files(tmp_path, gone.encode())
    assert await store.erase(gone)
    for trace in (f"secret of {gone}".encode(), gone.encode()):
        assert found_in_files(tmp_path, trace) == []
    assert found_in_files(tmp_path, f"secret of {other}".encode())
    for name in names:
        assert len(await store.read_after(name, 0, 1_000)) == (0 if name == gone else 300)
    assert await store.corrections(other) == {3: MARK}
    assert await store.session(gone) is None
    assert not await store.erase(gone)
    await store.aclose()
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_erasing_is_done_in_parts(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long session is erased a transaction at a time, between which others write."""
    monkeypatch.setattr("server.log.upkeep._ERASE_EVENTS", 7)
    for session_id in ("long", "other"):
        await store.create_session(session_row(session_id))
        await store.append(session_id, numbered(*[tone_draft(float(n)) for n in range(50)]))
    erasing = asyncio.create_task(store.erase("long"))
    for seq in range(51, 61):
        await store.append("other", numbered(tone_draft(), first_seq=seq))
    assert await erasing
    assert await store.read_after("long", 0, 100) == []
    assert len(await store.read_after("other", 0, 100)) == 60


async def test_what_was_resumed_from_an_erased_session_forgets_its_id(store: SqliteStore) -> None:
    """It stays, and names no origin any more."""
    await ended(store, "old")
    row = session_row("new")
    await store.create_session(
        type(row)(**{**{name: getattr(row, name) for name in row.__slots__}, "resumed_from": "old"})
    )
    await store.erase("old")
    new = await store.session("new")
    assert new is not None
    assert new.resumed_from is None


async def test_a_large_file_is_made_anew_when_nobody_talks(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Erasing answers before that; what is left then cannot be read, and is gone once quiet."""
    monkeypatch.setattr("server.log.sqlite._COMPACT_AT_ONCE_BYTES", 4_096)
    store = SqliteStore(tmp_path, clock)
    await store.open()
    for session_id in ("gone", "stays"):
        await store.create_session(session_row(session_id))
        await store.append(session_id, numbered(*[tone_draft(label="x" * 500)] * 50))
    await store.erase("gone")
    assert await store.session("gone") is None
    size = (tmp_path / FILE_NAME).stat().st_size
    await store.tidy(quiet=True)
    assert (tmp_path / FILE_NAME).stat().st_size < size * 0.7
    await store.tidy(quiet=True)  # nothing left to do
    assert len(await store.read_after("stays", 0, 100)) == 50
    await store.aclose()


async def test_a_reader_in_the_way_only_puts_tidying_off(
    store: SqliteStore, tmp_path: Path
) -> None:
    """While somebody reads an old state the write-ahead log cannot be emptied; later it is."""
    await ended(store, "gone")
    with closing(sqlite3.connect(tmp_path / "log" / FILE_NAME, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM event").fetchone()
        assert await store.erase("gone")
    await store.tidy(quiet=True)
    assert found_in_files(tmp_path / "log", b"gone") == []


# -- age ----------------------------------------------------------------------------------------


async def test_old_sessions_expire_unless_pinned(store: SqliteStore) -> None:
    """Those that ended before the time go, a hundred at a time; pinned and running ones stay."""
    for number in range(105):
        await ended(store, f"old-{number}", ended_at_s=10.0)
    await ended(store, "pinned", ended_at_s=10.0)
    await store.pin("pinned", 5.0)
    await ended(store, "young", ended_at_s=20.0)
    await store.create_session(session_row("running"))
    assert await store.expire(20.0) == 100
    assert await store.expire(20.0) == 5
    assert await store.expire(20.0) == 0
    for session_id, there in (
        ("old-0", False), ("old-104", False), ("pinned", True), ("young", True), ("running", True),
    ):  # fmt: skip
        assert (await store.session(session_id) is not None) is there
    await store.pin("pinned", None)
    assert await store.expire(20.0) == 1
