"""classifier.training.learning.contour_rows"""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")

import torch

from classifier.acoustic.contour import ENERGY, contour_input
from classifier.acoustic.functionals import WIDTH
from classifier.training.learning.contour_rows import ContourRows
from classifier.training.learning.device import DEVICE
from classifier.training.learning.emotion import sessions_of
from classifier.training.learning.population import population_of
from classifier.training.material.corpora import Clip
from classifier.training.material.gathering import Material
from tests.classifier.acoustic.test_contour import loud
from tests.classifier.training.rows import empty_examples, spoken_examples


def test_training_sees_what_the_stream_sees() -> None:
    """A batch holds each row's contour as the stream makes it, and its functionals."""
    clips = (Clip("a", "emodb:1", "anger"), Clip("b", "emodb:1", "sadness"))
    material = Material(
        clips, (), spoken_examples(2, voices=2), empty_examples(0), empty_examples(0)
    )
    everything = np.ones(2, np.bool_)
    population = population_of(material, everything)
    sessions = sessions_of(material, everything, population, 2)
    rows = np.array([7, 0, 3, 7])
    part = ContourRows(material.speech, population, sessions)(torch.from_numpy(rows).to(DEVICE))
    frames, speech, voiced = material.speech.contours(sessions.picked[rows])
    usual = population.in_own_units(sessions.usual)
    expected = contour_input(
        frames,
        speech,
        voiced,
        loud(frames.astype(np.float32), speech),
        usual.mean[rows],
        usual.deviation[rows],
        float(population.frame_scale[ENERGY]),
    )
    assert np.allclose(part.seen.transpose(1, 2).cpu().numpy(), expected, atol=1e-4)
    assert np.array_equal(part.whole.cpu().numpy(), sessions.whole[rows, WIDTH:])
    assert np.array_equal(part.newest.cpu().numpy(), sessions.recent[rows, WIDTH:], equal_nan=True)
