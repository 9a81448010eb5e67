"""What listening costs without a server: our classifier and openSMILE's eGeMAPS in one process.

Run as ``python -m tests.bench.hearing SPEC`` (a :class:`HearingSpec` as JSON). Prints JSON lines
like :mod:`tests.bench.load`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import uvloop
from numpy.typing import NDArray

from classifier import Listener
from classifier.acoustic.backend import AcousticBackend
from classifier.pages import keep_pages
from tests.bench.load import say
from tests.bench.process import memory_bytes
from tests.bench.speech import RATE_HZ, speech_pcm

CHUNK_SAMPLES = 1600
_PHASES = 5
"""Chunks in a block of the classifier: sessions are spread over them, as they would be in life."""
_PEER_WINDOW_S = 3.0


@dataclass(frozen=True)
class HearingSpec:
    """What to measure."""

    sessions: list[int]
    """How many at once, one measurement each."""
    audio_s: float
    """Seconds of audio in each session of the first measurement; the larger have less, but never
    under a quarter."""
    rounds: int
    """Times each is measured, in turn with the peer; the cheapest counts."""


@dataclass
class HearingResult:
    """What was measured."""

    speech: str = ""
    cpu_ms: dict[str, float] = field(default_factory=dict)
    """By number of sessions: processor time per second of audio and session, in ms."""
    readings: dict[str, int] = field(default_factory=dict)
    """By number of sessions: voice frames that came of it."""
    peer_cpu_ms: float | None = None
    """The same for eGeMAPS functionals of windows that do not overlap; None where openSMILE is
    not installed."""
    peer_ratios: list[float] = field(default_factory=list)
    """What the most sessions cost, of what the peer does: one of each round, in which both met the
    same machine."""
    process_bytes: int = 0
    """Memory of the process with the model loaded and used once."""
    session_bytes: float = 0.0
    """What each of the most sessions added."""
    faults: list[str] = field(default_factory=list)


async def _listen(
    backend: AcousticBackend, pcm: NDArray[np.int16], count: int, audio_s: float
) -> tuple[float, int, int]:
    """CPU seconds, readings and memory with ``count`` sessions fed 100 ms at a time."""
    listeners = [backend.open() for _ in range(count)]
    frames = 0

    async def read(listener: Listener) -> None:
        nonlocal frames
        async for _ in listener.stream():
            frames += 1

    readers = [asyncio.create_task(read(listener)) for listener in listeners]
    voices = [np.roll(pcm, -i * pcm.size // count) for i in range(count)]
    chunks = round(audio_s * RATE_HZ / CHUNK_SAMPLES)
    for index, listener in enumerate(listeners):  # not counted: each begins at its own phase
        await listener.feed(voices[index][-CHUNK_SAMPLES * (index % _PHASES) or pcm.size :])
    began_s = time.process_time()
    for number in range(chunks):
        at = number * CHUNK_SAMPLES % (pcm.size - CHUNK_SAMPLES)
        await asyncio.gather(
            *(
                listener.feed(voice[at : at + CHUNK_SAMPLES])
                for listener, voice in zip(listeners, voices, strict=True)
            )
        )
    cpu_s = time.process_time() - began_s
    memory = memory_bytes(os.getpid())
    for listener in listeners:
        await listener.stop()
    await asyncio.gather(*readers)
    return cpu_s, frames, memory


async def measure(spec: HearingSpec, result: HearingResult) -> None:
    """Our classifier at each number of sessions, and then the peer, round by round: a machine that
    is shared becomes slower and faster within minutes."""
    pcm, result.speech = speech_pcm()
    peer = Peer.find(pcm)
    backend = AcousticBackend()
    try:
        await backend.load()
        await _listen(backend, pcm, 1, 2.0)
        result.process_bytes = memory_bytes(os.getpid())
        for number in range(spec.rounds):
            for count in spec.sessions:
                say(progress=f"round {number + 1} of {spec.rounds}: {count} sessions")
                cost = await _measure_ours(backend, pcm, count, spec, result)
            if peer is not None:
                say(progress=f"round {number + 1} of {spec.rounds}: openSMILE eGeMAPS")
                peer_cost = peer.measure()
                result.peer_cpu_ms = min(peer_cost, result.peer_cpu_ms or peer_cost)
                result.peer_ratios.append(cost / peer_cost)
    finally:
        await backend.aclose()


async def _measure_ours(
    backend: AcousticBackend,
    pcm: NDArray[np.int16],
    count: int,
    spec: HearingSpec,
    result: HearingResult,
) -> float:
    """Once at this number of sessions; what it cost, ms."""
    audio_s = max(spec.audio_s / 4, spec.audio_s / count)
    before = memory_bytes(os.getpid()) + pcm.nbytes * count  # each voice is a copy
    cpu_s, frames, memory = await _listen(backend, pcm, count, audio_s)
    cost = 1000 * cpu_s / count / audio_s
    named = str(count)
    result.cpu_ms[named] = min(cost, result.cpu_ms.get(named, cost))
    result.readings[named] = frames
    expected = int(count * audio_s / 0.5)
    if frames < expected:
        result.faults.append(f"{count} sessions: {frames} readings, not {expected}")
    if count == max(spec.sessions):
        # What was freed is used again, so a later round shows less than was needed.
        result.session_bytes = max(result.session_bytes, (memory - before) / count)
    return cost


class Peer:
    """openSMILE's eGeMAPS functionals of windows that do not overlap."""

    def __init__(self, extract: Callable[[NDArray[np.float32]], Any], pcm: NDArray[np.int16]):
        signal = pcm.astype(np.float32) / 32768.0
        size = int(_PEER_WINDOW_S * RATE_HZ)
        self._extract = extract
        self._windows = [signal[at : at + size] for at in range(0, signal.size - size + 1, size)]
        extract(self._windows[0])

    @classmethod
    def find(cls, pcm: NDArray[np.int16]) -> Peer | None:
        """The peer, where it is installed."""
        try:
            import opensmile
        except ImportError:
            return None
        smile = opensmile.Smile(
            feature_set=opensmile.FeatureSet.eGeMAPSv02,
            feature_level=opensmile.FeatureLevel.Functionals,
        )
        return cls(lambda signal: smile.process_signal(signal, RATE_HZ), pcm)

    def measure(self) -> float:
        """CPU ms per second of audio."""
        began_s = time.process_time()
        for window in self._windows:
            self._extract(window)
        return 1000 * (time.process_time() - began_s) / (len(self._windows) * _PEER_WINDOW_S)


def main() -> None:
    """Run the specification on the command line."""
    keep_pages()  # as the server does
    spec = HearingSpec(**json.loads(sys.argv[1]))
    result = HearingResult()
    uvloop.run(measure(spec, result))
    say(result=asdict(result))


if __name__ == "__main__":
    main()
