"""Starting, refusing to start, and stopping the real process."""

from __future__ import annotations

import asyncio
import logging
import socket
from pathlib import Path

import aiohttp
import pytest
from aiohttp import WSMsgType

from tests.support.process import ServerProcess, run_linnet
from tests.support.sse import DEADLINE_S, Subscriber

pytestmark = pytest.mark.e2e

_log = logging.getLogger(__name__)


@pytest.mark.parametrize("mock", ["0", "1"])
async def test_sigterm_tells_everybody_and_exits_cleanly(
    http: aiohttp.ClientSession, tmp_path: Path, mock: str
) -> None:
    """Streams are told ``shutdown``, sockets closed 1001, the exit code is 0, and soon."""
    with ServerProcess(tmp_path, CF_VOICE_MOCK=mock) as server:
        async with http.post(f"{server.url}/session/start") as answer:
            session_id = (await answer.json())["session_id"]
        session = f"{server.url}/session/{session_id}"
        streams = [
            Subscriber(await http.get(f"{session}/stream", headers={"Last-Event-ID": "0"}))
            for _ in range(20)
        ]
        audio = [await http.ws_connect(f"{session}/audio?source={of}") for of in ("mic", "tab")]
        for lane in audio:
            await lane.send_bytes(bytes(32_000))
            assert (await lane.receive(timeout=DEADLINE_S)).type is WSMsgType.TEXT
        stopping = asyncio.create_task(asyncio.to_thread(server.terminate))
        views = await asyncio.gather(*(stream.rest() for stream in streams))
        for lane in audio:
            message = await lane.receive(timeout=DEADLINE_S)
            assert (message.type, message.data) == (WSMsgType.CLOSE, 1001)
        code, took_s = await stopping
        _log.info("stopped in %.2f s", took_s)
        assert code == 0
        # Two seconds are meant; the machine that runs this may be busy.
        assert took_s < 5
        assert "Traceback" not in server.stderr()
    for view in views:
        assert view[-1].name == "session-end"
        assert view[-1].data["reason"] == "shutdown"
        assert [event.seq for event in view[:-1]] == list(range(1, len(view)))
    with ServerProcess(tmp_path, CF_VOICE_MOCK="1") as server:
        session = f"{server.url}/session/{session_id}"
        again = Subscriber(await http.get(f"{session}/stream", headers={"Last-Event-ID": "0"}))
        async with again:
            assert [event.raw for event in await again.rest()] == [event.raw for event in views[0]]


async def test_sigterm_with_subscribers_that_do_not_read_still_exits(
    http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """A hostile subscriber cannot keep the server from stopping."""
    settings = {"CF_VOICE_MOCK": "1", "CF_VOICE_RATE_HZ": "1000", "LINNET_STALL_S": "60"}
    with ServerProcess(tmp_path, **settings) as server:
        async with http.post(f"{server.url}/session/start") as answer:
            session_id = (await answer.json())["session_id"]
        with socket.socket() as stalled:
            stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            stalled.connect(("127.0.0.1", server.port))
            stalled.sendall(
                f"GET /session/{session_id}/stream HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
            )
            reading = Subscriber(await http.get(f"{server.url}/session/{session_id}/stream"))
            await reading.events(6_000)
            stopping = asyncio.create_task(asyncio.to_thread(server.terminate))
            assert (await reading.rest())[-1].data["reason"] == "shutdown"
            code, took_s = await stopping
    _log.info("stopped in %.2f s", took_s)
    assert code == 0
    assert took_s < 5


def _one_line(text: str) -> str:
    lines = [line for line in text.splitlines() if not line.startswith("{")]
    assert len(lines) == 1, text
    return lines[0]


@pytest.mark.parametrize("name", ["LINNET_PORT", "LINNET_FRONTEND_PORT"])
def test_a_port_that_is_taken_is_one_line(tmp_path: Path, name: str) -> None:
    """The line names the setting and the port; the exit code is 1."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = run_linnet("serve", data_dir=tmp_path, settings={name: port, "CF_VOICE_MOCK": "1"})
    assert done.returncode == 1
    line = _one_line(done.stderr)
    assert name in line
    assert port in line


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LINNET_PORT", "99999"),
        ("LINNET_PORT", "many"),
        ("LINNET_HEARTBEAT_S", "0"),
        ("LINNET_AUDIO_BUFFER_S", "nan"),
        ("LINNET_STALL_S", "-1"),
        ("LINNET_ALLOWED_ORIGINS", "example.org"),
        ("LINNET_LOG_LEVEL", "loud"),
        ("CF_VOICE_RATE_HZ", "0"),
        ("SESSION_IDLE_TTL_S", "soon"),
        ("DEMO_MODE", "perhaps"),
        ("CLOUD_SESSION_HEADER", "X: y"),
        ("LINNET_WEIGHTS", "no-such-weights"),
    ],
)
def test_a_setting_that_makes_no_sense_is_one_line(tmp_path: Path, name: str, value: str) -> None:
    """The server does not start; the line names the setting; the exit code is 1."""
    done = run_linnet("serve", data_dir=tmp_path, settings={name: value})
    assert done.returncode == 1
    assert name in _one_line(done.stderr)


def test_one_server_to_a_data_folder(tmp_path: Path) -> None:
    """A second server on the same folder says so in one line and leaves the first alone."""
    with ServerProcess(tmp_path, CF_VOICE_MOCK="1"):
        done = run_linnet("serve", data_dir=tmp_path, settings={"CF_VOICE_MOCK": "1"})
    assert done.returncode == 1
    assert "LINNET_DATA_DIR" in _one_line(done.stderr)


def test_a_data_folder_that_is_a_file_is_one_line(tmp_path: Path) -> None:
    """Where no folder can be made the line names the setting."""
    (tmp_path / "log").write_text("not a folder")
    done = run_linnet("serve", data_dir=tmp_path, settings={"CF_VOICE_MOCK": "1"})
    assert done.returncode == 1
    assert "LINNET_DATA_DIR" in _one_line(done.stderr)


def test_a_damaged_log_is_one_line(tmp_path: Path) -> None:
    """A file that is no log is refused, not overwritten."""
    (tmp_path / "log").mkdir()
    file = tmp_path / "log" / "linnet.sqlite3"
    file.write_bytes(b"not a database at all" * 100)
    done = run_linnet("serve", data_dir=tmp_path, settings={"CF_VOICE_MOCK": "1"})
    assert done.returncode == 1
    assert "linnet.sqlite3" in _one_line(done.stderr)
    assert file.read_bytes().startswith(b"not a database")
