"""Pace: how fast syllables follow each other, and how speech is cut into voiced stretches."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.acoustic.gate import Mask
from classifier.acoustic.layout import FRAME_RATE_HZ, Floats

_SMOOTH: Final = np.hanning(11) / np.hanning(11).sum()
"""About 60 ms: shorter than a syllable, longer than a pitch period."""
_DIP_DB: Final = 2.0
"""How far energy must fall between two syllable nuclei (de Jong and Wempe 2009)."""
_REACH: Final = 8


def syllable_nuclei(energy_db: Floats, voiced: Mask) -> NDArray[np.intp]:
    """Frames that are syllable nuclei: voiced peaks of smoothed energy with a dip before.

    Args:
        energy_db: ``(frames,)``.
        voiced: ``(frames,)``.

    Returns:
        Indices, in order.
    """
    if energy_db.size < 3:
        return np.zeros(0, np.intp)
    edges = np.concatenate([energy_db[:1].repeat(5), energy_db, energy_db[-1:].repeat(5)])
    smooth = np.convolve(edges, _SMOOTH, mode="valid")
    inner = (smooth[1:-1] > smooth[:-2]) & (smooth[1:-1] >= smooth[2:]) & voiced[1:-1]
    peaks = np.flatnonzero(inner) + 1
    # There are a dozen peaks in three seconds: cheaper to look around each than around all frames.
    dips = [smooth[at] - smooth[max(0, at - _REACH) : at + _REACH + 1].min() for at in peaks]
    return peaks[np.array(dips, np.float64) >= _DIP_DB]


def pace_measures(energy_db: Floats, speech: Mask, voiced: Mask) -> dict[str, float]:
    """Rates and lengths over one window.

    Returns:
        ``syllable_rate`` and ``voiced_rate`` per second of speech, mean and deviation of the
        voiced stretches' length in seconds, the voiced share of speech, and the share of speech
        in the span from its first to its last frame.
    """
    at = np.flatnonzero(speech)
    if at.size == 0:
        return dict.fromkeys(PACE_NAMES, 0.0)
    speech_s = at.size / FRAME_RATE_HZ
    edges = np.diff(np.concatenate([[0], voiced.astype(np.int8), [0]]))
    lengths = (np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)) / FRAME_RATE_HZ
    return {
        "syllable_rate": syllable_nuclei(energy_db, voiced).size / speech_s,
        "voiced_rate": lengths.size / speech_s,
        "voiced_length_mean": float(lengths.mean()) if lengths.size else 0.0,
        "voiced_length_std": float(lengths.std()) if lengths.size else 0.0,
        "voiced_share": float(voiced.sum()) / at.size,
        "speech_share": at.size / float(at[-1] - at[0] + 1),
    }


PACE_NAMES: Final = (
    "syllable_rate",
    "voiced_rate",
    "voiced_length_mean",
    "voiced_length_std",
    "voiced_share",
    "speech_share",
)
"""What :func:`pace_measures` gives, in order."""
