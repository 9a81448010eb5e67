"""What sessions leave to later ones: kept at the end, found at the start, or said to be missing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from classifier import BackendError, Source
from server.errors import InvalidInputError
from server.models import EndReason, ResumeRequest, StartRequest, Tier
from server.sessions.session import Session
from tests.server.house import House, opened
from tests.server.log.subscriber import until
from tests.support.classifier import ScriptedBackend

CHUNK = bytes(3_200)
KNOWN = '{"everybody": "ü"}'


async def heard(house: House, knows: str = KNOWN, *, owner: str = "", **request: Any) -> Session:
    """A session that runs, in which something was heard and learnt."""
    session = await house.manager.start(StartRequest(**request), tier=Tier.FREE, owner=owner)
    listener = house.backend.last
    listener.knows = knows
    session.feed(Source.MIC).offer(CHUNK)
    await until(lambda: len(listener.fed) == 1)
    session.unfeed(Source.MIC)
    return session


async def past(house: House, knows: str = KNOWN, **request: Any) -> str:
    """The same, ended."""
    session = await heard(house, knows, **request)
    await house.manager.end(session.session_id, owner=request.get("owner", ""))
    return session.session_id


async def warnings(house: House, session: Session) -> list[str]:
    """What the service warned of in the whole session, which is ended."""
    guest = house.follow(session)
    await house.manager.end(session.session_id, owner="")
    await guest.to_the_end()
    return [event["detail"] for event in guest.said("service") if event["status"] == "warning"]


async def kept(house: House, session: Session, known: str) -> None:
    """Wait until that is kept of a session."""
    for _ in range(500):
        if await house.store.voices(session.session_id) == known:
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"{known} was never kept")


def told(house: House) -> str:
    """What the session started last was told of its voices."""
    return house.backend.asked_for[-1].known_voices


async def test_a_later_session_is_told_what_an_earlier_one_learnt(house: House) -> None:
    """Also by way of one in between that heard nothing; nobody is warned."""
    first = await past(house)
    second = await house.manager.start(StartRequest(voices_from=first), tier=Tier.FREE, owner="")
    assert told(house) == KNOWN
    await second.ready.wait()
    assert await warnings(house, second) == []
    await house.manager.start(StartRequest(voices_from=second.session_id), tier=Tier.FREE, owner="")
    assert told(house) == KNOWN


async def test_who_is_not_asked_for_is_not_known(house: House) -> None:
    """A session begins with strangers unless somebody says otherwise."""
    await past(house)
    await house.start()
    assert told(house) == ""


async def test_a_session_that_runs_can_be_asked(house: House) -> None:
    """A page that is loaded again knows who spoke just now; the session it asks goes on."""
    running = await heard(house)
    await house.manager.start(
        StartRequest(voices_from=running.session_id), tier=Tier.FREE, owner=""
    )
    assert told(house) == KNOWN
    assert not running.ended.is_set()


async def test_a_classifier_that_does_not_answer_holds_no_start_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then nothing is known, and that is said."""
    monkeypatch.setattr("server.sessions.remembering.ANSWER_S", 0.02)
    running = await heard(house)
    listener = house.backend.last
    listener.knows_gate.clear()
    session = await house.manager.start(
        StartRequest(voices_from=running.session_id), tier=Tier.FREE, owner=""
    )
    await session.ready.wait()
    assert len(await warnings(house, session)) == 1
    await house.manager.end(running.session_id, owner="")
    assert (await house.row(running)).reason is EndReason.CLIENT


@pytest.mark.parametrize("whose", ["nobody", "bob"])
async def test_only_ones_own_session_can_be_named(house: House, whose: str) -> None:
    """Another's is the same as none: the start is refused, and the field is named."""
    bobs = await past(house, owner="bob")
    name = bobs if whose == "bob" else "unknown"
    with pytest.raises(InvalidInputError, match=r"^voices_from: "):
        await house.manager.start(StartRequest(voices_from=name), tier=Tier.FREE, owner="ann")
    assert house.manager.running == 0


async def test_where_nothing_was_learnt_the_session_says_so(house: House) -> None:
    """It begins all the same, with strangers."""
    session = await house.manager.start(
        StartRequest(voices_from=await past(house, knows="")), tier=Tier.FREE, owner=""
    )
    await session.ready.wait()
    assert told(house) == ""
    [warning] = await warnings(house, session)
    assert "learnt anew" in warning


async def test_where_another_model_hears_the_session_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one model has learnt says nothing to another; it is not handed on either."""
    first = await past(house)
    monkeypatch.setattr(ScriptedBackend, "model_sha256", "ab" * 32, raising=False)
    session = await house.manager.start(StartRequest(voices_from=first), tier=Tier.FREE, owner="")
    await session.ready.wait()
    [warning] = await warnings(house, session)
    assert "Another model" in warning
    assert await house.store.voices(session.session_id) == ""


async def test_a_resumed_session_goes_on_with_its_voices(house: House) -> None:
    """Without being asked; another session may be named instead. Where nothing is kept, as of an
    older version, nobody is warned: nothing was promised."""
    first, other = await past(house), await past(house, knows="others")
    empty = await past(house, knows="")
    for request, expected in (
        (ResumeRequest(snapshot_id=first), KNOWN),
        (ResumeRequest(snapshot_id=first, voices_from=other), "others"),
        (ResumeRequest(snapshot_id=empty), ""),
    ):
        session, _ = await house.manager.resume(request, tier=Tier.PAID, owner="")
        assert told(house) == expected
        await session.ready.wait()
        assert await warnings(house, session) == []


async def test_a_resumed_session_does_not_ask_for_voices_of_long_ago(house: House) -> None:
    """What a session began with is none of its settings: ids of others are not kept there."""
    first = await past(house)
    second = await past(house, knows="later", voices_from=first)
    row = await house.store.session(second)
    assert row is not None
    assert "voices_from" not in row.settings
    await house.manager.resume(ResumeRequest(snapshot_id=second), tier=Tier.PAID, owner="")
    assert told(house) == "later"


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({}, True),
        ({"keep_voices": False}, False),
        ({"demo_mode": True}, False),
        ({"cloud_mode": True}, False),
        ({"demo_mode": True, "keep_voices": True}, True),
    ],
)
async def test_voices_are_kept_on_ones_own_machine_or_where_somebody_says_so(
    tmp_path: Path, settings: dict[str, Any], kept: bool
) -> None:
    """How other people sound is not kept by the way."""
    house = await opened(tmp_path, **settings)
    session_id = await past(house)
    assert await house.store.inner.voices(session_id) == (KNOWN if kept else "")
    await house.manager.aclose()


@pytest.mark.parametrize("resumed", [False, True])
async def test_where_none_are_kept_none_are_handed_on(tmp_path: Path, *, resumed: bool) -> None:
    """Neither what was kept before somebody said so, nor what a session that runs knows."""
    before = await opened(tmp_path)
    session_id = await past(before)
    await before.manager.aclose()
    house = await opened(tmp_path, keep_voices=False)
    if resumed:
        request = ResumeRequest(snapshot_id=session_id)
        await house.manager.resume(request, tier=Tier.PAID, owner="")
        assert told(house) == ""
    else:
        running = await heard(house)
        for name in (session_id, running.session_id):
            await house.manager.start(StartRequest(voices_from=name), tier=Tier.FREE, owner="")
            assert told(house) == ""
    await house.manager.aclose()


async def test_a_store_that_fails_costs_the_voices_only(house: House) -> None:
    """The session ends as ever."""
    session = await heard(house)
    house.store.writes_fail = True
    await asyncio.wait_for(house.manager.end(session.session_id, owner=""), 5)
    assert session.channel.ended is not None
    assert session.channel.ended.reason is EndReason.CLIENT


async def test_a_classifier_that_fails_costs_the_voices_only(house: House) -> None:
    """And what was known before is still known to the next."""
    first = await past(house)
    session = await heard(house, voices_from=first)
    house.backend.last.feed_error = BackendError("it broke")
    await house.manager.end(session.session_id, owner="")
    assert await house.store.voices(session.session_id) == KNOWN


async def test_they_are_kept_while_it_runs(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """So a server that dies, and ends nothing, has forgotten a minute of them at most."""
    monkeypatch.setattr("server.sessions.remembering.KEEP_EVERY_S", 0.04)
    session = await heard(house)
    await kept(house, session, KNOWN)
    assert not session.ended.is_set()
    house.backend.last.knows = "more"
    await kept(house, session, "more")


async def test_at_a_shutdown_they_are_kept_too(house: House) -> None:
    """Whoever starts the server again goes on with known voices."""
    session = await heard(house)
    await house.manager.end_all()
    assert await house.store.voices(session.session_id) == KNOWN
