"""Whether a voice that is known from before sounds as it did then.

What is usual for a voice is usual for its microphone and its room as well, and these change it far
more than one voice differs from another: who is known from a telephone and heard at a desk is
better not known at all. Owns the model of how the means of frames stray from one utterance to the
next, and how from one microphone and room, or from one person, to another. All three are normal
distributions of a difference, as in two-covariance models of speakers (Ioffe 2006), after a linear
map that makes the first the unit. Made by :mod:`classifier.training.likeness_train`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from classifier.acoustic.baseline import Moments
from classifier.acoustic.layout import FRAME_RATE_HZ, Floats

LEAST_S: Final = 0.2
"""Speech without which nothing can be said, seconds."""

A_FRAME_S: Final = 1.0 / FRAME_RATE_HZ
"""A column that has not even that was not heard; sums that were added to and taken from leave less.
"""

SETTLED_S: Final = 3.0
"""Speech after which it is settled, seconds: the model is of single utterances."""

P_SAME: Final = 0.8
"""Before anything is heard: nobody is known unless somebody says so."""


@dataclass(frozen=True, slots=True)
class LikenessModel:
    """How far what is heard strays from what was heard before."""

    projection: Floats
    """``(CONTOUR_WIDTH, dimensions)``, of differences in the columns' own units: to where those of
    one voice in one place are independent and have unit variance."""

    precisions: Floats
    """``(2, dimensions, dimensions)``: inverse covariances there of somebody in another place, and
    of somebody else in the same."""

    log_dets: Floats
    """``(2,)``: logarithms of the determinants of these covariances."""

    def share(self, known: Moments, heard: Moments, scale: Floats) -> float | None:
        """How far what is known holds for what is heard: the probability that voice and place are
        the same.

        Args:
            known: of the frames of the voice as it is known, ``(CONTOUR_WIDTH,)`` each.
            heard: of the frames heard since.
            scale: what the columns of both are measured in, in their own units.

        Returns:
            0..1; None where too little was heard.
        """
        if float(heard.seconds.max()) < LEAST_S:
            return None
        counts = (heard.seconds > A_FRAME_S / 2) & (known.seconds > A_FRAME_S / 2)
        difference = np.zeros(len(scale))
        difference[counts] = (
            heard.total[counts] / heard.seconds[counts]
            - known.total[counts] / known.seconds[counts]
        )
        strayed = (difference * scale) @ self.projection
        logs = np.empty(1 + len(self.log_dets))
        logs[0] = np.log(P_SAME) - 0.5 * (strayed @ strayed)
        logs[1:] = np.log((1.0 - P_SAME) / len(self.log_dets)) - 0.5 * (
            self.log_dets + self.precisions @ strayed @ strayed
        )
        return float(np.exp(logs[0] - np.logaddexp.reduce(logs)))


@cache
def shipped_likeness_model() -> LikenessModel:
    """The model that comes with the classifier."""
    file = Path(__file__).resolve().parents[1] / "models" / "likeness.npz"
    with np.load(file) as kept:
        return LikenessModel(**{part.name: kept[part.name] for part in fields(LikenessModel)})
