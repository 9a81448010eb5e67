"""Recordings and the real classifier: the same events as live, through the whole process."""

from __future__ import annotations

import asyncio
import io
import random
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
import soundfile

from server.cli.client import LinnetClient, SseParser, StreamEvent
from tests.support.process import DATA, ServerProcess
from tests.support.recordings import encoded, hiss

pytestmark = pytest.mark.e2e

_MESSAGE_BYTES = 3_200


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One server with the acoustic classifier, whose live sessions may run a minute ahead."""
    with ServerProcess(tmp_path_factory.mktemp("analyze"), LINNET_AUDIO_BUFFER_S="60") as running:
        yield running


async def _live(server: ServerProcess, path: Path) -> list[StreamEvent]:
    """A recording of 16 kHz in messages of 100 ms, as a microphone would send it."""
    pcm, rate_hz = soundfile.read(path, dtype="int16")
    assert rate_hz == 16_000
    raw = pcm.tobytes()
    async with LinnetClient(server.url) as client, aiohttp.ClientSession() as http:
        session_id = await client.start()
        url = f"{server.url}/session/{session_id}/audio"
        events: list[StreamEvent] = []
        expected = len(pcm) // 8_000
        async with http.ws_connect(url) as socket, asyncio.timeout(30):
            for start in range(0, len(raw), _MESSAGE_BYTES):
                await socket.send_bytes(raw[start : start + _MESSAGE_BYTES])
                assert (await socket.receive_json())["ok"]
            async for event in client.events(session_id):
                events.append(event)
                if sum(event.name == "affect-event" for event in events) == expected:
                    break
        await client.end(session_id)
        return [event async for event in client.events(session_id)]


async def _analysed(server: ServerProcess, data: bytes, **query: str) -> list[StreamEvent]:
    headers = {"Accept": "text/event-stream"}
    body = io.BytesIO(data)
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{server.url}/analyze", data=body, headers=headers, params=query) as answer,
    ):
        assert answer.status == 200, await answer.text()
        return SseParser().feed(await answer.read())


def _heard(events: list[StreamEvent]) -> list[tuple[str, dict[str, Any]]]:
    """What was heard, without what differs from session to session."""
    named = {"tone-event", "affect-event", "environ-event", "queue-event"}
    return [
        (event.name, {key: value for key, value in event.data.items() if key != "session_id"})
        for event in events
        if event.name in named
    ]


@pytest.mark.parametrize("name", ["calm.flac", "agitated.flac"])
async def test_a_recording_is_heard_as_if_it_were_live(server: ServerProcess, name: str) -> None:
    """The same events at the same moments with the same values, however it came in."""
    live = _heard(await _live(server, DATA / name))
    assert len(live) > 10
    assert "tone-event" in {kind for kind, _ in live}
    data = await asyncio.to_thread((DATA / name).read_bytes)
    assert _heard(await _analysed(server, data)) == live


async def test_two_voices_of_a_call_are_kept_apart(server: ServerProcess) -> None:
    """Left is calm and warm, right agitated; each has tones of its own, in one order of time."""
    data = await asyncio.to_thread((DATA / "dialogue.ogg").read_bytes)
    events = await _analysed(server, data, channels="split")
    readings = [event.data for event in events if event.name == "affect-event"]
    moments = [(reading["timestamp"], reading["speaker_id"]) for reading in readings]
    assert moments == sorted(moments)
    left, right = events[-1].data["summary"]["speakers"]
    assert left["arousal"] < right["arousal"]


async def test_a_hostile_file_takes_nobody_with_it(server: ServerProcess) -> None:
    """Bytes turned at random in files of every kind: an answer each time, and the server lives."""
    chance = random.Random(7)
    for kind in ("WAV", "FLAC", "OGG", "OPUS", "MP3"):
        rate_hz = 48_000 if kind == "OPUS" else 16_000
        whole = encoded(hiss(3.0, rate_hz=rate_hz), kind=kind, rate_hz=rate_hz)
        for _ in range(4):
            data = bytearray(whole)
            for _ in range(chance.randrange(1, 40)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            async with (
                aiohttp.ClientSession() as http,
                http.post(f"{server.url}/analyze", data=bytes(data)) as answer,
            ):
                body = orjson.loads(await answer.read())
                assert answer.status in {200, 413, 415, 422}, body
    async with LinnetClient(server.url) as client:
        assert (await client.health())["status"] == "ok"


async def test_a_long_recording_costs_no_memory(server: ServerProcess) -> None:
    """Ten times the length is not ten times the memory, neither of the file nor of its events."""
    await _analysed(server, encoded(hiss(30.0), kind="FLAC"))
    before = server.rss_bytes()
    events = await _analysed(server, encoded(hiss(600.0), kind="FLAC"))
    assert events[-1].data["summary"]["duration_s"] == 600.0
    assert server.rss_bytes() - before < 15_000_000


async def test_the_server_that_goes_says_so(tmp_path: Path) -> None:
    """An analysis under way ends in an ``error`` with what was reached; the server goes in time."""
    with ServerProcess(tmp_path) as server:
        headers = {"Accept": "text/event-stream"}
        data = io.BytesIO(encoded(hiss(900.0), kind="FLAC"))
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{server.url}/analyze", data=data, headers=headers) as answer,
        ):
            parser = SseParser()
            events: list[StreamEvent] = []
            async for piece in answer.content.iter_any():
                events += parser.feed(piece)
                if any(event.name == "progress" for event in events):
                    break
            ending = asyncio.create_task(asyncio.to_thread(server.terminate))
            async for piece in answer.content.iter_any():
                events += parser.feed(piece)
            code, _ = await ending
    assert code == 0
    assert (events[-1].name, events[-1].data["code"]) == ("error", "going_away")
    assert events[-1].data["partial"] is True


@pytest.mark.parametrize("channels", ["mix", "split"])
async def test_the_synthetic_conversation_lasts_as_long_as_the_recording(
    tmp_path: Path, channels: str
) -> None:
    """Without a classifier a front end can still be built on it: a reading for every second, at
    once."""
    settings = {"CF_VOICE_MOCK": "1", "CF_VOICE_SEED": "5", "CF_VOICE_RATE_HZ": "2"}
    data = encoded(hiss(30.0, channels=2), kind="FLAC")
    with ServerProcess(tmp_path, **settings) as server:
        events = await _analysed(server, data, channels=channels)
    readings = [event.data["timestamp"] for event in events if event.name == "affect-event"]
    assert readings == [k / 2 for k in range(1, 61)]
    assert events[-1].name == "done"
