"""``linnet stream``: a recording played into a running server, and what can be wrong with that."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import aiohttp
import numpy as np
import pytest
import soundfile

from tests.support.process import DATA, ServerProcess, environment, run_linnet
from tests.support.sse import Subscriber
from tests.support.waiting import eventually

pytestmark = pytest.mark.e2e


def _cut(source: str, target: Path, *, start_s: float, stop_s: float) -> Path:
    samples, rate_hz = soundfile.read(DATA / source, dtype="int16")
    soundfile.write(target, samples[int(start_s * rate_hz) : int(stop_s * rate_hz)], rate_hz)
    return target


def test_no_server_is_one_clear_line(tmp_path: Path) -> None:
    """Where nobody answers, the line says where and what to do; the exit code is 1."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    done = run_linnet(
        "stream", str(DATA / "calm.flac"), "--url", f"http://127.0.0.1:{port}", data_dir=tmp_path
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert f"http://127.0.0.1:{port}" in line
    assert "start" in line


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    """The line names the file."""
    done = run_linnet("stream", "nowhere.wav", data_dir=tmp_path)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "nowhere.wav" in line


@pytest.mark.parametrize("content", [b"", b"this is a text, not a recording\n" * 50])
def test_a_file_that_is_no_audio_is_one_line(tmp_path: Path, content: bytes) -> None:
    """The line names the file and says which kinds are known."""
    (tmp_path / "notes.wav").write_bytes(content)
    done = run_linnet("stream", "notes.wav", data_dir=tmp_path)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "notes.wav" in line
    assert "FLAC" in line


def test_a_server_that_is_no_linnet_is_one_line(tmp_path: Path) -> None:
    """Something else on the port: said in one line, without a traceback."""
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as other:
        assert other.stdout is not None
        port = other.stdout.readline().split(" port ")[1].split()[0]
        try:
            done = run_linnet(
                "stream",
                str(DATA / "calm.flac"),
                "--url",
                f"http://127.0.0.1:{port}",
                data_dir=tmp_path,
            )
        finally:
            other.kill()
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


async def test_two_listeners_beside_the_player_see_the_same_events(
    http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """A recording in real time: its tones come out as JSON lines, and two subscribers who join
    by the printed address see the very same numbered events."""
    recording = _cut("agitated.flac", tmp_path / "short.wav", start_s=0.5, stop_s=4.5)
    with ServerProcess(tmp_path) as server:
        player = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server", "stream", str(recording), "--json", "--url", server.url,
            cwd=tmp_path,
            env=environment(tmp_path / "unused", {}),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert player.stderr is not None
        address = ""
        async with asyncio.timeout(30):
            while "curl -N " not in address:
                address = (await player.stderr.readline()).decode()
        stream = address.partition("curl -N ")[2].strip()
        listeners = [
            Subscriber(await http.get(stream, headers={"Last-Event-ID": "0"})) for _ in range(2)
        ]
        first, second = await asyncio.gather(*(listener.rest() for listener in listeners))
        out, _ = await player.communicate()
    assert player.returncode == 0
    assert [event.raw for event in first] == [event.raw for event in second]
    printed = [json.loads(line) for line in out.decode().splitlines()]
    assert [(line["event"], line["data"]) for line in printed] == [
        (event.name, event.data) for event in first
    ]
    tones = [line["data"] for line in printed if line["event"] == "tone-event"]
    assert tones
    assert all(0 < tone["timestamp"] <= 4.2 for tone in tones)


async def test_people_of_an_earlier_session_are_known(tmp_path: Path) -> None:
    """Named by the session in which they spoke; what is no such session is one line."""
    short = _cut("calm.flac", tmp_path / "short.flac", start_s=0.0, stop_s=2.5)
    samples, rate_hz = soundfile.read(DATA / "calm.flac", dtype="int16")
    soundfile.write(tmp_path / "long.flac", np.tile(samples, 2), rate_hz)

    def stream(server: ServerProcess, voices_from: str) -> subprocess.CompletedProcess[str]:
        options = ("--url", server.url, "--voices-from", voices_from)
        return run_linnet("stream", str(short), *options, data_dir=tmp_path)

    with ServerProcess(tmp_path) as server:
        async with aiohttp.ClientSession(server.url) as http:
            form = aiohttp.FormData()
            form.add_field("file", (tmp_path / "long.flac").read_bytes(), filename="long.flac")
            async with http.post("/analyze", data=form) as answer:
                earlier = (await answer.json())["session_id"]
        known = await asyncio.to_thread(stream, server, earlier)
        unknown = await asyncio.to_thread(stream, server, "nobody")
    assert known.returncode == 0, known.stderr
    assert "measured against its own habit" in known.stderr
    assert "calibrating" not in known.stderr
    assert unknown.returncode == 1
    (line,) = unknown.stderr.splitlines()
    assert "voices_from" in line


def test_silence_has_no_tone(tmp_path: Path) -> None:
    """Four seconds of silence: nothing is said, and the player says that nothing was."""
    soundfile.write(tmp_path / "silence.flac", np.zeros(4 * 16_000, dtype=np.int16), 16_000)
    with ServerProcess(tmp_path) as server:
        done = run_linnet("stream", "silence.flac", "--url", server.url, data_dir=tmp_path)
    assert done.returncode == 0
    assert done.stdout == ""
    assert "No tone was heard" in done.stderr


def _play(cwd: Path, port: int, *options: str) -> subprocess.Popen[str]:
    """A player of a seven-second recording, on its way."""
    return subprocess.Popen(
        [sys.executable, "-m", "server", "stream", str(DATA / "calm.flac"), *options],
        cwd=cwd,
        env=environment(cwd / "unused", {"LINNET_PORT": str(port)}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


async def test_an_interrupted_player_ends_its_session(
    http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """Ctrl-C in mid-recording leaves no session behind."""
    with ServerProcess(tmp_path, CF_VOICE_MOCK="1") as server:
        player = _play(tmp_path, server.port)

        async def sessions() -> int:
            async with http.get(f"{server.url}/health") as answer:
                return int((await answer.json())["sessions"])

        async def started() -> bool:
            return await sessions() == 1

        await eventually(started)
        await asyncio.sleep(0.5)
        os.kill(player.pid, signal.SIGINT)
        _, said = await asyncio.to_thread(player.communicate, timeout=20)
        assert player.returncode == 130
        assert "Traceback" not in said
        assert await sessions() == 0


async def test_a_server_that_dies_under_the_player_is_one_line(tmp_path: Path) -> None:
    """The player says that the connection was lost and exits 1, without a traceback."""
    with ServerProcess(tmp_path, CF_VOICE_MOCK="1") as server:
        player = _play(tmp_path, server.port, "--json")
        assert player.stdout is not None
        await asyncio.to_thread(player.stdout.readline)
        server.kill()
        _, said = await asyncio.to_thread(player.communicate, timeout=30)
    assert player.returncode == 1
    assert "Traceback" not in said
    assert said.splitlines()[-1].strip()
