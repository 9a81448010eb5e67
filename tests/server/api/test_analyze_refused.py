"""Recordings that are refused over a real socket: hostile, too large, too slow, too many."""

from __future__ import annotations

import asyncio
import gzip
import io
import socket
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
import pytest

import server.api.upload
from tests.server.api.analysing import STREAM, TWELVE, TalkingBackend, streamed, whole
from tests.server.api.conftest import Serve
from tests.support.api import PAID_KEY, Api
from tests.support.recordings import claiming, encoded, hiss
from tests.support.sse import DEADLINE_S, Subscriber
from tests.support.waiting import eventually


@pytest.fixture
def backend() -> TalkingBackend:
    """What listens in these tests."""
    return TalkingBackend()


@pytest.fixture
async def api(serve: Serve, backend: TalkingBackend) -> Api:
    """An application with default settings."""
    return await serve(backend=backend)


@pytest.mark.parametrize("accept", ["text/event-stream", "application/json"])
@pytest.mark.parametrize(
    ("data", "status", "says"),
    [
        (b"", 422, "empty"),
        (b"just some words, no recording", 415, "WAV, FLAC"),
        (b'{"elcor": true}', 415, "WAV, FLAC"),
        (encoded(hiss(0.2)), 422, "too short"),
        (encoded(hiss(1.0), kind="FLAC")[:70], 422, "damaged"),
        (claiming(encoded(hiss(1.0), kind="FLAC"), 2**36 - 1), 413, "hours"),
    ],
)
async def test_what_cannot_be_heard_is_an_ordinary_problem(
    api: Api, data: bytes, status: int, says: str, accept: str
) -> None:
    """Before the first event a failure is an answer with a status, however it was asked for; and no
    session is left of it."""
    async with api.client.post("/analyze", data=data, headers={"Accept": accept}) as answer:
        assert answer.content_type == "application/problem+json"
        problem = orjson.loads(await answer.read())
    assert (answer.status, problem["status"]) == (status, status)
    assert says in problem["detail"]
    assert api.backend.opened == []


@pytest.mark.parametrize(
    "query",
    [{"channels": "both"}, {"num_speakers": "9"}, {"elcor": "perhaps"}, {"channels": "split"}],
)
async def test_options_that_make_no_sense_are_a_422(api: Api, query: dict[str, str]) -> None:
    """The answer names the field; ``split`` needs two channels."""
    status, problem = await whole(api, TWELVE, **query)
    assert status == 422
    assert next(iter(query)) in problem["detail"]


async def test_a_key_in_the_address_is_not_looked_at(api: Api) -> None:
    """Addresses are written into logs: a licence key comes in a header or a form."""
    _, answer = await whole(api, TWELVE, license_key=PAID_KEY)
    assert (await api.get(f"/session/{answer['session_id']}"))[1]["tier"] == "free"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Type": "multipart/form-data"}, b"x"),
        ({"Content-Type": "multipart/form-data; boundary=b"}, b"no form at all"),
        ({"Content-Type": "multipart/form-data; boundary=b"}, b"--b\r\n\r\n"),
        (
            {"Content-Type": "multipart/form-data; boundary=b"},
            b'--b\r\nContent-Disposition: form-data; name="elcor"\r\n\r\ntrue\r\n--b--\r\n',
        ),
        (
            {"Content-Type": "multipart/form-data; boundary=b"},
            b'--b\r\nContent-Disposition: form-data; name="elcor"\r\n\r\n'
            + b"x" * 5_000
            + b"\r\n--b--\r\n",
        ),
        (
            {"Content-Type": "multipart/form-data; boundary=b"},
            b'--b\r\nContent-Disposition: form-data; name="f"\r\n\r\nx\r\n' * 50 + b"--b--\r\n",
        ),
        ({"Content-Encoding": "gzip"}, b"this is not gzip"),
    ],
)
async def test_a_form_that_is_none_is_a_422(api: Api, headers: dict[str, str], body: bytes) -> None:
    """Malformed, without a recording, or stuffed: a clear answer, no fault of ours."""
    status, problem = await whole(api, body, headers=headers)
    assert (status, problem["status"]) == (422, 422), problem


async def _endless() -> AsyncIterator[bytes]:
    yield TWELVE
    while True:
        yield bytes(65_536)


@pytest.mark.parametrize("form", [False, True])
async def test_too_large_is_a_413_also_without_a_length(
    serve: Serve, backend: TalkingBackend, form: bool
) -> None:
    """Said at once where there is a length; a body in chunks is cut at the bound."""
    api = await serve(backend=backend, max_upload_mb=1)
    for data in (io.BytesIO(TWELVE * 5), _endless()):
        body: Any = data
        if form:
            body = aiohttp.FormData()
            body.add_field("file", data, filename="x.wav")
        async with asyncio.timeout(DEADLINE_S):
            status, problem = await whole(api, body)
        assert status == 413
        assert "1 MB" in problem["detail"]
    assert backend.opened == []


async def test_a_bomb_of_zeros_is_a_413(serve: Serve, backend: TalkingBackend) -> None:
    """A body that is small only as long as it is packed."""
    api = await serve(backend=backend, max_upload_mb=1)
    packed = gzip.compress(bytes(50_000_000))
    status, _ = await whole(api, packed, headers={"Content-Encoding": "gzip"})
    assert status == 413


async def test_silence_without_end_is_cut_at_the_longest(
    serve: Serve, backend: TalkingBackend
) -> None:
    """A FLAC of silence is a thousandth of its sound: what counts is how long it lasts."""
    api = await serve(backend=backend, max_recording_min=0.2)
    data = claiming(encoded(hiss(60.0) * 0, kind="FLAC"), 0)
    blocks = await streamed(api, data)
    assert (blocks[-1].name, blocks[-1].data["code"]) == ("error", "too_large")
    assert blocks[-1].data["summary"]["duration_s"] <= 12.0


async def test_a_slow_upload_is_given_up(serve: Serve, backend: TalkingBackend) -> None:
    """Who sends nothing for LINNET_STALL_S is told so, and its place is free again."""
    api = await serve(backend=backend, stall_s=0.5, max_analyses=1)
    with socket.create_connection(("127.0.0.1", api.port)) as slow:
        slow.setblocking(False)
        slow.send(
            b"POST /analyze HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nRIFF"
        )
        async with asyncio.timeout(DEADLINE_S):
            answer = await asyncio.get_running_loop().sock_recv(slow, 65_536)
    assert answer.startswith(b"HTTP/1.1 408 ")

    async def let_in() -> bool:
        # A busy machine may stall this one, too.
        return (await whole(api, TWELVE))[0] == 200

    await eventually(let_in)


async def test_an_upload_that_trickles_is_given_up(
    serve: Serve, backend: TalkingBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that always sends a little, and never comes to its end, is cut by the time for all."""
    monkeypatch.setattr(server.api.upload, "UPLOAD_S", 0.5)
    api = await serve(backend=backend)
    given_up = asyncio.Event()

    async def trickle() -> AsyncIterator[bytes]:
        yield TWELVE[:1_000]
        while not given_up.is_set():
            await asyncio.sleep(0.05)
            yield b"x"

    async with asyncio.timeout(DEADLINE_S):
        status, problem = await whole(api, trickle())
    given_up.set()
    assert status == 408
    assert "to its end" in problem["detail"]


async def test_more_than_may_at_once_are_a_429(serve: Serve, backend: TalkingBackend) -> None:
    """With the time after which to ask again; a place that is given back is there for others."""
    api = await serve(backend=backend, max_analyses=1)
    backend.gate.clear()
    answer = await api.client.post("/analyze", data=TWELVE, headers=STREAM)
    async with Subscriber(answer) as first:
        await first.event("session")
        async with api.client.post("/analyze", data=TWELVE) as refused:
            assert refused.status == 429
            assert int(refused.headers["Retry-After"]) > 0
        backend.gate.set()
        await first.rest()
    assert (await whole(api, TWELVE))[0] == 200


async def test_a_foreign_page_may_not(api: Api) -> None:
    """As with everything that changes something."""
    status, _ = await whole(api, TWELVE, headers={"Origin": "https://elsewhere.example"})
    assert status == 403
