"""Real answers against the schemas that are published for them."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from classifier import Affect
from tests.server.api.conftest import Serve, serve  # noqa: F401 - a fixture
from tests.support.api import CHUNK, PAID_KEY, Api
from tests.support.sse import DEADLINE_S

_PAID = {"X-CF-License-Key": PAID_KEY}


class Schemas:
    """The published schemas."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        resource = Resource.from_contents(document, default_specification=DRAFT202012)
        self._registry: Registry[Any] = Registry().with_resource("urn:linnet", resource)

    def check(self, name: str, instance: object) -> None:
        """Fail unless ``instance`` is what the schema says, and has no field it does not name."""
        pointer = f"urn:linnet#/components/schemas/{name}"
        validator = Draft202012Validator({"$ref": pointer}, registry=self._registry)
        assert [error.message for error in validator.iter_errors(instance)] == []
        assert isinstance(instance, dict)
        assert set(instance) <= set(self.document["components"]["schemas"][name]["properties"])

    def check_answer(self, method: str, path: str, status: int, body: object) -> None:
        """Fail unless this operation may answer so."""
        answer = self.document["paths"][path][method]["responses"][str(status)]
        media = answer["content"].get("application/json") or next(iter(answer["content"].values()))
        self.check(media["schema"]["$ref"].rpartition("/")[2], body)


@pytest.fixture
async def api(serve: Serve) -> Api:  # noqa: F811 - the fixture imported above
    """An application with default settings."""
    return await serve()


@pytest.fixture
async def schemas(api: Api) -> Schemas:
    """What this server publishes."""
    return Schemas((await api.get("/openapi.json"))[1])


async def test_answers_are_what_the_document_says(api: Api, schemas: Schemas) -> None:
    """Every JSON answer, good or bad, validates against the schema of its status."""
    async with api.client.post("/session/start", json={"elcor": True}) as answer:
        schemas.check_answer("post", "/session/start", 200, await answer.json())
    session_id = await api.start()
    await api.say(session_id, 5, affects=tuple(Affect))
    async with api.client.post("/session/start", json={"elcor": 5}) as answer:
        schemas.check_answer("post", "/session/start", 422, await answer.json(content_type=None))
    for path, query, headers in (
        ("/session/{id}", {}, {}),
        ("/session/{id}/history", {}, {}),
        ("/session/{id}/history", {"limit": 0}, {}),
        ("/session/{id}/export", {}, {}),
        ("/session/{id}/export", {"format": "csv"}, {}),
        ("/session/{id}/export", {"format": "no"}, _PAID),
        ("/session/{id}/stream", {"last_event_id": "x"}, {}),
        ("/session/{id}/audio", {}, {}),
        ("/sessions/history", {}, {}),
        ("/health", {}, {}),
        ("/health/ready", {}, {}),
    ):
        status, body = await api.get(path.format(id=session_id), headers=headers, **query)
        schemas.check_answer("get", path, status, body)
    for path in ("/session/{id}", "/session/{id}/history", "/session/{id}/export"):
        status, body = await api.get(path.format(id="unknown"))
        assert status == 404
        schemas.check_answer("get", path, status, body)
    async with api.client.delete(f"/session/{session_id}/end") as answer:
        schemas.check_answer("delete", "/session/{id}/end", 200, await answer.json())
    status, body = await api.get("/sessions/history", headers=_PAID)
    assert body["count"] == 1
    schemas.check_answer("get", "/sessions/history", status, body)


async def test_streamed_events_are_what_the_document_says(api: Api, schemas: Schemas) -> None:
    """Each event of a stream validates against the schema of its name."""
    session_id = await api.start(elcor=True)
    await api.say(session_id, 10, affects=tuple(Affect))
    await api.end(session_id)
    async with await api.subscribe(session_id) as subscriber:
        events = await subscriber.rest()
    names = {
        "tone-event": "ToneEvent",
        "affect-event": "AffectEvent",
        "service-event": "ServiceEvent",
        "session-end": "SessionEndEvent",
    }
    assert {event.name for event in events} == set(names)
    for event in events:
        schemas.check(names[event.name], event.data)


async def test_socket_answers_are_what_the_document_says(api: Api, schemas: Schemas) -> None:
    """Acknowledgements and refusals validate against their schemas."""
    socket = await api.audio(await api.start())
    await socket.send_bytes(CHUNK)
    schemas.check("AudioAck", await socket.receive_json(timeout=DEADLINE_S))
    for message in (b"", b"\x00", bytes(40_000)):
        await socket.send_bytes(message)
        schemas.check("AudioRefusal", await socket.receive_json(timeout=DEADLINE_S))


async def test_keeping_and_correcting_answer_as_the_document_says(
    api: Api, schemas: Schemas
) -> None:
    """Pins, corrections, resumed and erased sessions, and their refusals, validate against the
    schema of their status."""
    session_id = await api.start()
    seq = await api.say(session_id, 2)
    correction = "/session/{id}/events/{seq}/correction"
    steps: tuple[tuple[str, str, int, dict[str, str], dict[str, Any]], ...] = (
        ("post", "/session/{id}/pin", 402, {}, {}),
        ("post", "/session/{id}/pin", 200, _PAID, {}),
        ("delete", "/session/{id}/pin", 200, _PAID, {}),
        ("put", correction, 422, {}, {}),
        ("put", correction, 200, {}, {"label": "Amused", "affect": "warm", "note": "laughs"}),
        ("get", "/session/{id}/history", 200, {}, {}),
        ("delete", correction, 200, {}, {}),
        ("post", "/session/resume", 402, {}, {"snapshot_id": session_id}),
        ("post", "/session/resume", 409, _PAID, {"snapshot_id": session_id}),
        ("delete", "/session/{id}/end", 200, {}, {}),
        ("post", "/session/resume", 200, _PAID, {"snapshot_id": session_id}),
        ("post", "/session/resume", 404, _PAID, {"snapshot_id": "unknown"}),
        ("post", "/session/resume", 422, _PAID, {}),
        ("delete", "/session/{id}", 200, {}, {}),
        ("delete", "/session/{id}", 404, {}, {}),
        ("put", correction, 404, {}, {"label": "Amused"}),
    )
    for method, path, status, headers, body in steps:
        address = path.format(id=session_id, seq=seq)
        async with api.client.request(method, address, json=body, headers=headers) as answer:
            assert (method, path, answer.status) == (method, path, status)
            schemas.check_answer(method, path, status, await answer.json(content_type=None))
