"""One near voice or many at once: what tells talk in the background from someone to listen to.

Owns one measure of a window. One voice has syllables and pauses that stand out, and a clean pitch;
of six at once the syllables fill each other's pauses and the pitches blur.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

from classifier.acoustic.gate import Mask
from classifier.acoustic.layout import COLUMN, Floats

ONE_VOICE_DB: Final = 8.5
"""What :func:`clearness_db` of one voice is at least: among recordings that no part was made from,
exceeded by 3 % of the windows of made babble, and by 96 % of those of one voice over noise at
10 dB, 86 % at 5 dB, 76 % at 0 dB, and all but 1 % at 20 dB and above."""

MEMORY_S: Final = 6.0
"""How long a window that sounded like a crowd is remembered."""

_REMEMBERED: Final = 12
_SHARE: Final = 1 / 4

_ABSENT_DB: Final = -119.0
_ENERGY: Final = COLUMN["energy_db"]
_HNR: Final = COLUMN["hnr_db"]


def clearness_db(frames: Floats, voiced: Mask) -> Floats:
    """Harmonics-to-noise ratio of the voiced frames, and half of what the loud frames of the
    window stand out of its median, dB.

    The two weigh as a logistic regression weighed them between babble of EMO-DB speakers and one
    of them over noise.

    Args:
        frames: ``(windows, frames, FRAME_WIDTH)``.
        voiced: ``(windows, frames)``, at least one in each.

    Returns:
        ``(windows,)``.
    """
    energy = frames[..., _ENERGY]
    count = energy.shape[1]
    ordered = np.sort(energy, axis=1)
    # What was not heard is the least of all: it lies before the others.
    heard = np.count_nonzero(energy > _ABSENT_DB, axis=1)
    every = np.arange(len(ordered))
    loud, median = ordered[every, count - 1 - heard // 20], ordered[every, count - (heard + 1) // 2]
    clean_db = (frames[..., _HNR] * voiced).sum(axis=1) / np.count_nonzero(voiced, axis=1)
    return np.asarray(clean_db + 0.5 * (loud - median), dtype=np.float32)


def many_voices(frames: Floats, voiced: Mask) -> Mask:
    """Which windows with speech sound like a crowd rather than like one near voice."""
    return np.asarray(clearness_db(frames, voiced) < ONE_VOICE_DB)


class Crowd:
    """Whether a lane is in a crowd: now and then one of many stands out for a second."""

    def __init__(self) -> None:
        self._past: deque[tuple[float, bool]] = deque(maxlen=_REMEMBERED)

    def hear(self, end_s: float, crowd: bool) -> bool:
        """Take one window with speech; true when it sounds like a crowd itself, or several did, and
        a quarter of the last ones, within :data:`MEMORY_S`.

        Args:
            end_s: audio time of the window; never falls.
            crowd: see :func:`many_voices`.
        """
        self._past.append((end_s, crowd))
        lately = [was for at_s, was in self._past if end_s - at_s < MEMORY_S]
        return crowd or sum(lately) >= max(2.0, _SHARE * len(lately))
