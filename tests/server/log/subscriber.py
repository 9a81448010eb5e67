"""A subscriber without HTTP: reads what it has missed, then follows, as a stream does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from server.errors import StoreError
from server.log.channel import Channel


def always() -> Iterator[bool]:
    """A subscriber that has room whenever it is offered something."""
    while True:
        yield True


class Subscriber:
    """Collects the bytes of one stream; comes back where it was when the log cannot be read."""

    def __init__(
        self, channel: Channel, after: int | None, room: Iterator[bool] | None = None
    ) -> None:
        """
        Args:
            after: as in Last-Event-ID; None begins with what comes next.
            room: for each offer, whether it is taken; no room once it is exhausted.
        """
        self._channel = channel
        self._cursor = channel.subscribe(after)
        self._room = always() if room is None else room
        self.after = self._cursor.seq
        """Number of the event before the first that is due."""
        self.got = b""
        """All bytes so far, in order."""
        self.offers_taken = 0
        self.offers_refused = 0
        self.returns = 0
        """How often it had to come back because the log could not be read."""

    def offer(self, data: bytes) -> bool:
        """Called by the channel."""
        if not next(self._room, False):
            self.offers_refused += 1
            return False
        self.offers_taken += 1
        self.got += data
        return True

    async def run(self) -> None:
        """Until the session has ended and all is read."""
        while True:
            try:
                data = await self._cursor.read()
            except StoreError:
                self.returns += 1
                self._cursor = self._channel.subscribe(self._cursor.seq)
                await asyncio.sleep(0.001)
                continue
            if data:
                self.got += data
                await asyncio.sleep(0)
            elif self._channel.ended is not None:
                return
            else:
                await self._cursor.follow(self.offer)

    @property
    def seqs(self) -> list[int]:
        """The numbers of the events received."""
        return [
            int(line.removeprefix(b"id: "))
            for line in self.got.split(b"\n")
            if line.startswith(b"id: ")
        ]


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until something has come about."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0.001)
