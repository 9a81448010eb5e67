"""The frames of a window in their order, measured against what is usual for this voice.

Functionals say what a voice was like for some seconds; a contour keeps how it moved. Owns which
columns of a frame are looked at, their causal running mean and deviation (shrunk towards the
training population as those of the functionals are), and the form in which the network sees them.
The stream and the training run the same code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.acoustic.baseline import BASELINE_WEIGHT_S, Usual, shrunk
from classifier.acoustic.gate import Mask
from classifier.acoustic.layout import BLOCK_FRAMES, COLUMN, FIRST_MEL, FRAME_RATE_HZ, Floats

CONTOUR_WIDTH: Final = FIRST_MEL
"""Columns of a frame that make a contour: all measures and cepstra, not the mel bands, of which
the cepstra are the smooth part without the level."""

CHANNELS: Final = CONTOUR_WIDTH + 2
"""What the network sees of each frame: the columns, whether it is speech, whether it is voiced."""

SPEECH_CHANNEL: Final = CONTOUR_WIDTH
VOICED_CHANNEL: Final = CONTOUR_WIDTH + 1

FARTHEST: Final = 4.0
"""Deviations beyond which a frame is not farther out."""

_ENERGY: Final = COLUMN["energy_db"]
_VOICED_ONLY: Final = np.zeros(CONTOUR_WIDTH, np.bool_)
_VOICED_ONLY[[COLUMN[name] for name in ("pitch_st", "h1_h2_db", "h1_a3_db")]] = True


@dataclass(frozen=True, slots=True)
class Contour:
    """The frames of one window."""

    frames: NDArray[np.float16]
    """``(ANALYSIS_FRAMES, CONTOUR_WIDTH)``."""

    speech: Mask
    """``(ANALYSIS_FRAMES,)``."""

    voiced: Mask
    """The same, within ``speech``."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over frames, a column at a time; of any number of windows along the first axes."""

    total: Floats
    """Sum over the frames that count for the column, in seconds, ``(..., CONTOUR_WIDTH)``."""

    squares: Floats
    """Sum of their squares, likewise."""

    seconds: Floats
    """How much counted, likewise: speech, and for pitch and harmonics voiced speech only."""

    def each(self) -> list[Moments]:
        """Those of each window, where there are several."""
        return [Moments(*one) for one in zip(self.total, self.squares, self.seconds, strict=True)]


def newest_moments(standardised: Floats, speech: Mask, voiced: Mask) -> Moments:
    """What the newest block of each window adds to a habit.

    Args:
        standardised: ``(..., frames, CONTOUR_WIDTH)``, in population deviations.
        speech: ``(..., frames)``.
        voiced: the same.
    """
    newest = standardised[..., -BLOCK_FRAMES:, :]
    spoken = np.stack([speech, voiced], axis=-2)[..., -BLOCK_FRAMES:].astype(np.float32)
    spoken /= np.float32(FRAME_RATE_HZ)
    total, squares = np.matmul(spoken, newest), np.matmul(spoken, newest * newest)
    seconds = np.broadcast_to(spoken.sum(axis=-1)[..., None], total.shape)
    return Moments(_by_column(total), _by_column(squares), _by_column(seconds))


def _by_column(values: Floats) -> Floats:
    """Of ``(..., [speech, voiced], CONTOUR_WIDTH)`` the row that counts for each column."""
    return np.where(_VOICED_ONLY, values[..., 1, :], values[..., 0, :])


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

    def with_new(self, new: Moments) -> Usual:
        """The shrunk habit as it would be with these frames taken in; changes nothing."""
        return shrunk(
            self._total + new.total,
            self._squares + new.squares,
            self._seconds + new.seconds,
            self._weight_s,
        )

    def learn(self, new: Moments) -> None:
        """Take frames in."""
        self._total += new.total
        self._squares += new.squares
        self._seconds += new.seconds


def contour_input(
    standardised: Floats, speech: Mask, voiced: Mask, mean: Floats, deviation: Floats
) -> Floats:
    """What the network sees of windows.

    Frames without speech are 0 throughout, and pitch and harmonics where there is no voice. Energy
    is measured against the window's own speech: how loud a recording is says nothing.

    Args:
        standardised: ``(windows, frames, CONTOUR_WIDTH)``, in population deviations.
        speech: ``(windows, frames)``, with some speech in each.
        voiced: the same.
        mean: what is usual for each voice, ``(windows, CONTOUR_WIDTH)``.
        deviation: how far it usually strays, likewise.

    Returns:
        ``(windows, CHANNELS, frames)``.
    """
    windows, frames, _ = standardised.shape
    energy = standardised[:, :, _ENERGY]
    loud = (energy * speech).sum(axis=1) / speech.sum(axis=1)
    centre, step = mean.copy(), deviation.copy()
    centre[:, _ENERGY], step[:, _ENERGY] = loud, 1.0
    seen = np.empty((windows, CHANNELS, frames), np.float32)
    columns = seen[:, :CONTOUR_WIDTH]
    np.subtract(standardised.transpose(0, 2, 1), centre[:, :, None], out=columns)
    columns /= step[:, :, None]
    np.clip(columns, -FARTHEST, FARTHEST, out=columns)
    columns *= speech[:, None]
    columns[:, _VOICED_ONLY] *= voiced[:, None]
    seen[:, SPEECH_CHANNEL], seen[:, VOICED_CHANNEL] = speech, voiced
    return seen
