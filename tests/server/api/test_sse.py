"""A stream's bytes: what front ends written for the original parse, byte for byte in shape."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from classifier import Affect
from server.api.sse import HEARTBEAT
from tests.server.api.conftest import Serve
from tests.support.api import Api
from tests.support.classifier import voice_frame
from tests.support.sse import DEADLINE_S, Subscriber

_TONE_KEYS: Final = [
    "event_type", "label", "confidence", "speaker_id", "shift_magnitude", "timestamp",
    "session_id", "subtext", "affect", "shift_direction", "prosody_flags",
]  # fmt: skip


async def test_the_headers_of_a_stream(api: Api) -> None:
    """Type and cache headers are those of the contract; the answer is not compressed."""
    async with await api.subscribe(await api.start(), headers={"Accept-Encoding": "gzip"}) as sub:
        headers = sub.response.headers
        assert headers["Content-Type"].split(";")[0] == "text/event-stream"
        assert headers["Cache-Control"] == "no-cache"
        assert headers["X-Accel-Buffering"] == "no"
        assert "Content-Encoding" not in headers
        assert "Content-Length" not in headers


async def test_the_first_bytes_are_a_heartbeat_at_once(api: Api) -> None:
    """Before anything else a stream says that it is alive, also when there is nothing to say."""
    api.backend.load_gate.clear()
    async with await api.subscribe(await api.start(), after=None) as subscriber:
        async with asyncio.timeout(DEADLINE_S):
            assert await subscriber.response.content.readexactly(13) == b": heartbeat\n\n"
    api.backend.load_gate.set()


async def test_a_tone_event_is_three_lines_in_order(api: Api) -> None:
    """``event:`` first, ``data:`` second, ``id:`` after it; exactly eleven keys in their order."""
    session_id = await api.start()
    await api.say(session_id, 3)
    async with await api.subscribe(session_id) as subscriber:
        blocks = await subscriber.events(3, "tone-event")
    for block in blocks:
        event, data, number = block.lines
        assert event == b"event: tone-event"
        assert data.startswith(b'data: {"event_type":"tone","label":')
        assert number == b"id: %d" % block.seq
        assert list(block.data) == _TONE_KEYS
        assert block.data["session_id"] == session_id


async def test_lines_end_with_a_single_line_feed(api: Api) -> None:
    """No carriage return is in a stream from its first byte to its last, the end included."""
    session_id = await api.start()
    await api.say(session_id, 3)
    async with await api.subscribe(session_id) as subscriber:
        await api.end(session_id)
        async with asyncio.timeout(DEADLINE_S):
            whole = await subscriber.response.content.read()
    assert whole.startswith(HEARTBEAT)
    assert b"\r" not in whole
    assert b"\n\n\n" not in whole
    assert whole.endswith(b"\n\n")


@pytest.mark.parametrize("affect", list(Affect))
async def test_every_affect_has_a_tone(api: Api, affect: Affect) -> None:
    """Each of the ten affects goes out under its own word, with a label, bounds kept."""
    session_id = await api.start(elcor=True)
    async with await api.subscribe(session_id) as subscriber:
        api.listener(session_id).emit(voice_frame(1.0, affect, confidence=1.0))
        tone = (await subscriber.event("tone-event")).data
    assert tone["affect"] == affect.value
    assert tone["label"]
    assert tone["subtext"] is None or isinstance(tone["subtext"], str)
    assert tone["shift_direction"] in ("stable", "escalating", "de-escalating")
    assert all(0 <= tone[key] <= 1 for key in ("confidence", "shift_magnitude"))
    assert tone["prosody_flags"] == []


async def test_a_reading_without_a_tone_is_no_tone_event(api: Api) -> None:
    """Where nothing reliable can be said, only the dimensional reading goes out."""
    session_id = await api.start()
    async with await api.subscribe(session_id) as subscriber:
        api.listener(session_id).emit(voice_frame(1.0, None), voice_frame(2.0, Affect.WARM))
        names = [(await subscriber.event()).name for _ in range(5)]
    assert names == ["service-event"] * 2 + ["affect-event"] * 2 + ["tone-event"]


async def test_heartbeats_fill_silence_only(serve: Serve) -> None:
    """The comment comes again and again while nothing is said, and not while events flow."""
    api = await serve(heartbeat_s=0.3)
    session_id = await api.start()
    async with await api.subscribe(session_id) as subscriber:
        await subscriber.events(2)
        for _ in range(3):
            block = await subscriber.block()
            assert block is not None
            assert block.raw == b": heartbeat"
        for at in range(40):
            api.listener(session_id).emit(voice_frame(float(at), Affect.WARM))
            await asyncio.sleep(0.02)
        comments = 0
        tones = 0
        while tones < 40:
            block = await subscriber.block()
            assert block is not None
            comments += block.is_comment
            tones += not block.is_comment and block.name == "tone-event"
    # One may have been due just before the first of the forty, and the machine may stumble.
    assert comments <= 2


async def test_an_http_1_0_client_gets_the_same_bytes_unframed(api: Api) -> None:
    """A client that knows no chunked bodies reads the stream as it is, until it is closed."""
    session_id = await api.start()
    await api.say(session_id, 2)
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(b"GET /session/%b/stream?last_event_id=0 HTTP/1.0\r\n\r\n" % session_id.encode())
    async with asyncio.timeout(DEADLINE_S):
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"chunked" not in head.lower()
        assert await reader.readexactly(len(HEARTBEAT)) == HEARTBEAT
        api.listener(session_id).emit(voice_frame(9.0, Affect.URGENT))
        await reader.readuntil(b'"affect":"urgent"')
        await api.end(session_id)
        rest = await reader.read()
    writer.close()
    assert rest.endswith(b"\n\n")
    assert b"event: session-end" in rest


@pytest.mark.parametrize("method", ["HEAD", "POST", "DELETE", "PUT"])
async def test_only_get_opens_a_stream(api: Api, method: str) -> None:
    """A HEAD, which would never end, and other methods are refused."""
    path = f"/session/{await api.start()}/stream"
    async with api.client.request(method, path) as answer:
        assert answer.status == 405
        assert "GET" in answer.headers["Allow"]
        assert answer.content_type == "application/problem+json"


async def test_all_subscribers_get_identical_bytes(api: Api) -> None:
    """Whoever listens from the same event on reads the same bytes, whenever they came."""
    session_id = await api.start()
    early = [await api.subscribe(session_id) for _ in range(3)]
    await api.say(session_id, 5)
    late = [await api.subscribe(session_id) for _ in range(3)]
    await api.end(session_id)

    async def read(subscriber: Subscriber) -> list[bytes]:
        async with subscriber:
            return [block.raw for block in await subscriber.rest()]

    first, *others = await asyncio.gather(*map(read, early + late))
    assert len(first) == 2 + 2 * 5 + 1
    assert all(other == first for other in others)
