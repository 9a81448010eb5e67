"""One vector for a window of frames: what a voice was like for the last few seconds.

Owns the list of functionals and their order. None depends on the level of the recording, on how
long the clip is or on the silence around the speech: those are properties of a corpus, not of a
voice. Windows of several lanes are described at once: so few numbers cost less than the calls.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from classifier.acoustic.gate import Mask
from classifier.acoustic.layout import (
    COLUMN,
    FIRST_MEL,
    FIRST_MFCC,
    FRAME_RATE_HZ,
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

_ENERGY: Final = COLUMN["energy_db"]
_PITCH: Final = COLUMN["pitch_st"]
_CEPSTRA: Final = slice(FIRST_MFCC, FIRST_MFCC + MFCCS)
_MEL: Final = slice(FIRST_MEL, FIRST_MEL + MEL_BANDS)
_VOICED_COLUMNS: Final = np.array([COLUMN[n] for n in _VOICED_NAMES])
_UNVOICED_COLUMNS: Final = np.array([COLUMN[n] for n in _UNVOICED_NAMES])
_MOVING_COLUMNS: Final = np.array([COLUMN[n] for n in _MOVING_NAMES])
_STEP: Final = 5
"""Frames over which rises and falls are measured: 50 ms."""
_EACH_CEPSTRUM: Final = np.full(MFCCS, 1.0 / MFCCS, np.float32)
_NOUGHT: Final = np.float32(0.0)
_ONE: Final = np.float32(1.0)
_BEYOND: Final = np.float32(np.inf)
"""Sorted behind every frame that counts."""
_QUANTILES: Final = (0.2, 0.5, 0.8)
_VOICED, _SPEECH, _UNVOICED = range(3)
"""Rows of a window's marks."""


def enough_speech(speech: Mask, voiced: Mask) -> Mask:
    """Which windows hold enough speech to be described, ``(..., frames) -> (...)``."""
    spoken, sung = np.count_nonzero(speech, axis=-1), np.count_nonzero(voiced, axis=-1)
    return np.asarray((spoken >= MIN_SPEECH) & (sung >= MIN_VOICED))


def functionals(frames: Floats, speech: Mask, voiced: Mask) -> Floats:
    """Describe windows of one length, each by itself.

    Means and mean squares are products of marks, 1 where a frame counts, with the frames.

    Args:
        frames: ``(windows, frames, FRAME_WIDTH)``.
        speech: ``(windows, frames)``.
        voiced: ``(windows, frames)``, within ``speech``.

    Returns:
        ``(windows, WIDTH)`` in the order of :data:`FUNCTIONALS`.

    Raises:
        ValueError: there is not :func:`enough_speech` in one of them.
    """
    if not enough_speech(speech, voiced).all():
        raise ValueError("not enough speech in the window")
    marks = _marks(speech, voiced)
    mean, deviation = _mean_and_deviation(frames, marks)
    moves, flux_deviation = _moves(frames, marks)
    rises = _rises(frames, marks)
    energy = frames[..., _ENERGY]
    low, high, peak = _quantiles(energy[:, None], speech, (0.2, 0.8, 1.0), 0.0)[..., 0]
    only_voiced = np.count_nonzero(speech, axis=-1) == np.count_nonzero(voiced, axis=-1)
    louder = np.where(only_voiced, 0.0, mean[:, _VOICED, _ENERGY] - mean[:, _UNVOICED, _ENERGY])
    contours = np.stack(
        (
            moves[:, _VOICED, _PITCH],
            *rises[:, _VOICED, :, _PITCH].T,
            _trend(frames[..., _PITCH], marks[:, _VOICED]),
            deviation[:, _SPEECH, _ENERGY],
            high - low,
            peak - mean[:, _SPEECH, _ENERGY],
            moves[:, _VOICED, _ENERGY],
            *rises[:, _SPEECH, :, _ENERGY].T,
            louder,
            moves[:, _SPEECH, FIRST_MEL],
            flux_deviation,
        ),
        axis=1,
    )
    bands = np.add.reduceat(deviation[:, _SPEECH, _MEL], _GROUP_STARTS, axis=1) / _GROUP_SIZES
    sung = frames.take(_VOICED_COLUMNS, axis=2).swapaxes(1, 2)
    vectors = np.concatenate(
        (
            mean[:, _VOICED, _VOICED_COLUMNS],
            deviation[:, _VOICED, _VOICED_COLUMNS],
            *_quantiles(sung, voiced, _QUANTILES, 0.5),
            mean[:, _UNVOICED, _UNVOICED_COLUMNS],
            moves[:, _VOICED, _MOVING_COLUMNS],
            contours,
            bands,
            pace_measures(energy, speech, voiced),
        ),
        axis=1,
    )
    return np.asarray(vectors, dtype=np.float32)


def _marks(speech: Mask, voiced: Mask) -> Floats:
    """Which frames count, ``(windows, 3, frames)`` of 0 and 1: the voiced ones, all speech, and
    speech without voice (or all speech, where there is none such)."""
    marks = np.empty((len(speech), 3, speech.shape[1]), np.float32)
    marks[:, _VOICED], marks[:, _SPEECH] = voiced, speech
    unvoiced = np.subtract(marks[:, _SPEECH], marks[:, _VOICED], out=marks[:, _UNVOICED])
    for window in np.flatnonzero(~unvoiced.any(axis=1)):
        unvoiced[window] = marks[window, _SPEECH]
    return marks


def _mean_and_deviation(frames: Floats, marks: Floats) -> tuple[Floats, Floats]:
    """Of every column, over the marked frames, ``(windows, 3, FRAME_WIDTH)`` each."""
    counts = np.add.reduce(marks, axis=2)[..., None]
    # From near their mean: squares then lose nothing in 32 bits.
    centre = np.matmul(marks[:, _VOICED, None], frames) / counts[:, _VOICED, None]
    away = frames - centre
    mean = np.matmul(marks, away) / counts
    away *= away
    square = np.matmul(marks, away) / counts
    return mean + centre, np.sqrt(np.maximum(square - mean * mean, _NOUGHT))


def _quantiles(
    columns: Floats, where: Mask, quantiles: tuple[float, ...], rounded: float
) -> Floats:
    """Of the marked frames of each column, without interpolation.

    Args:
        columns: ``(windows, columns, frames)``.
        where: ``(windows, frames)``, some in each window.
        quantiles: which, 0..1.
        rounded: the share of a rank that counts as a whole one, from 0 (downwards) to under 1.

    Returns:
        ``(quantiles, windows, columns)``.
    """
    # A sum where one would choose: that goes through the numbers eight at a time.
    ordered = np.empty(columns.shape, np.float32)
    np.add(columns, np.where(where, _NOUGHT, _BEYOND)[:, None], out=ordered)
    ordered.sort(axis=2)
    last = np.count_nonzero(where, axis=1) - 1
    every = np.arange(len(ordered))
    return np.array([ordered[every, :, (q * last + rounded).astype(np.intp)] for q in quantiles])


def _moves(frames: Floats, marks: Floats) -> tuple[Floats, Floats]:
    """How much changes from one frame to the next where both are voiced, and where both are speech.

    Returns:
        Mean change of each column before the mel bands, ``(windows, 2, columns)``, and the
        deviation of the flux (the mean change of all cepstra) in speech, ``(windows,)``.
    """
    pairs = marks[:, :_UNVOICED, 1:] * marks[:, :_UNVOICED, :-1]
    # Beside the changes: the flux, its square, and a one that counts.
    change = np.ones((*pairs.shape[::2], FIRST_MEL + 3), np.float32)
    level = change[..., :FIRST_MEL]
    np.subtract(frames[:, 1:, :FIRST_MEL], frames[:, :-1, :FIRST_MEL], out=level)
    np.abs(level, out=level)
    flux = change[..., FIRST_MEL]
    np.matmul(change[..., _CEPSTRA], _EACH_CEPSTRUM, out=flux)
    np.multiply(flux, flux, out=change[..., FIRST_MEL + 1])
    sums = np.matmul(pairs, change)
    mean = np.asarray(sums[..., :-1] / np.maximum(sums[..., -1:], _ONE), dtype=np.float32)
    flux_mean, flux_square = mean[:, _SPEECH, FIRST_MEL], mean[:, _SPEECH, FIRST_MEL + 1]
    deviation: Floats = np.sqrt(np.maximum(flux_square - flux_mean * flux_mean, _NOUGHT))
    return mean, deviation


def _rises(frames: Floats, marks: Floats) -> Floats:
    """Mean upward and mean downward change over 50 ms of the first two columns, both positive,
    ``(windows, 2, 2, columns)``: voiced and speech, up and down."""
    both = marks[:, :_UNVOICED, _STEP:] * marks[:, :_UNVOICED, :-_STEP]
    level = frames[..., : max(_ENERGY, _PITCH) + 1]
    change = level[:, _STEP:] - level[:, :-_STEP]
    sides = np.concatenate((change, -change), axis=2)
    np.maximum(sides, _NOUGHT, out=sides)
    counts = np.matmul(both, (sides > _NOUGHT).astype(np.float32))
    mean = np.matmul(both, sides) / np.maximum(counts, _ONE)
    return np.asarray(mean.reshape(len(marks), 2, 2, -1), dtype=np.float32)


def _trend(values: Floats, marks: Floats) -> Floats:
    """Regression slope over the marked frames, per second: ``(windows, frames) -> (windows,)``."""
    at = np.arange(values.shape[1], dtype=np.float32) / np.float32(FRAME_RATE_HZ)
    counts = np.maximum(np.add.reduce(marks, axis=1), _ONE)
    away = (at - (marks @ at / counts)[:, None]) * marks
    spread = np.einsum("ij,ij->i", away, away)
    slope = np.einsum("ij,ij->i", away, values) / np.where(spread > _NOUGHT, spread, _ONE)
    return np.asarray(slope, dtype=np.float32)
