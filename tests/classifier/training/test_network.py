"""classifier.training.network and classifier.training.graph"""

import dataclasses
import hashlib

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from classifier.acoustic.functionals import WIDTH
from classifier.acoustic.model import Network
from classifier.training.graph import build_graph
from classifier.training.network import SPEECH, Layers, Settings, fit, predict
from tests.classifier.acoustic.test_card import card

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


def test_the_graph_computes_what_was_trained() -> None:
    """The ONNX file gives the same probabilities as the trained layers, for any batch."""
    emotion = train()
    voices, labels = task(600, WIDTH)
    speech = fit(voices, labels, 2, SPEECH, 1, lambda done, total: None)
    weights = build_graph(emotion, speech[0])
    network = Network(card(weights_sha256=hashlib.sha256(weights).hexdigest()), weights)
    inputs, _ = task(9, 2 * WIDTH)
    for size in (1, 9):
        heard = network.hear(inputs[:size], np.ones(size, np.float32), np.ones(size, np.float32))
        assert np.allclose(heard.emotion, predict(emotion, inputs[:size]), atol=1e-5)
        expected = predict(speech, inputs[:size, :WIDTH])[:, 1]
        assert np.allclose(heard.speech, expected, atol=1e-5)


def test_a_member_over_the_second_half_ignores_the_first() -> None:
    """Layers that see only the habit's half are the same in the graph, whatever else is heard."""
    inputs, labels = task(600, WIDTH)
    emotion = fit(inputs, labels, 2, QUICK, 1, lambda done, total: None)
    weights = build_graph(emotion, [(np.zeros((WIDTH, 2), np.float32), np.zeros(2, np.float32))])
    network = Network(card(weights_sha256=hashlib.sha256(weights).hexdigest()), weights)
    both = np.concatenate([np.random.default_rng(1).normal(size=(5, WIDTH)), inputs[:5]], axis=1)
    both = both.astype(np.float32)
    heard = network.hear(both, np.ones(5, np.float32), np.ones(5, np.float32))
    assert np.allclose(heard.emotion, predict(emotion, both), atol=1e-5)
    assert np.allclose(heard.emotion, predict(emotion, inputs[:5]), atol=1e-5)


def test_an_impossible_class_teaches_nothing() -> None:
    """Rows that cannot have had a class do not speak against it."""
    inputs, labels = task(600, 16)
    allowed = np.ones((600, 3), np.bool_)
    allowed[:, 2] = False
    masked = fit(inputs, labels, 3, QUICK, 1, lambda done, total: None, allowed=allowed)
    open_to_all = fit(inputs, labels, 3, QUICK, 1, lambda done, total: None)
    assert predict(masked, inputs)[:, 2].mean() > 3 * predict(open_to_all, inputs)[:, 2].mean()


def test_the_same_layers_make_the_same_file() -> None:
    """The graph is written without dates or chance: equal weights have equal hashes."""
    emotion = train(settings=dataclasses.replace(QUICK, members=1))
    speech = [(np.zeros((WIDTH, 2), np.float32), np.zeros(2, np.float32))]
    assert build_graph(emotion, speech) == build_graph(emotion, speech)
