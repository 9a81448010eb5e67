"""Which frames are speech: adaptive levels, voicing, and what surrounds a voiced frame.

Owns the first, rule-based half of the speech decision. The second half, whether a window of such
frames is a human voice rather than a dog or an engine, is learnt (see the network).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.acoustic.layout import COLUMN, Floats
from classifier.acoustic.pitch import VOICED

Mask = NDArray[np.bool_]

SILENCE_DB: Final = -72.0
"""Frames below this are silence whatever surrounds them (dB re full scale)."""

RANGE_DB: Final = 32.0
"""Frames this far below the loud parts are silence or room, not voice."""

FLOOR_RISE_DB: Final = 1.0
"""How fast the noise floor may rise, per block; it falls at once."""

LEVEL_FALL_DB: Final = 1.0
"""How fast the level of the loud parts may fall, per block; it rises at once."""

_MARGIN_DB: Final = 6.0
_REACH: Final = 15
"""Frames to each side of a voiced frame in which unvoiced sounds belong to speech: 150 ms."""

_ENERGY: Final = COLUMN["energy_db"]
_VOICING: Final = COLUMN["voicing"]
_PITCH: Final = COLUMN["pitch_st"]


@dataclass(slots=True)
class Levels:
    """Noise floor and loud level of one lane, dB re full scale; None until heard."""

    floor_db: float | None = None
    level_db: float | None = None

    def update(self, energy_db: Floats) -> None:
        """Follow one more block's energies, ``(frames,)``."""
        quiet, loud = (float(v) for v in np.percentile(energy_db, (10, 95)))
        floor = quiet if self.floor_db is None else min(quiet, self.floor_db + FLOOR_RISE_DB)
        level = loud if self.level_db is None else max(loud, self.level_db - LEVEL_FALL_DB)
        self.floor_db, self.level_db = floor, max(level, floor)

    @property
    def threshold_db(self) -> float:
        """Energy from which a frame is more than background."""
        if self.floor_db is None or self.level_db is None:
            return SILENCE_DB
        # Where speech hardly rises above the floor (steady noise, or speech from the first
        # sample on), a fixed margin would cut it all away: take part of what range there is.
        margin = min(_MARGIN_DB, 0.25 * (self.level_db - self.floor_db))
        return max(SILENCE_DB, self.level_db - RANGE_DB, self.floor_db + margin)


def mark_speech(frames: Floats, levels: Levels) -> tuple[Mask, Mask]:
    """Frames that may be speech, and those of them that are voiced.

    Args:
        frames: ``(frames, FRAME_WIDTH)``.
        levels: of the lane, with these frames taken in.

    Returns:
        Two masks of shape ``(frames,)``; the second lies within the first.
    """
    active = frames[:, _ENERGY] > levels.threshold_db
    voiced = active & (frames[:, _VOICING] >= VOICED) & (frames[:, _PITCH] > 0)
    # A lone voiced frame in noise is chance: of five in a row, at least three.
    voiced &= np.convolve(voiced, np.ones(5), mode="same") >= 3
    near = np.convolve(voiced, np.ones(2 * _REACH + 1), mode="same") > 0
    return active & near, voiced
