"""A subscriber for tests: an event stream read as the bytes it is made of.

Unlike the client in :mod:`server.cli.client` it keeps every byte, comments included.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp
import orjson

DEADLINE_S = 20.0
"""How long a test waits for something that must come."""


@dataclass(frozen=True, slots=True)
class Block:
    """What stands between two empty lines of a stream."""

    raw: bytes

    @property
    def is_comment(self) -> bool:
        """Whether it is for nobody's eyes, such as a heartbeat."""
        return self.raw.startswith(b":")

    @property
    def name(self) -> str:
        """The event's name."""
        return self._field(b"event").decode()

    @property
    def data(self) -> dict[str, Any]:
        """The event's JSON."""
        return dict(orjson.loads(self._field(b"data")))

    @property
    def seq(self) -> int:
        """The event's number."""
        return int(self._field(b"id"))

    @property
    def lines(self) -> list[bytes]:
        """The block's lines, in order."""
        return self.raw.split(b"\n")

    def _field(self, name: bytes) -> bytes:
        (value,) = (line for line in self.lines if line.startswith(name + b": "))
        return value[len(name) + 2 :]


class Subscriber:
    """One open stream. Use as ``async with``; every wait has a deadline."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.response.close()

    async def block(self, deadline_s: float = DEADLINE_S) -> Block | None:
        """The next block, or None when the stream has ended."""
        async with asyncio.timeout(deadline_s):
            raw = await self.response.content.readuntil(b"\n\n")
        if not raw:
            return None
        assert raw.endswith(b"\n\n"), f"the stream broke off in the middle of {raw!r}"
        return Block(raw[:-2])

    async def event(self, name: str | None = None) -> Block:
        """The next event, of this name where one is given; comments are passed over."""
        while (block := await self.block()) is not None:
            if not block.is_comment and name in (None, block.name):
                return block
        raise AssertionError(f"the stream ended before {name or 'an event'}")

    async def events(self, count: int, name: str | None = None) -> list[Block]:
        """The next ``count`` events."""
        return [await self.event(name) for _ in range(count)]

    async def rest(self) -> list[Block]:
        """Every event until the server closes the stream."""
        blocks = []
        while (block := await self.block()) is not None:
            if not block.is_comment:
                blocks.append(block)
        return blocks
