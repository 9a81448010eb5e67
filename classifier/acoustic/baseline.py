"""What is usual for this voice, learnt as it speaks.

Owns a causal running mean of a lane's standardised functionals, shrunk towards the training
population: with little heard, everybody is average; after some seconds a voice is measured
against itself. The network is trained on exactly this form.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from classifier.acoustic.layout import Floats

BASELINE_WEIGHT_S: Final = 8.0
"""Seconds of speech after which a voice's own mean counts as much as the population's."""


class Baseline:
    """One lane's habit. Holds a mean only; what it is the mean of, it need not know."""

    def __init__(self, width: int, weight_s: float = BASELINE_WEIGHT_S) -> None:
        """A voice not heard yet.

        Args:
            width: length of the vectors.
            weight_s: how many seconds of speech the population's mean (zero) is worth.
        """
        if weight_s <= 0:
            raise ValueError("weight_s must be above 0")
        self._sum = np.zeros(width, np.float64)
        self._heard_s = 0.0
        self._weight_s = weight_s

    @property
    def heard_s(self) -> float:
        """Seconds of speech the mean is made of."""
        return self._heard_s

    @property
    def own_mean(self) -> Floats | None:
        """The voice's mean without shrinking, ``(width,)``; None before anything was heard."""
        if self._heard_s <= 0:
            return None
        return np.asarray(self._sum / self._heard_s, dtype=np.float32)

    def with_new(self, standardised: Floats, speech_s: float) -> Floats:
        """The shrunk mean as it would be with this window taken in; changes nothing.

        Args:
            standardised: ``(width,)``, in population deviations from the population's mean.
            speech_s: new speech in the window, seconds.

        Returns:
            ``(width,)``.
        """
        total = self._sum + speech_s * standardised
        return np.asarray(total / (self._weight_s + self._heard_s + speech_s), dtype=np.float32)

    def learn(self, standardised: Floats, speech_s: float) -> None:
        """Take a window in."""
        self._sum += speech_s * standardised
        self._heard_s += speech_s


def network_input(standardised: Floats, usual: Floats) -> Floats:
    """What the network sees: the voice among voices, and the voice against its own habit.

    Args:
        standardised: ``(..., width)``.
        usual: the same shape.

    Returns:
        ``(..., 2 * width)``.
    """
    return np.concatenate([standardised, standardised - usual], axis=-1).astype(np.float32)
