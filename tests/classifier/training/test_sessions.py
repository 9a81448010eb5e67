"""classifier.training.sessions"""

import numpy as np

from classifier.acoustic.baseline import BASELINE_WEIGHT_S
from classifier.training.sessions import Rows, simulate

ROWS = Rows(
    standardised=np.arange(24, dtype=np.float32).reshape(12, 2) / 10,
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
    _, picked = simulate(ROWS, [2, 0], 1, NoRestart())  # type: ignore[arg-type] # stands in
    assert picked.tolist() == [10, 11, 2, 3]


def test_the_baseline_grows_with_what_came_before() -> None:
    """The second view is the vector less the shrunk mean of all rows up to and with it."""
    inputs, picked = simulate(ROWS, [0, 1], 0, NoRestart())  # type: ignore[arg-type] # stands in
    total = np.zeros(2)
    for step, row in enumerate(picked):
        vector = ROWS.standardised[row]
        total += 0.5 * vector
        usual = total / (BASELINE_WEIGHT_S + 0.5 * (step + 1))
        assert np.allclose(inputs[step, :2], vector)
        assert np.allclose(inputs[step, 2:], vector - usual, atol=1e-6)


def test_no_clips_give_no_rows() -> None:
    """A voice that none of the clips has gives an empty session of the right width."""
    inputs, picked = simulate(ROWS, [0], 7, np.random.default_rng(1))
    assert inputs.shape == (0, 4)
    assert picked.size == 0
