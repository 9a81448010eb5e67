"""One vector for a window of frames: what a voice was like for the last few seconds.

Owns the list of functionals and their order. None depends on the level of the recording, on how
long the clip is or on the silence around the speech: those are properties of a corpus, not of a
voice.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from classifier.acoustic.gate import Mask
from classifier.acoustic.layout import (
    COLUMN,
    FIRST_MEL,
    FIRST_MFCC,
    MEL_BANDS,
    MFCCS,
    Floats,
)
from classifier.acoustic.pace import PACE_NAMES, pace_measures

MIN_VOICED: Final = 20
"""Voiced frames without which a window says nothing."""

MIN_SPEECH: Final = 40
"""Speech frames without which a window says nothing: 0.4 s."""

_VOICED_NAMES: Final = (
    "pitch_st",
    "hnr_db",
    "alpha_db",
    "hammarberg_db",
    "slope_low_db",
    "slope_mid_db",
    "centroid_st",
    "flatness_db",
    "h1_h2_db",
    "h1_a3_db",
    *(f"mfcc_{i}" for i in range(1, MFCCS + 1)),
)
_UNVOICED_NAMES: Final = (
    "alpha_db",
    "hammarberg_db",
    "slope_low_db",
    "slope_mid_db",
    "centroid_st",
    "flatness_db",
    *(f"mfcc_{i}" for i in range(1, 5)),
)
_MOVING_NAMES: Final = ("hnr_db", "alpha_db", "centroid_st", *(f"mfcc_{i}" for i in range(1, 9)))
_STATISTICS: Final = ("mean", "std", "p20", "p50", "p80")
_CONTOUR_NAMES: Final = (
    "pitch_step",
    "pitch_rise",
    "pitch_fall",
    "pitch_trend",
    "energy_std",
    "energy_range",
    "energy_peak",
    "energy_step",
    "energy_rise",
    "energy_fall",
    "voiced_over_unvoiced",
    "flux_mean",
    "flux_std",
)
_BAND_GROUPS: Final = 3
_GROUP_SIZES: Final = np.array([len(p) for p in np.array_split(np.arange(MEL_BANDS), _BAND_GROUPS)])
_GROUP_STARTS: Final = np.concatenate([[0], np.cumsum(_GROUP_SIZES)[:-1]])
_BAND_NAMES: Final = tuple(f"band_{g}_std" for g in range(_BAND_GROUPS))

FUNCTIONALS: Final = (
    *(f"{name}:{stat}" for stat in _STATISTICS for name in _VOICED_NAMES),
    *(f"{name}:unvoiced" for name in _UNVOICED_NAMES),
    *(f"{name}:moving" for name in _MOVING_NAMES),
    *_CONTOUR_NAMES,
    *_BAND_NAMES,
    *PACE_NAMES,
)
"""Name of each functional, in order."""

FUNCTIONAL: Final = {name: i for i, name in enumerate(FUNCTIONALS)}
"""Index by name."""

WIDTH: Final = len(FUNCTIONALS)

_VOICED_COLUMNS: Final = np.array([COLUMN[n] for n in _VOICED_NAMES])
_UNVOICED_COLUMNS: Final = np.array([COLUMN[n] for n in _UNVOICED_NAMES])
_MOVING_COLUMNS: Final = np.array([COLUMN[n] for n in _MOVING_NAMES])
_STEP: Final = 5
"""Frames over which rises and falls are measured: 50 ms."""


def enough_speech(speech: Mask, voiced: Mask) -> bool:
    """Whether a window holds enough speech to be described."""
    return int(speech.sum()) >= MIN_SPEECH and int(voiced.sum()) >= MIN_VOICED


def functionals(frames: Floats, speech: Mask, voiced: Mask) -> Floats:
    """Describe one window.

    Args:
        frames: ``(frames, FRAME_WIDTH)``.
        speech: ``(frames,)``.
        voiced: ``(frames,)``, within ``speech``.

    Returns:
        ``(WIDTH,)`` in the order of :data:`FUNCTIONALS`.

    Raises:
        ValueError: there is not :func:`enough_speech`.
    """
    if not enough_speech(speech, voiced):
        raise ValueError("not enough speech in the window")
    sung = frames[voiced].take(_VOICED_COLUMNS, axis=1)
    ordered = np.sort(sung.T, axis=1)  # along the rows of memory
    at = [int(q * (len(sung) - 1) + 0.5) for q in (0.2, 0.5, 0.8)]
    mean, deviation = _mean_and_deviation(sung)
    unvoiced = speech & ~voiced
    hissed = frames[unvoiced if unvoiced.any() else speech].take(_UNVOICED_COLUMNS, axis=1)
    pairs = voiced[1:] & voiced[:-1]
    moving = frames.take(_MOVING_COLUMNS, axis=1)
    moves = np.abs(moving[1:][pairs] - moving[:-1][pairs])
    energy = frames[:, COLUMN["energy_db"]]
    pace = pace_measures(energy, speech, voiced)
    parts = (
        mean,
        deviation,
        *(ordered[:, i] for i in at),
        _mean_and_deviation(hissed)[0],
        np.add.reduce(moves, axis=0) / max(1, len(moves)),
        _contours(frames, speech, voiced),
        _band_deviations(frames[:, FIRST_MEL : FIRST_MEL + MEL_BANDS][speech]),
        [pace[name] for name in PACE_NAMES],
    )
    return np.concatenate(parts).astype(np.float32)


def _mean_and_deviation(values: Floats) -> tuple[Floats, Floats]:
    """Over the first axis, which is not empty. The ufuncs themselves: their wrappers cost more
    than so few numbers do."""
    mean = np.add.reduce(values, axis=0) / np.float32(len(values))
    away = values - mean
    away *= away
    return mean, np.sqrt(np.add.reduce(away, axis=0) / np.float32(len(values)))


def _contours(frames: Floats, speech: Mask, voiced: Mask) -> list[float]:
    """How pitch, energy and spectrum move; the order of ``_CONTOUR_NAMES``."""
    energy = frames[:, COLUMN["energy_db"]]
    pitch = frames[:, COLUMN["pitch_st"]]
    pitch_rise, pitch_fall = _rise_and_fall(pitch, voiced)
    energy_rise, energy_fall = _rise_and_fall(energy, speech)
    spoken = np.sort(energy[speech])
    low, high = spoken[int(0.2 * (len(spoken) - 1))], spoken[int(0.8 * (len(spoken) - 1))]
    unvoiced = speech & ~voiced
    loudness_gap = _mean(energy[voiced]) - _mean(energy[unvoiced]) if unvoiced.any() else 0.0
    cepstra = frames[:, FIRST_MFCC : FIRST_MFCC + MFCCS]
    both = speech[1:] & speech[:-1]
    flux = np.add.reduce(np.abs(cepstra[1:][both] - cepstra[:-1][both]), axis=1)
    flux /= np.float32(MFCCS)
    spoken_mean, spoken_deviation = _mean_and_deviation(spoken)
    flux_mean, flux_deviation = _mean_and_deviation(flux) if flux.size else (0.0, 0.0)
    return [
        _mean_step(pitch, voiced),
        pitch_rise,
        pitch_fall,
        _trend(pitch, voiced),
        float(spoken_deviation),
        float(high - low),
        float(spoken[-1] - spoken_mean),
        _mean_step(energy, voiced),
        energy_rise,
        energy_fall,
        float(loudness_gap),
        float(flux_mean),
        float(flux_deviation),
    ]


def _mean(values: Floats) -> float:
    return float(np.add.reduce(values)) / max(1, values.size)


def _mean_step(values: Floats, where: Mask) -> float:
    """Mean absolute change from frame to frame inside a mask."""
    both = where[1:] & where[:-1]
    return _mean(np.abs(values[1:][both] - values[:-1][both]))


def _rise_and_fall(values: Floats, where: Mask) -> tuple[float, float]:
    """Mean upward and mean downward change over 50 ms inside a mask, both positive."""
    change = (values[_STEP:] - values[:-_STEP])[where[_STEP:] & where[:-_STEP]]
    up, down = change[change > 0], change[change < 0]
    return _mean(up), -_mean(down)


def _trend(values: Floats, where: Mask) -> float:
    """Regression slope over the marked frames, per second."""
    at = np.flatnonzero(where) / 100.0
    centred = at - at.mean()
    spread = float(np.sum(centred**2))
    return float(np.sum(centred * values[where]) / spread) if spread > 0 else 0.0


def _band_deviations(mel_db: Floats) -> Floats:
    """Mean deviation over time of the low, middle and high mel bands, dB."""
    _, deviation = _mean_and_deviation(mel_db)
    sums = np.add.reduceat(deviation, _GROUP_STARTS)
    return np.asarray(sums / _GROUP_SIZES, dtype=np.float32)
