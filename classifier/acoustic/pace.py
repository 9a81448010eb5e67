"""Pace: how fast syllables follow each other, and how speech is cut into voiced stretches."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.acoustic.gate import Mask
from classifier.acoustic.layout import FRAME_RATE_HZ, Floats

_SMOOTH: Final = np.hanning(11) / np.hanning(11).sum()
"""About 60 ms: shorter than a syllable, longer than a pitch period."""
_DIP_DB: Final = 2.0
"""How far energy must fall between two syllable nuclei (de Jong and Wempe 2009)."""
_AROUND: Final = np.arange(-8, 9)
"""Frames around a nucleus among which the dip lies."""


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
    half = len(_SMOOTH) // 2
    edges = np.empty(energy_db.size + 2 * half)
    edges[:half], edges[half:-half], edges[-half:] = energy_db[0], energy_db, energy_db[-1]
    smooth = np.convolve(edges, _SMOOTH, mode="valid")
    inner = (smooth[1:-1] > smooth[:-2]) & (smooth[1:-1] >= smooth[2:]) & voiced[1:-1]
    peaks = inner.nonzero()[0] + 1
    # There are a dozen peaks in three seconds: cheaper to look around each than around all frames.
    around = np.minimum(np.maximum(peaks[:, None] + _AROUND, 0), smooth.size - 1)
    dips = smooth[peaks] - np.minimum.reduce(smooth[around], axis=1)
    return np.asarray(peaks[dips >= _DIP_DB])


def pace_measures(energy_db: Floats, speech: Mask, voiced: Mask) -> dict[str, float]:
    """Rates and lengths over one window.

    Returns:
        ``syllable_rate`` and ``voiced_rate`` per second of speech, mean and deviation of the
        voiced stretches' length in seconds, the voiced share of speech, and the share of speech
        in the span from its first to its last frame.
    """
    at = speech.nonzero()[0]
    if at.size == 0:
        return dict.fromkeys(PACE_NAMES, 0.0)
    speech_s = at.size / FRAME_RATE_HZ
    edges = np.zeros(voiced.size + 2, np.bool_)
    edges[1:-1] = voiced
    # The stretches' edges in turn: where one begins, where it ends.
    turns = (edges[1:] != edges[:-1]).nonzero()[0]
    lengths_s = ((turns[1::2] - turns[::2]) / FRAME_RATE_HZ).tolist()
    count = len(lengths_s)
    mean_s = sum(lengths_s) / max(1, count)
    spread = sum((length_s - mean_s) ** 2 for length_s in lengths_s) / max(1, count)
    return {
        "syllable_rate": syllable_nuclei(energy_db, voiced).size / speech_s,
        "voiced_rate": count / speech_s,
        "voiced_length_mean": mean_s,
        "voiced_length_std": math.sqrt(spread),
        "voiced_share": int(np.count_nonzero(voiced)) / at.size,
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
