"""classifier.training.learning.contour_network"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")

import torch
from numpy.typing import NDArray

from classifier.acoustic.contour import CHANNELS, CONTOUR_WIDTH, SPEECH_CHANNEL
from classifier.acoustic.functionals import WIDTH
from classifier.acoustic.layout import ANALYSIS_FRAMES, Floats
from classifier.training.learning.contour_network import (
    ContourLayers,
    ContourSettings,
    Part,
    fit_contours,
    predict_contours,
)
from classifier.training.learning.device import DEVICE

QUICK = ContourSettings(
    widths=(8, 8, 8),
    attention=4,
    hidden=16,
    members=1,
    epochs=12,
    rows=400,
    batch=32,
    learning_rate=1e-2,
    dropout=0.0,
    hidden_dropout=0.1,
)
RISES = 5
"""A channel that moves up in one class and down in the other, with the same mean and deviation."""


def windows(count: int, seed: int) -> tuple[Part, NDArray[np.int64]]:
    """Contours of two classes that differ by the order of their frames alone."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(2, size=count)
    seen = rng.normal(size=(count, ANALYSIS_FRAMES, CHANNELS)).astype(np.float32) / 2
    ramp = np.linspace(-2.0, 2.0, 20)
    waves = np.where(labels[:, None] == 1, np.tile(ramp, 15), np.tile(ramp[::-1], 15))
    seen[:, :, RISES] += waves
    seen[:, :, SPEECH_CHANNEL:] = 1.0
    newest = np.zeros((count, WIDTH), np.float32)
    newest[::3] = np.nan
    return part_of(seen, np.zeros((count, WIDTH), np.float32), newest), labels


def part_of(*arrays: Floats) -> Part:
    return Part(*(torch.from_numpy(values).to(DEVICE) for values in arrays))


def told_late(count: int, seed: int) -> tuple[Part, NDArray[np.int64]]:
    """Noise, and functionals that tell the class of the newest seconds alone."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(2, size=count)
    seen = rng.normal(size=(count, ANALYSIS_FRAMES, CHANNELS)).astype(np.float32)
    seen[:, :, SPEECH_CHANNEL:] = 1.0
    newest = rng.normal(size=(count, WIDTH)).astype(np.float32)
    newest[:, :20] += 2.0 * labels[:, None] - 1.0
    return part_of(seen, rng.normal(size=(count, WIDTH)).astype(np.float32), newest), labels


Task = Callable[[int, int], tuple[Part, NDArray[np.int64]]]


def train(settings: ContourSettings, seed: int = 1, task: Task = windows) -> list[ContourLayers]:
    part, labels = task(400, 3)

    def parts(rows: torch.Tensor) -> Part:
        return Part(part.seen[rows], part.whole[rows], part.newest[rows])

    allowed = np.ones((len(labels), 2), np.bool_)
    weight = np.ones(len(labels), np.float32)
    return fit_contours(parts, labels, allowed, weight, settings, seed, lambda done, total: None)


TRAINED = train(QUICK)


def test_it_hears_how_a_voice_moves() -> None:
    """What only the order of the frames tells is found, in windows and in their newest seconds."""
    part, labels = windows(200, seed=4)
    whole, newest = predict_contours(TRAINED, part)
    late = torch.isfinite(part.newest[:, 0]).cpu().numpy()
    assert (whole.argmax(axis=1) == labels).mean() > 0.9
    assert (newest.argmax(axis=1) == labels)[late].mean() > 0.85


def test_a_newest_second_is_told_by_its_own_functionals() -> None:
    """What these tell of the newest second is learnt, and does not leak into the window."""
    trained = train(QUICK, task=told_late)
    part, labels = told_late(200, 4)
    whole, newest = predict_contours(trained, part)
    assert (newest.argmax(axis=1) == labels).mean() > 0.9
    assert (whole.argmax(axis=1) == labels).mean() < 0.7


def test_only_speech_is_attended_to() -> None:
    """What stands in frames far from any speech changes nothing."""
    part, _ = windows(3, seed=5)
    part.seen[:, :140, SPEECH_CHANNEL] = 0.0
    before, _ = predict_contours(TRAINED, part)
    loud = part.seen.clone()
    loud[:, :120, :CONTOUR_WIDTH] = 3.0
    after, _ = predict_contours(TRAINED, replace(part, seen=loud))
    assert np.allclose(before, after, atol=1e-6)


def test_a_seed_gives_the_same_weights() -> None:
    """Training twice with one seed is the same, with another is not."""
    short = replace(QUICK, epochs=1, rows=128)
    first, second, other = train(short), train(short), train(short, seed=2)
    assert np.array_equal(first[0].head[0][0], second[0].head[0][0])
    assert not np.array_equal(first[0].head[0][0], other[0].head[0][0])


def test_members_differ_and_are_averaged() -> None:
    """Two members are two networks, and what they say together is their mean."""
    two = train(replace(QUICK, members=2, epochs=1, rows=128))
    assert not np.array_equal(two[0].head[0][0], two[1].head[0][0])
    part, _ = windows(5, seed=6)
    each = [predict_contours([one], part)[0] for one in two]
    assert np.allclose(predict_contours(two, part)[0], (each[0] + each[1]) / 2, atol=1e-6)


def test_rows_without_weight_are_never_drawn() -> None:
    """Half of the rows lie about their class, but weigh nothing: nothing of them is learnt."""
    part, labels = windows(400, 3)
    lies = np.arange(400) % 2 == 1
    told = np.where(lies, 1 - labels, labels)

    def parts(rows: torch.Tensor) -> Part:
        return Part(part.seen[rows], part.whole[rows], part.newest[rows])

    weight = np.where(lies, 0.0, 1.0).astype(np.float32)
    allowed = np.ones((400, 2), np.bool_)
    trained = fit_contours(parts, told, allowed, weight, QUICK, 1, lambda done, total: None)
    tried, truth = windows(200, seed=4)
    assert (predict_contours(trained, tried)[0].argmax(axis=1) == truth).mean() > 0.9


def test_an_ensemble_has_members() -> None:
    """A mean of nothing is refused."""
    with pytest.raises(ValueError, match="members"):
        predict_contours([], windows(1, seed=1)[0])
