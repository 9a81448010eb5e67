"""LINNET_CLASSIFIER and the real server: passing over, a model brought along, and nonsense."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.classifier.voices import recording
from tests.support.foreign import brought
from tests.support.process import ServerProcess, run_linnet

pytestmark = pytest.mark.e2e


async def events(
    http: aiohttp.ClientSession, url: str, session_id: str, until: str
) -> list[dict[str, Any]]:
    """The session's events from its first to the one with that status or type."""
    found: list[dict[str, Any]] = []
    async with (
        asyncio.timeout(20),
        http.get(f"{url}/session/{session_id}/stream?last_event_id=0") as answer,
    ):
        async for line in answer.content:
            if line.startswith(b"data: "):
                event = json.loads(line[6:])
                found.append(event)
                if until in (event.get("status"), event["event_type"]):
                    break
    return found


async def started(http: aiohttp.ClientSession, url: str) -> str:
    async with http.post(f"{url}/session/start", json={}) as answer:
        return str((await answer.json())["session_id"])


async def classifier(http: aiohttp.ClientSession, url: str) -> str:
    async with http.get(f"{url}/health") as answer:
        return str((await answer.json())["classifier"])


async def test_a_missing_model_is_passed_over_and_said(
    http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """A warning names the file and who listens instead; /health says the same."""
    chain = f"onnx:{tmp_path}/gone.onnx,acoustic"
    with ServerProcess(tmp_path, LINNET_CLASSIFIER=chain) as server:
        session_id = await started(http, server.url)
        told = await events(http, server.url, session_id, "ready")
        assert [event["status"] for event in told] == ["loading", "warning", "ready"]
        detail = told[1]["detail"]
        assert "no model gone.onnx" in detail
        assert "Listening now: acoustic." in detail
        assert str(tmp_path) not in detail
        assert await classifier(http, server.url) == "acoustic"


async def test_a_model_brought_along_speaks_through_the_whole_house(
    http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """Audio in at the socket, its words out of the stream."""
    path = await asyncio.to_thread(brought, tmp_path, gain=(0, 0, 0), bias=(9.0, 0.0, 0.0))
    pcm = recording("agitated").tobytes()
    with ServerProcess(tmp_path, LINNET_CLASSIFIER=f"onnx:{path}") as server:
        session_id = await started(http, server.url)
        await events(http, server.url, session_id, "ready")
        assert await classifier(http, server.url) == "onnx:loudness"
        async with http.ws_connect(f"{server.url}/session/{session_id}/audio") as socket:
            for at in range(0, len(pcm), 3200):
                await socket.send_bytes(pcm[at : at + 3200])
            told = await events(http, server.url, session_id, "tone")
    assert told[-1]["affect"] == "frustrated"
    assert told[-1]["confidence"] > 0.9


def test_nonsense_stops_the_start_with_one_line(tmp_path: Path) -> None:
    """It names the setting and what was not understood."""
    done = run_linnet("serve", data_dir=tmp_path, settings={"LINNET_CLASSIFIER": "acoustic,gut"})
    assert done.returncode == 1
    (line,) = [text for text in done.stderr.splitlines() if "LINNET_CLASSIFIER" in text]
    assert "'gut'" in line
    assert "Traceback" not in done.stderr


def test_nothing_that_can_be_used_stops_it_too(tmp_path: Path) -> None:
    """Where every member of the list fails to load, the line says why."""
    setting = f"onnx:{tmp_path}/gone.onnx"
    done = run_linnet("serve", data_dir=tmp_path, settings={"LINNET_CLASSIFIER": setting})
    assert done.returncode == 1
    assert "LINNET_CLASSIFIER=" in done.stderr
    assert "no model gone.onnx" in done.stderr
    assert "Traceback" not in done.stderr
