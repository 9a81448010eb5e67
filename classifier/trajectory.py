"""How far and which way a voice is moving in arousal and valence.

Owns the comparison of a reading with the voice's own recent past. Knows nothing of audio,
models or labels: it is fed numbers and gives numbers back.
"""

from __future__ import annotations

import math
from typing import Final

from classifier.frames import ShiftDirection

MEMORY_S: Final = 6.0
"""Time constant of the remembered past: a change fades from "new" to "usual" in about this long."""

FORGET_S: Final = 30.0
"""After this long without a reading the past says nothing about the present."""

FULL_SHIFT: Final = 1.0
"""Distance in the arousal-valence plane (each -1..1) that counts as a shift of 1."""

DEAD_BAND: Final = 0.15
"""Change of tension below which a voice is called stable."""


class Trajectory:
    """The path of one voice through the arousal-valence plane (Russell's circumplex, 1980).

    Escalating means more tension: arousal up, valence down, or both. A voice that grows excited
    and pleased at once moves far without more tension, and is called stable.
    """

    def __init__(self, *, memory_s: float = MEMORY_S, dead_band: float = DEAD_BAND) -> None:
        """A path without a past.

        Args:
            memory_s: time constant of the past, seconds, above 0.
            dead_band: smallest change of tension that is not called stable, 0..2.
        """
        if memory_s <= 0 or not 0 <= dead_band <= 2:
            raise ValueError("memory_s must be above 0 and dead_band within 0..2")
        self._memory_s = memory_s
        self._dead_band = dead_band
        self._past: tuple[float, float, float] | None = None
        self._known_s = 0.0

    def feed(
        self, timestamp_s: float, arousal: float, valence: float
    ) -> tuple[float, ShiftDirection]:
        """Take the next reading, and say how it differs from the past.

        Args:
            timestamp_s: seconds; never falls.
            arousal: -1..1.
            valence: -1..1.

        Returns:
            The shift's magnitude, 0..1, and its direction.

        Raises:
            ValueError: time ran backwards, or a number is not finite.
        """
        if not (math.isfinite(timestamp_s) and math.isfinite(arousal) and math.isfinite(valence)):
            raise ValueError("a reading must be finite")
        past = self._past
        if past is not None and timestamp_s < past[0]:
            raise ValueError("time ran backwards")
        if past is None or timestamp_s - past[0] > FORGET_S:
            self._past = (timestamp_s, arousal, valence)
            self._known_s = 0.0
            return 0.0, ShiftDirection.STABLE
        then_s, past_arousal, past_valence = past
        more_arousal, more_valence = arousal - past_arousal, valence - past_valence
        magnitude = min(1.0, math.hypot(more_arousal, more_valence) / FULL_SHIFT)
        tension = (more_arousal - more_valence) / math.sqrt(2.0)
        # Exponential forgetting over time, not over readings: the rate of readings may vary.
        # A path that began a second ago has a second of past, not a full memory of its first
        # reading.
        step_s = timestamp_s - then_s
        self._known_s += step_s
        memory_s = min(self._memory_s, self._known_s)
        keep = math.exp(-step_s / memory_s) if memory_s > 0 else 0.5
        self._past = (
            timestamp_s,
            arousal + keep * (past_arousal - arousal),
            valence + keep * (past_valence - valence),
        )
        if tension > self._dead_band:
            return magnitude, ShiftDirection.ESCALATING
        if tension < -self._dead_band:
            return magnitude, ShiftDirection.DE_ESCALATING
        return magnitude, ShiftDirection.STABLE

    def reset(self) -> None:
        """Forget the past."""
        self._past = None
        self._known_s = 0.0
