"""classifier.training.material.sounds"""

from collections.abc import Callable

import numpy as np
import pytest

from classifier.training.material.augment import Signal
from classifier.training.material.sounds import MADE, babble


@pytest.mark.parametrize("make", MADE)
@pytest.mark.parametrize("seed", range(4))
def test_a_sound_is_as_long_as_asked_and_as_loud_as_the_others(
    make: Callable[[np.random.Generator, float], Signal], seed: int
) -> None:
    """Whatever is drawn: finite, and -26 dB on average."""
    sound = make(np.random.default_rng(seed), 3.3)
    assert sound.dtype == np.float32
    assert sound.shape == (52_800,)
    assert np.sqrt(np.mean(sound**2)) == pytest.approx(0.05, rel=1e-3)


@pytest.mark.parametrize("make", MADE)
def test_the_same_seed_makes_the_same_sound(
    make: Callable[[np.random.Generator, float], Signal],
) -> None:
    """And another seed another."""
    one, again, other = (make(np.random.default_rng(seed), 2.0) for seed in (5, 5, 6))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_babble_is_many_voices() -> None:
    """No voice is heard alone: the sum keeps hardly a pause of any."""
    on_off = np.repeat(np.tile([1.0, 0.0], 8), 4000).astype(np.float32)
    voices = [
        on_off * np.random.default_rng(seed).normal(0, 0.1, on_off.size).astype(np.float32)
        for seed in range(3)
    ]
    sound = babble(np.random.default_rng(2), 5.0, voices)
    assert sound.size == 80_000
    assert (np.abs(sound.reshape(-1, 800)).max(axis=1) > 0.005).mean() > 0.9
