"""The frames of a window in their order, measured against what is usual for this voice.

Functionals say what a voice was like for some seconds; a contour keeps how it moved. Owns which
columns of a frame are looked at, their causal running mean and deviation (shrunk towards the
training population as those of the functionals are), and the form in which the network sees them.
The stream and the training run the same code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.acoustic.baseline import BASELINE_WEIGHT_S, Moments, Usual, shrunk
from classifier.acoustic.gate import Mask
from classifier.acoustic.layout import (
    COLUMN,
    FIRST_MEL,
    FRAME_RATE_HZ,
    FRAME_WIDTH,
    Floats,
)

CONTOUR_WIDTH: Final = FRAME_WIDTH
"""Columns of a frame that make a contour: all of them. The cepstra say what the mel bands do, but a
noise that lies in some bands is in every cepstrum."""

CHANNELS: Final = CONTOUR_WIDTH + 2
"""What the network sees of each frame: the columns, whether it is speech, whether it is voiced."""

SPEECH_CHANNEL: Final = CONTOUR_WIDTH
VOICED_CHANNEL: Final = CONTOUR_WIDTH + 1

FARTHEST: Final = 4.0
"""Deviations beyond which a frame is not farther out."""

ENERGY: Final = COLUMN["energy_db"]
BANDS: Final = slice(FIRST_MEL, FRAME_WIDTH)
"""The columns that rise and fall with the level of the recording, besides the energy."""

VOICED_ONLY: Final = np.zeros(CONTOUR_WIDTH, np.bool_)
VOICED_ONLY[[COLUMN[name] for name in ("pitch_st", "h1_h2_db", "h1_a3_db")]] = True
"""Columns that mean nothing where there is no voice."""


@dataclass(frozen=True, slots=True)
class Contour:
    """The frames of one window."""

    frames: NDArray[np.floating]
    """``(ANALYSIS_FRAMES, CONTOUR_WIDTH)``, in the columns' own units."""

    speech: Mask
    """``(ANALYSIS_FRAMES,)``."""

    voiced: Mask
    """The same, within ``speech``."""


def newest_moments(newest: Floats, speech: Mask, voiced: Mask) -> Moments:
    """What the newest block of each window adds to a habit.

    Args:
        newest: ``(..., BLOCK_FRAMES, CONTOUR_WIDTH)``, in population deviations.
        speech: ``(..., BLOCK_FRAMES)``.
        voiced: the same.
    """
    spoken = np.empty((*speech.shape[:-1], 2, speech.shape[-1]), np.float32)
    spoken[..., 0, :], spoken[..., 1, :] = speech, voiced
    spoken /= np.float32(FRAME_RATE_HZ)
    total, squares = np.matmul(spoken, newest), np.matmul(spoken, newest * newest)
    seconds = np.broadcast_to(spoken.sum(axis=-1)[..., None], total.shape)
    return Moments(_by_column(total), _by_column(squares), _by_column(seconds))


def _by_column(values: Floats) -> Floats:
    """Of ``(..., [speech, voiced], CONTOUR_WIDTH)`` the row that counts for each column."""
    return np.where(VOICED_ONLY, values[..., 1, :], values[..., 0, :])


class FrameHabit:
    """What is usual for the frames of one voice. Holds two moments only."""

    def __init__(self, weight_s: float = BASELINE_WEIGHT_S) -> None:
        """A voice not heard yet.

        Args:
            weight_s: how many seconds of speech the population (mean 0, deviation 1) is worth.
        """
        self._weight_s = weight_s
        self._total = np.zeros(CONTOUR_WIDTH, np.float32)
        self._squares = np.zeros(CONTOUR_WIDTH, np.float32)
        self._seconds = np.zeros(CONTOUR_WIDTH, np.float32)

    @property
    def moments(self) -> Moments:
        """All that was taken in, ``(CONTOUR_WIDTH,)`` each."""
        return Moments(self._total.copy(), self._squares.copy(), self._seconds.copy())

    def with_new(self, new: Moments) -> Usual:
        """The shrunk habit as it would be with these frames taken in; changes nothing."""
        alone = usual_frames_of(
            [self], Moments(new.total[None], new.squares[None], new.seconds[None])
        )
        return Usual(alone.mean[0], alone.deviation[0])

    def learn(self, new: Moments) -> None:
        """Take frames in."""
        self._total += new.total
        self._squares += new.squares
        self._seconds += new.seconds


def usual_frames_of(habits: Sequence[FrameHabit], new: Moments) -> Usual:
    """What :meth:`FrameHabit.with_new` says of several, at once.

    Args:
        habits: of one weight.
        new: what is new of each, along the first axis.
    """
    return shrunk(
        np.array([habit._total for habit in habits]) + new.total,
        np.array([habit._squares for habit in habits]) + new.squares,
        np.array([habit._seconds for habit in habits]) + new.seconds,
        habits[0]._weight_s,
    )


def contour_input(
    frames: NDArray[np.floating],
    speech: Mask,
    voiced: Mask,
    loud_db: Floats,
    mean: Floats,
    deviation: Floats,
    loudness_step: float,
) -> Floats:
    """What the network sees of windows, or of a part of each.

    Frames without speech are 0 throughout, and pitch and harmonics where there is no voice. Energy
    is measured against the window's own speech, and so are the bands: how loud a recording is says
    nothing.

    Args:
        frames: ``(windows, frames, CONTOUR_WIDTH)``, in the columns' own units.
        speech: ``(windows, frames)``.
        voiced: the same.
        loud_db: mean energy of the speech of each whole window, ``(windows,)``.
        mean: what is usual for each voice, ``(windows, CONTOUR_WIDTH)``, in the same units.
        deviation: how far it usually strays, likewise.
        loudness_step: how far the energy of a frame strays in the population, dB.

    Returns:
        ``(windows, CHANNELS, frames)``.
    """
    windows, length, _ = frames.shape
    centre, step = mean.copy(), deviation.copy()
    centre[:, BANDS] += (loud_db - mean[:, ENERGY])[:, None]
    centre[:, ENERGY], step[:, ENERGY] = loud_db, loudness_step
    seen = np.empty((windows, CHANNELS, length), np.float32)
    columns = seen[:, :CONTOUR_WIDTH]
    np.subtract(frames.transpose(0, 2, 1), centre[:, :, None], out=columns)
    columns *= (1.0 / step)[:, :, None]
    np.minimum(columns, FARTHEST, out=columns)
    np.maximum(columns, -FARTHEST, out=columns)
    columns *= speech[:, None]
    columns[:, VOICED_ONLY] *= voiced[:, None]
    seen[:, SPEECH_CHANNEL], seen[:, VOICED_CHANNEL] = speech, voiced
    return seen
