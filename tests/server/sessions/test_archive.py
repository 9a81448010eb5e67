"""Resuming, as the manager does it: copies of any session, and what happens when they fail."""

from __future__ import annotations

import asyncio

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.errors import GoingAwayError, StoreError, UnknownSessionError
from server.log.base import Draft, Event
from server.log.sqlite import SqliteStore
from server.models import CorrectionMark, EndReason, ResumeRequest, SessionState, StartRequest, Tier
from server.sessions.archive import Archive
from server.sessions.keeper import Keeper
from server.sessions.session import Session
from tests.server.house import House
from tests.server.log.subscriber import until
from tests.support.clock import FakeClock
from tests.support.events import SESSION_ID, numbered, service_draft, session_row, tone_draft
from tests.support.waiting import eventually

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    ['"session_id":"x"', '\\"session_id\\":\\"', f'"session_id":"{SESSION_ID}"', '","seq":1']
)
drafts = st.one_of(
    st.builds(service_draft, texts),
    st.builds(tone_draft, st.floats(0, 1e5), label=texts, subtext=st.none() | texts),
)


@settings(max_examples=40, deadline=None)
@given(said=st.lists(drafts, max_size=12), data=st.data())
def test_a_copy_says_the_same_of_another_session(
    tmp_path_factory: pytest.TempPathFactory, said: list[Draft], data: st.DataObject
) -> None:
    """Any events, some of them missing or corrected: the copy has each in order, numbered from 1,
    alike in all but the session it names, with its correction; the original is untouched."""
    events = numbered(*said)
    kept = [event for event in events if data.draw(st.booleans(), "kept")]
    tones = [event.seq for event in kept if event.keys is not None]
    corrected = {seq for seq in tones if data.draw(st.booleans(), "corrected")}

    async def check() -> None:
        clock = FakeClock()
        store = SqliteStore(tmp_path_factory.mktemp("log"), clock)
        await store.open()
        try:
            for session_id in (SESSION_ID, "copy"):
                await store.create_session(session_row(session_id))
            await store.append(SESSION_ID, kept)
            for seq in corrected:
                await store.correct(SESSION_ID, seq, CorrectionMark(label=f"was {seq}", at=1.0))
            row = await store.session(SESSION_ID)
            assert row is not None
            archive = Archive(store, clock, Keeper(store, clock, retention_days=0))
            copied = await archive.copy(row, "copy")
            assert await store.read_after(SESSION_ID, 0, 100) == kept
            copy = await store.read_after("copy", 0, 100)
            marks = await store.corrections("copy")
        finally:
            await store.aclose()
        assert [event.seq for event in copy] == list(range(1, len(kept) + 1))
        assert [fields(event) for event in copy] == [
            {**fields(event), "session_id": "copy"} for event in kept
        ]
        assert [(event.kind, event.keys) for event in copy] == [
            (event.kind, event.keys) for event in kept
        ]
        assert {seq: mark.label for seq, mark in marks.items()} == {
            at: f"was {event.seq}" for at, event in enumerate(kept, 1) if event.seq in corrected
        }
        assert copied.last_events == copy
        times = [event.keys.timestamp_s for event in kept if event.keys is not None]
        assert copied.last_s == max(times, default=0.0)

    asyncio.run(check())


def fields(event: Event) -> dict[str, object]:
    """The event as plain data."""
    return dict(orjson.loads(event.data))


async def past(house: House, count: int = 3, **start: object) -> Session:
    """A session with some tones, ended."""
    session = await house.manager.start(
        StartRequest.model_validate(start), tier=Tier.FREE, owner=""
    )
    await until(lambda: session.channel.last_seq == 2)
    await session.channel.append([tone_draft(float(at)) for at in range(count)])
    await house.manager.end(session.session_id, owner="")
    return session


async def resume(house: House, session: Session, **fields: object) -> tuple[Session, int]:
    """Resume as its owner."""
    request = ResumeRequest.model_validate({"snapshot_id": session.session_id, **fields})
    return await house.manager.resume(request, tier=Tier.PAID, owner="")


async def test_a_long_session_is_copied_in_pages(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever follows the new session from the start has everything once and in order, from the
    store and then live."""
    monkeypatch.setattr("server.sessions.archive._PAGE_EVENTS", 7)
    old = await past(house, 40)
    new, count = await resume(house, old)
    assert count == old.channel.last_seq == 42
    guest = house.follow(new)
    await until(lambda: guest.statuses[-1:] == ["ready"] and len(guest.events) == count + 2)
    assert [event["timestamp"] for event in guest.said("tone")] == [float(at) for at in range(40)]
    assert len(await house.stored(new)) == count + 2
    await guest.leave()


async def test_settings_go_on_unless_said_otherwise(house: House) -> None:
    """The row of the new session has those of the old, changed by what the request says; no key
    is among them."""
    old = await past(house, elcor=True, num_speakers=2, license_key="CFG-LNNT-SECRET")
    new, _ = await resume(house, old, num_speakers=3, license_key="CFG-LNNT-SECRET")
    row = await house.row(new)
    assert (row.elcor, row.resumed_from, row.tier) == (True, old.session_id, Tier.PAID)
    assert (row.settings["elcor"], row.settings["num_speakers"]) == (True, 3)
    assert "license_key" not in row.settings
    assert b"SECRET" not in orjson.dumps(dict(row.settings))


@pytest.mark.parametrize("fails", ["append", "corrections"])
async def test_half_a_copy_is_erased(
    house: House, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    """When the log fails in the middle there is an error and no new session."""
    monkeypatch.setattr("server.sessions.archive._PAGE_EVENTS", 2)
    old = await past(house, 5)
    if fails == "append":
        house.store.fail_appends = 1
    else:
        house.store.reads_fail = True
        row = await house.store.inner.session(old.session_id)
        assert row is not None

        async def known(session_id: str) -> object:
            return await house.store.inner.session(session_id)

        monkeypatch.setattr(house.store, "session", known)
    with pytest.raises(StoreError):
        await resume(house, old)
    house.store.reads_fail = False
    await until(lambda: house.manager.running == 0)
    await asyncio.sleep(0.05)
    listed = await house.manager.archive.past("", limit=9, before_s=None)
    assert [row.session_id for row in listed] == [old.session_id]


async def test_one_that_leaves_while_it_is_copied(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left of the copy."""
    old = await past(house)
    copying = asyncio.Event()

    async def never(session_id: str, events: object) -> None:
        copying.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(house.store, "append", never)
    resuming = asyncio.create_task(resume(house, old))
    await copying.wait()
    monkeypatch.undo()
    resuming.cancel()
    await asyncio.wait([resuming])
    await until(lambda: house.manager.running == 0)

    async def only_the_old() -> bool:
        listed = await house.manager.archive.past("", limit=9, before_s=None)
        return [row.session_id for row in listed] == [old.session_id]

    await eventually(only_the_old)


async def test_a_shutdown_that_overtakes_a_copy(house: House) -> None:
    """It is refused as going away."""
    old = await past(house)
    house.store.gate.clear()
    resuming = asyncio.create_task(resume(house, old))
    await until(lambda: house.store.waiting == 1)
    closing = asyncio.create_task(house.manager.end_all())
    await asyncio.sleep(0.01)
    house.store.gate.set()
    with pytest.raises(GoingAwayError):
        await resuming
    await closing


async def test_erasing_while_the_end_is_owed(house: House) -> None:
    """A session that could not be stored as a whole is erased as any other, once that works, and
    what was kept in memory to be stored later does not bring it back."""
    session, _ = await house.start()
    await until(lambda: session.channel.last_seq == 2)
    house.store.writes_fail = True
    await session.channel.append([tone_draft()])
    with pytest.raises(StoreError):
        await house.manager.erase(session.session_id, owner="")
    house.store.writes_fail = False
    await house.manager.erase(session.session_id, owner="")
    with pytest.raises(UnknownSessionError):
        await house.manager.info(session.session_id, owner="")
    assert await house.stored(session) == []
    assert session.channel.unstored is None


async def test_a_resumed_session_is_listed_as_one_of_its_own(house: House) -> None:
    """Both are there, each with its state."""
    old = await past(house)
    new, _ = await resume(house, old)
    assert (await house.row(old)).state is SessionState.STOPPED
    assert (await house.row(new)).state is SessionState.RUNNING
    await house.manager.end(new.session_id, owner="")
    assert (await house.row(new)).reason is EndReason.CLIENT
