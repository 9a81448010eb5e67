"""Waiting for what comes about over a wire, where there is nothing to be woken by."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

_LOOK_EVERY_S = 0.02


async def eventually(holds: Callable[[], Awaitable[bool]], *, deadline_s: float = 20.0) -> None:
    """Return once ``holds()`` is true.

    Raises:
        TimeoutError: it was not within the deadline.
    """
    async with asyncio.timeout(deadline_s):
        while not await holds():  # noqa: ASYNC110 - nothing sets an event for us over a wire
            await asyncio.sleep(_LOOK_EVERY_S)
