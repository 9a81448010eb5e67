"""Resuming a past session, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from classifier import Affect
from tests.server.api.conftest import Serve
from tests.support.api import PAID_KEY, Api
from tests.support.classifier import voice_frame
from tests.support.sse import Block

_PAID = {"X-CF-License-Key": PAID_KEY}


async def resume(api: Api, **body: Any) -> tuple[int, dict[str, Any]]:
    """Status and answer of a paid resume."""
    async with api.client.post("/session/resume", json=body, headers=_PAID) as answer:
        return answer.status, dict(await answer.json(content_type=None))


async def past(api: Api, count: int = 4, **fields: Any) -> str:
    """A session that said something and has ended."""
    session_id = await api.start(**fields)
    await api.say(session_id, count, affects=(Affect.WARM, Affect.TIRED))
    await api.end(session_id)
    return session_id


async def replayed(api: Api, session_id: str) -> list[Block]:
    """Every event of an ended session."""
    async with await api.subscribe(session_id) as subscriber:
        return (await subscriber.rest())[:-1]


def without_id(events: list[Block]) -> list[tuple[int | None, str, dict[str, Any]]]:
    """Events but for the session they name."""
    return [
        (event.seq, event.name, {k: v for k, v in event.data.items() if k != "session_id"})
        for event in events
    ]


async def test_the_old_events_come_first_and_the_new_go_on(api: Api) -> None:
    """Numbered from 1 as they were, naming the new session; then what is heard now, later on the
    clock than all of them. The old session stays as it was."""
    old_id = await past(api)
    before = await replayed(api, old_id)
    status, answer = await resume(api, snapshot_id=old_id)
    assert status == 200
    new_id = answer.pop("session_id")
    assert new_id != old_id
    assert answer == {
        "state": "running",
        "elcor": False,
        "tier": "paid",
        "resumed_from": old_id,
        "event_count": len(before),
    }
    listener = api.backend.last
    async with await api.subscribe(new_id) as subscriber:
        copied = await subscriber.events(len(before))
        listener.emit(voice_frame(0.5, Affect.URGENT))
        while (event := await subscriber.event()).name != "tone-event":
            assert event.seq is not None
            assert event.seq > len(before)
    assert without_id(copied) == without_id(before)
    assert {block.data["session_id"] for block in copied} == {new_id}
    last_s = max(block.data["timestamp"] for block in before if "timestamp" in block.data)
    assert event.data["timestamp"] == last_s + 0.5
    await api.end(new_id)
    assert [event.raw for event in await replayed(api, old_id)] == [event.raw for event in before]
    listed = (await api.get("/sessions/history", headers=_PAID))[1]["sessions"]
    assert [(row["session_id"], row["resumed_from"]) for row in listed] == [
        (new_id, old_id),
        (old_id, None),
    ]


async def test_what_is_not_said_is_as_it_was(api: Api) -> None:
    """``elcor`` is that of the old session unless the body says otherwise."""
    old_id = await past(api, elcor=True)
    assert (await resume(api, snapshot_id=old_id))[1]["elcor"] is True
    assert (await resume(api, snapshot_id=old_id, elcor=None))[1]["elcor"] is True
    assert (await resume(api, snapshot_id=old_id, elcor=False))[1]["elcor"] is False


async def test_a_resumed_session_can_be_resumed(api: Api) -> None:
    """The chain goes on: each has all that was said before it, with its corrections."""
    session_id = await past(api, 2)
    tones = (await api.get(f"/session/{session_id}/history"))[1]["events"]
    path = f"/session/{session_id}/events/{tones[0]['seq']}/correction"
    async with api.client.put(path, json={"label": "Hurried", "affect": "urgent"}) as answer:
        mark = (await answer.json())["correction"]
    for _ in range(2):
        _, answer_body = await resume(api, snapshot_id=session_id)
        session_id = answer_body["session_id"]
        await api.end(session_id)
    events = (await api.get(f"/session/{session_id}/history"))[1]["events"]
    assert [event.get("correction") for event in events] == [mark, None]
    assert [event["seq"] for event in events] == [event["seq"] for event in tones]


async def test_resuming_is_paid(api: Api) -> None:
    """Without a paid key 402, also for a session that does not exist; the key may be in the body,
    and is not kept."""
    old_id = await past(api)
    for name in (old_id, "unknown"):
        async with api.client.post("/session/resume", json={"snapshot_id": name}) as answer:
            assert answer.status == 402
            assert (await answer.json(content_type=None))["detail"].startswith("Resuming a past")
    body = {"snapshot_id": old_id, "license_key": PAID_KEY}
    async with api.client.post("/session/resume", json=body) as answer:
        assert answer.status == 200
        assert (await answer.json())["tier"] == "paid"


async def test_a_running_session_is_not_resumed(api: Api) -> None:
    """It is a 409 that says what to do."""
    status, problem = await resume(api, snapshot_id=await api.start())
    assert status == 409
    assert "end it before" in problem["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "snapshot_id"),
        ({"snapshot_id": ""}, "snapshot_id"),
        ({"snapshot_id": 5}, "snapshot_id"),
        ({"snapshot_id": "x" * 200}, "snapshot_id"),
        ({"snapshot_id": "x", "elcor": "yes"}, "elcor"),
        ({"snapshot_id": "x", "window_ms": 7}, "window_ms"),
    ],
)
async def test_an_ill_typed_body_is_a_422(api: Api, body: dict[str, Any], field: str) -> None:
    """The answer names the field."""
    status, problem = await resume(api, **body)
    assert status == 422
    assert problem["detail"].startswith(f"{field}: ")


async def test_only_ones_own_sessions(serve: Serve) -> None:
    """Another user's session is a 404, as is one that nobody has."""
    api = await serve(cloud_mode=True)
    ann, bob = ({"X-CF-Session": name, **_PAID} for name in ("ann", "bob"))
    session_id = await api.start(headers=ann)
    await api.end(session_id, headers=ann)
    for name, headers, status in (
        (session_id, bob, 404),
        ("unknown", ann, 404),
        (session_id, ann, 200),
    ):
        body = {"snapshot_id": name}
        async with api.client.post("/session/resume", json=body, headers=headers) as answer:
            assert answer.status == status


async def test_bounds_hold_for_resumed_sessions(serve: Serve) -> None:
    """As many sessions as may run at once: over it 429."""
    api = await serve(max_sessions=1)
    old_id = await past(api)
    assert (await resume(api, snapshot_id=old_id))[0] == 200
    assert (await resume(api, snapshot_id=old_id))[0] == 429
