"""Readings of several sources in the order of their time.

A recording's sources are heard a stretch at a time, one after the other; put in order, its log
reads as a conversation does.
"""

from __future__ import annotations

import heapq
from collections.abc import AsyncIterator, Sequence

from classifier import Listener, Source, VoiceFrame
from classifier.backend import PcmInt16


class InOrder(Listener):
    """A listener that keeps a reading back until no source can have an earlier one."""

    def __init__(self, inner: Listener, sources: Sequence[Source]) -> None:
        """
        Args:
            inner: what hears; each source's own readings come in order from it.
            sources: the ones that are fed, each equally much.
        """
        self._inner = inner
        self._reached_s = dict.fromkeys(sources, 0.0)
        self._rank = {source: rank for rank, source in enumerate(sources)}

    async def feed(self, pcm: PcmInt16, source: Source = Source.MIC) -> None:
        """See :meth:`Listener.feed`."""
        await self._inner.feed(pcm, source)

    async def known_voices(self) -> str:
        """See :meth:`Listener.known_voices`."""
        return await self._inner.known_voices()

    async def stream(self) -> AsyncIterator[VoiceFrame]:
        """See :meth:`Listener.stream`; what is kept back at the end comes then."""
        kept: list[tuple[float, int, int, VoiceFrame]] = []
        count = 0
        async for frame in self._inner.stream():
            count += 1
            at_s = frame.timestamp_s
            heapq.heappush(kept, (at_s, self._rank.get(frame.source, 0), count, frame))
            self._reached_s[frame.source] = at_s
            safe_s = min(self._reached_s.values())
            while kept and kept[0][0] <= safe_s:
                yield heapq.heappop(kept)[3]
        while kept:
            yield heapq.heappop(kept)[3]

    def take_notices(self) -> Sequence[str]:
        """See :meth:`Listener.take_notices`."""
        return self._inner.take_notices()

    async def stop(self) -> None:
        """See :meth:`Listener.stop`."""
        await self._inner.stop()
