"""Changes to a recording that a classifier must not mind: other voices, rooms, microphones.

Pure functions of a signal and a random generator. Level-independence is left to the features;
these changes cover what the features do hear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from classifier.frames import SAMPLE_RATE_HZ

Signal = NDArray[np.float32]
"""A mono signal at 16 kHz, ``(samples,)``, -1..1."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Noises and room responses to choose from."""

    noises: Sequence[Signal] = ()
    rooms: Sequence[Signal] = ()


@dataclass(frozen=True, slots=True)
class Voice:
    """One way of hearing a whole speaker: the same for all clips, as in life."""

    speed: float = 1.0
    """Above 1: shorter, higher, with a shorter vocal tract. Makes another speaker of one."""

    tilt_db: float = 0.0
    """Tilt of the channel per octave around 1 kHz."""

    bump_hz: float = 1000.0
    bump_db: float = 0.0
    """A broad resonance or gap of the microphone."""

    telephone: bool = False
    """Through a telephone band, 300-3400 Hz (ITU-T G.712)."""

    room: int | None = None
    noise: int | None = None
    snr_db: float = 60.0
    gain_db: float = 0.0


AS_RECORDED: Final = Voice()

TELEPHONE_SHARE: Final = 0.2
"""Of the random voices, how many come through a telephone."""

_TELEPHONE_HZ: Final = (300.0, 3400.0)
_TELEPHONE_SLOPE_DB: Final = 60.0
"""Per octave beyond the edges: steep, but it does not ring."""


def random_voice(rng: np.random.Generator, around: Surroundings) -> Voice:
    """A voice, room and microphone at random."""
    return Voice(
        speed=float(np.exp(rng.uniform(-0.14, 0.14))),
        tilt_db=float(rng.normal(0.0, 1.0)),
        bump_hz=float(np.exp(rng.uniform(np.log(200), np.log(5000)))),
        bump_db=float(rng.normal(0.0, 3.0)),
        room=int(rng.integers(len(around.rooms))) if around.rooms and rng.random() < 0.3 else None,
        noise=int(rng.integers(len(around.noises)))
        if around.noises and rng.random() < 0.5
        else None,
        snr_db=float(rng.uniform(8.0, 35.0)),
        gain_db=float(rng.uniform(-25.0, 0.0)),
        telephone=bool(rng.random() < TELEPHONE_SHARE),
    )


def heard_as(
    signal: Signal, voice: Voice, around: Surroundings, rng: np.random.Generator
) -> Signal:
    """The signal as that voice, in that room, through that microphone."""
    out = signal
    if voice.speed != 1.0:
        out = soxr.resample(out, SAMPLE_RATE_HZ * voice.speed, SAMPLE_RATE_HZ).astype(np.float32)
    if voice.room is not None:
        out = _reverberate(out, around.rooms[voice.room])
    if voice.tilt_db or voice.bump_db:
        out = _colour(out, voice)
    if voice.noise is not None:
        out = add_noise(out, around.noises[voice.noise], voice.snr_db, rng)
    if voice.telephone:
        out = through_telephone(out)
    out = out * np.float32(10 ** (voice.gain_db / 20))
    peak = float(np.abs(out).max(initial=0.0))
    return np.asarray(out / max(1.0, peak), dtype=np.float32)


def _transform_length(samples: int) -> int:
    return 1 << (samples - 1).bit_length()


def _reverberate(signal: Signal, room: Signal) -> Signal:
    size = _transform_length(signal.size + room.size)
    wet = np.fft.irfft(np.fft.rfft(signal, size) * np.fft.rfft(room, size), size)[: signal.size]
    loud, before = np.abs(wet).max(initial=1e-9), np.abs(signal).max(initial=0.0)
    return np.asarray(wet * (before / loud), dtype=np.float32)


def _colour(signal: Signal, voice: Voice) -> Signal:
    size = _transform_length(signal.size)
    octaves = np.log2(np.maximum(np.fft.rfftfreq(size, 1 / SAMPLE_RATE_HZ), 60.0) / 1000.0)
    away = octaves - np.log2(voice.bump_hz / 1000.0)
    gain_db = voice.tilt_db * octaves + voice.bump_db * np.exp(-0.5 * away**2)
    coloured = np.fft.irfft(np.fft.rfft(signal, size) * 10 ** (gain_db / 20), size)
    return np.asarray(coloured[: signal.size], dtype=np.float32)


def through_telephone(signal: Signal) -> Signal:
    """The signal as a telephone passes it on: 300-3400 Hz, the rest steeply attenuated."""
    low_hz, high_hz = _TELEPHONE_HZ
    size = _transform_length(signal.size)
    hz = np.maximum(np.fft.rfftfreq(size, 1 / SAMPLE_RATE_HZ), 1.0)
    beyond = np.maximum(np.log2(low_hz / hz), 0.0) + np.maximum(np.log2(hz / high_hz), 0.0)
    passed = np.fft.irfft(np.fft.rfft(signal, size) * 10 ** (-_TELEPHONE_SLOPE_DB * beyond / 20))
    return np.asarray(passed[: signal.size], dtype=np.float32)


def add_noise(signal: Signal, noise: Signal, snr_db: float, rng: np.random.Generator) -> Signal:
    """The signal with a noise, from a random place on, at this ratio of mean powers."""
    start = int(rng.integers(noise.size))
    cut = np.resize(np.roll(noise, -start), signal.size)
    power, noise_power = float(np.mean(signal**2)), float(np.mean(cut**2))
    if noise_power <= 0:
        return signal
    scale = np.sqrt(power / noise_power * 10 ** (-snr_db / 10))
    return np.asarray(signal + np.float32(scale) * cut, dtype=np.float32)
