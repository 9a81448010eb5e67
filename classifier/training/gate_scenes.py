"""Scenes for the speech gate: recordings with pauses, what lies over them, and the truth.

Owns the reference: a frame is speech when the clean recording's own energy says so, before
anything is mixed in. Knows nothing of the gate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from classifier.acoustic.gate import Mask
from classifier.acoustic.layout import BLOCK, CARRY, HOP, WINDOW
from classifier.frames import SAMPLE_RATE_HZ
from classifier.training.material.augment import Signal, Surroundings, Voice, heard_as

_RANGE_DB: Final = 35.0
_BRIDGE: Final = 10
"""Gaps up to 100 ms, stops and the like, belong to speech."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A stretch of sound and which frames of it are speech."""

    signal: Signal
    """``(samples,)``, whole blocks."""

    speech: Mask
    """``(frames,)``, on the grid of the classifier's frames."""


def activity(signal: Signal) -> Mask:
    """Frames in which a clean recording is active, by energy: ``(samples,) -> (frames,)``.

    Active is above 35 dB below the loud parts and 9 dB above the quietest; gaps of up to 100 ms
    are bridged and bursts under 30 ms dropped.
    """
    padded = np.concatenate([np.zeros(CARRY, np.float32), signal])
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    level_db = 10 * np.log10(np.mean(windows**2, axis=1) + 1e-12)
    loud, quiet = np.percentile(level_db, (95, 5))
    active = level_db > np.clip(quiet + 9.0, loud - _RANGE_DB, loud - 20.0)
    return _without_runs(_without_runs(active, value=False, longest=_BRIDGE), value=True, longest=2)


def _without_runs(mask: Mask, *, value: bool, longest: int) -> Mask:
    """The mask with its inner runs of ``value`` up to ``longest`` turned over."""
    out = mask.copy()
    edges = np.flatnonzero(np.diff(mask.astype(np.int8))) + 1
    for start, end in pairwise(edges):
        if mask[start] == value and end - start <= longest:
            out[start:end] = not value
    return out


def conversation(rng: np.random.Generator, clips: Sequence[Signal], length_s: float) -> Scene:
    """Clips one after the other with pauses of 0.2 to 2 s, clean, their speech about as loud.

    Actors whisper and shout: without levelling, one ratio to the noise would drown half of them.
    """
    samples = round(length_s * SAMPLE_RATE_HZ) // BLOCK * BLOCK
    parts: list[Signal] = []
    speech: list[Mask] = []
    total = 0
    while total < samples:
        pause = int(rng.uniform(0.2, 2.0) * SAMPLE_RATE_HZ) // HOP * HOP
        clip = clips[int(rng.integers(len(clips)))]
        clip = clip[: clip.size // HOP * HOP]
        active = activity(clip)
        loud = float(np.sqrt(np.mean(clip.reshape(-1, HOP)[active] ** 2)))
        clip = clip * np.float32(0.05 * 10 ** (rng.uniform(-4, 4) / 20) / max(loud, 1e-6))
        parts += [np.zeros(pause, np.float32), clip]
        speech += [np.zeros(pause // HOP, bool), active]
        total += pause + clip.size
    return Scene(np.concatenate(parts)[:samples], np.concatenate(speech)[: samples // HOP])


def loop(rng: np.random.Generator, noises: Sequence[Signal], samples: int) -> Signal:
    """Noises from a random place, one after the other, with digital silence cut out."""
    parts: list[Signal] = []
    total = 0
    while total < samples:
        noise = noises[int(rng.integers(len(noises)))]
        rows = noise[: noise.size // HOP * HOP].reshape(-1, HOP)
        noise = rows[np.any(rows != 0, axis=1)].ravel()
        start = int(rng.integers(max(1, noise.size - SAMPLE_RATE_HZ)))
        parts.append(noise[start : start + samples])
        total += parts[-1].size
    return np.concatenate(parts)[:samples]


def loop_varied(rng: np.random.Generator, around: Surroundings, samples: int) -> Signal:
    """Noises one after the other, each slowed down or hurried, coloured, backwards or in a room:
    many noises of few."""
    parts: list[Signal] = []
    total = 0
    while total < samples:
        noise = around.noises[int(rng.integers(len(around.noises)))]
        first = int(rng.integers(max(1, noise.size - samples)))
        noise = noise[first : first + samples + SAMPLE_RATE_HZ]
        rows = noise[: noise.size // HOP * HOP].reshape(-1, HOP)
        noise = rows[np.any(rows != 0, axis=1)].ravel()
        if rng.random() < 0.2:
            noise = noise[::-1]
        way = Voice(
            speed=float(np.exp(rng.uniform(-0.6, 0.6))) if rng.random() < 0.7 else 1.0,
            tilt_db=float(rng.normal(0.0, 2.0)),
            bump_hz=float(np.exp(rng.uniform(np.log(200), np.log(5000)))),
            bump_db=float(rng.normal(0.0, 5.0)),
            room=int(rng.integers(len(around.rooms))) if rng.random() < 0.2 else None,
            telephone=bool(rng.random() < 0.05),
        )
        noise = heard_as(np.ascontiguousarray(noise), way, around, rng)
        if rng.random() < 0.5:
            noise = as_loud(noise, float(rng.uniform(-5, 5)))
        parts.append(noise)
        total += noise.size
    return np.concatenate(parts)[:samples]


def as_loud(signal: Signal, level_db: float) -> Signal:
    """The signal with its mean power at a level re that of the made sounds."""
    rms = float(np.sqrt(np.mean(signal**2)))
    return np.asarray(signal * (0.05 * 10 ** (level_db / 20) / max(rms, 1e-6)), dtype=np.float32)


def mixed(scene: Scene, noise: Signal, snr_db: float) -> Scene:
    """The scene under noise; the ratio is that of the speech frames to the whole noise."""
    frames = scene.signal.reshape(-1, HOP)
    voice = float(np.mean(frames[scene.speech] ** 2)) if scene.speech.any() else 1e-4
    power = float(np.mean(noise**2))
    gain = np.sqrt(voice / max(power, 1e-12) * 10 ** (-snr_db / 10))
    return Scene(scene.signal + np.float32(gain) * noise, scene.speech)


def levelled(scene: Scene, peak_db: float) -> Scene:
    """The scene with its peak at a level re full scale."""
    peak = float(np.abs(scene.signal).max(initial=1e-9))
    return Scene(scene.signal * np.float32(10 ** (peak_db / 20) / peak), scene.speech)


def nothing_said(sound: Signal) -> Scene:
    """A sound in which nobody speaks."""
    samples = sound.size // BLOCK * BLOCK
    return Scene(sound[:samples], np.zeros(samples // HOP, bool))
