"""A server with a token, as one types it: who is let in, and what is said at the start."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import numpy as np
import pytest
import soundfile

from tests.support.process import ServerProcess, run_linnet

pytestmark = pytest.mark.e2e

TOKEN = "correct-horse-battery-staple"


@pytest.mark.parametrize(("token", "code"), [(TOKEN, 0), ("", 1), ("another-token-of-somebody", 1)])
def test_the_command_line_takes_the_token_from_the_environment(
    tmp_path: Path, token: str, code: int
) -> None:
    """With it a recording is played to its end; without it, or with another, one line says why."""
    soundfile.write(tmp_path / "silence.wav", np.zeros(8_000, np.int16), 16_000)
    with ServerProcess(tmp_path, CF_VOICE_MOCK="1", LINNET_API_TOKEN=TOKEN) as server:
        done = run_linnet(
            *("stream", "silence.wav", "--url", server.url),
            data_dir=tmp_path,
            settings={"LINNET_API_TOKEN": token},
        )
        said = done.stdout + done.stderr + server.stderr()
    assert done.returncode == code, done.stderr
    assert TOKEN not in said
    if code:
        (line,) = done.stderr.splitlines()
        assert "LINNET_API_TOKEN" in line


@pytest.mark.parametrize(
    ("settings", "warned"),
    [
        ({"LINNET_HOST": "0.0.0.0"}, True),
        ({"LINNET_HOST": "0.0.0.0", "LINNET_API_TOKEN": TOKEN}, False),
        ({"LINNET_HOST": "127.0.0.1"}, False),
    ],
)
async def test_an_open_door_is_pointed_out_at_the_start(
    http: aiohttp.ClientSession, tmp_path: Path, settings: dict[str, str], warned: bool
) -> None:
    """Other machines let in and nothing asked of them: the log says so, and names both settings."""
    with ServerProcess(tmp_path, CF_VOICE_MOCK="1", **settings) as server:
        async with http.get(f"http://127.0.0.1:{server.port}/health") as answer:
            assert answer.status == 200
        lines = [str(line["event"]) for line in server.log() if line.get("level") == "warning"]
    assert any("LINNET_API_TOKEN" in line and "0.0.0.0" in line for line in lines) == warned
