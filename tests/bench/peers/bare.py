"""The floor: nothing but one ``transport.write`` of ready bytes on uvloop. No peer, a yardstick.

No HTTP parsing, no tasks, no bounds: what a delivery costs in system calls and in the event loop
before any server has done anything. Only the fan-out routes are answered.
"""

from __future__ import annotations

import asyncio
import os
from typing import cast

import uvloop

from tests.bench.peers.shape import Shape

SHAPE = Shape.from_env()
subscribers: set[asyncio.Transport] = set()
_STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: heartbeat\n\n"


def _answer(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (
        len(body),
        body,
    )


class Connection(asyncio.Protocol):
    """Answers the first read and expects no second."""

    _transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of asyncio.Transport, but not its type.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        path = data.split(b" ", 2)[1]
        if path.endswith(b"/stream"):
            self._transport.write(_STREAM_HEAD)
            subscribers.add(self._transport)
        elif path.endswith(b"/start"):
            self._transport.write(_answer(b'{"session_id": "1"}'))
            self._transport.close()
        else:
            self._transport.write(_answer(b'{"status": "ok"}'))
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        subscribers.discard(self._transport)


async def run() -> None:
    loop = asyncio.get_running_loop()
    await loop.create_server(Connection, "127.0.0.1", int(os.environ["BENCH_PORT"]), backlog=1024)
    async for burst in SHAPE.bursts():
        blocks = "".join(
            f"event: tone-event\ndata: {data}\nid: {number}\n\n" for number, data in burst
        ).encode()
        for transport in subscribers:
            transport.write(blocks)


if __name__ == "__main__":
    uvloop.run(run())
