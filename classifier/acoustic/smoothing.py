"""From wavering probabilities to a word that holds.

Owns how readings are averaged over time, and when an affect is named, changed and taken back.
Knows nothing of audio or models.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from classifier.acoustic.layout import Floats
from classifier.frames import Affect

KEEP: Final = 0.5
"""Share of the past in the smoothed probabilities, per reading: about 1 s of memory."""

PERSIST: Final = 2
"""Readings in a row for which an affect must lead before it is named."""

SLACK: Final = 0.1
"""How far below the floor a named affect may sink before it is taken back."""

FORGET_S: Final = 2.0
"""A pause this long ends what was being said: the next speech starts afresh."""


class Smoother:
    """Exponential average of the readings of one stretch of speech."""

    def __init__(self) -> None:
        self._average: Floats | None = None
        self._last_s = float("-inf")

    def feed(self, timestamp_s: float, probabilities: Floats) -> tuple[Floats, bool]:
        """Take the next reading.

        Args:
            timestamp_s: never falls.
            probabilities: ``(classes,)``, summing to 1.

        Returns:
            Their average, ``(classes,)``, and whether speech began anew with this reading.
        """
        anew = self._average is None or timestamp_s - self._last_s > FORGET_S
        if self._average is None or anew:
            self._average = probabilities.astype(np.float32)
        else:
            average = KEEP * self._average + (1 - KEEP) * probabilities
            self._average = average.astype(np.float32)
        self._last_s = timestamp_s
        return self._average, anew


class Namer:
    """One lane's word, with hysteresis in level and in time."""

    def __init__(self, floor: float) -> None:
        """Nothing named yet.

        Args:
            floor: probability that an affect needs to be named, 0..1; once named it keeps its
                name down to :data:`SLACK` below.
        """
        self._floor = floor
        self._named: Affect | None = None
        self._rival: Affect | None = None
        self._rival_for = 0

    def forget(self) -> None:
        """Begin anew, with nothing named."""
        self._named, self._rival, self._rival_for = None, None, 0

    def feed(
        self, distribution: Mapping[Affect, float], floor: float | None = None
    ) -> Affect | None:
        """The affect to name after this reading, if any.

        Args:
            distribution: smoothed, always over the same affects, summing to 1.
            floor: from now on; None leaves it as it is.
        """
        self._floor = self._floor if floor is None else floor
        candidate = self._candidate(distribution)
        if candidate is self._named:
            self._rival_for = 0
        else:
            self._rival_for = self._rival_for + 1 if candidate is self._rival else 1
            self._rival = candidate
            if self._rival_for >= PERSIST:
                self._named, self._rival_for = candidate, 0
        named = self._named
        # A word on its way out is no longer said, though its successor has not lasted yet.
        if named is None or distribution[named] < self._floor - SLACK:
            return None
        return named

    def _candidate(self, distribution: Mapping[Affect, float]) -> Affect | None:
        """What would be named if persistence were no matter."""
        leader = max(distribution, key=lambda affect: distribution[affect])
        if distribution[leader] >= self._floor:
            return leader
        if self._named is not None and distribution[self._named] >= self._floor - SLACK:
            return self._named
        return None
