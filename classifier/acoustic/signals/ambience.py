"""What surrounds the voices: quiet, noise or music.

Music is sound whose lines stand still for a fifth of a second, as notes do, and are others a
second later, as notes are. A motor's lines stay; a voice's glide; noise has none that stand.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.acoustic.layout import Floats
from classifier.acoustic.signals.lines import BIN_HZ, TOP_HZ, Lines
from classifier.frames import EnvironLabel

QUIET_DB: Final = -58.0
"""A background below this is quiet, dB re full scale."""

_LEEWAY_DB: Final = 5.0
"""How far it must rise above that to be quiet no more."""

_LOW: Final = 10
_PROMINENT: Final = 8.0
"""A line stands this many times above the median of its surroundings."""
_BANDS: Final = 10
_BAND: Final = 28
_ROWS: Final = round(TOP_HZ / BIN_HZ)
_STANDS: Final = 0.45
"""Share of the power in standing lines from which a sound is tonal."""
_CHANGES: Final = 0.3
"""How different the lines must be after a second, 0..1, for them to be a melody's."""
_BLOCKS: Final = 8
"""Blocks judged together: 4 s."""


class Ambience:
    """Judges the background of one lane, block by block."""

    def __init__(self) -> None:
        self._quiet = False
        self._tail = np.zeros((2, _ROWS), np.float32)
        self._ago: deque[Floats] = deque(maxlen=3)
        self._tonal: deque[float] = deque(maxlen=_BLOCKS)
        self._change: deque[float] = deque(maxlen=_BLOCKS)
        self._level: deque[float] = deque(maxlen=4)

    def judge(self, lines: Lines, speech: float) -> tuple[EnvironLabel, float] | None:
        """Take one block; label and confidence, or None while too little is known.

        Args:
            lines: of the block.
            speech: share of its frames that are speech; while people talk nothing is learnt.
        """
        if speech > 0.1:
            return None
        level_db = sorted(lines.level_db.tolist())[len(lines.level_db) // 2]
        self._level.append(level_db)
        tonal, standing = self._standing(lines.spectrum)
        self._tonal.append(tonal if level_db > QUIET_DB else 0.0)
        before = self._ago[0] if len(self._ago) == 3 else None
        self._change.append(0.0 if before is None else _difference(standing, before))
        self._ago.append(standing)
        if len(self._level) < 4:
            return None
        loud_db = sorted(self._level)[2]
        self._quiet = loud_db < QUIET_DB + (_LEEWAY_DB if self._quiet else 0.0)
        if self._quiet:
            return EnvironLabel.QUIET, max(0.5, min(1.0, 0.5 + (QUIET_DB - loud_db) / 20))
        stands, changes = sum(self._tonal) / len(self._tonal), sum(self._change) / len(self._change)
        if len(self._tonal) < _BLOCKS:
            if stands >= _STANDS:
                return None  # It may yet turn out to be music.
        else:
            if stands >= _STANDS and changes >= _CHANGES:
                return EnvironLabel.MUSIC, min(1.0, 0.5 + stands - _STANDS)
        return EnvironLabel.NOISE, max(0.5, min(1.0, 0.5 + (loud_db - QUIET_DB) / 20))

    def _standing(self, spectrum: Floats) -> tuple[float, Floats]:
        """Share of power in lines that stood for 200 ms, and those lines, a unit vector."""
        rows = spectrum[1::2]  # 100 ms apart: neighbours share no sound.
        joined = np.concatenate([self._tail, rows])
        self._tail = joined[-2:].copy()
        inner = joined[:, _LOW : _LOW + _BANDS * _BAND]
        peak = inner > joined[:, _LOW - 1 : _LOW - 1 + inner.shape[1]]
        peak &= inner >= joined[:, _LOW + 1 : _LOW + 1 + inner.shape[1]]
        cut = inner.reshape(len(inner), _BANDS, _BAND)
        background = np.sort(cut, axis=-1)[..., _BAND // 2]
        peak &= (cut > _PROMINENT * background[..., None]).reshape(peak.shape)
        near = _widened(peak)
        wide = _widened(near[:-2] & near[1:-1] & peak[2:])
        power = inner[2:]
        share = float((power * wide).sum() / (power.sum() + 1e-14))
        profile = (np.sqrt(power) * wide).sum(axis=0)
        # Neighbouring bins are one note.
        profile = profile.reshape(-1, 2).sum(axis=1)
        return share, np.asarray(profile / (np.sqrt(profile @ profile) + 1e-9), dtype=np.float32)


def _widened(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """With a bin to each side."""
    wide = mask.copy()
    wide[:, 1:] |= mask[:, :-1]
    wide[:, :-1] |= mask[:, 1:]
    return wide


def _difference(one: Floats, other: Floats) -> float:
    """0 for the same lines, 1 for quite others; 0 where either has none."""
    if not one.any() or not other.any():
        return 0.0
    return float(1.0 - one @ other)
