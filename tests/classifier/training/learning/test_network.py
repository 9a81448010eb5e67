"""classifier.training.learning.network"""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")

from classifier.acoustic.functionals import WIDTH
from classifier.training.learning.network import Layers, Settings, fit, predict

QUICK = Settings(hidden=(16,), members=2, epochs=6, batch=64, learning_rate=1e-2)


def task(rows: int, features: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(2, size=rows)
    inputs = rng.normal(size=(rows, features)).astype(np.float32)
    inputs[:, :8] += 2.0 * labels[:, None]
    return inputs, labels


def train(seed: int = 1, settings: Settings = QUICK) -> list[Layers]:
    inputs, labels = task(600, 2 * WIDTH)
    return fit(inputs, labels, 2, settings, seed, lambda done, total: None)


def test_it_learns() -> None:
    """What a few features decide is found among hundreds, on rows it never saw."""
    inputs, labels = task(300, 2 * WIDTH, seed=4)
    assert (predict(train(), inputs).argmax(axis=1) == labels).mean() > 0.9


def test_a_seed_gives_the_same_weights() -> None:
    """Training twice with one seed is the same, with another is not."""
    first, second, other = train(1), train(1), train(2)
    assert np.array_equal(first[0][0][0], second[0][0][0])
    assert not np.array_equal(first[0][0][0], other[0][0][0])


def test_progress_is_told() -> None:
    """Every epoch of every member is counted."""
    told: list[tuple[int, int]] = []
    inputs, labels = task(100, 4)
    fit(inputs, labels, 2, QUICK, 1, lambda done, total: told.append((done, total)))
    assert told == [(i, 12) for i in range(12)]


def test_an_ensemble_has_members() -> None:
    """A mean of nothing is refused."""
    with pytest.raises(ValueError, match="members"):
        predict([], np.zeros((1, 2), np.float32))


def test_an_impossible_class_teaches_nothing() -> None:
    """Rows that cannot have had a class do not speak against it."""
    inputs, labels = task(600, 16)
    allowed = np.ones((600, 3), np.bool_)
    allowed[:, 2] = False
    masked = fit(inputs, labels, 3, QUICK, 1, lambda done, total: None, allowed=allowed)
    open_to_all = fit(inputs, labels, 3, QUICK, 1, lambda done, total: None)
    assert predict(masked, inputs)[:, 2].mean() > 3 * predict(open_to_all, inputs)[:, 2].mean()
