"""A stream's bytes on the wire: headers, heartbeats, and two ways to write.

Live events are offered: put into the transport at once if it has room, refused if not. A
subscriber that is behind is written to at its own pace, with a deadline. Both carry bytes that
all subscribers share.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp_sse import EventSourceResponse

from server.log.channel import Channel

HEARTBEAT: Final = b": heartbeat\n\n"

_ROOM_BYTES: Final = 64 * 1024
"""A transport that holds more than this unsent is not offered live events: with the kernel's own
buffer this is about two minutes of a busy session, and all that a stalled subscriber can cost."""


class SubscriberStream(EventSourceResponse):
    """One subscriber's response."""

    def __init__(
        self,
        *,
        heartbeat_s: float,
        stall_s: float,
        now_s: Callable[[], float],
        on_stall: Callable[[], None],
    ) -> None:
        # send_timeout: the library has the kernel drop a peer that takes nothing for so long. On a
        # quiet session that is sooner than our own deadline, which begins when buffers are full.
        # Which methods there are is for the routes to say.
        super().__init__(
            sep="\n", allow_all_methods=True, ping_interval=heartbeat_s, send_timeout=stall_s
        )
        self._stall_s = stall_s
        self._now_s = now_s
        self._on_stall = on_stall
        self._written_s = now_s()
        self._channel: Channel | None = None
        self._transport: asyncio.WriteTransport | None = None
        self._writer: AbstractStreamWriter | None = None
        self._is_chunked = True

    async def begin(self, request: web.Request, channel: Channel | None = None) -> None:
        """Send the headers and the first heartbeat, at once.

        Args:
            channel: where live events come from; its silence is what heartbeats fill.
        """
        self._channel = channel
        self._is_chunked = request.version >= HttpVersion11
        self._writer = await self.prepare(request)
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("The subscriber left before the stream began.")
        self._transport = transport
        await self.write_paced(HEARTBEAT)

    def offer(self, data: bytes) -> bool:
        """Take live bytes without waiting; False when there is no room, and nothing was taken."""
        transport = self._transport
        if (
            transport is None
            or transport.is_closing()
            or transport.get_write_buffer_size() > _ROOM_BYTES
        ):
            return False
        # Straight into the transport: framing once for all subscribers instead of once for each
        # is a third of the cost of a delivery (./manage.sh bench fanout).
        transport.write(_chunk(data) if self._is_chunked else data)
        return True

    async def write_paced(self, data: bytes) -> None:
        """Write and wait until the subscriber has taken enough of it.

        Raises:
            TimeoutError: it took nothing for too long; the connection is dropped.
            ConnectionError: it has gone.
        """
        assert self._writer is not None
        try:
            async with asyncio.timeout(self._stall_s):
                await self.write(data)
                await self._writer.drain()
        except TimeoutError:
            # Told here: aborting cancels the handler, which may never see this error.
            self._on_stall()
            if self._transport is not None:
                self._transport.abort()
            raise
        self._written_s = self._now_s()

    async def _ping(self) -> None:
        """The library's own ping, with our words and only after real silence."""
        while True:
            written_s = self._written_s
            if self._channel is not None:
                written_s = max(written_s, self._channel.published_s)
            wait_s = written_s + self._ping_interval - self._now_s()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
                continue
            # Offered, not written: a subscriber with a full buffer needs no heartbeat.
            self.offer(HEARTBEAT)
            self._written_s = self._now_s()


@lru_cache(maxsize=16)
def _chunk(data: bytes) -> bytes:
    """``data`` as one chunk of a chunked body (RFC 9112, 7.1), framed once for all."""
    return b"%x\r\n%b\r\n" % (len(data), data)
