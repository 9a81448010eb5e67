"""Audio in: one WebSocket per source of a session.

Reads at once and answers at once; it never waits for the classifier. What cannot be taken is
refused message by message, and the socket stays open.
"""

from __future__ import annotations

import asyncio
import contextlib
from functools import lru_cache
from typing import Final

from aiohttp import WSMessage, WSMsgType, web

from classifier import SAMPLE_RATE_HZ
from server.api.guard import check_credentials, check_origin, owner_of
from server.api.inputs import read_source
from server.api.keys import MANAGER, METRICS, SETTINGS
from server.api.problems import close_of
from server.errors import AudioRefusedError, InvalidInputError, LinnetError, SessionEndedError
from server.metrics import Metrics
from server.models import AudioAck, AudioRefusal
from server.sessions.feed import AudioFeed
from server.sessions.inbox import SAMPLE_BYTES

TRANSPORT_MAX_BYTES: Final = 256 * 1024
"""Eight seconds of audio: over the second that is taken, so that a clear refusal can be sent, yet
small enough that a hostile client cannot make us hold much. Above it the socket closes (1009)."""

_PING_S: Final = 10.0
"""A socket that does not answer a ping is gone, and its source free again, within 15 s."""

_CLOSE_S: Final = 0.5
"""How long a closing handshake may take: shutdown as a whole has two seconds."""


async def audio(request: web.Request) -> web.StreamResponse:
    """Each binary message is whole little-endian samples, at most a second of them; 100 ms (1600
    samples, 3200 bytes) is usual. Each is answered with a text frame: an acknowledgement, or a
    refusal after which the socket stays open. The clock of a source counts the audio accepted."""
    socket = web.WebSocketResponse(
        max_msg_size=TRANSPORT_MAX_BYTES + 1,  # aiohttp's limit is exclusive
        compress=False,
        heartbeat=_PING_S,
        timeout=_CLOSE_S,
    )
    if not socket.can_prepare(request).ok:
        raise InvalidInputError("This address speaks WebSocket: connect with ws:// or wss://.")
    manager = request.app[MANAGER]
    try:
        check_origin(request)
        await check_credentials(request, ticket=True)
        owner = owner_of(request)
        source = read_source(request)
        session = await manager.live(request.match_info["id"], owner=owner)
        feed = session.feed(source)
    except LinnetError as error:
        # A browser shows a close code to its page, but no answer to a refused upgrade.
        await socket.prepare(request)
        await _close(socket, request, error)
        return socket
    try:
        await socket.prepare(request)
        await _converse(socket, feed, request)
    finally:
        session.unfeed(source)
    return socket


async def _converse(socket: web.WebSocketResponse, feed: AudioFeed, request: web.Request) -> None:
    closer = asyncio.create_task(_close_at_end(socket, request, feed), name="audio-socket-closer")
    stall_s = request.app[SETTINGS].stall_s
    metrics = request.app[METRICS]
    try:
        async for message in socket:
            answer = _take(message, feed, metrics)
            if answer is None:
                continue
            if _has_room(request):
                await socket.send_str(answer)
                continue
            # A client that never reads its acknowledgements fills the buffers and is let go.
            async with asyncio.timeout(stall_s):
                await socket.send_str(answer)
    except TimeoutError:
        # Not closed: a closing handshake would wait behind everything that is not being read.
        _abort(request)
    except (ConnectionError, SessionEndedError):
        pass  # Gone, or about to be told by the closer.
    finally:
        if not feed.ended.is_set():
            closer.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await closer


async def _close_at_end(
    socket: web.WebSocketResponse, request: web.Request, feed: AudioFeed
) -> None:
    await feed.ended.wait()
    await _close(socket, request, feed.farewell())


async def _close(socket: web.WebSocketResponse, request: web.Request, error: LinnetError) -> None:
    code, reason = close_of(error)
    try:
        # The library bounds the wait for the other side's answer, not that for room to write.
        async with asyncio.timeout(2 * _CLOSE_S):
            await socket.close(code=code, message=reason)
    except TimeoutError:
        _abort(request)


def _has_room(request: web.Request) -> bool:
    """Whether what is sent now goes out without waiting: a deadline for it would be for nothing,
    and costs as much as taking the message did."""
    return request.transport is not None and request.transport.get_write_buffer_size() == 0


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _take(message: WSMessage, feed: AudioFeed, metrics: Metrics) -> str | None:
    """Take one message; the text frame that answers it."""
    try:
        if message.type is WSMsgType.TEXT:
            raise AudioRefusedError("not_binary", "Audio comes in binary messages; this was text.")
        if message.type is not WSMsgType.BINARY:
            return None
        feed.offer(message.data)
    except AudioRefusedError as error:
        metrics.chunks_refused.labels(error.reason).inc()
        if error.reason == "overrun":
            metrics.queue_drops.labels("audio").inc()
        return _refusal(error.reason, error.detail)
    metrics.chunks.inc()
    metrics.audio_seconds.inc(len(message.data) / (SAMPLE_BYTES * SAMPLE_RATE_HZ))
    return _acknowledgement(len(message.data))


@lru_cache(maxsize=64)
def _acknowledgement(size: int) -> str:
    # A client sends one size again and again: encode it once.
    return AudioAck(bytes=size).to_json().decode()


@lru_cache(maxsize=64)
def _refusal(reason: str, detail: str) -> str:
    return AudioRefusal.model_validate({"error": reason, "detail": detail}).to_json().decode()
