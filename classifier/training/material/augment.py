"""Changes to a recording that a classifier must not mind: other voices, rooms, microphones.

Pure functions of a signal and a random generator. Level-independence is left to the features;
these changes cover what the features do hear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
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


class Background(StrEnum):
    """What lies under a voice."""

    RECORDED = "recorded"
    """One of the surroundings' noises."""

    COLOURED = "coloured"
    """Noise of a random spectrum that swells."""

    BABBLE = "babble"
    """Many voices: the speaker's own, each at another pace and pitch. So nobody is heard in the
    background of others who must not be known there."""


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
    background: Background | None = None
    noise: int | None = None
    """Which recorded noise; None: another under each clip."""

    snr_db: float = 12.5
    snr_spread_db: float = 7.5
    """How far the ratio lies from that at most, clip by clip."""

    gain_db: float = 0.0


AS_RECORDED: Final = Voice()

TELEPHONE_SHARE: Final = 0.3
"""Of the random voices, how many come through a telephone."""

_TELEPHONE_HZ: Final = (300.0, 3400.0)
_TELEPHONE_SLOPE_DB: Final = 60.0
"""Per octave beyond the edges: steep, but it does not ring."""


QUIET_EVERY: Final = 4
"""Of the random voices, one in so many has no background."""


def random_voice(rng: np.random.Generator, around: Surroundings, number: int = 0) -> Voice:
    """A voice, room, background and microphone at random.

    Args:
        rng: decides.
        around: what there is to choose from.
        number: which of a speaker's voices; every :data:`QUIET_EVERY`-th is without background.
    """
    noise = int(rng.integers(len(around.noises))) if around.noises else None
    kinds = list(Background) if around.noises else [Background.COLOURED, Background.BABBLE]
    kind = kinds[(number + int(rng.integers(3))) % len(kinds)]
    return Voice(
        speed=float(np.exp(rng.uniform(-0.14, 0.14))),
        tilt_db=float(rng.normal(0.0, 1.0)),
        bump_hz=float(np.exp(rng.uniform(np.log(200), np.log(5000)))),
        bump_db=float(rng.normal(0.0, 3.0)),
        room=int(rng.integers(len(around.rooms))) if around.rooms and rng.random() < 0.3 else None,
        background=kind if number % QUIET_EVERY else None,
        noise=noise if rng.random() < 0.5 else None,
        gain_db=float(rng.uniform(-25.0, 0.0)),
        telephone=bool(rng.random() < TELEPHONE_SHARE),
    )


def heard_as(
    signal: Signal,
    voice: Voice,
    around: Surroundings,
    rng: np.random.Generator,
    *,
    own: Sequence[Signal] = (),
    lead: int = 0,
    tail: int = 0,
) -> Signal:
    """The signal as that voice, in that room, against that background, through that microphone.

    Args:
        signal: ``(samples,)``.
        voice: how it is heard.
        around: what the voice refers to.
        rng: draws the background.
        own: recordings of the same speaker, for babble.
        lead: samples before the signal that hold the background alone.
        tail: the same after it.
    """
    out = signal
    if voice.speed != 1.0:
        out = soxr.resample(out, SAMPLE_RATE_HZ * voice.speed, SAMPLE_RATE_HZ).astype(np.float32)
    spoken = slice(lead, lead + out.size)
    out = np.pad(out, (lead, tail))
    if voice.room is not None:
        out = _reverberate(out, around.rooms[voice.room])
    if voice.tilt_db or voice.bump_db:
        out = _colour(out, voice)
    if voice.background is not None:
        bed = _bed(voice, around, own, out.size, rng)
        snr_db = voice.snr_db + voice.snr_spread_db * rng.uniform(-1.0, 1.0)
        out = out + _scale_to(bed, out[spoken], snr_db) * bed
    if voice.telephone:
        out = through_telephone(out)
    out = out * np.float32(10 ** (voice.gain_db / 20))
    peak = float(np.abs(out).max(initial=0.0))
    return np.asarray(out / max(1.0, peak), dtype=np.float32)


def _bed(
    voice: Voice,
    around: Surroundings,
    own: Sequence[Signal],
    samples: int,
    rng: np.random.Generator,
) -> Signal:
    if voice.background is Background.BABBLE and own:
        return murmur(own, samples, rng)
    if voice.background is Background.RECORDED:
        number = int(rng.integers(len(around.noises))) if voice.noise is None else voice.noise
        noise = around.noises[number]
        return np.resize(np.roll(noise, -int(rng.integers(noise.size))), samples)
    return coloured(samples, rng)


def coloured(samples: int, rng: np.random.Generator) -> Signal:
    """Noise of a random smooth spectrum, most often falling, and most often swelling."""
    size = _transform_length(samples)
    octave = np.log2(np.maximum(np.fft.rfftfreq(size, 1 / SAMPLE_RATE_HZ), 30.0) / 30.0)
    knots = np.arange(9.0)
    shape_db = rng.uniform(-7.0, 1.5) * knots + rng.normal(0.0, 4.0, knots.size)
    gain = 10 ** (np.interp(octave, knots, shape_db) / 20)
    noise = np.fft.irfft(np.fft.rfft(rng.normal(0.0, 1.0, size)) * gain, size)[:samples]
    if rng.random() < 0.6:
        points = max(4, round(samples / SAMPLE_RATE_HZ * rng.uniform(0.3, 12.0)))
        swell_db = rng.normal(0.0, rng.uniform(0.0, 4.0), points)
        at = np.linspace(0, points - 1, samples)
        noise = noise * 10 ** (np.interp(at, np.arange(points), swell_db) / 20)
    return np.asarray(noise, dtype=np.float32)


def murmur(own: Sequence[Signal], samples: int, rng: np.random.Generator) -> Signal:
    """Five to eleven voices at once, made of recordings of one speaker."""
    out = np.zeros(samples, np.float32)
    for _ in range(int(rng.integers(5, 12))):
        speed = float(np.exp(rng.uniform(-0.22, 0.22)))
        wanted = round(samples * speed) + SAMPLE_RATE_HZ
        talk: list[Signal] = []
        while sum(part.size for part in talk) < wanted:
            part = own[int(rng.integers(len(own)))]
            talk.append(part / (np.sqrt(np.mean(part**2)) + np.float32(1e-9)))
        joined = np.concatenate(talk)
        start = int(rng.integers(SAMPLE_RATE_HZ // 2))
        # Between samples by straight lines: dull at the top, which a murmur may be.
        at = start + np.arange(samples) * speed
        heard = np.interp(at, np.arange(joined.size), joined)
        out += np.asarray(heard * rng.uniform(0.4, 1.0), dtype=np.float32)
    return out


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


def _scale_to(noise: Signal, signal: Signal, snr_db: float) -> np.float32:
    """What a noise must be multiplied with to lie so far below a signal, by mean power."""
    power, noise_power = float(np.mean(signal**2)), float(np.mean(noise**2))
    if noise_power <= 0:
        return np.float32(0.0)
    return np.float32(np.sqrt(power / noise_power * 10 ** (-snr_db / 10)))


def add_noise(signal: Signal, noise: Signal, snr_db: float, rng: np.random.Generator) -> Signal:
    """The signal with a noise, from a random place on, at this ratio of mean powers."""
    cut = np.resize(np.roll(noise, -int(rng.integers(noise.size))), signal.size)
    return np.asarray(signal + _scale_to(cut, signal, snr_db) * cut, dtype=np.float32)
