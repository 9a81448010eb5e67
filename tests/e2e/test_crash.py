"""Killed in mid-session and started again: nothing that anybody saw is lost."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.process import ServerProcess
from tests.support.sse import Block, Subscriber

pytestmark = pytest.mark.e2e

_MOCK = {"CF_VOICE_MOCK": "1", "CF_VOICE_RATE_HZ": "50"}


async def _start(http: aiohttp.ClientSession, url: str) -> str:
    async with http.post(f"{url}/session/start") as answer:
        return str((await answer.json())["session_id"])


async def _json(http: aiohttp.ClientSession, url: str) -> dict[str, Any]:
    async with http.get(url) as answer:
        assert answer.status == 200
        return dict(await answer.json())


async def _watch(http: aiohttp.ClientSession, url: str, seen: list[Block]) -> None:
    """Note every whole event until the connection breaks."""
    try:
        subscriber = Subscriber(await http.get(url, headers={"Last-Event-ID": "0"}))
        async with subscriber:
            while (raw := await subscriber.response.content.readuntil(b"\n\n")).endswith(b"\n\n"):
                if not raw.startswith(b":"):
                    seen.append(Block(raw[:-2]))
    except aiohttp.ClientError:
        pass


async def _replay(http: aiohttp.ClientSession, url: str, after: int) -> list[Block]:
    answer = await http.get(url, headers={"Last-Event-ID": str(after)})
    assert answer.status == 200
    async with Subscriber(answer) as subscriber:
        return await subscriber.rest()


async def _check(
    http: aiohttp.ClientSession, url: str, session_id: str, seen: list[list[Block]]
) -> None:
    """What the subscribers saw is all there, byte for byte, from any point on."""
    session = f"{url}/session/{session_id}"
    *stored, end = await _replay(http, f"{session}/stream", 0)
    assert [event.seq for event in stored] == list(range(1, len(stored) + 1))
    assert end.data == {
        "event_type": "session_end",
        "session_id": session_id,
        "reason": "interrupted",
        "last_seq": len(stored),
    }
    for view in seen:
        assert [event.raw for event in view] == [event.raw for event in stored[: len(view)]]
    exported = (await _json(http, f"{session}/export"))["events"]
    tones = [event.data | {"seq": event.seq} for event in stored if event.name == "tone-event"]
    assert exported == tones
    for after in {1, len(stored) // 2, len(stored) - 1, *(len(view) for view in seen)}:
        if after < len(stored):
            *rest, again = await _replay(http, f"{session}/stream", after)
            assert [event.raw for event in rest] == [event.raw for event in stored[after:]]
            assert again == end
    async with http.get(f"{session}/stream", headers={"Last-Event-ID": str(len(stored))}) as answer:
        assert answer.status == 204
    assert (await _json(http, session))["state"] == "stopped"


async def test_kill_9_loses_nothing_that_anybody_saw(
    http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """Killed at three random moments, with two sessions of several subscribers each.

    After each restart every session so far is whole: export, and replay from any point, then
    ``session-end`` with reason ``interrupted``, then 204.
    """
    random_moments = random.Random()
    all_seen: dict[str, list[list[Block]]] = {}
    for _ in range(3):
        with ServerProcess(tmp_path, **_MOCK) as server:
            for session_id, seen in all_seen.items():
                await _check(http, server.url, session_id, seen)
            watching = []
            for _ in range(2):
                session_id = await _start(http, server.url)
                views: list[list[Block]] = [[] for _ in range(3)]
                all_seen[session_id] = views
                stream = f"{server.url}/session/{session_id}/stream"
                watching += [asyncio.create_task(_watch(http, stream, view)) for view in views]
            await asyncio.sleep(random_moments.uniform(0.4, 1.2))
            server.kill()
            await asyncio.gather(*watching)
    assert sum(len(view) for views in all_seen.values() for view in views) > 100
    with ServerProcess(tmp_path, **_MOCK) as server:
        for session_id, seen in all_seen.items():
            await _check(http, server.url, session_id, seen)
        async with http.get(
            f"{server.url}/sessions/history", headers={"X-CF-License-Key": "CFG-LNNT-X"}
        ) as answer:
            listed = (await answer.json())["sessions"]
    assert {row["session_id"] for row in listed} == set(all_seen)
    assert {row["reason"] for row in listed} == {"interrupted"}
