"""classifier.training.learning.emotion"""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")

from classifier.training.learning.emotion import (
    PASSES,
    RECORDED_PASSES,
    RECORDED_SHARE,
    balance,
    drawn,
    sessions_of,
)
from classifier.training.learning.population import population_of
from classifier.training.material.corpora import Clip
from classifier.training.material.gathering import Material
from tests.classifier.training.rows import empty_examples, spoken_examples


def material() -> Material:
    """Three clips of two corpora, one of them twice as angry, each heard in two ways."""
    clips = (
        Clip("a", "emodb:1", "anger"),
        Clip("b", "emodb:1", "anger"),
        Clip("c", "emodb:1", "sadness"),
        Clip("d", "nemo:1", "angry"),
    )
    return Material(clips, (), spoken_examples(4, voices=2), empty_examples(0), empty_examples(0))


def test_recordings_as_they_are_are_heard_more_often() -> None:
    """Each in five orders, every other way of hearing in one."""
    made = material()
    everything = np.ones(4, np.bool_)
    sessions = sessions_of(made, everything, population_of(made, everything), RECORDED_PASSES)
    times = np.bincount(sessions.picked, minlength=len(made.speech.voice))
    assert (times[made.speech.voice == 0] == RECORDED_PASSES).all()
    assert (times[made.speech.voice == 1] == PASSES).all()


def test_corpora_and_classes_weigh_the_same() -> None:
    """However many rows they have; and a corpus could only have had the classes that it has."""
    made = material()
    of_clip = made.speech.clip
    weight, allowed = balance(made, of_clip)
    of_class = [weight[np.isin(of_clip, clips)].sum() for clips in ([0, 1], [2], [3])]
    assert of_class[0] == pytest.approx(of_class[1])
    assert of_class[0] + of_class[1] == pytest.approx(of_class[2])
    sad = made.classes.index("sadness")
    assert allowed[of_clip == 0, sad].all()
    assert not allowed[of_clip == 3, sad].any()


def test_recordings_as_they_are_have_their_share() -> None:
    """However many other ways of hearing there are; among themselves rows weigh as before."""
    weight = np.array([1.0, 3.0, 1.0, 1.0, 2.0, 2.0], np.float32)
    recorded = np.array([True, True, False, False, False, False])
    found = drawn(weight, recorded)
    assert found[recorded].sum() == pytest.approx(RECORDED_SHARE * 6)
    assert found[~recorded].sum() == pytest.approx((1 - RECORDED_SHARE) * 6)
    assert found[1] == pytest.approx(3 * found[0])
    assert found[4] == pytest.approx(2 * found[2])
