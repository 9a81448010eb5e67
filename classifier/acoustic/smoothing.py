"""From wavering probabilities to a word that holds.

Owns how readings are averaged over time, and when an affect is named, changed and taken back.
Knows nothing of audio or models.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import numpy as np

from classifier.acoustic.layout import BLOCK_S, Floats
from classifier.frames import DEFAULT_WINDOW_MS, Affect

FADED: Final = 0.1
"""Share that the past still has in the smoothed probabilities after the length of speech that a
word rests on."""

PERSIST: Final = 2
"""Readings in a row for which an affect must lead before it takes the place of another. The first
of a stretch of speech is named at once: it is late enough by then."""

SLACK: Final = 0.1
"""How far below the floor a named affect may sink before it is taken back."""

HOLD: Final = 6
"""Readings after a change of word in which there is no other, 3 s: words that follow each other
faster are noise more often than news."""

FORGET_S: Final = 2.0
"""A pause this long ends what was being said: the next speech starts afresh."""


AGAINST: Final = 2.0
"""How many times as likely as the leading class the newest second must find another, to
contradict it. Twice in a row is a turn."""

STRONGLY: Final = 4.0
"""How many times, for one such second to be a turn."""

SETTLED_S: Final = 2.5
"""After a turn the newest second counts alone for so long, and there is no other turn."""


class Course(StrEnum):
    """How a reading goes on from those before it."""

    ON = "on"
    """The same stretch of speech goes on."""

    ANEW = "anew"
    """Speech begins after a pause."""

    TURNED = "turned"
    """Without a pause, the newest second says something else: strongly, or twice."""


class Smoother:
    """Exponential average of the readings of one stretch of speech, which follows a turn at once.

    The whole window holds what was said before a turn for three seconds. So where the newest
    second alone contradicts the average strongly, or twice in a row, the average begins anew from
    it, and listens to it alone until the window holds nothing older.
    """

    def __init__(self, window_ms: int = DEFAULT_WINDOW_MS) -> None:
        """Nothing heard yet.

        Args:
            window_ms: how much speech an average rests on: of what is older only :data:`FADED`
                is left in it. Above 0.
        """
        self._keep = FADED ** (1000 * BLOCK_S / window_ms)
        self._average: Floats | None = None
        self._last_s = float("-inf")
        self._turned_s = float("-inf")
        self._against: Floats | None = None

    def feed(
        self, timestamp_s: float, probabilities: Floats, newest: Floats | None = None
    ) -> tuple[Floats, Course]:
        """Take the next reading.

        Args:
            timestamp_s: never falls.
            probabilities: ``(classes,)``, summing to 1.
            newest: the same by the newest second alone, where that was heard.

        Returns:
            Their average, ``(classes,)``, and how it goes on.
        """
        average, last_s = self._average, self._last_s
        self._last_s = timestamp_s
        if average is None or timestamp_s - last_s > FORGET_S:
            self._average = probabilities.astype(np.float32)
            self._against = None
            return self._average, Course.ANEW
        before, self._against = self._against, None
        settled = timestamp_s - self._turned_s >= SETTLED_S
        if newest is not None and settled and contradicts(newest, average, STRONGLY):
            return self._turn(timestamp_s, newest), Course.TURNED
        if newest is not None and contradicts(newest, average):
            self._against = newest
            if before is not None and settled and before.argmax() == newest.argmax():
                middle = np.asarray((before + newest) / 2, dtype=np.float32)
                return self._turn(timestamp_s, middle), Course.TURNED
        if newest is not None and timestamp_s - self._turned_s < SETTLED_S:
            probabilities = newest
        mixed = self._keep * average + (1 - self._keep) * probabilities
        self._average = np.asarray(mixed, dtype=np.float32)
        return self._average, Course.ON

    def _turn(self, timestamp_s: float, probabilities: Floats) -> Floats:
        """Begin the average anew."""
        self._turned_s, self._against = timestamp_s, None
        self._average = probabilities
        return probabilities


def contradicts(newest: Floats, average: Floats, times: float = AGAINST) -> bool:
    """Whether the newest second finds another class so many times as likely as the leading one."""
    lead, leading = int(newest.argmax()), int(average.argmax())
    return lead != leading and bool(newest[lead] >= times * newest[leading])


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
        self._last: Affect | None = None
        self._unchanged_for = HOLD
        self._rival: Affect | None = None
        self._rival_for = 0

    def forget(self) -> None:
        """Begin anew, with nothing named."""
        self._named, self._rival, self._rival_for = None, None, 0
        self._last, self._unchanged_for = None, HOLD

    def feed(
        self,
        distribution: Mapping[Affect, float],
        floor: float | None = None,
        *,
        at_once: bool = False,
    ) -> Affect | None:
        """The affect to name after this reading, if any.

        Args:
            distribution: smoothed, always over the same affects, summing to 1.
            floor: from now on; None leaves it as it is.
            at_once: the reading has persisted already.
        """
        self._floor = self._floor if floor is None else floor
        self._unchanged_for += 1
        candidate = self._candidate(distribution)
        if candidate is self._named:
            self._rival_for = 0
        else:
            self._rival_for = self._rival_for + 1 if candidate is self._rival else 1
            self._rival = candidate
            lasted = self._rival_for >= PERSIST or at_once or self._last is None
            if lasted and self._may_be(candidate):
                self._named, self._rival_for = candidate, 0
        named = self._named
        # A word on its way out is no longer said, though its successor has not lasted yet.
        if named is None or distribution[named] < self._floor - SLACK:
            return None
        return named

    def _may_be(self, word: Affect | None) -> bool:
        """Whether a word may be named now; notes it if it is another than the last."""
        if word is None:
            return True
        if self._last is not None and word is not self._last:
            if self._unchanged_for < HOLD:
                return False
            self._unchanged_for = 0
        self._last = word
        return True

    def _candidate(self, distribution: Mapping[Affect, float]) -> Affect | None:
        """What would be named if persistence were no matter."""
        leader = max(distribution, key=lambda affect: distribution[affect])
        if distribution[leader] >= self._floor:
            return leader
        if self._named is not None and distribution[self._named] >= self._floor - SLACK:
            return self._named
        return None
