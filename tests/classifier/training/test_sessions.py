"""classifier.training.sessions"""

import numpy as np

from classifier.acoustic.baseline import BASELINE_WEIGHT_S, Baseline, network_input
from classifier.training.sessions import Rows, simulate

ROWS = Rows(
    standardised=np.arange(24, dtype=np.float32).reshape(12, 2) / 10,
    recent=np.where(
        np.arange(12)[:, None] % 4 == 2, np.nan, np.arange(24).reshape(12, 2) / 7
    ).astype(np.float32),
    clip=np.repeat(np.arange(3), 4).astype(np.int32),
    voice=np.tile([0, 0, 1, 1], 3).astype(np.int32),
    new_speech_s=np.full(12, 0.5, np.float32),
)


class NoRestart:
    """Chance that keeps the order and never makes a stranger."""

    def permutation(self, values: np.ndarray) -> np.ndarray:
        return values

    def random(self) -> float:
        return 1.0


def test_rows_of_one_voice_in_the_order_of_clips_and_time() -> None:
    """A session holds the wanted clips, heard one way, each in its own order."""
    _, _, picked = simulate(ROWS, [2, 0], 1, NoRestart())  # type: ignore[arg-type] # stands in
    assert picked.tolist() == [10, 11, 2, 3]


def test_the_baseline_is_the_stream_s() -> None:
    """The second view is what the stream's own baseline gives, window after window."""
    inputs, _, picked = simulate(ROWS, [0, 1], 0, NoRestart())  # type: ignore[arg-type] # stands in
    habit = Baseline(2, BASELINE_WEIGHT_S)
    for step, row in enumerate(picked):
        vector = ROWS.standardised[row]
        usual = habit.with_new(vector, 0.5)
        habit.learn(vector, 0.5)
        assert np.allclose(inputs[step], network_input(vector, usual.mean, usual.deviation))


def test_newest_seconds_have_a_habit_of_their_own() -> None:
    """It is made of them alone; what holds too little is passed over, and stays no number."""
    _, recent, picked = simulate(ROWS, [0, 1], 1, NoRestart())  # type: ignore[arg-type] # stands in
    habit = Baseline(2, BASELINE_WEIGHT_S)
    for step, row in enumerate(picked):
        vector = ROWS.recent[row]
        if np.isnan(vector[0]):
            assert np.isnan(recent[step]).all()
            continue
        usual = habit.with_new(vector, 0.5)
        habit.learn(vector, 0.5)
        assert np.allclose(recent[step], network_input(vector, usual.mean, usual.deviation))


class AlwaysRestart(NoRestart):
    """Chance that makes a stranger of every clip."""

    def random(self) -> float:
        return 0.0


def test_a_restart_forgets_the_voice() -> None:
    """After it a clip is heard as the first of its voice."""
    alone, _, _ = simulate(ROWS, [1], 0, NoRestart())  # type: ignore[arg-type] # stands in
    after, _, picked = simulate(ROWS, [0, 1], 0, AlwaysRestart())  # type: ignore[arg-type]
    assert picked[2:].tolist() == [4, 5]
    assert np.allclose(after[2:], alone)


def test_no_clips_give_no_rows() -> None:
    """A voice that none of the clips has gives an empty session of the right width."""
    inputs, _, picked = simulate(ROWS, [0], 7, np.random.default_rng(1))
    assert inputs.shape == (0, 4)
    assert picked.size == 0
