"""What a telephone line carries, made after the standards."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from classifier.acoustic.layout import BLOCK
from classifier.acoustic.signals.meter import SoundMeter, listen

RATE_HZ = 16_000
Signal = NDArray[np.float32]


def tone(hz: tuple[float, ...], length_s: float, level_db: float = -20.0) -> Signal:
    """Sines of equal strength, each at the level re full scale."""
    at = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    total = sum((np.sin(2 * np.pi * f * at) for f in hz), np.zeros(at.size))
    return np.asarray(total * np.sqrt(2) * 10 ** (level_db / 20), dtype=np.float32)


def pause(length_s: float) -> Signal:
    """Nothing."""
    return np.zeros(round(length_s * RATE_HZ), np.float32)


def cadence(
    hz: tuple[float, ...], on_s: float, off_s: float, times: int, level_db: float = -20.0
) -> Signal:
    """A tone so many times, with pauses."""
    return np.concatenate([tone(hz, on_s, level_db), pause(off_s)] * times)


def noisy(signal: Signal, noise_db: float, seed: int = 1) -> Signal:
    """The signal under white noise of that level re full scale."""
    noise = np.random.default_rng(seed).normal(0, 10 ** (noise_db / 20), signal.size)
    return np.asarray(signal + noise, dtype=np.float32)


def heard(signal: Signal, speech: float = 0.0) -> list[tuple[str, float]]:
    """Label and time of all that a fresh meter says of a signal."""
    meter = SoundMeter()
    return [
        (sound.label.value, sound.timestamp_s)
        for at in range(0, signal.size - BLOCK + 1, BLOCK)
        for sound in listen([meter], signal[None, at : at + BLOCK], [speech])[0]
    ]


def labels(signal: Signal, speech: float = 0.0) -> list[str]:
    """The labels alone."""
    return [label for label, _ in heard(signal, speech)]
