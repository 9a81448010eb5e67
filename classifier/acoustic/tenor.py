"""What a voice sounds like all along, so that it is not news when it is heard once more.

Owns the causal running mean of a lane's probabilities, and what becomes of the odds of a word
through it. Features are compared with the voice's habit before the network sees them; a network to
which a whole voice, or everybody who speaks a language, sounds bored is left with that mistake in
every reading, and here it shows.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.acoustic.baseline import BASELINE_WEIGHT_S
from classifier.acoustic.layout import ANALYSIS_BLOCKS, BLOCK_S, Floats
from classifier.frames import Affect

LASTING: Final = frozenset({Affect.TIRED})
"""Words that a voice can seem to say for as long as it speaks. Slow, low and flat is the manner of
many voices at rest; nobody's manner is to shout, and whoever is angry for a whole call is."""

LATELY_S: Final = ANALYSIS_BLOCKS * BLOCK_S
"""What was heard so shortly before a reading is in its window, and must not hide itself."""


class Tenor:
    """What one voice is heard as all along."""

    def __init__(self, lasting: NDArray[np.bool_], weight_s: float = BASELINE_WEIGHT_S) -> None:
        """Nothing heard yet.

        Args:
            lasting: classes that a voice can sound like all along, ``(classes,)``; the others keep
                their odds.
            weight_s: how many seconds of speech an even share of all classes is worth; above 0.
        """
        if weight_s <= 0:
            raise ValueError("weight_s must be above 0")
        self._lasting: list[bool] = lasting.tolist()
        self._weight_s = weight_s
        self._sum = np.zeros(len(lasting), np.float64)
        self._heard_s = 0.0
        self._lately: deque[tuple[float, NDArray[np.float64], float]] = deque()

    @property
    def heard(self) -> tuple[NDArray[np.float64], float]:
        """All that was taken in, also lately: seconds of each class, ``(classes,)``, and of all."""
        total, heard_s = self._sum.copy(), self._heard_s
        for _, weighted, speech_s in self._lately:
            total += weighted
            heard_s += speech_s
        return total, heard_s

    def take(self, total: NDArray[np.float64], heard_s: float) -> None:
        """Take in what :attr:`heard` of another gave, as long past."""
        self._sum += total
        self._heard_s += heard_s

    def learn(self, end_s: float, probabilities: Floats, speech_s: float) -> None:
        """Take a reading in.

        Args:
            end_s: audio time of its window; never falls.
            probabilities: ``(classes,)``, summing to 1.
            speech_s: new speech in it, seconds.
        """
        self._lately.append((end_s, speech_s * probabilities.astype(np.float64), speech_s))
        self._count_what_is_past(end_s)

    def odds_at(self, end_s: float) -> Floats:
        """What is left of each class's odds in this voice, 0..1, ``(classes,)``.

        Training knew every class as often as the others. One that this voice was heard as more
        often than that before the window is its manner, or a mistake about it; of a tone that
        stands out neither is evidence.

        Args:
            end_s: audio time of the window that is judged; not before the last one learnt.
        """
        self._count_what_is_past(end_s)
        # For so few numbers the library takes four times as long.
        classes = len(self._lasting)
        even_s = (self._heard_s + self._weight_s) / classes
        least_s = self._weight_s / classes
        odds = [
            min(1.0, even_s / (heard_s + least_s)) if lasting else 1.0
            for heard_s, lasting in zip(self._sum.tolist(), self._lasting, strict=True)
        ]
        return np.array(odds, np.float32)

    def _count_what_is_past(self, end_s: float) -> None:
        """Count what now lies before the window."""
        while self._lately and end_s - self._lately[0][0] >= LATELY_S:
            _, weighted, speech_s = self._lately.popleft()
            self._sum += weighted
            self._heard_s += speech_s
