"""A clip, heard in several ways: what the stream makes of it, as it was recorded and as others
would have spoken it, elsewhere.

Owns the hearing of one clip, and its sharing out among processes where there are many.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.acoustic.contour import CONTOUR_WIDTH
from classifier.acoustic.extractor import FrameExtractor
from classifier.acoustic.functionals import WIDTH
from classifier.acoustic.layout import ANALYSIS_FRAMES, BLOCK, BLOCK_FRAMES, Floats
from classifier.acoustic.window import SlidingWindow
from classifier.training.material.augment import (
    AS_RECORDED,
    Signal,
    Surroundings,
    Voice,
    heard_as,
)
from classifier.training.material.corpora import Corpora

WORTH_SHARING: Final = 400
"""Hearings from which on several processes are quicker than one, their start included."""

MASK_BYTES: Final = -(-ANALYSIS_FRAMES // 8)
"""Bytes of a packed mask of a window."""

SEED: Final = 20050904
"""Of all that is drawn while listening."""


@dataclass(frozen=True, slots=True)
class ClipWindows:
    """The windows of one clip that hold speech, in order."""

    vectors: Floats
    recent: Floats
    new_speech_s: Floats
    speech_s: Floats
    recent_speech_s: Floats
    frames: NDArray[np.float16]
    begin: NDArray[np.int64]
    """First frame of each window; below 0 where it began before the clip."""

    speech: NDArray[np.uint8]
    voiced: NDArray[np.uint8]


def clip_windows(pcm: NDArray[np.int16], lead: int = 0, tail: int = BLOCK) -> ClipWindows:
    """Stream a clip on its own, and a pause after it, through a fresh lane.

    Args:
        pcm: ``(samples,)``.
        lead: samples of silence before it, so that the grid of blocks falls differently.
        tail: samples of silence after it, at least.
    """
    tail += (-(lead + pcm.size + tail)) % BLOCK
    padded = np.concatenate([np.zeros(lead, np.int16), pcm, np.zeros(tail, np.int16)])
    frames = FrameExtractor().push(padded)
    window = SlidingWindow()
    seen = [
        window.advance(frames[start : start + BLOCK_FRAMES])
        for start in range(0, len(frames), BLOCK_FRAMES)
    ]
    spoken = [one for one in seen if one.vector is not None]
    nothing = np.full(WIDTH, np.nan, np.float32)
    none = np.zeros((0, WIDTH), np.float32)
    no_masks = np.zeros((0, MASK_BYTES), np.uint8)
    contours = [one.contour for one in seen if one.contour is not None]
    ends = np.array([i for i, one in enumerate(seen) if one.contour is not None], np.int64)
    return ClipWindows(
        np.stack([one.vector for one in spoken if one.vector is not None]) if spoken else none,
        np.stack([nothing if one.recent is None else one.recent for one in spoken])
        if spoken
        else none,
        np.array([one.new_speech_s for one in spoken], np.float32),
        np.array([one.speech_s for one in spoken], np.float32),
        np.array([one.recent_speech_s for one in spoken], np.float32),
        frames[:, :CONTOUR_WIDTH].astype(np.float16),
        (ends + 1) * BLOCK_FRAMES - ANALYSIS_FRAMES,
        np.stack([np.packbits(one.speech) for one in contours]) if contours else no_masks,
        np.stack([np.packbits(one.voiced) for one in contours]) if contours else no_masks,
    )


def as_signal(pcm: NDArray[np.int16]) -> Signal:
    """PCM as floats, -1..1."""
    return np.asarray(pcm, np.float32) / np.float32(32768.0)


def as_pcm(signal: Signal) -> NDArray[np.int16]:
    """Floats as PCM."""
    return np.asarray(np.clip(np.rint(signal * 32767.0), -32768, 32767), dtype=np.int16)


@dataclass(frozen=True, slots=True)
class Task:
    """One clip to hear."""

    index: int
    name: str
    ways: tuple[Voice, ...]
    own: tuple[str, ...]
    """Clips of the same speaker, for babble."""


class Hearer:
    """Hears clips in several ways. Keeps the sounds of the speaker it heard last."""

    def __init__(self, corpora: Corpora, around: Surroundings) -> None:
        self._corpora = corpora
        self._around = around
        self._company: tuple[Sequence[str], list[Signal]] = ((), [])

    def __call__(self, task: Task) -> list[ClipWindows]:
        pcm = self._corpora.pcm(task.name)
        if task.own != self._company[0]:
            self._company = (task.own, [as_signal(self._corpora.pcm(other)) for other in task.own])
        return [self._hear(pcm, task, way, voice) for way, voice in enumerate(task.ways)]

    def _hear(self, pcm: NDArray[np.int16], task: Task, way: int, voice: Voice) -> ClipWindows:
        rng = np.random.default_rng([SEED, task.index, way])
        lead = int(rng.integers(BLOCK))
        if voice == AS_RECORDED:
            return clip_windows(pcm, lead)
        # A background does not begin with the voice, nor end with it.
        lead += BLOCK if voice.background is not None else 0
        tail = BLOCK + (-(lead + pcm.size)) % BLOCK
        heard = heard_as(
            as_signal(pcm), voice, self._around, rng, own=self._company[1], lead=lead, tail=tail
        )
        return clip_windows(as_pcm(heard), tail=0)


def in_order(hearer: Hearer, tasks: Sequence[Task]) -> Iterator[list[ClipWindows]]:
    """What is heard in each clip, in their order; many are shared out among all processors."""
    if sum(len(task.ways) for task in tasks) < WORTH_SHARING or (os.cpu_count() or 1) == 1:
        yield from map(hearer, tasks)
        return
    with get_context("spawn").Pool(initializer=_begin, initargs=(hearer,)) as pool:
        yield from pool.imap(_hear_elsewhere, tasks, chunksize=8)


_hearer: Hearer | None = None
"""Of this process, where it is one of several."""


def _begin(hearer: Hearer) -> None:
    global _hearer
    from threadpoolctl import threadpool_limits  # comes with the train extra

    threadpool_limits(1)
    _hearer = hearer


def _hear_elsewhere(task: Task) -> list[ClipWindows]:
    assert _hearer is not None
    return _hearer(task)
