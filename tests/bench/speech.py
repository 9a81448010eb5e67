"""Speech for the audio measurement: a recording that ships with the tests, or a made voice.

The made voice is a sum of harmonics under moving formants, in syllables and phrases: enough for a
pitch tracker, a speech gate and a network to do all of their work.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from tests.bench.process import PROJECT_ROOT

RATE_HZ = 16_000
_MIN_S = 2.0
_SYLLABLE_S = 0.22
_PHRASE_SYLLABLES = 9
# First two formants of five vowels, in Hz (rounded from Peterson & Barney 1952, men).
_VOWELS = ((730, 1090), (530, 1840), (270, 2290), (570, 840), (300, 870))


def speech_pcm() -> tuple[NDArray[np.int16], str]:
    """Mono PCM at 16 kHz, shape ``(samples,)``, and what it is."""
    for path in sorted((PROJECT_ROOT / "tests" / "data").glob("*.wav")):
        samples, rate_hz = soundfile.read(path, dtype="int16", always_2d=True)
        if rate_hz == RATE_HZ and len(samples) >= _MIN_S * rate_hz and np.std(samples) > 100:
            return np.ascontiguousarray(samples[:, 0]), Path(path).name
    return made_voice(12.0), "made voice"


def made_voice(length_s: float) -> NDArray[np.int16]:
    """Harmonics of a wandering pitch (95 to 190 Hz) under formants, with pauses."""
    rng = np.random.default_rng(8522)
    parts: list[NDArray[np.float64]] = []
    count = int(_SYLLABLE_S * RATE_HZ)
    time_s = np.arange(count) / RATE_HZ
    phase = 0.0
    for number in range(int(length_s / _SYLLABLE_S)):
        if number % (_PHRASE_SYLLABLES + 2) >= _PHRASE_SYLLABLES:
            parts.append(rng.normal(0.0, 1e-3, count))
            continue
        low_hz, high_hz = _VOWELS[int(rng.integers(len(_VOWELS)))]
        start_hz, end_hz = rng.uniform(95, 190, 2)
        pitch_hz = np.linspace(start_hz, end_hz, count)
        turns = phase + np.cumsum(pitch_hz) / RATE_HZ
        phase = float(turns[-1] % 1.0)
        voice = np.zeros(count)
        for harmonic in range(1, 30):
            hz = harmonic * float(pitch_hz.mean())
            gain = sum(
                1 / (1 + ((hz - formant_hz) / width_hz) ** 2)
                for formant_hz, width_hz in ((low_hz, 90), (high_hz, 120), (2600, 200))
            )
            voice += gain / harmonic**0.5 * np.sin(2 * np.pi * harmonic * turns)
        parts.append(voice * np.sin(np.pi * time_s / _SYLLABLE_S) ** 0.5)
    signal = np.concatenate(parts)
    return np.asarray(9000 * signal / np.abs(signal).max(), dtype=np.int16)
