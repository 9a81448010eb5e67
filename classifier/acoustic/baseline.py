"""What is usual for this voice, learnt as it speaks.

Owns a causal running mean and deviation of a lane's standardised functionals, both shrunk towards
the training population: with little heard, everybody is average; after some seconds a voice is
measured against itself, in steps of its own size. The network is trained on exactly this form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.acoustic.layout import Floats

Numbers = NDArray[np.float32] | NDArray[np.float64]

BASELINE_WEIGHT_S: Final = 5.0
"""Seconds of speech after which a voice's own mean counts as much as the population's."""


LEAST_DEVIATION: Final = 0.22
"""In population deviations: a voice that hardly varies is not measured in infinitesimal steps."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums of something measured, a column at a time; of any number of windows along the first
    axes."""

    total: Numbers
    """Sum over what counts for the column, in seconds, ``(..., width)``."""

    squares: Numbers
    """Sum of their squares, likewise."""

    seconds: Numbers
    """How much counted, likewise; of a contour speech, and for pitch and harmonics voiced speech
    only. ``(..., 1)`` where it is the same for all columns."""

    def each(self) -> list[Moments]:
        """Those of each window, where there are several."""
        return [Moments(*one) for one in zip(self.total, self.squares, self.seconds, strict=True)]

    def times(self, share: float) -> Moments:
        """The same mean and deviation with that much of the weight."""
        return Moments(self.total * share, self.squares * share, self.seconds * share)

    def at_most(self, seconds: float) -> Moments:
        """The same mean and deviation with no more weight than that in any column."""
        return self.times(min(1.0, seconds / max(float(self.seconds.max()), 1e-9)))

    def plus(self, other: Moments) -> Moments:
        """Both together."""
        return Moments(
            self.total + other.total, self.squares + other.squares, self.seconds + other.seconds
        )


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual for a voice, in population deviations from the population's mean."""

    mean: Floats
    """``(..., width)``."""

    deviation: Floats
    """``(..., width)``, at least :data:`LEAST_DEVIATION`."""


def shrunk(total: Numbers, squares: Numbers, seconds: Numbers | float, weight_s: float) -> Usual:
    """What is usual, drawn towards the population (mean 0, deviation 1).

    Args:
        total: weighted sum of standardised values, ``(..., width)``.
        squares: of their squares, likewise.
        seconds: the weights' sum, of all columns or of each.
        weight_s: how many seconds the population is worth.
    """
    total_s = weight_s + seconds
    mean = total / total_s
    square = (weight_s + squares) / total_s
    deviation = np.sqrt(np.maximum(square - mean**2, LEAST_DEVIATION**2))
    return Usual(mean.astype(np.float32), deviation.astype(np.float32))


class Baseline:
    """One lane's habit. Holds two moments only; what they are of, it need not know."""

    def __init__(self, width: int, weight_s: float = BASELINE_WEIGHT_S) -> None:
        """A voice not heard yet.

        Args:
            width: length of the vectors.
            weight_s: how many seconds of speech the population (mean 0, deviation 1) is worth.
        """
        if weight_s <= 0:
            raise ValueError("weight_s must be above 0")
        self._sum = np.zeros(width, np.float64)
        self._squares = np.zeros(width, np.float64)
        self._heard_s = 0.0
        self._weight_s = weight_s

    @property
    def heard_s(self) -> float:
        """Seconds of speech the habit is made of."""
        return self._heard_s

    @property
    def own_mean(self) -> Floats | None:
        """The voice's mean without shrinking, ``(width,)``; None before anything was heard."""
        if self._heard_s <= 0:
            return None
        return np.asarray(self._sum / self._heard_s, dtype=np.float32)

    @property
    def moments(self) -> Moments:
        """All that was taken in: ``(width,)``, and ``(1,)`` seconds."""
        return Moments(self._sum.copy(), self._squares.copy(), np.array([self._heard_s]))

    def take(self, moments: Moments) -> None:
        """Take in what :attr:`moments` of another gave."""
        self._sum += moments.total
        self._squares += moments.squares
        self._heard_s += float(moments.seconds[0])

    def with_new(self, standardised: Floats, speech_s: float) -> Usual:
        """The shrunk habit as it would be with this window taken in; changes nothing.

        Args:
            standardised: ``(width,)``, in population deviations from the population's mean.
            speech_s: new speech in the window, seconds.
        """
        alone = usual_of([self], standardised[None], np.array([speech_s]))
        return Usual(alone.mean[0], alone.deviation[0])

    def learn(self, standardised: Floats, speech_s: float) -> None:
        """Take a window in."""
        weighted = speech_s * standardised.astype(np.float64)
        self._sum += weighted
        self._squares += weighted * standardised
        self._heard_s += speech_s


def usual_of(habits: Sequence[Baseline], standardised: Floats, speech_s: Floats) -> Usual:
    """What :meth:`Baseline.with_new` says of several, at once.

    Args:
        habits: of one weight.
        standardised: what is new of each, ``(habits, width)``.
        speech_s: new speech of each, seconds, ``(habits,)``.
    """
    weighted = speech_s[:, None] * standardised.astype(np.float64)
    return shrunk(
        np.array([habit._sum for habit in habits]) + weighted,
        np.array([habit._squares for habit in habits]) + weighted * standardised,
        (np.array([habit._heard_s for habit in habits]) + speech_s)[:, None],
        habits[0]._weight_s,
    )


def network_input(standardised: Floats, mean: Floats, deviation: Floats) -> Floats:
    """What the network sees: the voice among voices, and the voice against its own habit.

    Args:
        standardised: ``(..., width)``.
        mean: what is usual for the voice, the same shape.
        deviation: how far it usually strays from that, the same shape.

    Returns:
        ``(..., 2 * width)``.
    """
    against = (standardised - mean) / deviation
    return np.concatenate([standardised, against], axis=-1).astype(np.float32)
