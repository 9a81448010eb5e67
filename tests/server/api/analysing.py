"""Recordings sent to an application, and a classifier that names a tone in each."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from classifier import Affect
from classifier.backend import PLAIN, ListenOptions, PcmInt16
from classifier.errors import BackendError
from classifier.frames import Source
from tests.support.api import Api
from tests.support.classifier import ScriptedBackend, ScriptedListener
from tests.support.recordings import encoded, hiss
from tests.support.sse import Block, Subscriber

STREAM = {"Accept": "text/event-stream"}
TWELVE = encoded(hiss(12.0))


class TalkingBackend(ScriptedBackend):
    """Names a tone at the end of all that it is fed; waits, or breaks, when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()
        self.breaks_after: int | None = None

    def open(self, options: ListenOptions = PLAIN) -> ScriptedListener:
        """A listener for one session."""
        listener = _Talking(self)
        self.opened.append(listener)
        return listener


class _Talking(ScriptedListener):
    def __init__(self, backend: TalkingBackend) -> None:
        super().__init__()
        self._backend = backend
        self.feed_gate = backend.gate
        self.frame_per_feed = Affect.WARM

    async def feed(self, pcm: PcmInt16, source: Source = Source.MIC) -> None:
        if len(self.fed) == self._backend.breaks_after:
            raise BackendError("it was told to break")
        await super().feed(pcm, source)


async def whole(api: Api, data: Any, *, headers: Any = None, **query: Any) -> tuple[int, Any]:
    """Status and JSON of an analysis that is answered at its end."""
    async with api.client.post("/analyze", data=data, headers=headers, params=query) as answer:
        assert answer.headers["X-Request-ID"]
        return answer.status, orjson.loads(await answer.read())


async def streamed(api: Api, data: Any, **query: Any) -> list[Block]:
    """Every event of an analysis that is streamed."""
    answer = await api.client.post("/analyze", data=data, headers=STREAM, params=query)
    assert answer.status == 200, await answer.text()
    async with Subscriber(answer) as subscriber:
        return await subscriber.rest()
