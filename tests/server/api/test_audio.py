"""Audio in: acknowledgements, refusals with the socket staying open, close codes."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import WSMsgType

from classifier import Affect
from tests.server.api.conftest import Serve
from tests.support.api import CHUNK, Api
from tests.support.sse import DEADLINE_S

_SECOND = bytes(32_000)


async def _answer(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    message = await socket.receive(timeout=DEADLINE_S)
    assert message.type is WSMsgType.TEXT, message
    return dict(orjson.loads(message.data))


async def _close_code(socket: aiohttp.ClientWebSocketResponse) -> int:
    while not socket.closed:
        message = await socket.receive(timeout=DEADLINE_S)
        if message.type is WSMsgType.CLOSE:
            await socket.close()
            return int(message.data)
        assert message.type is WSMsgType.TEXT, message
    raise AssertionError("closed without a code")


@pytest.mark.parametrize("size", [2, 3_200, 4_410, 31_998, 32_000])
async def test_each_message_is_acknowledged_with_its_size(api: Api, size: int) -> None:
    """Any whole number of samples up to one second is taken, and answered byte for byte."""
    socket = await api.audio(await api.start())
    await socket.send_bytes(bytes(size))
    message = await socket.receive(timeout=DEADLINE_S)
    assert message.data in (f'{{"ok":true,"bytes":{size}}}', f'{{"ok": true, "bytes": {size}}}')


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"\x01", "odd_length"),
        (bytes(3_201), "odd_length"),
        (b"", "empty"),
        (bytes(32_002), "too_long"),
        (bytes(262_144), "too_long"),
        ("hello", "not_binary"),
        ("", "not_binary"),
        ('{"ok": true}', "not_binary"),
    ],
)
async def test_a_refused_message_has_its_code_and_the_socket_stays(
    api: Api, message: bytes | str, code: str
) -> None:
    """Each kind of bad message is answered by its code, and the next good one is taken."""
    session_id = await api.start()
    socket = await api.audio(session_id)
    for _ in range(2):
        if isinstance(message, str):
            await socket.send_str(message)
        else:
            await socket.send_bytes(message)
        answer = await _answer(socket)
        assert list(answer) == ["ok", "error", "detail"]
        assert (answer["ok"], answer["error"]) == (False, code)
        assert answer["detail"]
        await socket.send_bytes(CHUNK)
        assert await _answer(socket) == {"ok": True, "bytes": 3_200}


async def test_refused_audio_never_reaches_the_classifier(api: Api) -> None:
    """Only accepted messages are heard, in order, as the samples that were sent."""
    session_id = await api.start()
    socket = await api.audio(session_id)
    for message in (b"\x01\x00\xff\xff", b"\x05", b"", b"\x00\x80"):
        await socket.send_bytes(message)
        await _answer(socket)
    await api.end(session_id)
    heard = [int(sample) for pcm, _ in api.listener(session_id).fed for sample in pcm]
    assert heard == [1, -1, -32_768]


async def test_audio_sent_flat_out_is_refused_as_overrun_and_the_socket_stays(
    serve: Serve,
) -> None:
    """The buffer's worth of audio is taken at once, then overrun; room comes back with time."""
    api = await serve(audio_buffer_s=2.0)
    session_id = await api.start()
    socket = await api.audio(session_id)
    answers = []
    for _ in range(10):
        await socket.send_bytes(_SECOND)
        answers.append(await _answer(socket))
    assert [answer["ok"] for answer in answers[:2]] == [True, True]
    refused = [answer for answer in answers if not answer["ok"]]
    assert refused
    assert {answer["error"] for answer in refused} == {"overrun"}
    async with asyncio.timeout(DEADLINE_S):
        while True:
            await asyncio.sleep(0.1)
            await socket.send_bytes(CHUNK)
            if (await _answer(socket))["ok"]:
                break
    await api.end(session_id)
    assert sum(len(pcm) for pcm, _ in api.listener(session_id).fed) < 16_000 * 10


async def test_a_classifier_that_hangs_does_not_hold_up_the_socket(serve: Serve) -> None:
    """Acknowledgements do not wait for analysis; what may wait is bounded by the buffer."""
    api = await serve(audio_buffer_s=3.0)
    session_id = await api.start()
    api.listener(session_id).feed_gate.clear()
    socket = await api.audio(session_id)
    taken = 0
    for _ in range(60):
        await socket.send_bytes(CHUNK)
        taken += (await _answer(socket))["ok"]
    assert 30 <= taken < 60
    api.listener(session_id).feed_gate.set()


async def test_an_unknown_session_is_closed_4004(api: Api) -> None:
    """Audio for a session that does not exist."""
    assert await _close_code(await api.audio("A" * 32)) == 4004


async def test_an_ended_session_is_closed_4010(api: Api) -> None:
    """Audio for a session that has ended before, and one that ends while it is sent."""
    session_id = await api.start()
    socket = await api.audio(session_id)
    await socket.send_bytes(CHUNK)
    await _answer(socket)
    await api.end(session_id)
    assert await _close_code(socket) == 4010
    assert await _close_code(await api.audio(session_id)) == 4010


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://[", "file://"])
async def test_a_page_of_a_foreign_origin_is_closed_4003(api: Api, origin: str) -> None:
    """A browser tells the page's origin; one that is not ours may not feed a session."""
    socket = await api.audio(await api.start(), headers={"Origin": origin})
    assert await _close_code(socket) == 4003


@pytest.mark.parametrize("origin", ["http://localhost:5173", "http://127.0.0.1:8521"])
async def test_a_page_of_this_machine_may_send_audio(api: Api, origin: str) -> None:
    """Origins on loopback names are the user's own."""
    socket = await api.audio(await api.start(), headers={"Origin": origin})
    await socket.send_bytes(CHUNK)
    assert (await _answer(socket))["ok"]


async def test_missing_credentials_are_closed_4003(serve: Serve) -> None:
    """In cloud mode a socket without the user's header is let in nowhere."""
    api = await serve(cloud_mode=True)
    session_id = await api.start(headers={"X-CF-Session": "ann"})
    assert await _close_code(await api.audio(session_id)) == 4003
    stranger = await api.audio(session_id, headers={"X-CF-Session": "bob"})
    assert await _close_code(stranger) == 4004


async def test_a_second_socket_on_one_source_is_closed_4009(api: Api) -> None:
    """The first keeps the source; when it leaves the source is free again."""
    session_id = await api.start()
    first = await api.audio(session_id)
    assert await _close_code(await api.audio(session_id)) == 4009
    await first.send_bytes(CHUNK)
    assert (await _answer(first))["ok"]
    await first.close()
    third = await api.audio(session_id, source="mic")
    await third.send_bytes(CHUNK)
    assert (await _answer(third))["ok"]


async def test_a_message_over_the_transports_limit_is_closed_1009(api: Api) -> None:
    """What is too large to be worth a refusal closes the socket; the session lives on."""
    session_id = await api.start()
    socket = await api.audio(session_id)
    await socket.send_bytes(bytes(300_000))
    assert await _close_code(socket) == 1009
    again = await api.audio(session_id)
    await again.send_bytes(CHUNK)
    assert (await _answer(again))["ok"]


async def test_a_server_that_goes_away_closes_1001(api: Api) -> None:
    """On shutdown an open socket is told so."""
    socket = await api.audio(await api.start())
    await socket.send_bytes(CHUNK)
    await _answer(socket)
    closing = asyncio.create_task(api.client.server.close())
    assert await _close_code(socket) == 1001
    await closing


@pytest.mark.parametrize("source", ["both", "", "MIC"])
async def test_an_unknown_source_is_closed_1008(api: Api, source: str) -> None:
    """``source`` is mic or tab and nothing else."""
    assert await _close_code(await api.audio(await api.start(), source=source)) == 1008


async def test_the_tab_is_a_lane_of_its_own(api: Api) -> None:
    """Microphone and tab may be fed at once; each has its own clock and speaker."""
    session_id = await api.start()
    listener = api.listener(session_id)
    listener.frame_per_feed = Affect.WARM
    mic, tab = await api.audio(session_id), await api.audio(session_id, source="tab")
    await mic.send_bytes(_SECOND)
    await _answer(mic)
    async with await api.subscribe(session_id) as subscriber:
        first = (await subscriber.event("tone-event")).data
        await tab.send_bytes(_SECOND[:16_000])
        await _answer(tab)
        second = (await subscriber.event("tone-event")).data
    assert (first["speaker_id"], first["timestamp"]) == ("speaker_a", 1.0)
    assert (second["speaker_id"], second["timestamp"]) == ("speaker_b", 0.5)


async def test_a_sources_clock_goes_on_when_its_socket_comes_back(api: Api) -> None:
    """After the socket is lost and opened again, timestamps continue where they were."""
    session_id = await api.start()
    api.listener(session_id).frame_per_feed = Affect.TIRED
    async with await api.subscribe(session_id) as subscriber:
        for at in (1.0, 2.0, 3.0):
            socket = await api.audio(session_id)
            await socket.send_bytes(_SECOND)
            await _answer(socket)
            assert (await subscriber.event("tone-event")).data["timestamp"] == at
            await socket.close()


async def test_listening_is_told_once_when_audio_arrives(api: Api) -> None:
    """The stream says that audio is heard, at the first message and not at each."""
    session_id = await api.start()
    socket = await api.audio(session_id)
    for _ in range(5):
        await socket.send_bytes(CHUNK)
        await _answer(socket)
    await api.end(session_id)
    async with await api.subscribe(session_id) as subscriber:
        events = await subscriber.rest()
    statuses = [event.data["status"] for event in events if event.name == "service-event"]
    assert statuses == ["loading", "ready", "listening"]


async def test_the_address_without_websocket_is_a_problem(api: Api) -> None:
    """A plain GET of the audio address is told what it speaks."""
    status, problem = await api.get(f"/session/{await api.start()}/audio")
    assert status == 422
    assert "WebSocket" in problem["detail"]


async def test_a_classifier_that_breaks_ends_the_session_with_an_error(api: Api) -> None:
    """A backend that fails is told on the stream and ends the session; the socket is closed."""
    session_id = await api.start()
    socket = await api.audio(session_id)
    async with await api.subscribe(session_id) as subscriber:
        api.listener(session_id).fail()
        events = await subscriber.rest()
    assert events[-2].data["status"] == "error"
    assert events[-1].data["reason"] == "error"
    assert await _close_code(socket) == 4010
