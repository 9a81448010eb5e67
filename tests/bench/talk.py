"""The speakers, in a process of their own: audio in, in real time, events out, each one timed.

Run as ``python -m tests.bench.talk SPEC`` (an :class:`AudioSpec` as JSON). Prints JSON lines like
:mod:`tests.bench.load`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field

import aiohttp
import numpy as np
import uvloop
from numpy.typing import NDArray

from tests.bench.load import Subscriber, say, subscribe
from tests.bench.process import HOST, cpu_s, memory_bytes, raise_file_limit
from tests.bench.speech import RATE_HZ, speech_pcm
from tests.bench.wire import Event

CHUNK_S = 0.1
CHUNK_SAMPLES = 1600
_TIMED = ("affect-event", "tone-event")
_LATE_S = 0.05


@dataclass(frozen=True)
class AudioSpec:
    """What to measure. ``sessions`` ids; the first speaks alone before the others join."""

    port: int
    pid: int
    session_ids: list[str]
    alone_s: float
    warm_up_s: float
    measure_s: float
    audio_clock: bool
    """Whether timestamps count audio (a synthetic conversation's count wall time)."""
    reading_every_s: float = 0.0
    """An affect-event is due for each so many seconds of audio; 0 where none are promised."""
    stagger_s: float = CHUNK_S
    """The sessions begin evenly spread over so many seconds."""


@dataclass
class AudioResult:
    """What was measured between the marks."""

    sessions: int
    speech: str
    chunks: int = 0
    chunks_in_all: int = 0
    """Warm-up included, as in ``kinds``."""
    cpu_s: float = 0.0
    wall_s: float = 0.0
    load_cpu_share: float = 0.0
    kinds: dict[str, int] = field(default_factory=dict)
    latency_ms: dict[str, list[float]] = field(default_factory=dict)
    """By kind of event: from sending the chunk that completes its window to its arrival."""
    event_bytes: float = 0.0
    memory_before: int = 0
    memory_after: int = 0
    late_chunks: int = 0
    """Chunks sent more than 50 ms after their time: this machine was too busy to play."""
    faults: list[str] = field(default_factory=list)


def completing_chunk(timestamp_s: float) -> int:
    """Index of the 100 ms chunk that holds the last sample before ``timestamp_s``.

    The wire's timestamps are rounded to a millisecond or coarser: half of one is allowed for.
    """
    samples = round((timestamp_s - 0.0005) * RATE_HZ)
    return max(0, -(-samples // CHUNK_SAMPLES) - 1)


class Speaker:
    """One session: a socket that speaks and a stream that listens."""

    def __init__(
        self, spec: AudioSpec, session_id: str, pcm: NDArray[np.int16], offset: int
    ) -> None:
        self._base = f"/session/{session_id}"
        self._port = spec.port
        self._timed = _TIMED if spec.audio_clock else ()
        self._reading_every_s = spec.reading_every_s
        self._pcm = np.roll(pcm, -offset).tobytes()
        self.sent_s: list[float] = []
        self.acknowledged = 0
        self.late = 0
        self.kinds: Counter[str] = Counter()
        self.latency_ms: dict[str, list[tuple[float, float]]] = {kind: [] for kind in self._timed}
        """By kind: (arrival, latency)."""
        self.faults: list[str] = []
        self.subscriber: Subscriber | None = None

    async def run(self, http: aiohttp.ClientSession, begin_s: float, stop: asyncio.Event) -> None:
        """Speak from ``begin_s`` (monotonic) until ``stop``."""
        self.subscriber = await subscribe(self._port, f"{self._base}/stream", self._heard)
        url = f"http://{HOST}:{self._port}{self._base}/audio"
        async with http.ws_connect(url, compress=0, max_msg_size=0) as socket:
            answers = asyncio.create_task(self._read_answers(socket))
            size = 2 * CHUNK_SAMPLES
            whole = len(self._pcm) // size
            while not stop.is_set():
                index = len(self.sent_s)
                due_s = begin_s + index * CHUNK_S
                wait_s = due_s - time.monotonic()
                if wait_s > 0:
                    await asyncio.sleep(wait_s)
                elif -wait_s > _LATE_S:
                    self.late += 1
                at = index % whole * size
                self.sent_s.append(time.monotonic())
                await socket.send_bytes(self._pcm[at : at + size])
            await asyncio.sleep(1.0)
        await answers
        if not self.sent_s:
            self.faults.append("had nothing to say: it was connected too late")
        if self.acknowledged != len(self.sent_s):
            self.faults.append(f"{self.acknowledged} of {len(self.sent_s)} chunks acknowledged")
        if self._reading_every_s:
            due = int(len(self.sent_s) * CHUNK_S / self._reading_every_s + 1e-6)
            if self.kinds["affect-event"] != due:
                self.faults.append(f"{self.kinds['affect-event']} readings of {due}")
        if self.subscriber.fault or not self.subscriber.ledger.whole:
            self.faults.append(f"stream: {self.subscriber.fault or self.subscriber.ledger}")
        self.subscriber.close()

    async def _read_answers(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                answer = json.loads(message.data)
                if answer.get("ok"):
                    self.acknowledged += 1
                elif len(self.faults) < 3:
                    self.faults.append(f"a chunk was refused: {answer}")

    def _heard(self, _subscriber: Subscriber, events: list[Event]) -> None:
        now_s = time.monotonic()
        for event in events:
            self.kinds[event.kind] += 1
            if event.kind not in self.latency_ms:
                continue
            index = completing_chunk(json.loads(event.data)["timestamp"])
            if index >= len(self.sent_s):
                self.faults.append(f"an {event.kind} speaks of audio not yet sent")
                continue
            self.latency_ms[event.kind].append((now_s, 1000 * (now_s - self.sent_s[index])))


async def measure(spec: AudioSpec) -> AudioResult:
    """All sessions at once, staggered."""
    pcm, what = speech_pcm()
    result = AudioResult(len(spec.session_ids) - 1, what)
    first_id, *ids = spec.session_ids
    step = len(pcm) // max(1, len(ids))
    # Without a limit: the library's own would let a hundred speak and keep the others waiting.
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        say(progress="one session alone")
        stop = asyncio.Event()
        alone = asyncio.create_task(
            Speaker(spec, first_id, pcm, 0).run(http, time.monotonic(), stop)
        )
        await asyncio.sleep(spec.alone_s)
        stop.set()
        await alone
        result.memory_before = memory_bytes(spec.pid)

        say(progress=f"{len(ids)} sessions speak")
        stop = asyncio.Event()
        speakers = [Speaker(spec, name, pcm, i * step) for i, name in enumerate(ids)]
        begin_s = time.monotonic() + 0.5
        running = [
            asyncio.create_task(speaker.run(http, begin_s + i * spec.stagger_s / len(ids), stop))
            for i, speaker in enumerate(speakers)
        ]
        await asyncio.sleep(spec.warm_up_s + 0.5)

        def total() -> int:
            return sum(speaker.acknowledged for speaker in speakers)

        chunks, cpu, own, at_s = total(), cpu_s(spec.pid), time.process_time(), time.monotonic()
        say(progress="measuring")
        await asyncio.sleep(spec.measure_s)
        result.chunks = total() - chunks
        result.cpu_s = cpu_s(spec.pid) - cpu
        end_s = time.monotonic()
        result.wall_s = end_s - at_s
        result.load_cpu_share = (time.process_time() - own) / result.wall_s
        result.memory_after = memory_bytes(spec.pid)
        stop.set()
        await asyncio.gather(*running)

    kinds: Counter[str] = Counter()
    for index, speaker in enumerate(speakers):
        kinds += speaker.kinds
        result.chunks_in_all += len(speaker.sent_s)
        result.late_chunks += speaker.late
        result.faults += [f"session {index}: {fault}" for fault in speaker.faults]
        for kind, timed in speaker.latency_ms.items():
            result.latency_ms.setdefault(kind, []).extend(
                ms for arrived_s, ms in timed if at_s <= arrived_s <= end_s
            )
    body_bytes = sum(s.subscriber.stream.body_bytes for s in speakers if s.subscriber)
    result.event_bytes = body_bytes / max(1, kinds.total())
    result.kinds = dict(kinds)
    return result


def main() -> None:
    """Run the specification on the command line."""
    raise_file_limit()
    say(result=asdict(uvloop.run(measure(AudioSpec(**json.loads(sys.argv[1]))))))


if __name__ == "__main__":
    main()
