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

from classifier.acoustic.baseline import BASELINE_WEIGHT_S, Baseline, network_input
from classifier.acoustic.layout import Floats

RESTART: Final = 0.05
"""Chance per clip that the voice is a stranger again: the network must know all stages."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Standardised windows to make sessions of."""

    standardised: Floats
    """``(rows, WIDTH)``."""

    clip: NDArray[np.int32]
    voice: NDArray[np.int32]
    new_speech_s: Floats


def simulate(
    rows: Rows, clips: Sequence[int], voice: int, rng: np.random.Generator
) -> tuple[Floats, NDArray[np.int64]]:
    """One speaker's clips in random order, heard one way.

    Args:
        rows: all windows.
        clips: indices of the speaker's clips.
        voice: the way of hearing.
        rng: decides the order and the restarts.

    Returns:
        Network inputs ``(n, 2 * WIDTH)`` and the row that each comes from.
    """
    heard_this_way = np.flatnonzero(rows.voice == voice)
    starts = np.searchsorted(rows.clip[heard_this_way], np.arange(int(rows.clip.max()) + 2))
    order: list[int] = []
    usual: list[Floats] = []
    width = rows.standardised.shape[1]
    habit = Baseline(width, BASELINE_WEIGHT_S)
    for clip in rng.permutation(np.asarray(clips)):
        if rng.random() < RESTART:
            habit = Baseline(width, BASELINE_WEIGHT_S)
        for row in heard_this_way[starts[clip] : starts[clip + 1]]:
            vector, speech_s = rows.standardised[row], float(rows.new_speech_s[row])
            usual.append(habit.with_new(vector, speech_s))
            habit.learn(vector, speech_s)
            order.append(int(row))
    if not order:
        return np.zeros((0, 2 * width), np.float32), np.zeros(0, np.int64)
    picked = np.asarray(order, np.int64)
    return network_input(rows.standardised[picked], np.stack(usual)), picked
