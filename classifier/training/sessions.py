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

from classifier.acoustic.baseline import BASELINE_WEIGHT_S, LEAST_DEVIATION, network_input
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

    clip: NDArray[np.int32]
    voice: NDArray[np.int32]
    new_speech_s: Floats


def habits(standardised: Floats, new_speech_s: Floats) -> Floats:
    """Network inputs of one voice's windows in a row, ``(n, 2 * WIDTH)``.

    The same sums as :class:`classifier.acoustic.baseline.Baseline` makes one by one, all at once.
    """
    weight = new_speech_s[:, None].astype(np.float64)
    weighted = weight * standardised
    total_s = BASELINE_WEIGHT_S + np.cumsum(weight, axis=0)
    mean = np.cumsum(weighted, axis=0) / total_s
    square = (BASELINE_WEIGHT_S + np.cumsum(weighted * standardised, axis=0)) / total_s
    deviation = np.sqrt(np.maximum(square - mean**2, LEAST_DEVIATION**2))
    return network_input(standardised, mean.astype(np.float32), deviation.astype(np.float32))


def recent_habits(standardised: Floats, new_speech_s: Floats) -> Floats:
    """The same for their newest seconds; those that hold too little are passed over."""
    inputs = np.full((len(standardised), 2 * standardised.shape[1]), np.nan, np.float32)
    heard = np.isfinite(standardised[:, 0])
    inputs[heard] = habits(standardised[heard], new_speech_s[heard])
    return inputs


def simulate(
    rows: Rows, clips: Sequence[int], voice: int, rng: np.random.Generator
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """One speaker's clips in random order, heard one way.

    Args:
        rows: all windows.
        clips: indices of the speaker's clips.
        voice: the way of hearing.
        rng: decides the order and the restarts.

    Returns:
        Network inputs ``(n, 2 * WIDTH)`` of whole windows and of their newest seconds, and the row
        that each comes from.
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
        nothing = np.zeros((0, 2 * rows.standardised.shape[1]), np.float32)
        return nothing, nothing, np.zeros(0, np.int64)
    whole = [habits(rows.standardised[part], rows.new_speech_s[part]) for part in picked]
    recent = [recent_habits(rows.recent[part], rows.new_speech_s[part]) for part in picked]
    return np.concatenate(whole), np.concatenate(recent), np.concatenate(picked)
