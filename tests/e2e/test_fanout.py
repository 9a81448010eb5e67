"""One session, many subscribers: all get everything, and one that stops reading harms nobody."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.support.crowd import Listener, raise_file_limit, stalled_subscriber
from tests.support.process import ServerProcess
from tests.support.sse import Subscriber
from tests.support.waiting import eventually

_log = logging.getLogger(__name__)

pytestmark = pytest.mark.e2e

_CROWD = 1_000
_STALLED = 60
_EVENTS = 12_000
_EACH_MAX_BYTES = 400_000
"""What a subscriber that reads nothing may cost: far less than the megabytes it does not take."""


async def _start(http: aiohttp.ClientSession, url: str) -> str:
    async with http.post(f"{url}/session/start") as answer:
        return str((await answer.json())["session_id"])


async def _metric(http: aiohttp.ClientSession, url: str, name: str) -> float:
    async with http.get(f"{url}/metrics") as answer:
        found = re.search(rf"^{name} (\S+)$", await answer.text(), re.MULTILINE)
    assert found is not None
    return float(found[1])


async def test_a_thousand_subscribers_all_receive_every_event(
    http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """Each of a thousand streams holds every event of the session once, in order, to its end."""
    raise_file_limit(_CROWD + 500)
    loop = asyncio.get_running_loop()
    with ServerProcess(tmp_path, CF_VOICE_MOCK="1", CF_VOICE_RATE_HZ="5") as server:
        session_id = await _start(http, server.url)
        crowd = []
        for at in range(_CROWD):
            # Half on the API's port, half on the page's.
            port = int((server.url if at % 2 else server.web_url).rpartition(":")[2])
            _, listener = await loop.create_connection(
                lambda: Listener(session_id), "127.0.0.1", port
            )
            crowd.append(listener)

        async def all_are_here() -> bool:
            return await _metric(http, server.url, "linnet_subscribers") == _CROWD

        await eventually(all_are_here)
        await asyncio.sleep(2.0)
        async with http.delete(f"{server.url}/session/{session_id}/end") as answer:
            assert answer.status == 200
        async with asyncio.timeout(40):
            await asyncio.gather(*(listener.closed for listener in crowd))
        assert await _metric(http, server.url, "linnet_subscribers") == 0
    reference = crowd[0].events()
    seqs = [int(found) for found in re.findall(rb"^id: (\d+)$", reference, re.MULTILINE)]
    assert len(seqs) > 20
    assert seqs == list(range(1, len(seqs) + 1))
    assert reference.split(b"\n\n")[-2].startswith(b"event: session-end\n")
    different = [at for at, listener in enumerate(crowd) if listener.events() != reference]
    assert different == []


@pytest.mark.skipif(sys.platform != "linux", reason="weighs the server by /proc")
@pytest.mark.parametrize("stall_s", [1, 600])
async def test_subscribers_that_stop_reading_are_bounded_closed_and_resumable(
    http: aiohttp.ClientSession, tmp_path: Path, stall_s: int
) -> None:
    """Sixty that never read, at the synthetic classifier's highest rate, harm nobody.

    The one who reads gets every event; memory does not grow with what the sixty do not take,
    also while they are still patiently waited for. When their time is over they are closed, and
    any of them can resume.
    """
    settings = {"CF_VOICE_RATE_HZ": "1000", "LINNET_STALL_S": str(stall_s)}
    with (
        ServerProcess(tmp_path, CF_VOICE_MOCK="1", **settings) as server,
        contextlib.ExitStack() as sockets,
    ):
        session_id = await _start(http, server.url)
        stream = f"{server.url}/session/{session_id}/stream"
        reading = Subscriber(await http.get(stream, headers={"Last-Event-ID": "0"}))
        await reading.events(200)
        weight_before = heaviest = server.rss_bytes()
        for _ in range(_STALLED):
            sockets.enter_context(stalled_subscriber(server.port, session_id))
        volume = 0
        async with asyncio.timeout(45):
            for seq in range(201, _EVENTS + 1):
                block = await reading.event()
                assert block.seq == seq
                volume += len(block.raw)
                if seq % 500 == 0:
                    heaviest = max(heaviest, server.rss_bytes())
        grown = heaviest - weight_before
        _log.info("%.1f MB to each, the server grew by %.1f MB", volume / 1e6, grown / 1e6)
        assert grown < _STALLED * _EACH_MAX_BYTES

        async def all_are_closed() -> bool:
            return await _metric(http, server.url, "linnet_subscribers") == 1

        # Read on meanwhile: the reader must not become a sixty-first.
        draining = asyncio.create_task(reading.rest())
        if stall_s == 1:
            await eventually(all_are_closed)
        else:
            assert await _metric(http, server.url, "linnet_subscribers") == 1 + _STALLED
        async with http.delete(f"{server.url}/session/{session_id}/end") as answer:
            assert answer.status == 200
        rest = await draining
        last = _EVENTS + len(rest) - 1
        assert [event.seq for event in rest[:-1]] == list(range(_EVENTS + 1, last + 1))
        back = await http.get(stream, headers={"Last-Event-ID": "500"})
        async with Subscriber(back) as resumed:
            *replayed, end = await resumed.rest()
        assert [event.seq for event in replayed] == list(range(501, last + 1))
        assert end.raw == rest[-1].raw
