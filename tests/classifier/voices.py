"""Sounds for the classifier's tests: made here, or read from the project's own recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE_HZ = 16_000
DATA = Path(__file__).resolve().parents[1] / "data"

Pcm = NDArray[np.int16]


def pcm(signal: NDArray[np.floating], peak: float = 0.3) -> Pcm:
    """A signal of any scale as PCM with that peak."""
    top = float(np.abs(signal).max(initial=0.0))
    scaled = signal / top * peak if top > 0 else signal
    return (scaled * 32767).astype(np.int16)


def silence(length_s: float) -> Pcm:
    """Digital zero."""
    return np.zeros(round(length_s * RATE_HZ), np.int16)


def noise(length_s: float, level: float = 0.1, seed: int = 1) -> Pcm:
    """White noise, standard deviation ``level`` of full scale."""
    rng = np.random.default_rng(seed)
    samples = np.clip(rng.normal(0.0, level, round(length_s * RATE_HZ)), -1, 1)
    return (samples * 32767).astype(np.int16)


def tone(hz: float, length_s: float) -> Pcm:
    """A steady sine."""
    at = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    return pcm(np.sin(2 * np.pi * hz * at))


def hum(f0_hz: NDArray[np.floating] | float, length_s: float, tilt_db: float = -9.0) -> Pcm:
    """Harmonics that fall by ``tilt_db`` per octave; the pitch may change from sample to sample."""
    samples = round(length_s * RATE_HZ)
    f0 = np.broadcast_to(np.asarray(f0_hz, np.float64), samples)
    phase = 2 * np.pi * np.cumsum(f0) / RATE_HZ
    signal = np.zeros(samples)
    for order in range(1, 40):
        audible = f0 * order < 7000
        signal += audible * np.sin(order * phase) * 10 ** (tilt_db * np.log2(order) / 20)
    return pcm(signal)


def syllables(rate: float, length_s: float, f0_hz: float = 150.0) -> Pcm:
    """A hum that swells and fades so many times a second."""
    carrier = hum(f0_hz, length_s).astype(np.float64)
    at = np.arange(carrier.size) / RATE_HZ
    return pcm(carrier * np.sin(np.pi * rate * at) ** 2)


def recording(name: str) -> Pcm:
    """One of the project's own synthetic recordings, 16 kHz mono."""
    samples, rate_hz = soundfile.read(DATA / f"{name}.flac", dtype="int16")
    assert rate_hz == RATE_HZ
    assert samples.ndim == 1
    return np.asarray(samples, np.int16)


def higher(pcm: Pcm) -> Pcm:
    """The same words by somebody much smaller: everything a half higher and faster."""
    at = np.arange(0, pcm.size - 1, 1.5)
    return np.interp(at, np.arange(pcm.size), pcm).astype(np.int16)
