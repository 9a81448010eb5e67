"""Request ids, preflights, and problems: what every request passes through."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

import pytest

from server.log.base import EventStore
from tests.server.api.conftest import Serve
from tests.support.api import PAID_KEY, Api
from tests.support.store import FailingStore


class _Broken(FailingStore):
    """A store with a fault that nobody foresaw."""

    async def session(self, session_id: str) -> Any:
        raise RuntimeError("/secret/place/of/the/log is gone")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/session/x/nothing", 404),
        ("PUT", "/health", 405),
        ("GET", "/session/start", 405),
        ("PATCH", "/session/x", 405),
        ("POST", "/openapi.json", 405),
        ("GET", "/session/unknown", 404),
        ("GET", "/sessions/history", 402),
    ],
)
async def test_every_error_is_a_problem(api: Api, method: str, path: str, status: int) -> None:
    """RFC 9457: the type, the four members and the request's id, whatever went wrong."""
    if path == "/session/start":
        method = "PATCH"
    async with api.client.request(method, path) as answer:
        assert answer.status == status
        assert answer.content_type == "application/problem+json"
        problem = await answer.json(content_type=None)
        assert problem["request_id"] == answer.headers["X-Request-ID"]
        if status == 405:
            assert answer.headers["Allow"]
    assert set(problem) == {"type", "title", "status", "detail", "request_id"}
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]


async def test_a_problems_type_is_explained_on_the_docs_page(api: Api) -> None:
    """The ``type`` of our own problems points to a place that exists."""
    _, problem = await api.get("/session/unknown")
    page, _, anchor = problem["type"].partition("#")
    async with api.client.get(page) as answer:
        assert f'id="{anchor}"' in await answer.text()


async def test_a_body_too_large_is_a_problem(api: Api) -> None:
    """A body over the bound is a 413, and the server serves on."""
    for data in (b" " * 70_000, b'{"transcribe_lang": "' + b"x" * 900_000 + b'"}'):
        async with api.client.post("/session/start", data=data) as answer:
            assert answer.status == 413
            assert answer.content_type == "application/problem+json"
    assert await api.start()


async def test_a_crash_is_a_500_that_says_nothing_of_the_inside(
    serve: Serve, logged: list[MutableMapping[str, Any]]
) -> None:
    """A fault of ours: no traceback, no path, no class; the log has it under the same id."""

    def wrap(store: EventStore) -> EventStore:
        return _Broken(store)

    api = await serve(wrap_store=wrap)
    async with api.client.get("/session/any") as answer:
        text = await answer.text()
        request_id = answer.headers["X-Request-ID"]
    assert answer.status == 500
    assert answer.content_type == "application/problem+json"
    assert not re.search(r"Traceback|RuntimeError|/secret|\.py|File ", text)
    (failure,) = (line for line in logged if line["event"] == "request failed")
    assert failure["request_id"] == request_id


async def test_a_store_that_cannot_be_read_is_a_503(serve: Serve) -> None:
    """When the log is out of reach, callers are told to come back, not that nothing exists."""
    stores: list[FailingStore] = []

    def wrap(store: EventStore) -> EventStore:
        stores.append(FailingStore(store))
        return stores[-1]

    api = await serve(wrap_store=wrap)
    session_id = await api.start()
    stores[0].reads_fail = True
    for path in (f"/session/{session_id}/history", f"/session/{session_id}/export"):
        status, problem = await api.get(path)
        assert (status, problem["status"]) == (503, 503)
    stores[0].writes_fail = True
    async with api.client.post("/session/start") as answer:
        assert answer.status == 503
    assert (await api.get("/health"))[1]["sessions"] == 1


async def test_a_request_keeps_its_id_or_is_given_one(api: Api) -> None:
    """A caller's id comes back; one that could forge a log line is replaced."""
    for given, kept in (("abc-1.2_3", True), ("x" * 64, True), ("x" * 65, False), ("a b", False)):
        async with api.client.get("/health", headers={"X-Request-ID": given}) as answer:
            assert (answer.headers["X-Request-ID"] == given) is kept
    async with api.client.get("/health") as one, api.client.get("/health") as two:
        assert one.headers["X-Request-ID"] != two.headers["X-Request-ID"]


async def test_a_preflight_of_our_own_origin_is_granted(api: Api) -> None:
    """A page of this machine may send what the contract needs: methods and headers."""
    headers = {"Origin": "http://localhost:5173", "Access-Control-Request-Method": "DELETE"}
    async with api.client.options("/session/x/end", headers=headers) as answer:
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
        assert {"GET", "POST", "DELETE"} <= set(
            answer.headers["Access-Control-Allow-Methods"].split(", ")
        )
        assert {"Content-Type", "Last-Event-ID", "X-CF-License-Key"} <= set(
            answer.headers["Access-Control-Allow-Headers"].split(", ")
        )


async def test_a_page_of_another_port_may_read_what_an_answer_says_of_itself(api: Api) -> None:
    """Browsers show a script only headers that are named: a file's name, when to ask again."""
    async with api.client.get("/health", headers={"Origin": "http://localhost:5173"}) as answer:
        assert {"X-Request-ID", "X-Linnet-Mode", "Content-Disposition", "Retry-After"} == set(
            answer.headers["Access-Control-Expose-Headers"].split(", ")
        )


async def test_a_preflight_of_a_foreign_origin_is_refused(api: Api) -> None:
    """Another page is told nothing it could use."""
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    async with api.client.options("/session/start", headers=headers) as answer:
        assert answer.status == 403
        assert not [name for name in answer.headers if name.startswith("Access-Control-")]


async def test_streams_may_be_read_by_a_page_of_ours(api: Api) -> None:
    """The CORS header is on the stream as well, whose headers go out before anything else."""
    session_id = await api.start()
    headers = {"Origin": "http://127.0.0.1:8521"}
    async with await api.subscribe(session_id, headers=headers) as subscriber:
        answered = subscriber.response.headers
        assert answered["Access-Control-Allow-Origin"] == "http://127.0.0.1:8521"


async def test_logs_hold_neither_session_ids_nor_keys_nor_labels(
    api: Api, logged: list[MutableMapping[str, Any]]
) -> None:
    """An id is a capability and a label is about a person: neither is written down."""
    session_id = await api.start(license_key=PAID_KEY)
    await api.say(session_id, 2)
    await api.get(f"/session/{session_id}/export", headers={"X-CF-License-Key": PAID_KEY})
    await api.end(session_id)
    text = repr(logged)
    assert len(logged) >= 4
    assert session_id not in text
    assert PAID_KEY not in text
    assert "rustrated" not in text
