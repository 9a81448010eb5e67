"""Hostile and broken audio against the real process: the socket, the session and memory hold."""

from __future__ import annotations

import asyncio
import logging
import random
import sys
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
import soundfile
from aiohttp import WSMsgType

from server.cli.client import LinnetClient
from tests.support.process import DATA, ServerProcess
from tests.support.sse import DEADLINE_S
from tests.support.waiting import eventually

_log = logging.getLogger(__name__)

pytestmark = pytest.mark.e2e

_SECOND = bytes(32_000)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One server with the acoustic classifier for all tests here."""
    with ServerProcess(tmp_path_factory.mktemp("audio"), LINNET_AUDIO_BUFFER_S="10") as running:
        yield running


async def _start(http: aiohttp.ClientSession, url: str) -> str:
    async with http.post(f"{url}/session/start") as answer:
        return str((await answer.json())["session_id"])


async def _connect(
    http: aiohttp.ClientSession, server: ServerProcess, session_id: str
) -> aiohttp.ClientWebSocketResponse:
    """Open the audio socket and send a first 100 ms, again while a lost one still holds on."""
    opened: list[aiohttp.ClientWebSocketResponse] = []

    async def taken() -> bool:
        socket = await http.ws_connect(f"{server.url}/session/{session_id}/audio")
        await socket.send_bytes(bytes(3_200))
        message = await socket.receive(timeout=DEADLINE_S)
        if message.type is WSMsgType.TEXT:
            assert orjson.loads(message.data)["ok"]
            opened.append(socket)
            return True
        assert socket.close_code == 4009, message
        return False

    await eventually(taken)
    return opened[0]


async def _answer(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    message = await socket.receive(timeout=DEADLINE_S)
    assert message.type is WSMsgType.TEXT, message
    return dict(orjson.loads(message.data))


def _speech(name: str) -> bytes:
    samples, rate_hz = soundfile.read(DATA / name, dtype="int16")
    assert rate_hz == 16_000
    return bytes(samples.tobytes())


async def test_every_kind_of_bad_message_in_one_socket(
    http: aiohttp.ClientSession, server: ServerProcess
) -> None:
    """Five hundred random messages, most of them bad: each has its answer, in order."""
    rng = random.Random(7)
    socket = await _connect(http, server, await _start(http, server.url))
    refusals = set()
    for _ in range(500):
        size = rng.choice([0, 1, 2, 3, 1_600, 3_200, 3_201, 32_000, 32_001, 32_002, 200_001])
        if rng.random() < 0.2:
            await socket.send_str("x" * size)
            expected = {"not_binary"}
        else:
            await socket.send_bytes(rng.randbytes(size))
            bad = "empty" if not size else "odd_length" if size % 2 else "too_long"
            expected = {bad} if not size or size % 2 or size > 32_000 else {"", "overrun"}
        answer = await _answer(socket)
        code = answer.get("error", "")
        refusals.add(code)
        assert code in expected
        assert answer["ok"] is (code == "")
        assert answer["ok"] is False or answer["bytes"] == size
    assert refusals == {"", "empty", "odd_length", "too_long", "not_binary", "overrun"}
    await socket.close()


@pytest.mark.skipif(sys.platform != "linux", reason="weighs the server by /proc")
async def test_flat_out_sending_is_bounded(
    http: aiohttp.ClientSession, server: ServerProcess
) -> None:
    """Two hundred megabytes in a rush: most is overrun, and memory does not follow."""
    socket = await _connect(http, server, await _start(http, server.url))
    before = server.rss_bytes()
    sent = 6_000
    codes: list[str] = []

    async def send() -> None:
        for _ in range(sent):
            await socket.send_bytes(_SECOND)

    sending = asyncio.create_task(send())
    async with asyncio.timeout(45):
        while len(codes) < sent:
            codes.append((await _answer(socket)).get("error", "ok"))
        await sending
    grown = server.rss_bytes() - before
    accepted = codes.count("ok")
    _log.info("%.0f MB sent, %d s taken, grew %.1f MB", sent * 0.032, accepted, grown / 1e6)
    assert set(codes) == {"ok", "overrun"}
    assert accepted < sent / 10
    assert grown < 64e6
    await socket.close()


@pytest.mark.skipif(sys.platform != "linux", reason="weighs the server by /proc")
async def test_a_client_that_never_reads_its_answers_is_let_go(
    http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """Acknowledgements that nobody takes pile up in no memory of ours; the source is freed."""
    with ServerProcess(tmp_path, CF_VOICE_MOCK="1", LINNET_STALL_S="1") as server:
        session_id = await _start(http, server.url)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1_024)
        writer.write(
            (
                f"GET /session/{session_id}/audio HTTP/1.1\r\nHost: localhost\r\n"
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            ).encode()
        )
        await reader.readuntil(b"\r\n\r\n")
        before = server.rss_bytes()
        # Masked text frames of one character: thirteen times their size comes back.
        frames = b"\x81\x81\x00\x00\x00\x00x" * 10_000

        async def flood() -> None:
            while True:
                writer.write(frames)
                await writer.drain()

        with pytest.raises(ConnectionError):
            await asyncio.wait_for(flood(), DEADLINE_S)
        assert server.rss_bytes() - before < 32e6
        await (await _connect(http, server, session_id)).close()


async def test_random_bytes_instead_of_frames_harm_nobody(
    http: aiohttp.ClientSession, server: ServerProcess
) -> None:
    """After a valid handshake, garbage closes that socket and nothing else."""
    rng = random.Random(11)
    session_id = await _start(http, server.url)
    for _ in range(40):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(
            (
                f"GET /session/{session_id}/audio HTTP/1.1\r\nHost: localhost\r\n"
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            ).encode()
        )
        await reader.readuntil(b"\r\n\r\n")
        writer.write(rng.randbytes(rng.randrange(1, 3_000)))
        if rng.random() < 0.5:
            writer.transport.abort()
        else:
            writer.close()
    socket = await _connect(http, server, session_id)
    await socket.send_bytes(_SECOND)
    assert (await _answer(socket))["ok"]
    await socket.close()
    crashes = [line for line in server.log() if "Traceback" in str(line)]
    assert crashes == []


async def test_an_abrupt_loss_and_a_return_keep_the_sessions_clock(
    http: aiohttp.ClientSession, server: ServerProcess
) -> None:
    """The connection is cut in mid-speech, twice; timestamps go on from where they were."""
    session_id = await _start(http, server.url)
    speech = _speech("agitated.flac")
    sent_s = 0.0
    for part in range(3):
        socket = await _connect(http, server, session_id)
        sent_s += 0.1
        for at in range(part * 64_000, (part + 1) * 64_000, 32_000):
            await socket.send_bytes(speech[at : at + 32_000])
            assert (await _answer(socket))["ok"]
            sent_s += 1.0
        if part < 2:
            connection = socket._response.connection
            assert connection is not None
            assert connection.transport is not None
            connection.transport.abort()
    async with LinnetClient(server.url) as client:
        await client.end(session_id)
        events = [event async for event in client.events(session_id)]
    times = [event.data["timestamp"] for event in events if event.name == "affect-event"]
    assert times == sorted(times)
    assert sent_s - 1.5 < times[-1] <= sent_s + 0.001


async def _hear(http: aiohttp.ClientSession, server: ServerProcess, pcm: bytes) -> list[Any]:
    """Play audio faster than real time; what two subscribers saw of it, once the same for both."""
    session_id = await _start(http, server.url)

    async def watch(client: LinnetClient) -> list[tuple[str, int | None, dict[str, Any]]]:
        return [(event.name, event.seq, event.data) async for event in client.events(session_id)]

    async with LinnetClient(server.url) as one, LinnetClient(server.url) as two:
        watching = [asyncio.create_task(watch(client)) for client in (one, two)]
        socket = await http.ws_connect(f"{server.url}/session/{session_id}/audio")
        for at in range(0, len(pcm), 3_200):
            await socket.send_bytes(pcm[at : at + 3_200])
            assert (await _answer(socket))["ok"]

        async def analysed() -> bool:
            # The last reading lies within a hop or two of the end of the audio.
            stored = await _replayed(http, server, session_id)
            return any(f'"timestamp":{len(pcm) // 32_000}.' in block for block in stored)

        await eventually(analysed)
        await one.end(session_id)
        first, second = await asyncio.gather(*watching)
    await socket.close()
    assert first == second
    return [data | {"session_id": ""} for name, _, data in first if name == "tone-event"]


async def _replayed(
    http: aiohttp.ClientSession, server: ServerProcess, session_id: str
) -> list[str]:
    url = f"{server.url}/session/{session_id}/stream"
    blocks = []
    async with http.get(url, headers={"Last-Event-ID": "0"}) as answer:
        try:
            async with asyncio.timeout(0.3):
                while raw := await answer.content.readuntil(b"\n\n"):
                    blocks.append(raw.decode())
        except TimeoutError:
            pass
    return blocks


async def test_different_voices_give_different_tones_and_silence_none(
    http: aiohttp.ClientSession, server: ServerProcess
) -> None:
    """The tones come from the audio: two recordings differ, the same one does not, silence is
    silent; two subscribers of each see identical numbered events."""
    calm, agitated = _speech("calm.flac"), _speech("agitated.flac")
    heard = [await _hear(http, server, pcm) for pcm in (calm, agitated, calm)]
    assert all(heard), [len(tones) for tones in heard]
    assert heard[0] != heard[1]
    assert {tone["affect"] for tone in heard[0]} != {tone["affect"] for tone in heard[1]}
    assert heard[0] == heard[2]
    assert await _hear(http, server, bytes(32_000 * 6)) == []
