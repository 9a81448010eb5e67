"""What the peers send: tone events of the size and rhythm that Linnet was seen to send.

Knows no library of any peer, so that all of them do the same work up to the sending.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

_OVERHEAD_BYTES = len("event: tone-event\ndata: \nid: 1000\n\n")


@dataclass(frozen=True)
class Shape:
    """Rhythm and size of the events."""

    ticks_per_s: float
    """How often events are made."""
    events_per_tick: float
    """How many at once, on average."""
    event_bytes: int
    """Size of one block on the wire."""
    chunks_per_event: float
    """For the audio route: chunks taken per event sent."""

    @classmethod
    def from_env(cls) -> Shape:
        """As the benchmark has set it for this process."""
        return cls(
            ticks_per_s=float(os.environ.get("BENCH_TICKS_PER_S", "5")),
            events_per_tick=float(os.environ.get("BENCH_EVENTS_PER_TICK", "1")),
            event_bytes=int(os.environ.get("BENCH_EVENT_BYTES", "330")),
            chunks_per_event=float(os.environ.get("BENCH_CHUNKS_PER_EVENT", "0")),
        )

    def event_json(self, number: int, timestamp_s: float) -> str:
        """A tone event; the subtext fills it up to the size asked for."""
        event = {
            "event_type": "tone",
            "label": "steady, plain",
            "confidence": 0.5 + number % 100 / 250,
            "speaker_id": "speaker_a",
            "shift_magnitude": number % 10 / 10,
            "timestamp": round(timestamp_s, 3),
            "session_id": "bench",
            "subtext": "",
            "affect": "neutral",
            "shift_direction": "stable",
            "prosody_flags": [],
        }
        missing = self.event_bytes - _OVERHEAD_BYTES - len(json.dumps(event))
        event["subtext"] = "x" * max(0, missing)
        return json.dumps(event)

    async def bursts(self) -> AsyncIterator[list[tuple[str, str]]]:
        """``(id, json)`` of the events of tick after tick, for ever, at the rhythm asked for."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        number, tick, due = 0, 0, 0.0
        while True:
            tick += 1
            await asyncio.sleep(max(0.0, began_s + tick / self.ticks_per_s - loop.time()))
            due += self.events_per_tick
            burst: list[tuple[str, str]] = []
            while due >= 1:
                due -= 1
                number += 1
                burst.append((str(number), self.event_json(number, tick / self.ticks_per_s)))
            yield burst


class ChunkCounter:
    """One audio socket of a peer: every so many chunks, an event is due."""

    def __init__(self, shape: Shape, publish: Callable[[tuple[str, str]], None]) -> None:
        self._shape = shape
        self._publish = publish
        self._samples = 0
        self._due = 0.0
        self._number = 0

    def take(self, chunk: bytes) -> str:
        """Count a chunk, publish what is due; the acknowledgement to send."""
        self._samples += len(chunk) // 2
        if self._shape.chunks_per_event:
            self._due += 1 / self._shape.chunks_per_event
        while self._due >= 1:
            self._due -= 1
            self._number += 1
            self._publish(
                (str(self._number), self._shape.event_json(self._number, self._samples / 16_000))
            )
        return json.dumps({"ok": True, "bytes": len(chunk)})
