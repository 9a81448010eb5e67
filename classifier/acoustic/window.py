"""The last few seconds of one lane, and what they hold.

Owns the frames kept, the lane's levels and the count of speech heard. Pure arithmetic on blocks of
frames: the same code serves the stream and the training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from classifier.acoustic.contour import Contour
from classifier.acoustic.crowd import many_voices
from classifier.acoustic.functionals import enough_speech, functionals
from classifier.acoustic.gate import Levels, Mask, mark_together
from classifier.acoustic.layout import (
    ANALYSIS_FRAMES,
    BLOCK_FRAMES,
    BLOCK_S,
    COLUMN,
    FRAME_RATE_HZ,
    FRAME_WIDTH,
    Floats,
)
from classifier.acoustic.voices import describe_turn, turn_begin

RECENT_FRAMES: Final = 2 * BLOCK_FRAMES
"""Speech must lie within this much of the window's end to be speech now: 1 s."""

MIN_RECENT: Final = 15
"""Speech frames within the recent part without which nobody is speaking now."""

_ENERGY: Final = COLUMN["energy_db"]

with np.errstate(invalid="ignore"):  # some of these bits are no numbers
    _WIDENED: Final = np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(np.float32)
"""Every number of half precision, by its bits. numpy widens them one by one on most processors: to
look up a whole window takes less than half as long."""


@dataclass(frozen=True, slots=True)
class Window:
    """What one window of a lane holds."""

    end_s: float
    """Audio time at its end, seconds."""

    vector: Floats | None
    """Functionals, ``(WIDTH,)``; None where there is not enough speech, or none now."""

    recent: Floats | None
    """Functionals of the newest second alone, ``(WIDTH,)``; None where that holds too little, or
    the whole window does."""

    contour: Contour | None
    """Its frames in their order; None where the vector is."""

    speech_s: float
    """Speech in the window, seconds: how much the vector rests on."""

    recent_speech_s: float
    """Speech in the newest second, seconds: how much the recent vector rests on."""

    new_speech_s: float
    """Speech in the newest block, seconds."""

    heard_s: float
    """Speech in this lane so far, seconds."""

    level_db: float
    """Mean energy of the window's speech, dB re full scale; -120 without speech."""

    threshold_db: float
    """Energy that the lane's gate asks of a frame."""

    crowd: bool = False
    """Whether the speech sounds like many voices at once rather than like one."""

    voice: int = 0
    """Which of the source's voices is speaking, in the order they were heard."""


@dataclass(slots=True)
class Found:
    """What is found in one window when several are measured at once."""

    speech: int
    """Frames of speech."""

    recent_speech: int
    """Those of the newest second."""

    level_db: float
    """See :class:`Window`."""

    crowd: bool = False
    """Likewise."""

    vector: Floats | None = None
    """Likewise."""

    recent: Floats | None = None
    """Likewise."""


class Voices(Protocol):
    """Who tells the voices of one source apart; see :class:`classifier.acoustic.voices`."""

    changed_blocks: int
    """With the last change: for how many blocks the new voice had been speaking."""

    def follow(self, turn: Floats | None, new_speech_s: float) -> int:
        """The voice that speaks after one more block."""
        ...


class SlidingWindow:
    """The analysed window of one lane, moved on by blocks."""

    def __init__(self, voices: Voices | None = None) -> None:
        """Nothing heard yet.

        Args:
            voices: tells several voices apart; without it there is one.
        """
        self._voices = voices
        self._voice = 0
        self._own_frames = ANALYSIS_FRAMES
        self._past = np.zeros((ANALYSIS_FRAMES - BLOCK_FRAMES, FRAME_WIDTH), np.float16)
        self._past[:, _ENERGY] = -120.0
        self._levels = Levels()
        self._blocks = 0
        self._heard = 0

    def advance(self, block: Floats) -> Window:
        """Take one block of frames, ``(BLOCK_FRAMES, FRAME_WIDTH)``, and describe the window."""
        return advance_together([self], block[None])[0]

    def keep(self, block: Floats, frames: Floats) -> Levels:
        """Take one block; write the window that ends with it, ``(ANALYSIS_FRAMES, FRAME_WIDTH)``.

        Half precision: a tenth of a decibel at most, and half of what a waiting lane weighs. A
        frame is rounded before it is first looked at, so every window sees it the same.
        """
        if block.shape != (BLOCK_FRAMES, FRAME_WIDTH):
            raise ValueError(f"a block is {(BLOCK_FRAMES, FRAME_WIDTH)}, not {block.shape}")
        halves = block.astype(np.float16)
        np.take(_WIDENED, self._past.view(np.uint16), out=frames[:-BLOCK_FRAMES], mode="clip")
        frames[-BLOCK_FRAMES:] = halves
        self._past[:-BLOCK_FRAMES] = self._past[BLOCK_FRAMES:]
        self._past[-BLOCK_FRAMES:] = halves
        self._blocks += 1
        self._levels.update(block[:, _ENERGY])
        return self._levels

    def count(self, frames: Floats, speech: Mask, voiced: Mask) -> int:
        """Count the speech of the block just kept, frames; the masks become those of the voice
        that speaks."""
        new = int(np.count_nonzero(speech[-BLOCK_FRAMES:]))
        self._heard += new
        if self._voices is not None:
            self._follow(self._voices, frames, speech, voiced, new / FRAME_RATE_HZ)
        return new

    def describe(self, found: Found, new: int, contour: Contour) -> Window:
        """The window just kept, by what was found in it.

        Args:
            found: what all windows were measured for together.
            new: frames of speech in the newest block.
            contour: all of its frames.
        """
        return Window(
            end_s=self._blocks * BLOCK_S,
            vector=found.vector,
            recent=found.recent,
            contour=contour if found.vector is not None else None,
            recent_speech_s=found.recent_speech / FRAME_RATE_HZ,
            speech_s=found.speech / FRAME_RATE_HZ,
            new_speech_s=new / FRAME_RATE_HZ,
            heard_s=self._heard / FRAME_RATE_HZ,
            level_db=found.level_db,
            threshold_db=self._levels.threshold_db,
            crowd=found.crowd,
            voice=self._voice,
        )

    def _follow(
        self, voices: Voices, frames: Floats, speech: Mask, voiced: Mask, new_speech_s: float
    ) -> None:
        """Ask who is speaking; what another voice said before is taken out of both masks."""
        self._own_frames = min(ANALYSIS_FRAMES, self._own_frames + BLOCK_FRAMES)
        first = max(turn_begin(speech), ANALYSIS_FRAMES - self._own_frames)
        voice = voices.follow(describe_turn(frames[first:], voiced[first:]), new_speech_s)
        if voice != self._voice:
            self._voice = voice
            turn = ANALYSIS_FRAMES - first
            self._own_frames = min(turn, voices.changed_blocks * BLOCK_FRAMES)
        speech[: ANALYSIS_FRAMES - self._own_frames] = False
        voiced[: ANALYSIS_FRAMES - self._own_frames] = False


def advance_together(windows: Sequence[SlidingWindow], blocks: Floats) -> list[Window]:
    """Move the windows of several lanes on, each by its block.

    Args:
        windows: of distinct lanes.
        blocks: ``(lanes, BLOCK_FRAMES, FRAME_WIDTH)``.

    Returns:
        What each holds, which does not depend on the lanes beside it.
    """
    frames = np.empty((len(windows), ANALYSIS_FRAMES, FRAME_WIDTH), np.float32)
    levels = [window.keep(*lane) for window, *lane in zip(windows, blocks, frames, strict=True)]
    speech, voiced = mark_together(frames, levels)
    contours = list(map(Contour, frames, speech, voiced))
    new = [
        window.count(*lane) for window, *lane in zip(windows, frames, speech, voiced, strict=True)
    ]
    found = _find(frames, speech, voiced)
    return [
        window.describe(one, spoken, contour)
        for window, one, spoken, contour in zip(windows, found, new, contours, strict=True)
    ]


def _find(frames: Floats, speech: Mask, voiced: Mask) -> list[Found]:
    """What several windows hold, measured at once."""
    recent = frames[:, -RECENT_FRAMES:], speech[:, -RECENT_FRAMES:], voiced[:, -RECENT_FRAMES:]
    spoken = np.count_nonzero(speech, axis=1)
    of_late = np.count_nonzero(recent[1], axis=1)
    level_db = (frames[..., _ENERGY] * speech).sum(axis=1) / np.maximum(spoken, 1)
    found = [
        Found(*one)
        for one in zip(
            spoken.tolist(),
            of_late.tolist(),
            np.where(spoken, level_db, -120.0).tolist(),
            strict=True,
        )
    ]
    whole = ((of_late >= MIN_RECENT) & enough_speech(speech, voiced)).nonzero()[0]
    if not len(whole):
        return found
    some = frames[whole], speech[whole], voiced[whole]
    for row, vector, crowd in zip(
        whole, functionals(*some), many_voices(some[0], some[2]).tolist(), strict=True
    ):
        found[row].vector, found[row].crowd = vector, crowd
    late = whole[enough_speech(*(marks[whole] for marks in recent[1:]))]
    if len(late):
        for row, vector in zip(late, functionals(*(part[late] for part in recent)), strict=True):
            found[row].recent = vector
    return found
