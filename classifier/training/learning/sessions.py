"""Made-up sessions for training: clips of one speaker in random order, with the baseline they
would have left behind in the stream.

Owns the simulation. It runs the arithmetic of the stream's own baseline over rows that are already
computed, so that the network learns from the input it will be given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.acoustic.baseline import (
    BASELINE_WEIGHT_S,
    Moments,
    Usual,
    network_input,
    shrunk,
)
from classifier.acoustic.layout import Floats

RESTART: Final = 0.05
"""Chance per clip that the voice is a stranger again: the network must know all stages."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Standardised windows to make sessions of."""

    standardised: Floats
    """``(rows, WIDTH)``."""

    recent: Floats
    """Of their newest seconds; not a number where that held too little. ``(rows, WIDTH)``."""

    frames: Moments
    """What the newest frames of each add to a habit, ``(rows, CONTOUR_WIDTH)`` each."""

    clip: NDArray[np.int32]
    voice: NDArray[np.int32]
    new_speech_s: Floats


@dataclass(frozen=True, slots=True)
class Simulated:
    """Windows of made-up sessions, one behind the other."""

    whole: Floats
    """Network inputs of the windows, ``(n, 2 * WIDTH)``."""

    recent: Floats
    """Of their newest seconds; not a number where that held too little. ``(n, 2 * WIDTH)``."""

    usual: Usual
    """What is usual for the frames of the voice by then, ``(n, CONTOUR_WIDTH)`` each."""

    picked: NDArray[np.int64]
    """The row that each comes from, ``(n,)``."""

    @property
    def has_recent(self) -> NDArray[np.bool_]:
        """Whose newest second can be heard by itself, ``(n,)``."""
        return np.isfinite(self.recent[:, 0])


def joined(parts: Sequence[Simulated]) -> Simulated:
    """Several sessions as one row of windows."""
    return Simulated(
        np.concatenate([part.whole for part in parts]),
        np.concatenate([part.recent for part in parts]),
        Usual(
            np.concatenate([part.usual.mean for part in parts]),
            np.concatenate([part.usual.deviation for part in parts]),
        ),
        np.concatenate([part.picked for part in parts]),
    )


def habits(standardised: Floats, new_speech_s: Floats) -> Floats:
    """Network inputs of one voice's windows in a row, ``(n, 2 * WIDTH)``.

    The same sums as :class:`classifier.acoustic.baseline.Baseline` makes one by one, all at once.
    """
    weight = new_speech_s[:, None].astype(np.float64)
    weighted = weight * standardised
    usual = shrunk(
        np.cumsum(weighted, axis=0),
        np.cumsum(weighted * standardised, axis=0),
        np.cumsum(weight, axis=0),
        BASELINE_WEIGHT_S,
    )
    return network_input(standardised, usual.mean, usual.deviation)


def recent_habits(standardised: Floats, new_speech_s: Floats) -> Floats:
    """The same for their newest seconds; those that hold too little are passed over."""
    inputs = np.full((len(standardised), 2 * standardised.shape[1]), np.nan, np.float32)
    heard = np.isfinite(standardised[:, 0])
    inputs[heard] = habits(standardised[heard], new_speech_s[heard])
    return inputs


def frame_habits(frames: Moments, rows: NDArray[np.int64]) -> Usual:
    """What is usual for the frames of a voice that says these windows in a row.

    The same sums as :class:`classifier.acoustic.contour.FrameHabit` makes one by one.
    """
    total, squares, seconds = (
        np.cumsum(values[rows], axis=0, dtype=np.float64)
        for values in (frames.total, frames.squares, frames.seconds)
    )
    return shrunk(total, squares, seconds, BASELINE_WEIGHT_S)


def simulate(
    rows: Rows, clips: Sequence[int], voice: int, rng: np.random.Generator
) -> Simulated | None:
    """One speaker's clips in random order, heard one way.

    Args:
        rows: all windows.
        clips: indices of the speaker's clips.
        voice: the way of hearing.
        rng: decides the order and the restarts.

    Returns:
        The session, or None where nothing is heard in it.
    """
    heard_this_way = np.flatnonzero(rows.voice == voice)
    starts = np.searchsorted(rows.clip[heard_this_way], np.arange(int(rows.clip.max()) + 2))
    stretches: list[list[int]] = [[]]
    for clip in rng.permutation(np.asarray(clips)):
        if rng.random() < RESTART:
            stretches.append([])
        stretches[-1].extend(heard_this_way[starts[clip] : starts[clip + 1]].tolist())
    picked = [np.asarray(stretch, np.int64) for stretch in stretches if stretch]
    if not picked:
        return None
    return joined(
        [
            Simulated(
                habits(rows.standardised[part], rows.new_speech_s[part]),
                recent_habits(rows.recent[part], rows.new_speech_s[part]),
                frame_habits(rows.frames, part),
                part,
            )
            for part in picked
        ]
    )
