"""A session's life over HTTP, and the list of past sessions."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from classifier import ListenOptions
from tests.server.api.conftest import Serve
from tests.support.api import PAID_KEY, Api

_NOT_A_SESSION = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


async def test_start_answers_the_four_locked_fields(api: Api) -> None:
    """A start without a body answers id, state, elcor and tier, in this order and no more."""
    async with api.client.post("/session/start") as answer:
        body = await answer.json()
    assert answer.status == 200
    assert list(body) == ["session_id", "state", "elcor", "tier"]
    assert (body["state"], body["elcor"], body["tier"]) == ("running", False, "free")


async def test_session_ids_are_unguessable(api: Api) -> None:
    """Ids are URL-safe, hold at least 128 bits, and no two are alike."""
    ids = {await api.start() for _ in range(20)}
    assert len(ids) == 20
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22,}", session_id) for session_id in ids)


async def test_get_answers_what_start_answered(api: Api) -> None:
    """Asking for a running session gives the fields that starting it gave."""
    async with api.client.post("/session/start", json={"elcor": True}) as answer:
        started = await answer.json()
    assert started["elcor"] is True
    assert await api.get(f"/session/{started['session_id']}") == (200, started)


async def test_end_answers_two_fields_and_the_session_stays_readable(api: Api) -> None:
    """Ending answers id and state; afterwards the session is there, stopped."""
    session_id = await api.start()
    async with api.client.delete(f"/session/{session_id}/end") as answer:
        body = await answer.json()
    assert list(body.items()) == [("session_id", session_id), ("state", "stopped")]
    status, session = await api.get(f"/session/{session_id}")
    assert status == 200
    assert list(session) == ["session_id", "state", "elcor", "tier"]
    assert session["state"] == "stopped"


async def test_ending_twice_is_harmless(api: Api) -> None:
    """A second end, and two at the same moment, answer as the first did."""
    session_id = await api.start()
    await asyncio.gather(*(api.end(session_id) for _ in range(3)))
    await api.end(session_id)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/session/{}"),
        ("DELETE", "/session/{}/end"),
        ("GET", "/session/{}/stream"),
        ("GET", "/session/{}/history"),
        ("GET", "/session/{}/export"),
    ],
)
@pytest.mark.parametrize(
    "session_id", [_NOT_A_SESSION, "%ff", "%ED%A0%80", "a%00b", "..%2f..", "'"]
)
async def test_an_unknown_id_is_a_404(api: Api, method: str, path: str, session_id: str) -> None:
    """No route of a session answers anything but 404 for an id that does not exist."""
    async with api.client.request(method, path.format(session_id)) as answer:
        body = await answer.json(content_type="application/problem+json")
    assert (answer.status, body["status"]) == (404, 404)
    assert body["detail"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("elcor", "yes"),
        ("elcor", 1),
        ("license_key", 5),
        ("license_key", "x" * 201),
        ("window_ms", 0),
        ("window_ms", 5100),
        ("window_ms", 150),
        ("window_ms", "1000"),
        ("transcribe_lang", ["en"]),
        ("num_speakers", -1),
        ("num_speakers", 9),
        ("num_speakers", True),
        ("num_speakers", 10**30),
        ("target_lang", {}),
    ],
)
async def test_an_ill_typed_start_field_is_a_422_that_names_it(
    api: Api, field: str, value: object
) -> None:
    """A start field that is ill-typed or out of range is refused by name; nothing is started."""
    async with api.client.post("/session/start", json={field: value}) as answer:
        body = await answer.json(content_type="application/problem+json")
    assert answer.status == 422
    assert body["detail"].startswith(f"{field}: ")
    assert (await api.get("/health"))[1]["sessions"] == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"license_key": "", "window_ms": 100, "num_speakers": 0, "transcribe_lang": "en"},
        {"window_ms": 5000, "num_speakers": 8, "target_lang": "de", "transcribe_lang": ""},
        {"license_key": None, "window_ms": None, "elcor": None, "num_speakers": None},
        {"never heard of": {"a": [1, 2]}, "": 1},
    ],
)
async def test_fields_that_clients_of_the_original_send_are_taken(
    api: Api, fields: dict[str, Any]
) -> None:
    """Optional fields in range, null for left open, and unknown fields do not hinder a start."""
    assert await api.start(**fields)


async def test_how_a_session_wishes_to_be_heard_reaches_the_classifier(api: Api) -> None:
    """The window and the number of speakers of the start body are the listener's; else defaults."""
    await api.start(window_ms=300, num_speakers=2)
    await api.start()
    assert api.backend.asked_for == [
        ListenOptions(window_ms=300, num_speakers=2),
        ListenOptions(),
    ]


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"null", b"7", b'"x"', b"\xff\xfe", b'{"a":' * 5_000, b"\x00"]
)
async def test_a_body_that_is_no_json_object_is_a_422(api: Api, body: bytes) -> None:
    """Whatever stands where a JSON object should is refused, and the answer says it is the body."""
    async with api.client.post("/session/start", data=body) as answer:
        problem = await answer.json(content_type="application/problem+json")
    assert answer.status == 422
    assert problem["detail"].startswith("body: ")


async def test_a_body_that_cannot_be_unpacked_is_refused(api: Api) -> None:
    """A body that says gzip and is none is the client's fault, not the server's."""
    headers = {"Content-Encoding": "gzip"}
    async with api.client.post("/session/start", data=b"\x1f\x8bnope", headers=headers) as answer:
        problem = await answer.json(content_type="application/problem+json")
    assert (answer.status, problem["status"]) == (422, 422)
    assert problem["detail"].startswith("body: ")


@pytest.mark.parametrize("key", [PAID_KEY, PAID_KEY.lower(), "cfg-lnnt-"])
async def test_a_licence_key_in_the_start_body_or_header_makes_the_session_paid(
    api: Api, key: str
) -> None:
    """A key counts in the body and in the header, in any case of letters."""
    by_body = await api.start(license_key=key)
    by_header = await api.start(headers={"X-CF-License-Key": key})
    for session_id in (by_body, by_header):
        assert (await api.get(f"/session/{session_id}"))[1]["tier"] == "paid"


@pytest.mark.parametrize("key", ["", "CFG-PRNG-AAAA", "LNNT", " x CFG-LNNT-"])
async def test_another_key_leaves_the_session_free(api: Api, key: str) -> None:
    """A key of another product, or one that only contains the prefix, buys nothing."""
    session_id = await api.start(license_key=key)
    assert (await api.get(f"/session/{session_id}"))[1]["tier"] == "free"


async def test_the_servers_own_key_makes_every_session_paid(serve: Serve) -> None:
    """With LINNET_LICENSE_KEY set no client needs a key."""
    api = await serve(license_key=PAID_KEY)
    assert (await api.get(f"/session/{await api.start()}"))[1]["tier"] == "paid"
    assert (await api.get("/sessions/history"))[0] == 200


async def test_more_sessions_than_allowed_are_a_429(serve: Serve) -> None:
    """At LINNET_MAX_SESSIONS a start is refused, also in a rush; an end makes room again."""
    api = await serve(max_sessions=2)
    first = await api.start()

    async def attempt() -> int:
        async with api.client.post("/session/start") as answer:
            return answer.status

    statuses = await asyncio.gather(*(attempt() for _ in range(6)))
    assert sorted(statuses) == [200, 429, 429, 429, 429, 429]
    await api.end(first)
    assert await attempt() == 200


async def test_an_abandoned_free_session_ends(serve: Serve) -> None:
    """A free session that never had a subscriber ends by itself after the idle time."""
    api = await serve(session_idle_ttl_s=0.2)
    session_id = await api.start()
    await api.until_stopped(session_id)
    status, listed = await api.get("/sessions/history", headers={"X-CF-License-Key": PAID_KEY})
    assert status == 200
    assert [row["reason"] for row in listed["sessions"]] == ["idle"]


async def test_a_session_with_a_subscriber_is_not_idle(serve: Serve) -> None:
    """The idle time runs from the last subscriber's leaving, not while one listens."""
    api = await serve(session_idle_ttl_s=0.2)
    session_id = await api.start()
    async with await api.subscribe(session_id) as subscriber:
        await asyncio.sleep(0.8)
        assert (await api.get(f"/session/{session_id}"))[1]["state"] == "running"
        await subscriber.event()
    await api.until_stopped(session_id)


async def test_past_sessions_are_listed_newest_first(api: Api) -> None:
    """A paid caller sees ended sessions with their times, reason and number of events."""
    sessions = [await api.start() for _ in range(3)]
    running = sessions.pop()
    for session_id in sessions:
        last = await api.say(session_id, 2)
        await api.end(session_id)
    status, listed = await api.get("/sessions/history", headers={"X-CF-License-Key": PAID_KEY})
    assert status == 200
    assert listed["count"] == 2
    assert [row["session_id"] for row in listed["sessions"]] == sessions[::-1]
    assert running not in {row["session_id"] for row in listed["sessions"]}
    row = listed["sessions"][0]
    assert set(row) == {
        "session_id", "started_at", "ended_at", "reason", "elcor", "event_count", "pinned",
        "resumed_from",
    }  # fmt: skip
    assert row["reason"] == "client"
    assert row["event_count"] == last
    assert row["started_at"] <= row["ended_at"]


async def test_the_list_of_past_sessions_is_paged(api: Api) -> None:
    """``limit`` and ``before`` walk through the list without missing or repeating a row."""
    sessions = [await api.start() for _ in range(3)]
    for session_id in sessions:
        await api.end(session_id)
    paid = {"X-CF-License-Key": PAID_KEY}
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 1}
    for _ in sessions:
        _, page = await api.get("/sessions/history", headers=paid, **query)
        (row,) = page["sessions"]
        seen.append(row["session_id"])
        query["before"] = repr(row["started_at"])
    assert seen == sessions[::-1]


async def test_the_list_of_past_sessions_is_paid(api: Api) -> None:
    """Without a paid key the list answers 402 and says which feature and why."""
    status, problem = await api.get("/sessions/history")
    assert (status, problem["status"]) == (402, 402)
    assert "past sessions" in problem["detail"]
    assert "CFG-LNNT-" in problem["detail"]


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 1001}, {"before": "nan"}, {"before": -1}]
)
async def test_a_page_out_of_range_is_a_422(api: Api, query: dict[str, Any]) -> None:
    """Paging that makes no sense is refused by name."""
    status, problem = await api.get(
        "/sessions/history", headers={"X-CF-License-Key": PAID_KEY}, **query
    )
    assert status == 422
    assert problem["detail"].startswith(f"{next(iter(query))}: ")
