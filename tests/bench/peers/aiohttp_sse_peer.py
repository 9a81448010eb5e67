"""aiohttp-sse used plainly: a queue per subscriber, ``await resp.send(...)``. On uvloop."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import defaultdict
from collections.abc import AsyncIterator
from itertools import count

import uvloop
from aiohttp import web
from aiohttp_sse import sse_response

from tests.bench.peers.shape import ChunkCounter, Shape

SHAPE = Shape.from_env()
Subscribers = set[asyncio.Queue[tuple[str, str]]]
subscribers: defaultdict[str, Subscribers] = defaultdict(set)
session_numbers = count(1)


def publish(session_id: str, event: tuple[str, str]) -> None:
    for queue in subscribers[session_id]:
        queue.put_nowait(event)


async def health(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


async def start(_request: web.Request) -> web.Response:
    return web.json_response({"session_id": str(next(session_numbers))})


async def end(request: web.Request) -> web.Response:
    return web.json_response({"session_id": request.match_info["id"], "state": "stopped"})


async def stream(request: web.Request) -> web.StreamResponse:
    queue: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    subscribers[request.match_info["id"]].add(queue)
    try:
        async with sse_response(request) as resp:
            while resp.is_connected():
                number, data = await queue.get()
                await resp.send(data, id=number, event="tone-event")
    finally:
        subscribers[request.match_info["id"]].discard(queue)
    return resp


async def audio(request: web.Request) -> web.WebSocketResponse:
    session_id = request.match_info["id"]
    counter = ChunkCounter(SHAPE, lambda event: publish(session_id, event))
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    async for message in socket:
        if message.type is web.WSMsgType.BINARY:
            await socket.send_str(counter.take(message.data))
    return socket


async def make_events(_app: web.Application) -> AsyncIterator[None]:
    """Where no audio drives the events, a clock does: to every session alike."""

    async def run() -> None:
        async for burst in SHAPE.bursts():
            for event in burst:
                for session_id in subscribers:
                    publish(session_id, event)

    task = asyncio.create_task(run()) if not SHAPE.chunks_per_event else None
    yield
    if task is not None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def main() -> None:
    app = web.Application()
    app.router.add_get("/health", health)
    app.router.add_post("/session/start", start)
    app.router.add_delete("/session/{id}/end", end)
    app.router.add_get("/session/{id}/stream", stream, allow_head=False)
    app.router.add_get("/session/{id}/audio", audio, allow_head=False)
    app.cleanup_ctx.append(make_events)
    web.run_app(
        app,
        host="127.0.0.1",
        port=int(os.environ["BENCH_PORT"]),
        access_log=None,
        print=None,
        handler_cancellation=True,
        shutdown_timeout=0.5,
        loop=uvloop.new_event_loop(),
    )


if __name__ == "__main__":
    main()
