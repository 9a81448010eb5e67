"""sse-starlette on uvicorn (uvloop, httptools): a queue per subscriber behind a generator.

Its broadcasting example also asks ``is_disconnected()`` and sets a timer before each event; both
cost time and neither is needed (the response itself watches for the client), so neither is here.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import defaultdict
from collections.abc import AsyncIterator
from itertools import count

import uvicorn
from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.bench.peers.shape import ChunkCounter, Shape

SHAPE = Shape.from_env()
Subscribers = set[asyncio.Queue[tuple[str, str]]]
subscribers: defaultdict[str, Subscribers] = defaultdict(set)
session_numbers = count(1)


def publish(session_id: str, event: tuple[str, str]) -> None:
    for queue in subscribers[session_id]:
        queue.put_nowait(event)


async def health(_request: Request) -> JSONResponse:
    return JSONResponse({"status": "ok"})


async def start(_request: Request) -> JSONResponse:
    return JSONResponse({"session_id": str(next(session_numbers))})


async def end(request: Request) -> JSONResponse:
    return JSONResponse({"session_id": request.path_params["id"], "state": "stopped"})


async def stream(request: Request) -> EventSourceResponse:
    queue: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    subscribers[request.path_params["id"]].add(queue)

    async def events() -> AsyncIterator[dict[str, str]]:
        try:
            while True:
                number, data = await queue.get()
                yield {"data": data, "event": "tone-event", "id": number}
        finally:
            subscribers[request.path_params["id"]].discard(queue)

    return EventSourceResponse(events())


async def audio(socket: WebSocket) -> None:
    session_id = socket.path_params["id"]
    counter = ChunkCounter(SHAPE, lambda event: publish(session_id, event))
    await socket.accept()
    try:
        while True:
            await socket.send_text(counter.take(await socket.receive_bytes()))
    except WebSocketDisconnect:
        pass


@contextlib.asynccontextmanager
async def make_events(_app: Starlette) -> AsyncIterator[None]:
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


app = Starlette(
    lifespan=make_events,
    routes=[
        Route("/health", health),
        Route("/session/start", start, methods=["POST"]),
        Route("/session/{id}/end", end, methods=["DELETE"]),
        Route("/session/{id}/stream", stream),
        WebSocketRoute("/session/{id}/audio", audio),
    ],
)


def main() -> None:
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(os.environ["BENCH_PORT"]),
        loop="uvloop",
        http="httptools",
        ws_per_message_deflate=False,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
