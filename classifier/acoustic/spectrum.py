"""Spectra of frames and what can be read off them: mel bands, cepstrum, tilt, harmonics.

Pure functions of arrays; leading axes are free (frames, or lanes by frames). Levels are in dB
re full scale, so a change of gain adds a constant and leaves every shape measure alone.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.acoustic.layout import FFT, HOP, MEL_BANDS, MFCCS, WINDOW, Floats
from classifier.frames import SAMPLE_RATE_HZ

BINS: Final = FFT // 2 + 1
BIN_HZ: Final = SAMPLE_RATE_HZ / FFT
FLOOR: Final = np.float32(1e-14)
"""Power of a bin below which there is nothing to hear: under what 16 bits can hold."""

RANGE: Final = np.float32(3e-8)
"""Share of a frame's power that every bin is given: 75 dB below the whole. What lies deeper is the
microphone's and the quantiser's, and would make every measure depend on the level."""

_DB: Final = np.float32(10.0 / np.log(10.0))
"""Decibels in a power of e."""

_HANN: Final = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
_HANN_POWER: Final = float(np.sum(_HANN.astype(np.float64) ** 2))
_TAPER: Final = (_HANN * np.sqrt(2.0 * FFT / _HANN_POWER)).astype(np.float32)
"""The window, scaled so that the squares of :func:`transform` are power."""
_HOPS: Final = WINDOW // HOP
FREQ_HZ: Final = (np.arange(BINS) * BIN_HZ).astype(np.float32)


def hann_window() -> Floats:
    """The frame's window, shape ``(WINDOW,)``."""
    return _HANN


def to_db(power: Floats) -> Floats:
    """Power to decibels, floored at -140 dB.

    By the natural logarithm, which numpy computes eight at a time on every processor; that to the
    base of ten only on some, and one by one on the others.
    """
    levels = power + FLOOR
    np.log(levels, out=levels)
    levels *= _DB
    return levels


def frame_signal(segment: Floats) -> Floats:
    """Overlapping windows of a signal without its mean, tapered, with zeros behind.

    Args:
        segment: ``(..., CARRY + n * HOP)`` samples, -1..1.

    Returns:
        ``(..., n, FFT)``, scaled so that white noise has a :func:`transform` whose squares sum to
        its mean square.
    """
    lanes, hops = segment.shape[:-1], segment.shape[-1] // HOP
    count = hops - _HOPS + 1
    frames = np.empty((*lanes, count, FFT), np.float32)
    frames[..., WINDOW:] = 0.0
    # A window is four hops: each is summed once, and copied where it lies in a window.
    by_hop = segment.reshape(*lanes, hops, HOP)
    sums = np.add.reduce(by_hop, axis=-1)
    mean = sums[..., :count].copy()
    for later in range(1, _HOPS):
        mean += sums[..., later : later + count]
    mean /= np.float32(WINDOW)
    for hop in range(_HOPS):
        part = slice(hop * HOP, (hop + 1) * HOP)
        sounding = frames[..., part]
        np.subtract(by_hop[..., hop : hop + count, :], mean[..., None], out=sounding)
        sounding *= _TAPER[part]
    return frames


def transform(frames: Floats) -> NDArray[np.complex64]:
    """Fourier transform of real rows, divided by their length: ``(..., n) -> (..., n // 2 + 1)``.

    The division is what keeps numpy to 32 bits: without it numpy computes in 64, which takes
    twice as long, and rounds the result.
    """
    return np.asarray(np.fft.rfft(frames, axis=-1, norm="forward"), dtype=np.complex64)


def square(spectrum: NDArray[np.complex64]) -> Floats:
    """Squared magnitude of each bin, the shape of ``spectrum``; overwrites it.

    In place and as plain numbers: a pass over real parts alone, which lie two apart, takes longer.
    """
    parts = spectrum.view(np.float32)
    np.multiply(parts, parts, out=parts)
    return np.asarray(parts[..., 0::2] + parts[..., 1::2], dtype=np.float32)


def power_spectrum(frames: Floats) -> Floats:
    """Power per bin, with a floor under the frame's own power.

    Args:
        frames: ``(..., FFT)``, of :func:`frame_signal`.

    Returns:
        ``(..., BINS)``.
    """
    power = square(transform(frames))
    power += RANGE * np.add.reduce(power, axis=-1, keepdims=True)
    return np.asarray(power, dtype=np.float32)


def _mel(hz: float | Floats) -> Floats:
    return np.asarray(2595.0 * np.log10(1.0 + np.asarray(hz) / 700.0), dtype=np.float32)


def _mel_weights(low_hz: float = 60.0, high_hz: float = 7600.0) -> Floats:
    """Triangles evenly spaced on the mel scale (O'Shaughnessy 1987), each of unit area."""
    edges = np.linspace(_mel(low_hz), _mel(high_hz), MEL_BANDS + 2)
    position = _mel(FREQ_HZ)[:, None]
    rising = (position - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - position) / (edges[2:] - edges[1:-1])
    weights = np.maximum(0.0, np.minimum(rising, falling))
    return np.asarray(weights / weights.sum(axis=0), dtype=np.float32)


def _cosines() -> Floats:
    """DCT-II without its first row, orthonormal: log-mel to MFCC 1..12."""
    band = np.arange(MEL_BANDS) + 0.5
    order = np.arange(1, MFCCS + 1)[:, None]
    table = np.cos(np.pi * order * band / MEL_BANDS) * np.sqrt(2.0 / MEL_BANDS)
    return np.asarray(table.T, dtype=np.float32)


_DCT: Final = _cosines()


def mfcc(mel_db: Floats) -> Floats:
    """Cepstrum 1..12 of the log-mel spectrum; the level (order 0) is left out.

    ``(..., MEL_BANDS) -> (..., MFCCS)``. Davis and Mermelstein 1980.
    """
    return np.asarray(np.matmul(mel_db, _DCT), dtype=np.float32)


def _bins(low_hz: float, high_hz: float) -> slice:
    return slice(round(low_hz / BIN_HZ), round(high_hz / BIN_HZ) + 1)


def _slope_weights(low_hz: float, high_hz: float) -> Floats:
    part = _bins(low_hz, high_hz)
    khz = FREQ_HZ[part] / 1000.0
    centred = khz - khz.mean()
    weights = np.zeros(BINS, np.float32)
    weights[part] = centred / np.sum(centred**2)
    return weights


_SUMS: Final = np.zeros((BINS, 3), np.float32)
_SUMS[_bins(50, 1000), 0] = 1.0
_SUMS[_bins(1000, 5000), 1] = 1.0
_SUMS[:, 2] = 1.0
_BANDS_AND_SUMS: Final = np.concatenate((_mel_weights(), _SUMS), axis=1)
_OF_MAGNITUDE: Final = np.stack([FREQ_HZ, np.ones(BINS, np.float32)], axis=1)
_SLOPES: Final = np.stack([_slope_weights(50.0, 500.0), _slope_weights(500.0, 1500.0)], axis=1)


def shape_measures(power: Floats) -> tuple[Floats, dict[str, Floats]]:
    """Where the energy of each frame lies. Definitions as in eGeMAPS (Eyben et al. 2016).

    Args:
        power: ``(..., BINS)``.

    Returns:
        Mean power in each mel band, dB, ``(..., MEL_BANDS)``; and arrays of shape ``(...)`` by
        column name: level and tilt measures in dB, slopes in dB per kHz, centroid in semitones
        above 27.5 Hz.
    """
    log_power = to_db(power)
    slopes = np.matmul(log_power, _SLOPES)
    # In one pass: there is more to read than to compute.
    of_power = np.matmul(power, _BANDS_AND_SUMS)
    mel, sums = of_power[..., :MEL_BANDS], of_power[..., MEL_BANDS:]
    of_magnitude = np.matmul(np.sqrt(power), _OF_MAGNITUDE)
    centroid_hz = of_magnitude[..., 0] / (of_magnitude[..., 1] + FLOOR)
    loudest_low = power[..., _bins(50, 2000)].max(axis=-1)
    loudest_high = power[..., _bins(2000, 5000)].max(axis=-1)
    return to_db(mel), {
        "energy_db": to_db(sums[..., 2]),
        "alpha_db": to_db(sums[..., 0]) - to_db(sums[..., 1]),
        "hammarberg_db": to_db(loudest_low) - to_db(loudest_high),
        "slope_low_db": slopes[..., 0],
        "slope_mid_db": slopes[..., 1],
        "centroid_st": semitones(centroid_hz),
        "flatness_db": np.add.reduce(log_power, axis=-1) / np.float32(BINS)
        - to_db(sums[..., 2] / BINS),
    }


def semitones(hz: Floats) -> Floats:
    """Frequency as semitones above 27.5 Hz (the lowest A of a piano); 0 at or below it."""
    return np.asarray(12.0 * np.log2(np.maximum(hz, 27.5) / 27.5), dtype=np.float32)


def harmonic_measures(power: Floats, f0_hz: Floats) -> dict[str, Floats]:
    """Breathy or pressed: the first harmonic against the second, and against the third formant.

    Args:
        power: ``(frames, BINS)`` or ``(lanes, frames, BINS)``.
        f0_hz: the same without the last axis; 0 where unvoiced.

    Returns:
        ``h1_h2_db`` and ``h1_a3_db``, 0 where unvoiced. Formant 3 is taken as the strongest bin
        in 2.3-3.5 kHz rather than tracked.
    """
    voiced = f0_hz > 0
    # The window's main lobe is about 100 Hz wide: three bins around the harmonic hold it.
    harmonic = np.stack([f0_hz, 2.0 * f0_hz], axis=-1) / np.float32(BIN_HZ)
    centre = np.minimum(np.maximum(np.rint(harmonic).astype(np.intp), 1), BINS - 2)
    rows = (np.arange(f0_hz.size) * BINS).reshape(*f0_hz.shape, 1)
    around = power.ravel().take((centre + rows)[..., None] + np.arange(-1, 2))
    of_harmonic = to_db(np.maximum.reduce(around, axis=-1))
    first, second = of_harmonic[..., 0], of_harmonic[..., 1]
    third_formant = to_db(np.maximum.reduce(power[..., _bins(2300, 3500)], axis=-1))
    zero = np.float32(0.0)
    return {
        "h1_h2_db": np.where(voiced, first - second, zero),
        "h1_a3_db": np.where(voiced, first - third_formant, zero),
    }
