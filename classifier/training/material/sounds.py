"""Sounds without a voice, made at random: music, machines, signal tones, and many voices at once.

Pure functions of a random generator. They stand beside recorded noises wherever the gate must
learn, or be shown, to stay shut.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from classifier.frames import SAMPLE_RATE_HZ
from classifier.training.material.augment import Signal

_SCALES: Final = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 3, 5, 7, 10))
_CHORDS: Final = ((0, 4, 7), (0, 3, 7), (0, 4, 7, 11), (0, 5, 7))
_TONE_PAIRS: Final = (
    (425.0,),
    (440.0, 480.0),
    (480.0, 620.0),
    (350.0, 440.0),
    (697.0, 1209.0),
    (770.0, 1336.0),
    (852.0, 1477.0),
    (941.0, 1633.0),
    (1000.0,),
)


def _at(length_s: float) -> Signal:
    return (np.arange(round(length_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ).astype(np.float32)


def _scaled(signal: np.ndarray[tuple[int, ...], np.dtype[np.floating]]) -> Signal:
    rms = float(np.sqrt(np.mean(np.square(signal)))) or 1.0
    return np.asarray(signal * (0.05 / rms), dtype=np.float32)


def _note(rng: np.random.Generator, hz: float, length_s: float, colour: float) -> Signal:
    at = _at(length_s)
    vibrato = rng.uniform(0, 0.006) * np.sin(2 * np.pi * rng.uniform(4.5, 6.5) * at)
    phase = 2 * np.pi * hz * (at + np.cumsum(vibrato).astype(np.float32) / SAMPLE_RATE_HZ)
    tone = np.zeros_like(at)
    for order in range(1, 12):
        if hz * order < 7000:
            tone += (order**-colour * np.sin(order * phase)).astype(np.float32)
    attack = np.minimum(1.0, at / rng.choice([0.005, 0.03, 0.1]))
    decay = np.exp(-at / (length_s * rng.choice([0.25, 0.6, 3.0])))
    release = np.minimum(1.0, (length_s - at) / 0.02)
    return np.asarray(tone * attack * decay * release, dtype=np.float32)


def _add(out: Signal, part: Signal, start_s: float) -> None:
    first = round(start_s * SAMPLE_RATE_HZ)
    size = min(part.size, out.size - first)
    if size > 0:
        out[first : first + size] += part[:size]


def music(rng: np.random.Generator, length_s: float) -> Signal:
    """Chords, a melody or arpeggio, a bass and drums, each there or not."""
    out = np.zeros(round(length_s * SAMPLE_RATE_HZ), np.float32)
    beat_s = 60 / rng.uniform(60, 170)
    root = rng.uniform(98, 262)
    scale = _SCALES[rng.integers(len(_SCALES))]
    chords, melody, bass, drums = rng.random(4) < (0.8, 0.8, 0.6, 0.6)
    colours = rng.uniform(0.7, 2.2, 3)
    step_s = beat_s / float(rng.choice([1, 2, 4]))
    for bar in np.arange(0, length_s, 4 * beat_s):
        degree = int(rng.choice(scale))
        chord = _CHORDS[rng.integers(len(_CHORDS))]
        if chords or not (melody or bass or drums):
            for tone in chord:
                hz = root * 2 ** ((degree + tone) / 12)
                _add(out, _note(rng, hz, 4 * beat_s, colours[0]), bar)
        if bass:
            for beat in range(4):
                hz = root / 2 * 2 ** (degree / 12)
                _add(out, 1.5 * _note(rng, hz, beat_s, colours[1]), bar + beat * beat_s)
        if melody:
            for step in np.arange(0, 4 * beat_s, step_s):
                if rng.random() < 0.85:
                    hz = root * 2 ** (1 + int(rng.choice(scale)) / 12)
                    held_s = step_s * float(rng.choice([0.8, 1.0, 2.0]))
                    _add(out, 1.5 * _note(rng, hz, held_s, colours[2]), bar + step)
        if drums:
            for half in range(8):
                at = _at(0.25)
                hat = rng.normal(0, 1, at.size) * np.exp(-at / 0.02)
                _add(out, np.diff(hat, prepend=0).astype(np.float32), bar + half * beat_s / 2)
                if half % 4 == 0:
                    kick = 4 * np.sin(2 * np.pi * 50 * at + 6 * np.exp(-at / 0.03))
                    _add(
                        out, (kick * np.exp(-at / 0.08)).astype(np.float32), bar + half * beat_s / 2
                    )
                if half % 4 == 2:
                    snare = 2 * rng.normal(0, 1, at.size) * np.exp(-at / 0.06)
                    _add(out, snare.astype(np.float32), bar + half * beat_s / 2)
    return _scaled(out)


def machine(rng: np.random.Generator, length_s: float) -> Signal:
    """A motor: hum whose speed wanders or is switched, noise through its resonances, a rattle."""
    at = _at(length_s)
    knots = max(2, round(length_s / rng.uniform(0.5, 5)))
    wander = np.interp(at, np.linspace(0, length_s, knots), rng.uniform(-1, 1, knots))
    hz = rng.uniform(25, 400) * (1 + rng.choice([0.0, 0.01, 0.2]) * wander)
    phase = 2 * np.pi * np.cumsum(hz) / SAMPLE_RATE_HZ
    out = np.zeros(at.size)
    for order in range(1, 30):
        strength = rng.exponential(1.0) * order ** -rng.uniform(0.2, 1.2)
        out += strength * np.sin(order * phase + rng.uniform(0, 6)) * (hz * order < 7500)
    hiss = rng.normal(0, 1, at.size)
    if rng.random() < 0.5:
        hiss = np.convolve(hiss, np.ones(8) / 3, mode="same")
    out += rng.uniform(0, 2) * hiss
    if rng.random() < 0.4:
        out *= 1 + rng.uniform(0, 1) * np.sin(2 * np.pi * rng.uniform(0.5, 12) * at)
    return _scaled(out)


def signal_tones(rng: np.random.Generator, length_s: float) -> Signal:
    """Telephone tones and beeps, on and off."""
    at = _at(length_s)
    pair = _TONE_PAIRS[rng.integers(len(_TONE_PAIRS))]
    out = sum((np.sin(2 * np.pi * hz * rng.uniform(0.98, 1.02) * at) for hz in pair), np.zeros(1))
    on_s, off_s = rng.uniform(0.05, 2.0), rng.choice([0.0, 0.1, 0.5, 2.0])
    return _scaled(out * (at % (on_s + off_s) < on_s))


def hiss(rng: np.random.Generator, length_s: float) -> Signal:
    """Steady noise of any tilt."""
    samples = round(length_s * SAMPLE_RATE_HZ)
    spectrum = np.fft.rfft(rng.normal(0, 1, samples))
    tilt = np.maximum(np.fft.rfftfreq(samples, 1 / SAMPLE_RATE_HZ), 40.0) ** -rng.uniform(0, 1.2)
    return _scaled(np.fft.irfft(spectrum * tilt, samples))


def babble(rng: np.random.Generator, length_s: float, voices: Sequence[Signal]) -> Signal:
    """Six to twelve people at once, each going from recording to recording."""
    samples = round(length_s * SAMPLE_RATE_HZ)
    out = np.zeros(samples, np.float32)
    for _ in range(int(rng.integers(6, 13))):
        talk: list[Signal] = []
        while sum(part.size for part in talk) < samples * 1.5:
            talk.append(_scaled(voices[int(rng.integers(len(voices)))]))
        start = int(rng.integers(samples // 2))
        out += np.concatenate(talk)[start : start + samples] * np.float32(rng.uniform(0.5, 1.0))
    return _scaled(out)


MADE: Final[tuple[Callable[[np.random.Generator, float], Signal], ...]] = (
    music,
    machine,
    signal_tones,
    hiss,
)
"""All that needs no recordings."""
