"""The embedded store: what goes in comes out, also after the process has died."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classifier import Affect
from server.errors import StoreError
from server.log.base import Draft, Event, SessionRow
from server.log.sqlite import FILE_NAME, SqliteStore
from server.models import EndReason, HistoryQuery, SessionState, Tier
from tests.support.clock import FakeClock
from tests.support.events import SESSION_ID, numbered, service_draft, session_row, tone_draft


async def end(store: SqliteStore, session_id: str = SESSION_ID, last_seq: int = 0) -> None:
    """End a session as its client would."""
    await store.end_session(
        session_id, reason=EndReason.CLIENT, ended_at_s=1_700_000_100.0, last_seq=last_seq
    )


# -- sessions -----------------------------------------------------------------------------------


async def test_a_session_comes_back_as_it_was_kept(store: SqliteStore) -> None:
    """Every field of the row survives; a session nobody kept is None."""
    row = SessionRow("id-1", SessionState.RUNNING, True, Tier.PAID, "owner ü", 1_700_000_000.25)
    await store.create_session(row)
    assert await store.session("id-1") == row
    assert await store.session("id-2") is None


async def test_a_session_id_is_kept_once(store: SqliteStore) -> None:
    """A second session of the same id is refused."""
    await store.create_session(session_row())
    with pytest.raises(StoreError):
        await store.create_session(session_row())


async def test_ending_twice_keeps_the_first_reason(store: SqliteStore) -> None:
    """The second end changes nothing."""
    await store.create_session(session_row())
    await end(store, last_seq=7)
    await store.end_session(SESSION_ID, reason=EndReason.IDLE, ended_at_s=2e9, last_seq=9)
    row = await store.session(SESSION_ID)
    assert row is not None
    assert (row.state, row.reason) == (SessionState.STOPPED, EndReason.CLIENT)
    assert (row.ended_at_s, row.last_seq) == (1_700_000_100.0, 7)


async def test_a_running_session_tells_its_last_stored_event(store: SqliteStore) -> None:
    """last_seq counts what is stored before the session has ended, too."""
    await store.create_session(session_row())
    await store.append(SESSION_ID, numbered(tone_draft(), service_draft()))
    row = await store.session(SESSION_ID)
    assert row is not None
    assert row.last_seq == 2


async def test_the_list_of_ended_sessions(store: SqliteStore) -> None:
    """One owner's ended sessions, newest first, paged by start; running ones are not in it."""
    for number in range(5):
        await store.create_session(
            session_row(f"mine-{number}", owner="me", started_at_s=100.0 + number)
        )
    await store.create_session(session_row("other", owner="you", started_at_s=102.5))
    for session_id in ("mine-0", "mine-1", "mine-3", "mine-4", "other"):
        await end(store, session_id)

    async def listed(limit: int, before_s: float | None) -> list[str]:
        rows = await store.ended_sessions("me", limit=limit, before_s=before_s)
        return [row.session_id for row in rows]

    assert await listed(10, None) == ["mine-4", "mine-3", "mine-1", "mine-0"]
    assert await listed(2, None) == ["mine-4", "mine-3"]
    assert await listed(2, 103.0) == ["mine-1", "mine-0"]
    assert await store.ended_sessions("nobody", limit=10, before_s=None) == []


# -- events -------------------------------------------------------------------------------------

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
drafts = st.one_of(
    st.builds(service_draft, texts),
    st.builds(
        tone_draft,
        st.floats(0, 1e6),
        confidence=st.floats(0, 1),
        affect=st.sampled_from(Affect),
        speaker_id=st.sampled_from(["speaker_a", "speaker_b"]),
        label=texts,
        subtext=st.none() | texts,
    ),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(drafts, min_size=1, max_size=5), max_size=5), data=st.data())
def test_events_come_back_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[Draft]], data: st.DataObject
) -> None:
    """Any batches: from any number on, by any page size, the same events in order."""

    async def check() -> None:
        store = SqliteStore(tmp_path_factory.mktemp("log"), FakeClock())
        await store.open()
        try:
            await store.create_session(session_row())
            kept: list[Event] = []
            for batch in batches:
                events = numbered(*batch, first_seq=len(kept) + 1)
                await store.append(SESSION_ID, events)
                kept += events
            seq = data.draw(st.integers(0, len(kept) + 1), "seq")
            limit = data.draw(st.integers(1, 10), "limit")
            assert await store.read_after(SESSION_ID, seq, limit) == kept[seq : seq + limit]
            tones = [event for event in kept[seq:] if event.kind == "tone-event"]
            assert await store.tones_after(SESSION_ID, seq, limit) == tones[:limit]
        finally:
            await store.aclose()

    asyncio.run(check())


async def test_an_event_offered_again_is_kept_once(store: SqliteStore) -> None:
    """What was stored already is passed over, what is new beside it is stored."""
    await store.create_session(session_row())
    events = numbered(tone_draft(1), tone_draft(2), tone_draft(3))
    await store.append(SESSION_ID, events[:2])
    await store.append(SESSION_ID, events)
    assert await store.read_after(SESSION_ID, 0, 10) == events


async def test_events_of_no_session_are_refused(store: SqliteStore) -> None:
    """An event whose session is not kept raises, and others are not touched by it."""
    await store.create_session(session_row())
    with pytest.raises(StoreError):
        await store.append("unknown", numbered(tone_draft()))
    await store.append(SESSION_ID, numbered(tone_draft()))
    assert len(await store.read_after(SESSION_ID, 0, 10)) == 1


async def test_sessions_do_not_see_each_others_events(store: SqliteStore) -> None:
    """Numbers begin at 1 in each session, and reading one gives none of another."""
    for session_id in ("one", "two"):
        await store.create_session(session_row(session_id))
        await store.append(session_id, numbered(tone_draft(label=session_id)))
    events = await store.read_after("two", 0, 10)
    assert [b'"two"' in event.data for event in events] == [True]


# -- history ------------------------------------------------------------------------------------


@given(
    tones=st.lists(
        st.tuples(
            st.integers(0, 20),
            st.integers(0, 10),
            st.sampled_from([Affect.WARM, Affect.TIRED]),
            st.sampled_from(["speaker_a", "speaker_b"]),
        ),
        max_size=20,
    ),
    query=st.builds(
        HistoryQuery,
        min_confidence=st.integers(0, 10).map(lambda tenths: tenths / 10),
        limit=st.integers(1, 25),
        affect=st.none() | st.sampled_from([Affect.WARM, Affect.TIRED]),
        speaker_id=st.none() | st.sampled_from(["speaker_a", "speaker_b"]),
        since=st.none() | st.integers(0, 20).map(float),
        until=st.none() | st.integers(0, 20).map(float),
        after_seq=st.none() | st.integers(0, 20),
    ),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_history_gives_the_most_recent_that_match(
    tmp_path_factory: pytest.TempPathFactory,
    tones: list[tuple[int, int, Affect, str]],
    query: HistoryQuery,
) -> None:
    """Any filters: the last ``limit`` tone events that pass all of them, in time order."""

    async def check() -> None:
        store = SqliteStore(tmp_path_factory.mktemp("log"), FakeClock())
        await store.open()
        try:
            await store.create_session(session_row())
            events: list[Event] = []
            for time_s, tenths, affect, speaker_id in tones:
                tone = tone_draft(
                    float(time_s), confidence=tenths / 10, affect=affect, speaker_id=speaker_id
                )
                events += numbered(service_draft(), tone, first_seq=len(events) + 1)
            await store.append(SESSION_ID, events)
            matching = [event for event in events if passes(event, query)]
            assert await store.tones(SESSION_ID, query) == matching[-query.limit :]
        finally:
            await store.aclose()

    asyncio.run(check())


def passes(event: Event, query: HistoryQuery) -> bool:
    """The filters in plain words."""
    keys = event.keys
    return (
        keys is not None
        and keys.confidence >= query.min_confidence
        and (query.affect is None or keys.affect == query.affect)
        and (query.speaker_id is None or keys.speaker_id == query.speaker_id)
        and (query.since is None or keys.timestamp_s >= query.since)
        and (query.until is None or keys.timestamp_s <= query.until)
        and (query.after_seq is None or event.seq > query.after_seq)
    )


async def test_the_largest_filters_are_harmless(store: SqliteStore) -> None:
    """Numbers at the edge of what a query may hold are answered, not crashed on."""
    await store.create_session(session_row())
    query = HistoryQuery(after_seq=2**63 - 1, since=1e308, until=float("inf"), limit=10_000)
    assert await store.tones(SESSION_ID, query) == []


# -- life ---------------------------------------------------------------------------------------


async def test_sessions_found_running_are_marked_interrupted(
    tmp_path: Path, clock: FakeClock
) -> None:
    """At the next start they are ended with reason interrupted and the number of their last event;
    ended ones stay as they are; nothing stored is lost."""
    store = SqliteStore(tmp_path, clock)
    assert await store.open() == 0
    events = numbered(tone_draft(1), service_draft(), tone_draft(3))
    for session_id in ("cut-off", "empty", "ended"):
        await store.create_session(session_row(session_id))
    await store.append("cut-off", events)
    await end(store, "ended", 4)
    await store.aclose()
    clock.advance(60)
    again = SqliteStore(tmp_path, clock)
    assert await again.open() == 2
    cut_off, empty, ended = [
        await again.session(session_id) for session_id in ("cut-off", "empty", "ended")
    ]
    assert cut_off is not None
    assert cut_off.state is SessionState.STOPPED
    assert (cut_off.reason, cut_off.last_seq) == (EndReason.INTERRUPTED, 3)
    assert cut_off.ended_at_s == clock.wall_s()
    assert empty is not None
    assert (empty.reason, empty.last_seq) == (EndReason.INTERRUPTED, 0)
    assert ended is not None
    assert (ended.reason, ended.last_seq) == (EndReason.CLIENT, 4)
    assert await again.read_after("cut-off", 0, 10) == events
    await again.aclose()


async def test_one_folder_one_server(tmp_path: Path, clock: FakeClock) -> None:
    """A second opener is refused with a line naming the setting; later the folder is free again."""
    first, second = SqliteStore(tmp_path, clock), SqliteStore(tmp_path, clock)
    await first.open()
    with pytest.raises(StoreError, match=r"LINNET_DATA_DIR=.* is in use by another Linnet server"):
        await second.open()
    await first.create_session(session_row())  # the first is not disturbed
    await first.aclose()
    assert await second.open() == 1
    await second.aclose()


async def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path, clock: FakeClock) -> None:
    """Where a file stands in the way, the refusal names the setting."""
    (tmp_path / "taken").write_text("not a folder")
    with pytest.raises(StoreError, match="LINNET_DATA_DIR="):
        await SqliteStore(tmp_path / "taken", clock).open()


def make_file(path: Path, script: str) -> None:
    """A database file made by somebody else."""
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.close()


async def test_a_later_schema_is_refused_and_left_alone(tmp_path: Path, clock: FakeClock) -> None:
    """A log of a later version is not guessed at; the folder is let go of."""
    path = tmp_path / FILE_NAME
    make_file(path, "CREATE TABLE future (x); PRAGMA user_version = 99;")
    with pytest.raises(StoreError, match=r"later version of Linnet \(schema 99"):
        await SqliteStore(tmp_path, clock).open()
    path.unlink()
    store = SqliteStore(tmp_path, clock)  # not "in use by another server"
    await store.open()
    await store.aclose()


async def test_a_damaged_file_is_refused(tmp_path: Path, clock: FakeClock) -> None:
    """A file that is no database raises StoreError."""
    (tmp_path / FILE_NAME).write_bytes(b"not a database at all, but long enough to look" * 50)
    with pytest.raises(StoreError):
        await SqliteStore(tmp_path, clock).open()


async def test_a_closed_store_refuses(tmp_path: Path, clock: FakeClock) -> None:
    """Before open() and after aclose() both reading and writing raise StoreError."""
    store = SqliteStore(tmp_path, clock)
    for _ in range(2):
        with pytest.raises(StoreError):
            await store.create_session(session_row())
        with pytest.raises(StoreError):
            await store.session(SESSION_ID)
        await store.open()
        await store.aclose()
        await store.aclose()


async def test_closing_keeps_what_was_under_way(tmp_path: Path, clock: FakeClock) -> None:
    """Events whose write had begun when the store was closed are found at the next start."""
    store = SqliteStore(tmp_path, clock)
    await store.open()
    await store.create_session(session_row())
    events = numbered(*[tone_draft(float(n)) for n in range(20)])
    writes = [asyncio.create_task(store.append(SESSION_ID, [event])) for event in events]
    await asyncio.sleep(0)
    await store.aclose()
    await asyncio.gather(*writes)
    await store.open()
    assert await store.read_after(SESSION_ID, 0, 100) == events
    await store.aclose()


async def test_readers_run_beside_the_writer(store: SqliteStore) -> None:
    """Many reads and writes at once: each read sees a whole prefix of the events."""
    await store.create_session(session_row())
    events = numbered(*[tone_draft(float(n)) for n in range(60)])

    async def write() -> None:
        for event in events:
            await store.append(SESSION_ID, [event])

    async def read() -> None:
        for _ in range(20):
            seen = await store.read_after(SESSION_ID, 0, 100)
            assert seen == events[: len(seen)]

    await asyncio.gather(write(), read(), read(), read())
    assert await store.read_after(SESSION_ID, 0, 100) == events


async def test_the_folder_is_for_its_owner_alone(tmp_path: Path, clock: FakeClock) -> None:
    """A folder that the store makes is closed to other users of the machine."""
    store = SqliteStore(tmp_path / "new", clock)
    await store.open()
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0
    await store.aclose()
