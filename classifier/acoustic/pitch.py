"""Pitch and voicing of frames, by the autocorrelation of the signal.

Owns the estimate of the fundamental and how periodic a frame is. Works on the power spectra that
the other measures use as well: the autocorrelation is their inverse transform (Wiener-Khinchin),
divided by that of the window (Boersma 1993). Only a fifth of its lags are of interest: a table of
cosines gives those as one matrix product, several times faster than a whole inverse transform.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.acoustic.layout import FFT, WINDOW, Floats
from classifier.acoustic.spectrum import hann_window
from classifier.frames import SAMPLE_RATE_HZ

MIN_HZ: Final = 65.0
MAX_HZ: Final = 600.0
VOICED: Final = 0.5
"""Height of the autocorrelation peak from which a frame counts as voiced."""

_BAND_HZ: Final = 4000.0
"""The autocorrelation is of what lies below this: twice oversampled, so that a parabola finds the
height of its peaks even where a high voice has few samples to a period."""
_BAND: Final = round(_BAND_HZ * FFT / SAMPLE_RATE_HZ) + 1
_LAG_RATE_HZ: Final = float(SAMPLE_RATE_HZ)
_MIN_LAG: Final = int(_LAG_RATE_HZ / MAX_HZ)
_MAX_LAG: Final = int(np.ceil(_LAG_RATE_HZ / MIN_HZ))
_FIRST_LAG: Final = _MIN_LAG - 1
"""The shortest lag that is looked at, as the neighbour of the shortest period."""
_CANDIDATES: Final = 4
_OCTAVE_COST: Final = 0.03
"""Per octave towards lower pitch: of two equal peaks the higher pitch wins."""
_JUMP_COST: Final = 0.25
"""Per octave away from the pitch of the neighbourhood."""
MEMORY: Final = 12
"""Frames of past pitch that the first frames of a block are compared with."""
_REACH: Final = 10
"""Frames to each side that make up the neighbourhood."""


def _window_autocorrelation() -> Floats:
    window = hann_window().astype(np.float64)
    power = np.abs(np.fft.rfft(window, FFT)) ** 2
    # Band-limited like the frames', so that both are sampled at the same lags.
    lags = np.fft.irfft(power[:_BAND], FFT)
    return np.asarray(lags[: _MAX_LAG + 2] / lags[0], dtype=np.float32)


def _lag_table() -> Floats:
    """Powers below the band's edge to lags, ``(_BAND, lags)``: the inverse transform of a real and
    even spectrum, with the window's share divided out. Lag 0 first, then those of interest."""
    bins = np.arange(_BAND)[:, None]
    lags = np.array([0, *range(_FIRST_LAG, _MAX_LAG + 2)])[None, :]
    weight = np.where(bins == 0, 1.0, 2.0) / FFT  # every bin but the first stands for two
    table = weight * np.cos(2.0 * np.pi * bins * lags / FFT)
    return np.asarray(table / _window_autocorrelation()[lags[0]], dtype=np.float32)


_LAGS: Final = _lag_table()
if WINDOW + _MAX_LAG + 2 > FFT:  # the circular correlation would wrap into the lags
    raise AssertionError("FFT too short for the longest lag")


@dataclass(frozen=True, slots=True)
class Pitch:
    """Pitch of a run of frames; every array has the frames' shape."""

    f0_hz: Floats
    """Fundamental, 0 where unvoiced."""

    voicing: Floats
    """Periodicity, 0..1."""

    memory: Floats
    """The last ``MEMORY`` log2 pitches (0 where unvoiced), for the next block."""


def no_memory(lanes: int) -> Floats:
    """The pitch memory of voices not heard yet, ``(lanes, MEMORY)``."""
    return np.zeros((lanes, MEMORY), np.float32)


def track(power: Floats, memory: Floats) -> Pitch:
    """Pitch of the frames of several lanes.

    Candidates are the highest peaks of each frame's normalised autocorrelation, placed between
    samples by a parabola; the one kept balances height against the median pitch of the frames
    around it, which mends most octave errors without a search through time.

    Args:
        power: ``(lanes, frames, BINS)``.
        memory: ``(lanes, MEMORY)``, from the block before.

    Returns:
        Arrays of shape ``(lanes, frames)``.
    """
    lags = np.matmul(power[..., :_BAND], _LAGS)
    height = lags[..., 1:] / (lags[..., :1] + np.float32(1e-12))
    peak, log_f0 = _candidates(np.asarray(height, dtype=np.float32))
    worth = peak - _octave_cost(log_f0)
    begins = _begins(peak.shape)
    first = worth.argmax(axis=-1) + begins
    rough = np.where(peak.take(first) >= VOICED, log_f0.take(first), np.float32(0.0))
    usual = _neighbourhood(rough, memory)[..., None]
    away = np.where(usual > 0, np.abs(log_f0 - usual), np.float32(0.0))
    score = worth - np.float32(_JUMP_COST) * np.minimum(away, 1.0)
    best = score.argmax(axis=-1) + begins
    voicing = np.minimum(np.maximum(peak.take(best), 0.0), 1.0)
    chosen = log_f0.take(best)
    chosen = np.where(voicing >= VOICED, chosen, np.float32(0.0)).astype(np.float32)
    f0_hz = np.where(chosen > 0, np.exp2(chosen), np.float32(0.0)).astype(np.float32)
    past = np.concatenate([memory, chosen], axis=-1)[..., -MEMORY:]
    return Pitch(f0_hz, voicing.astype(np.float32), past)


def _octave_cost(log_f0: Floats) -> Floats:
    return np.asarray(_OCTAVE_COST * (np.log2(MAX_HZ) - log_f0), dtype=np.float32)


@functools.lru_cache(maxsize=64)
def _begins(shape: tuple[int, ...]) -> NDArray[np.intp]:
    """Where each row of an array begins among all its numbers, the shape without the last axis."""
    rows = math.prod(shape[:-1])
    return (np.arange(rows, dtype=np.intp) * shape[-1]).reshape(shape[:-1])


def _candidates(height: Floats) -> tuple[Floats, Floats]:
    """Heights and log2 frequencies of the highest peaks, ``(..., _CANDIDATES)`` each."""
    left, middle, right = height[..., :-2], height[..., 1:-1], height[..., 2:]
    is_peak = (middle > left) & (middle >= right)
    # What is no peak counts for nought, which no candidate may be: to choose takes longer.
    at = _highest(middle * is_peak)
    # In the rows of height, where each peak lies one further on than among the ranked.
    peaks = at + (1 + _begins(height.shape)[..., None])
    before, top, after = height.take(peaks - 1), height.take(peaks), height.take(peaks + 1)
    bend = before - 2.0 * top + after
    safe = np.where(bend < 0, bend, np.float32(-1.0))
    shift = np.minimum(np.maximum(0.5 * (before - after) / safe, -0.5), 0.5)
    peak = top - 0.25 * (before - after) * shift
    lag = at + _MIN_LAG + shift
    found = (top > 0) & (top > before) & (top >= after)
    # Above 1 a peak is an artefact of dividing by the window's small values.
    peak = np.where(found, np.where(peak > 1.0, 1.0 / np.maximum(peak, 1.0), peak), -1.0)
    return peak.astype(np.float32), np.log2(_LAG_RATE_HZ / lag).astype(np.float32)


def _highest(ranked: Floats) -> NDArray[np.intp]:
    """Where the ``_CANDIDATES`` highest values of each row lie, in the order of the row; of equals
    the first. Overwrites them: to look for the highest so often is cheaper than any sorting."""
    rows = ranked.reshape(-1, ranked.shape[-1])
    every = np.arange(len(rows))
    at = np.empty((len(rows), _CANDIDATES), np.intp)
    for column in at.T:
        rows.argmax(axis=-1, out=column)
        rows[every, column] = -np.inf
    at.sort(axis=-1)
    return at.reshape(*ranked.shape[:-1], _CANDIDATES)


def _neighbourhood(log_f0: Floats, memory: Floats) -> Floats:
    """Median of the voiced pitches around each frame, 0 where there are none."""
    lanes, frames = log_f0.shape
    line = np.zeros((lanes, _REACH + frames + _REACH), np.float32)
    line[:, :_REACH], line[:, _REACH:-_REACH] = memory[:, -_REACH:], log_f0
    voiced = line > 0
    line[~voiced] = np.inf  # sorted behind
    width = 2 * _REACH + 1
    around = np.lib.stride_tricks.as_strided(
        line, (lanes, frames, width), (line.strides[0], line.strides[1], line.strides[1])
    )
    ordered = np.sort(around, axis=-1)
    before = np.zeros((lanes, line.shape[1] + 1), np.intp)
    np.cumsum(voiced, axis=-1, out=before[:, 1:])
    count = before[:, width:] - before[:, :-width]
    middle = ordered.take((np.maximum(count, 1) >> 1) + _begins(ordered.shape))
    return np.where(count > 0, middle, np.float32(0.0))
