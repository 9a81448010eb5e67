"""The steps of a window, from block to block: what the convolutions need not hear twice.

A contour network's convolutions give one step for every four frames of a window, each from ten
frames to either side of it. When the window moves on by a block, all but the newest steps are what
they were. Owns the grid of steps, what a lane keeps of them, and which stretches of a contour (its
chunks) must be heard anew. Frames stay measured against what was usual for the voice when they
came. What a step means only the network knows.

The grid is that of the stream, not of the window: a window ends with the last step that has begun,
whose missing frames are silent.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.acoustic.baseline import Usual
from classifier.acoustic.contour import CHANNELS, contour_input
from classifier.acoustic.layout import (
    ANALYSIS_BLOCKS,
    ANALYSIS_FRAMES,
    BLOCK_FRAMES,
    BLOCK_S,
    Floats,
)
from classifier.acoustic.window import RECENT_FRAMES, Window

Halves = NDArray[np.float16]
"""What is kept: half of the memory, and the third decimal of what a network says."""

TAPS: Final = (5, 5, 3)
"""Of each convolution."""

STRIDES: Final = (2, 2, 1)

STEP: Final = prod(STRIDES)
"""Frames from one step to the next."""

REACH: Final = sum(taps // 2 * prod(STRIDES[:layer]) for layer, taps in enumerate(TAPS))
"""Frames to either side of its first one that a step is made of."""

STEPS: Final = ANALYSIS_FRAMES // STEP
"""Of a window."""

RECENT_STEPS: Final = RECENT_FRAMES // STEP

CHUNK_STEPS: Final = (BLOCK_FRAMES + REACH) // STEP
"""Steps that a new block makes, or makes anew: those before its beginning that reach into it."""

CHUNK_FRAMES: Final = CHUNK_STEPS * STEP + REACH
"""What these are made of."""

CONTEXT_FRAMES: Final = CHUNK_FRAMES - BLOCK_FRAMES
"""How many of these lie before the block."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of several windows, for one call of the network."""

    chunks: Floats
    """What is heard anew, ``(chunks, CHANNELS, CHUNK_FRAMES)``; each makes ``CHUNK_STEPS``."""

    past: Halves
    """What was heard before, ``(windows, STEPS, width)``. A step has the same place in every window
    that holds it, so their order is that of no window; to an average it is all one."""

    taken: NDArray[np.int64]
    """Which of the steps made anew count, ``(n,)``: numbers among all of all chunks."""

    place: NDArray[np.int64]
    """Where they belong, ``(n,)``: numbers among the steps of all windows."""

    spoken: Floats
    """1 for steps with speech, ``(windows, 2, STEPS)``: in the window, and in its newest second."""


class StepCache:
    """What one lane keeps: the steps of its last window, and the frames at its end."""

    def __init__(self) -> None:
        """Nothing heard yet."""
        self._voice = 0
        self._blocks = 0
        self._first_step = 0
        self._context = np.zeros((CHANNELS, CONTEXT_FRAMES), np.float32)
        self._heard: Halves | None = None

    def goes_on(self, window: Window) -> bool:
        """Whether what is kept is a part of this window: of the same voice, and not long ago."""
        return (
            self._heard is not None
            and window.voice == self._voice
            and 0 < _blocks_by(window) - self._blocks < ANALYSIS_BLOCKS
        )

    def missing(self, window: Window) -> int:
        """How many blocks at its end were not heard yet; silence before them need not be."""
        if self.goes_on(window):
            return _blocks_by(window) - self._blocks
        assert window.contour is not None  # only windows with speech are heard
        spoken = window.contour.speech.reshape(ANALYSIS_BLOCKS, BLOCK_FRAMES).any(axis=1)
        return ANALYSIS_BLOCKS - int(spoken.argmax())

    def first_step(self, window: Window) -> int:
        """The first step of the stream from which on all are heard."""
        if self.goes_on(window):
            return self._first_step
        return (_blocks_by(window) - self.missing(window)) * BLOCK_FRAMES // STEP

    def write_past(self, window: Window, context: Floats, past: Halves) -> None:
        """What lies before the blocks that are missing, into arrays of nought.

        Args:
            window: the next one.
            context: the frames just before them, ``(CHANNELS, CONTEXT_FRAMES)``.
            past: the steps, by their places, ``(STEPS, width)``.
        """
        if self.goes_on(window):
            context[:], past[:] = self._context, self._heard

    def keep(self, window: Window, frames: Floats, place: NDArray[np.int64], made: Halves) -> None:
        """Take a window that was heard.

        Args:
            window: it.
            frames: those at its end, ``(CHANNELS, CONTEXT_FRAMES)``.
            place: of the steps that were made, ``(n,)``.
            made: these, ``(n, width)``.
        """
        first_step = self.first_step(window)
        if self._heard is None or not self.goes_on(window):
            self._heard = np.zeros((STEPS, made.shape[-1]), np.float16)
        self._heard[place] = made
        self._context = frames.copy()
        self._voice, self._blocks, self._first_step = window.voice, _blocks_by(window), first_step


class StepBatch:
    """Windows of several lanes on their way through the network."""

    def __init__(
        self,
        caches: Sequence[StepCache],
        windows: Sequence[Window],
        usual: Usual,
        loudness_step: float,
        width: int,
    ) -> None:
        """Put together what must be heard. Changes no cache.

        Args:
            caches: of distinct lanes.
            windows: with speech, the next of each lane.
            usual: for the frames of each voice, ``(windows, CONTOUR_WIDTH)``, in their own units.
            loudness_step: how far the energy of a frame strays in the population, dB.
            width: numbers in a step.
        """
        self._caches, self._windows = caches, windows
        missing = [cache.missing(one) for cache, one in zip(caches, windows, strict=True)]
        seen = _seen(windows, missing, usual, loudness_step)
        past = np.zeros((len(windows), STEPS, width), np.float16)
        self._lines: list[Floats] = []
        chunks: list[Floats] = []
        self._taken: list[NDArray[np.int64]] = []
        self._place: list[NDArray[np.int64]] = []
        for row, (cache, window, blocks) in enumerate(zip(caches, windows, missing, strict=True)):
            # The frames before the missing blocks, these, and what a step lacks that has begun.
            line = np.zeros((CHANNELS, CONTEXT_FRAMES + blocks * BLOCK_FRAMES + STEP), np.float32)
            cache.write_past(window, line[:, :CONTEXT_FRAMES], past[row])
            line[:, CONTEXT_FRAMES:-STEP] = seen[row]
            self._lines.append(line)
            newest = _blocks_by(window)
            cut = _cut(newest % 2, blocks)
            self._taken.append(len(chunks) * CHUNK_STEPS + cut.taken)
            self._place.append((steps_by(newest) + cut.steps) % STEPS)
            chunks += [line[:, at : at + CHUNK_FRAMES] for at in cut.starts]
        self.steps = Steps(
            np.array(chunks),
            past,
            np.concatenate(self._taken),
            np.concatenate([row * STEPS + place for row, place in enumerate(self._place)]),
            _spoken(windows, [c.first_step(w) for c, w in zip(caches, windows, strict=True)]),
        )

    def keep(self, made: Halves) -> None:
        """Keep what the network made of it.

        Args:
            made: steps of all chunks, ``(chunks, CHUNK_STEPS, width)``.
        """
        every = made.reshape(-1, made.shape[-1])
        at_end = slice(-STEP - CONTEXT_FRAMES, -STEP)
        for cache, window, line, taken, place in zip(
            self._caches, self._windows, self._lines, self._taken, self._place, strict=True
        ):
            cache.keep(window, line[:, at_end], place, every[taken])


@dataclass(frozen=True, slots=True)
class _Cut:
    """How the missing blocks of a window are cut into chunks, one for each."""

    starts: tuple[int, ...]
    """First frame of each, in the line of the missing blocks and what lies before them."""

    taken: NDArray[np.int64]
    """Which of all their steps count, ``(n,)``."""

    steps: NDArray[np.int64]
    """Which steps of the stream these are, counted from the end of the window, below 0."""


@functools.cache
def _cut(odd: int, blocks: int) -> _Cut:
    """Of a window that ends with an odd or even number of blocks."""
    newest = odd + 2 * ANALYSIS_BLOCKS
    begins = (newest - blocks) * BLOCK_FRAMES - CONTEXT_FRAMES
    starts: list[int] = []
    taken: list[NDArray[np.int64]] = []
    steps: list[NDArray[np.int64]] = []
    for block in range(newest - blocks + 1, newest + 1):
        end = steps_by(block)
        # The next block makes the last of these anew; the first may lie before the window.
        valid = CHUNK_STEPS if block == newest else steps_by(block + 1) - end
        of_stream = np.arange(end - CHUNK_STEPS, end - CHUNK_STEPS + valid)
        inside = of_stream >= steps_by(newest) - STEPS
        taken.append(len(starts) * CHUNK_STEPS + np.flatnonzero(inside))
        steps.append(of_stream[inside] - steps_by(newest))
        starts.append(end * STEP - CHUNK_FRAMES - begins)
    return _Cut(tuple(starts), np.concatenate(taken), np.concatenate(steps))


def steps_by(blocks: int) -> int:
    """Steps that have begun by the end of so many blocks of a stream."""
    return -(-blocks * BLOCK_FRAMES // STEP)


def _blocks_by(window: Window) -> int:
    """Blocks of the stream by the end of a window."""
    return round(window.end_s / BLOCK_S)


def _seen(
    windows: Sequence[Window], missing: Sequence[int], usual: Usual, loudness_step: float
) -> list[Floats]:
    """The blocks that were not heard yet of each, ``(CHANNELS, frames)``."""
    found: dict[int, Floats] = {}
    for blocks in set(missing):
        rows = [row for row, count in enumerate(missing) if count == blocks]
        late = slice(-blocks * BLOCK_FRAMES, None)
        contours = [windows[row].contour for row in rows]
        seen = contour_input(
            np.array([one.frames[late] for one in contours if one is not None]),
            np.array([one.speech[late] for one in contours if one is not None]),
            np.array([one.voiced[late] for one in contours if one is not None]),
            np.array([windows[row].level_db for row in rows], np.float32),
            usual.mean[rows],
            usual.deviation[rows],
            loudness_step,
        )
        found.update(zip(rows, seen, strict=True))
    return [found[row] for row in range(len(windows))]


def _spoken(windows: Sequence[Window], first_steps: Sequence[int]) -> Floats:
    """Which steps hold speech, of those that were heard; see :attr:`Steps.spoken`."""
    ends = np.array([steps_by(_blocks_by(window)) for window in windows])
    silent = ends * STEP - [_blocks_by(window) * BLOCK_FRAMES for window in windows]
    frames = np.zeros((len(windows), ANALYSIS_FRAMES + STEP), np.bool_)
    frames[:, :ANALYSIS_FRAMES] = [one.contour.speech for one in windows if one.contour is not None]
    # Taken out of all rows laid end to end: what numpy has for it takes longer than all the rest.
    rows = np.arange(len(windows))[:, None]
    begins = rows * frames.shape[1] + silent[:, None]
    aligned = frames.take(begins + np.arange(ANALYSIS_FRAMES))
    steps = ends[:, None] - STEPS + np.arange(STEPS)
    whole = aligned.reshape(-1, STEPS, STEP).any(axis=2) & (steps >= np.array(first_steps)[:, None])
    of_place = (np.arange(STEPS) - ends[:, None]) % STEPS
    spoken = np.empty((len(windows), 2, STEPS), np.float32)
    spoken[:, 0] = whole.take(rows * STEPS + of_place)
    spoken[:, 1] = spoken[:, 0] * (of_place >= STEPS - RECENT_STEPS)
    return spoken
