"""classifier.acoustic.baseline"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.acoustic.baseline import LEAST_DEVIATION, Baseline, network_input

VECTORS = st.lists(st.tuples(st.floats(-5, 5), st.floats(0, 0.5)), min_size=1, max_size=20)


def test_a_stranger_is_average() -> None:
    """With nothing heard the habit is the population's."""
    fresh = Baseline(3)
    assert fresh.own_mean is None
    usual = fresh.with_new(np.ones(3, np.float32), 0.0)
    assert usual.mean.tolist() == [0.0] * 3
    assert usual.deviation.tolist() == [1.0] * 3


def test_a_voice_becomes_its_own_measure() -> None:
    """After its weight in seconds a voice counts as much as the population; after long, all."""
    habit = Baseline(1, weight_s=8.0)
    for _ in range(16):
        habit.learn(np.array([2.0], np.float32), 0.5)
    assert habit.with_new(np.array([2.0], np.float32), 0.0).mean[0] == pytest.approx(1.0)
    for _ in range(2000):
        habit.learn(np.array([2.0], np.float32), 0.5)
    assert habit.with_new(np.array([2.0], np.float32), 0.0).mean[0] == pytest.approx(2.0, abs=0.02)
    own = habit.own_mean
    assert own is not None
    assert own[0] == pytest.approx(2.0)


@given(VECTORS, VECTORS)
def test_the_future_does_not_change_the_past(
    past: list[tuple[float, float]], future: list[tuple[float, float]]
) -> None:
    """What a baseline says after some windows depends on those windows alone."""

    def run(windows: list[tuple[float, float]]) -> list[float]:
        habit, said = Baseline(1), []
        for value, speech_s in windows:
            vector = np.array([value], np.float32)
            said.append(float(habit.with_new(vector, speech_s).mean[0]))
            habit.learn(vector, speech_s)
        return said

    assert run(past) == run(past + future)[: len(past)]


def test_looking_does_not_learn() -> None:
    """Asking what would be usual leaves the habit as it was."""
    habit = Baseline(1)
    habit.with_new(np.array([4.0], np.float32), 10.0)
    assert habit.heard_s == 0.0
    assert habit.own_mean is None


def test_looking_shows_what_learning_brings() -> None:
    """The preview is the shrunk mean after the window was learnt."""
    habit = Baseline(1)
    vector = np.array([4.0], np.float32)
    preview = habit.with_new(vector, 3.0)
    habit.learn(vector, 3.0)
    assert habit.with_new(vector, 0.0).mean == preview.mean
    assert habit.with_new(vector, 0.0).deviation == preview.deviation


def test_a_lively_voice_is_measured_in_larger_steps() -> None:
    """The deviation becomes the voice's own; one that never varies keeps a least one."""
    lively, flat = Baseline(1, weight_s=1.0), Baseline(1, weight_s=1.0)
    for step in range(2000):
        lively.learn(np.array([3.0 if step % 2 else -3.0], np.float32), 0.5)
        flat.learn(np.array([1.0], np.float32), 0.5)
    nothing = np.zeros(1, np.float32)
    assert lively.with_new(nothing, 0.0).deviation[0] == pytest.approx(3.0, abs=0.01)
    assert flat.with_new(nothing, 0.0).deviation[0] == pytest.approx(LEAST_DEVIATION)


def test_a_baseline_needs_weight() -> None:
    """A weight of nothing is refused."""
    with pytest.raises(ValueError, match="weight_s"):
        Baseline(1, weight_s=0.0)


def test_the_network_sees_both_views() -> None:
    """First the voice among voices, then the voice against its habit, in its own steps."""
    seen = network_input(
        np.array([3.0, 1.0], np.float32),
        np.array([1.0, 1.0], np.float32),
        np.array([0.5, 2.0], np.float32),
    )
    assert seen.tolist() == [3.0, 1.0, 4.0, 0.0]
    assert seen.dtype == np.float32
