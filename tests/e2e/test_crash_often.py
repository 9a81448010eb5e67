"""Killed fifty times at random moments: nothing that was sent is ever missing."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from server.log.sqlite import FILE_NAME
from tests.support.nursery import Nursery
from tests.support.sse import Block, Subscriber

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

KILLS = 50
_RATE_HZ = 150.0
_PAID = {"X-CF-License-Key": "CFG-LNNT-X"}


@dataclass
class Watched:
    """A session, and what its subscribers saw of it."""

    session_id: str
    began_with: int = 0
    """Events it had when it was resumed."""
    views: list[list[Block]] = field(default_factory=list)


async def _watch(
    http: aiohttp.ClientSession, url: str, after: int, seen: list[Block], opened: asyncio.Event
) -> None:
    """Note every whole event until the connection breaks."""
    with suppress(aiohttp.ClientError):
        answer = await http.get(url, headers={"Last-Event-ID": str(after)})
        opened.set()
        async with Subscriber(answer) as subscriber:
            while (raw := await subscriber.response.content.readuntil(b"\n\n")).endswith(b"\n\n"):
                if not raw.startswith(b":"):
                    seen.append(Block(raw[:-2]))


async def _begin(http: aiohttp.ClientSession, url: str, last: Watched | None) -> Watched:
    """A new session; now and then one that goes on with the last that was cut off."""
    if last is None:
        async with http.post(f"{url}/session/start") as answer:
            return Watched((await answer.json())["session_id"])
    body = {"snapshot_id": last.session_id}
    async with http.post(f"{url}/session/resume", json=body, headers=_PAID) as answer:
        resumed = await answer.json()
    return Watched(resumed["session_id"], resumed["event_count"])


async def _check(http: aiohttp.ClientSession, url: str, watched: Watched) -> None:
    """Everything that anybody saw is there, byte for byte, under its number, and it goes on from 1
    without a gap to an end that says what happened."""
    stream = f"{url}/session/{watched.session_id}/stream"
    async with Subscriber(await http.get(stream, headers={"Last-Event-ID": "0"})) as subscriber:
        *stored, end = await subscriber.rest()
    assert [event.seq for event in stored] == list(range(1, len(stored) + 1))
    assert len(stored) >= watched.began_with
    assert (end.data["reason"], end.data["last_seq"]) == ("interrupted", len(stored))
    by_seq = {event.seq: event.raw for event in stored}
    for view in watched.views:
        numbers = [event.seq for event in view]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True
        assert [event.raw for event in view] == [by_seq.get(seq) for seq in numbers]


def _soundness(folder: Path) -> str:
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


async def test_fifty_kills_lose_nothing(http: aiohttp.ClientSession, tmp_path: Path) -> None:
    """Two sessions at a time, one sometimes resumed from the last, each with a subscriber from the
    first event and one that joins; killed after 0 to 150 ms. After each restart the file is sound
    and the sessions are whole."""
    moments = random.Random()
    last: list[Watched] = []
    seen = 0
    with Nursery(tmp_path, rate_hz=_RATE_HZ) as nursery:
        for kill in range(KILLS + 1):
            if kill:
                assert _soundness(tmp_path) == "ok"
            url = nursery.start()
            for watched in last:
                await _check(http, url, watched)
            again = last[-1] if last and kill % 5 == 0 else None
            last = [await _begin(http, url, None), await _begin(http, url, again)]
            watching, opened = [], []
            for watched in last:
                stream = f"{url}/session/{watched.session_id}/stream"
                for after in (0, watched.began_with):
                    view: list[Block] = []
                    watched.views.append(view)
                    opened.append(asyncio.Event())
                    watch = _watch(http, stream, after, view, opened[-1])
                    watching.append(asyncio.create_task(watch))
            await asyncio.gather(*(event.wait() for event in opened))
            await asyncio.sleep(moments.uniform(0, 0.15))
            nursery.kill()
            await asyncio.gather(*watching)
            seen += sum(len(view) for watched in last for view in watched.views)
    assert seen > KILLS * 20
