"""One vector for a window of frames: what a voice was like for the last few seconds.

Owns the list of functionals and their order. None depends on the level of the recording, on how
long the clip is or on the silence around the speech: those are properties of a corpus, not of a
voice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from classifier.acoustic.gate import Mask
from classifier.acoustic.layout import (
    COLUMN,
    FIRST_MEL,
    FIRST_MFCC,
    FRAME_RATE_HZ,
    FRAME_WIDTH,
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
_QUANTILES: Final = (0.2, 0.5, 0.8)
_VOICED, _SPEECH, _UNVOICED = range(3)
"""Rows of a span's marks."""


def enough_speech(speech: Mask, voiced: Mask) -> bool:
    """Whether a window holds enough speech to be described."""
    return bool(np.count_nonzero(speech) >= MIN_SPEECH and np.count_nonzero(voiced) >= MIN_VOICED)


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
    vector: Floats = functionals_from(frames, speech, voiced, (0,))[0]
    return vector


def functionals_from(frames: Floats, speech: Mask, voiced: Mask, firsts: Sequence[int]) -> Floats:
    """Describe spans of one window that all last to its end, such as the whole of it and its
    newest second.

    Means and mean squares of all spans are products of marks, 1 where a frame counts, with the
    frames: so few numbers cost less than a call each for every span would.

    Args:
        frames: ``(frames, FRAME_WIDTH)``.
        speech: ``(frames,)``.
        voiced: ``(frames,)``, within ``speech``.
        firsts: the first frame of each span.

    Returns:
        ``(spans, WIDTH)``, each in the order of :data:`FUNCTIONALS`.

    Raises:
        ValueError: there is not :func:`enough_speech` in a span.
    """
    if not all(enough_speech(speech[first:], voiced[first:]) for first in firsts):
        raise ValueError("not enough speech in the window")
    marks = _marks(speech, voiced, firsts)
    mean, deviation = _mean_and_deviation(frames, marks)
    moves, flux_deviation = _moves(frames, marks)
    rises = _rises(frames, marks)
    energy = frames[:, _ENERGY]
    sung = frames[voiced].take(_VOICED_COLUMNS, axis=1).T
    vectors = np.empty((len(firsts), WIDTH), np.float32)
    for i, first in enumerate(firsts):
        ordered = np.ascontiguousarray(sung[:, -np.count_nonzero(voiced[first:]) :])
        ordered.sort(axis=1)
        last = ordered.shape[1] - 1
        voiced_db, unvoiced_db = mean[i, _VOICED, _ENERGY], mean[i, _UNVOICED, _ENERGY]
        spoken = energy[first:][speech[first:]]
        spoken.sort()
        low, high = (spoken[int(q * (len(spoken) - 1))] for q in (0.2, 0.8))
        pitch_up, pitch_down = rises[i, _VOICED, :, _PITCH]
        energy_up, energy_down = rises[i, _SPEECH, :, _ENERGY]
        contours = (
            moves[i, _VOICED, _PITCH],
            pitch_up,
            pitch_down,
            _trend(frames[first:, _PITCH], voiced[first:]),
            deviation[i, _SPEECH, _ENERGY],
            high - low,
            spoken[-1] - mean[i, _SPEECH, _ENERGY],
            moves[i, _VOICED, _ENERGY],
            energy_up,
            energy_down,
            voiced_db - unvoiced_db if len(spoken) > ordered.shape[1] else 0.0,
            moves[i, _SPEECH, FIRST_MEL],
            flux_deviation[i],
        )
        pace = pace_measures(energy[first:], speech[first:], voiced[first:])
        bands = np.add.reduceat(deviation[i, _SPEECH, _MEL], _GROUP_STARTS) / _GROUP_SIZES
        np.concatenate(
            (
                mean[i, _VOICED, _VOICED_COLUMNS],
                deviation[i, _VOICED, _VOICED_COLUMNS],
                *(ordered[:, int(q * last + 0.5)] for q in _QUANTILES),
                mean[i, _UNVOICED, _UNVOICED_COLUMNS],
                moves[i, _VOICED, _MOVING_COLUMNS],
                contours,
                bands,
                [pace[name] for name in PACE_NAMES],
            ),
            out=vectors[i],
            casting="same_kind",
        )
    return vectors


def _marks(speech: Mask, voiced: Mask, firsts: Sequence[int]) -> Floats:
    """Which frames count, ``(spans, 3, frames)`` of 0 and 1: the voiced ones, all speech, and
    speech without voice (or all speech, where there is none such)."""
    marks = np.zeros((len(firsts), 3, len(speech)), np.float32)
    for row, first in zip(marks, firsts, strict=True):
        row[_VOICED, first:] = voiced[first:]
        row[_SPEECH, first:] = speech[first:]
        np.subtract(row[_SPEECH], row[_VOICED], out=row[_UNVOICED])
        if not row[_UNVOICED].any():
            row[_UNVOICED] = row[_SPEECH]
    return marks


def _mean_and_deviation(frames: Floats, marks: Floats) -> tuple[Floats, Floats]:
    """Of every column, over the marked frames, ``(spans, 3, FRAME_WIDTH)`` each."""
    rows = marks.reshape(-1, len(frames))
    counts = np.add.reduce(rows, axis=1)[:, None]
    # From near their mean: squares then lose nothing in 32 bits.
    centre = rows[_VOICED] @ frames / counts[_VOICED]
    away = frames - centre
    mean = rows @ away / counts
    away *= away
    deviation = np.sqrt(np.maximum(rows @ away / counts - mean * mean, _NOUGHT))
    shape = (*marks.shape[:2], FRAME_WIDTH)
    return (mean + centre).reshape(shape), deviation.reshape(shape)


def _moves(frames: Floats, marks: Floats) -> tuple[Floats, Floats]:
    """How much changes from one frame to the next where both are voiced, and where both are speech.

    Returns:
        Mean change of each column before the mel bands, ``(spans, 2, columns)``, and the deviation
        of the flux (the mean change of all cepstra) in speech, ``(spans,)``.
    """
    pairs = marks[:, :_UNVOICED, 1:] * marks[:, :_UNVOICED, :-1]
    # Beside the changes: the flux, its square, and a one that counts.
    change = np.ones((len(frames) - 1, FIRST_MEL + 3), np.float32)
    np.subtract(frames[1:, :FIRST_MEL], frames[:-1, :FIRST_MEL], out=change[:, :FIRST_MEL])
    np.abs(change, out=change)
    flux = change[:, FIRST_MEL]
    np.matmul(change[:, _CEPSTRA], _EACH_CEPSTRUM, out=flux)
    np.multiply(flux, flux, out=change[:, FIRST_MEL + 1])
    sums = (pairs.reshape(-1, len(change)) @ change).reshape(*pairs.shape[:2], -1)
    mean = np.asarray(sums[..., :-1] / np.maximum(sums[..., -1:], _ONE), dtype=np.float32)
    flux_mean, flux_square = mean[:, _SPEECH, FIRST_MEL], mean[:, _SPEECH, FIRST_MEL + 1]
    deviation: Floats = np.sqrt(np.maximum(flux_square - flux_mean * flux_mean, _NOUGHT))
    return mean, deviation


def _rises(frames: Floats, marks: Floats) -> Floats:
    """Mean upward and mean downward change over 50 ms of the first two columns, both positive,
    ``(spans, 2, 2, columns)``: voiced and speech, up and down."""
    both = marks[:, :_UNVOICED, _STEP:] * marks[:, :_UNVOICED, :-_STEP]
    rows = both.reshape(-1, both.shape[-1])
    level = frames[:, : max(_ENERGY, _PITCH) + 1]
    change = level[_STEP:] - level[:-_STEP]
    sides = np.concatenate((change, -change), axis=1)
    np.maximum(sides, _NOUGHT, out=sides)
    counts = rows @ (sides > _NOUGHT).astype(np.float32)
    mean = rows @ sides / np.maximum(counts, _ONE)
    return np.asarray(mean.reshape(len(marks), 2, 2, -1), dtype=np.float32)


def _trend(values: Floats, where: Mask) -> float:
    """Regression slope over the marked frames, per second."""
    at = where.nonzero()[0] / FRAME_RATE_HZ
    at -= np.add.reduce(at) / len(at)
    spread = float(at @ at)
    return float(at @ values[where]) / spread if spread > 0 else 0.0
