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
_AROUND: Final = np.arange(-8, 9)
"""Frames around a nucleus among which the dip lies."""


PACE_NAMES: Final = (
    "syllable_rate",  # nuclei per second of speech
    "voiced_rate",  # voiced stretches per second of speech
    "voiced_length_mean",  # seconds of a stretch
    "voiced_length_std",
    "voiced_share",  # of the speech
    "speech_share",  # of the span from its first to its last frame
)
"""What :func:`pace_measures` gives, in order."""


def syllable_nuclei(energy_db: Floats, voiced: Mask) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Frames that are syllable nuclei: voiced peaks of smoothed energy with a dip before.

    Args:
        energy_db: ``(windows, frames)``.
        voiced: ``(windows, frames)``.

    Returns:
        The window and the frame of each, in order.
    """
    windows, count = energy_db.shape
    if count < 3:
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    half = len(_SMOOTH) // 2
    edges = np.empty((windows, count + 2 * half))
    edges[:, :half], edges[:, half:-half], edges[:, -half:] = (
        energy_db[:, :1],
        energy_db,
        energy_db[:, -1:],
    )
    smooth = np.array([np.convolve(row, _SMOOTH, mode="valid") for row in edges])
    inner = smooth[:, 1:-1]
    window, peak = ((inner > smooth[:, :-2]) & (inner >= smooth[:, 2:]) & voiced[:, 1:-1]).nonzero()
    peak += 1
    # There are a dozen peaks in three seconds: cheaper to look around each than around all frames.
    around = np.minimum(np.maximum(peak[:, None] + _AROUND, 0), count - 1)
    dips = smooth[window, peak] - np.minimum.reduce(smooth[window[:, None], around], axis=1)
    stands_out = dips >= _DIP_DB
    return window[stands_out], peak[stands_out]


def pace_measures(energy_db: Floats, speech: Mask, voiced: Mask) -> Floats:
    """Rates and lengths over windows.

    Args:
        energy_db: ``(windows, frames)``.
        speech: ``(windows, frames)``.
        voiced: ``(windows, frames)``, within ``speech``.

    Returns:
        ``(windows, len(PACE_NAMES))``; nought where there is no speech.
    """
    windows, count = speech.shape
    spoken = np.count_nonzero(speech, axis=1)
    least = np.maximum(spoken, 1)
    first, last = speech.argmax(axis=1), count - 1 - speech[:, ::-1].argmax(axis=1)
    edges = np.zeros((windows, count + 2), np.bool_)
    edges[:, 1:-1] = voiced
    # The stretches' edges in turn: where one begins, where it ends.
    window, turn = (edges[:, 1:] != edges[:, :-1]).nonzero()
    of, lengths_s = window[::2], (turn[1::2] - turn[::2]) / FRAME_RATE_HZ
    stretches = np.bincount(of, minlength=windows)
    some = np.maximum(stretches, 1)
    mean_s = np.bincount(of, lengths_s, windows) / some
    spread = np.bincount(of, (lengths_s - mean_s[of]) ** 2, windows) / some
    nuclei = np.bincount(syllable_nuclei(energy_db, voiced)[0], minlength=windows)
    measures = np.stack(
        (
            nuclei * FRAME_RATE_HZ / least,
            stretches * FRAME_RATE_HZ / least,
            mean_s,
            np.sqrt(spread),
            np.count_nonzero(voiced, axis=1) / least,
            spoken / (last - first + 1),
        ),
        axis=1,
    )
    return np.asarray(measures, dtype=np.float32)
