"""classifier.training.gate_scenes"""

import numpy as np
import pytest

from classifier.acoustic.layout import BLOCK, HOP
from classifier.training.gate_scenes import (
    Scene,
    activity,
    conversation,
    levelled,
    loop,
    mixed,
    nothing_said,
)
from classifier.training.material.augment import Signal


def burst(length_s: float, level: float = 0.1, seed: int = 0) -> Signal:
    """Noise that stands for a clean recording of speech."""
    rng = np.random.default_rng(seed)
    return rng.normal(0, level, round(length_s * 16_000)).astype(np.float32)


def zeros(length_s: float) -> Signal:
    """Nothing."""
    return np.zeros(round(length_s * 16_000), np.float32)


def test_activity_is_where_the_energy_is() -> None:
    """Half a second on, half a second off, to two frames."""
    active = activity(np.concatenate([zeros(0.5), burst(0.5), zeros(0.5)]))
    assert active.size == 150
    assert active[52:98].all()
    assert not active[:50].any()
    assert not active[106:].any()


def test_short_gaps_are_bridged_and_long_ones_are_not() -> None:
    """A stop within a word is speech; a pause is not."""
    stop = activity(np.concatenate([burst(0.5), zeros(0.08), burst(0.5)]))
    assert stop.all()
    pause = activity(np.concatenate([burst(0.5), zeros(0.4), burst(0.5)]))
    assert not pause[60:85].any()


def test_a_conversation_is_whole_blocks_with_its_truth() -> None:
    """Signal and truth lie on one grid; pauses are digital silence."""
    scene = conversation(np.random.default_rng(1), [burst(1.0), burst(2.0, 0.01)], 10.0)
    assert scene.signal.size % BLOCK == 0
    assert scene.speech.size == scene.signal.size // HOP
    assert 0.2 < scene.speech.mean() < 0.95
    quiet = scene.signal.reshape(-1, HOP)[~scene.speech]
    assert (np.abs(quiet).max(axis=1) == 0).mean() > 0.8


def test_the_ratio_is_of_speech_to_noise() -> None:
    """Ten decibels are ten decibels, whatever part of the scene is speech."""
    scene = Scene(np.concatenate([zeros(1.0), burst(1.0)]), np.repeat([False, True], 100))
    noise = burst(2.0, 0.5, seed=3)
    added = mixed(scene, noise, 10.0).signal - scene.signal
    voice = np.mean(scene.signal[16_000:] ** 2)
    assert 10 * np.log10(voice / np.mean(added**2)) == pytest.approx(10.0, abs=0.01)


def test_a_loop_has_no_digital_silence() -> None:
    """Zeros of a noise clip are cut, and it goes on as long as is wanted."""
    clip = np.concatenate([burst(0.5), zeros(4.0), burst(0.5)])
    found = loop(np.random.default_rng(0), [clip], 100_000)
    assert found.size == 100_000
    assert (found.reshape(-1, 160) != 0).any(axis=1).all()


def test_levels_are_peaks() -> None:
    """At -20 dB the largest sample is a tenth."""
    scene = nothing_said(burst(1.7))
    assert scene.signal.size == 3 * BLOCK
    assert not scene.speech.any()
    assert np.abs(levelled(scene, -20.0).signal).max() == pytest.approx(0.1)
