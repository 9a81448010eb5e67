"""From wavering probabilities to a word that holds.

Owns when an affect is named, changed and taken back. Knows nothing of audio or models.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from classifier.frames import Affect

KEEP: Final = 0.5
"""Share of the past in the smoothed distribution, per reading: about 1 s of memory."""

PERSIST: Final = 2
"""Readings in a row for which an affect must lead before it is named."""

SLACK: Final = 0.1
"""How far below the floor a named affect may sink before it is taken back."""

FORGET_S: Final = 2.0
"""A pause this long ends what was being said: the next speech starts afresh."""


@dataclass(frozen=True, slots=True)
class Said:
    """What may be said after a reading."""

    affect: Affect | None
    confidence: float
    """Smoothed probability of ``affect``; 0 when there is none."""

    distribution: Mapping[Affect, float]
    """Smoothed; sums to 1."""


class AffectSmoother:
    """One lane's word, with hysteresis in level and in time."""

    def __init__(self, floor: float) -> None:
        """A voice that nothing was said about.

        Args:
            floor: probability that an affect needs to be named, 0..1.
        """
        self._floor = floor
        self._smooth: dict[Affect, float] = {}
        self._named: Affect | None = None
        self._rival: Affect | None = None
        self._rival_for = 0
        self._last_s = float("-inf")

    def feed(self, timestamp_s: float, distribution: Mapping[Affect, float]) -> Said:
        """Take a reading made on speech.

        Args:
            timestamp_s: never falls.
            distribution: sums to 1, always over the same affects.
        """
        if timestamp_s - self._last_s > FORGET_S:
            self._smooth, self._named, self._rival, self._rival_for = {}, None, None, 0
        self._last_s = timestamp_s
        if self._smooth:
            self._smooth = {
                affect: KEEP * self._smooth[affect] + (1 - KEEP) * new
                for affect, new in distribution.items()
            }
        else:
            self._smooth = dict(distribution)
        self._weigh()
        named = self._named
        if named is None or self._smooth[named] < self._floor - SLACK:
            return Said(None, 0.0, dict(self._smooth))
        return Said(named, min(1.0, self._smooth[named]), dict(self._smooth))

    def _weigh(self) -> None:
        """Keep the word, or change it when something else has led for long enough."""
        leader = max(self._smooth, key=lambda affect: self._smooth[affect])
        candidate: Affect | None = None
        if self._smooth[leader] >= self._floor:
            candidate = leader
        elif self._named is not None and self._smooth[self._named] >= self._floor - SLACK:
            candidate = self._named
        if candidate is self._named:
            self._rival_for = 0
            return
        self._rival_for = self._rival_for + 1 if candidate is self._rival else 1
        self._rival = candidate
        if self._rival_for >= PERSIST:
            self._named, self._rival_for = candidate, 0
