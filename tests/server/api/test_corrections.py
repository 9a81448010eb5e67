"""Corrections, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from server.clock import SystemClock
from tests.server.api.conftest import Serve
from tests.support.api import Api


async def put(api: Api, session_id: str, seq: object, body: object) -> tuple[int, dict[str, Any]]:
    """Status and answer."""
    path = f"/session/{session_id}/events/{seq}/correction"
    async with api.client.put(path, json=body) as answer:
        return answer.status, dict(await answer.json(content_type=None))


async def take_away(api: Api, session_id: str, seq: int) -> tuple[int, dict[str, Any]]:
    """Status and answer."""
    async with api.client.delete(f"/session/{session_id}/events/{seq}/correction") as answer:
        return answer.status, dict(await answer.json(content_type=None))


async def heard(api: Api, session_id: str) -> list[dict[str, Any]]:
    """The tone events of its history."""
    return list((await api.get(f"/session/{session_id}/history"))[1]["events"])


async def test_a_correction_stands_beside_the_event(api: Api) -> None:
    """In history and export the event keeps its words and has what a person says; a later
    correction takes its place, and taken away it is as if it had never been."""
    session_id = await api.start()
    seq = await api.say(session_id, 2)
    before = await heard(api, session_id)
    now_s = SystemClock().wall_s()
    status, answer = await put(api, session_id, seq, {"label": " Amused ", "note": "she laughs"})
    assert status == 200
    mark = answer["correction"]
    assert answer == {"session_id": session_id, "seq": seq, "correction": mark}
    assert abs(mark.pop("at") - now_s) < 60
    assert mark == {"label": "Amused", "note": "she laughs"}
    assert (await put(api, session_id, seq, {"affect": "warm"}))[0] == 200
    exported = (await api.get(f"/session/{session_id}/export"))[1]["events"]
    for events in (await heard(api, session_id), exported):
        assert [event.keys() - {"correction"} for event in events] == [
            event.keys() for event in before
        ]
        last = dict(events[-1])
        correction = last.pop("correction")
        assert correction.keys() == {"affect", "at"}
        assert correction["affect"] == "warm"
        assert [*events[:-1], last] == before
    await api.end(session_id)
    for _ in range(2):
        status, answer = await take_away(api, session_id, seq)
        assert (status, answer["correction"]) == (200, None)
    assert await heard(api, session_id) == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"note": "neither label nor affect"}, "body"),
        ({"label": "  "}, "label"),
        ({"label": 5}, "label"),
        ({"label": "x" * 201}, "label"),
        ({"affect": "happy"}, "affect"),
        ({"label": "x", "note": "x" * 2001}, "note"),
        ([], "body"),
    ],
)
async def test_what_makes_no_sense_is_a_422(api: Api, body: object, field: str) -> None:
    """The answer names the field, and nothing is kept."""
    session_id = await api.start()
    seq = await api.say(session_id, 1)
    status, problem = await put(api, session_id, seq, body)
    assert status == 422
    assert problem["detail"].startswith(f"{field}: ")
    assert "correction" not in (await heard(api, session_id))[0]


async def test_only_tone_events_are_corrected(api: Api) -> None:
    """Numbers of other events and of none are a 404; what is no number is a 422."""
    session_id = await api.start()
    seq = await api.say(session_id, 1)
    for number in (1, seq + 100, 2**32 + seq, 10**17):
        status, problem = await put(api, session_id, number, {"label": "x"})
        assert (status, problem["type"]) == (404, "/docs#unknown_event")
    for wrong in ("0", "-1", "x", "1.5", "٣", "9" * 30):
        assert (await put(api, session_id, wrong, {"label": "x"}))[0] == 422


async def test_somebody_elses_event_is_none(serve: Serve) -> None:
    """Another user's session is a 404 to correct and to uncorrect."""
    api = await serve(cloud_mode=True)
    session_id = await api.start(headers={"X-CF-Session": "ann"})
    path = f"/session/{session_id}/events/1/correction"
    for method in ("PUT", "DELETE"):
        async with api.client.request(
            method, path, json={"label": "x"}, headers={"X-CF-Session": "bob"}
        ) as answer:
            assert answer.status == 404
            assert (await answer.json(content_type=None))["type"] == "/docs#unknown_session"


async def test_a_page_may_put(api: Api) -> None:
    """A browser that asks before it sends is told that PUT is taken."""
    origin = {"Origin": "http://localhost:5173", "Access-Control-Request-Method": "PUT"}
    path = "/session/x/events/1/correction"
    async with api.client.options(path, headers=origin) as answer:
        assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
