"""classifier.training.learning.population"""

import numpy as np

from classifier.acoustic.functionals import WIDTH
from classifier.training.learning.population import CLIP, population_of
from classifier.training.material.corpora import Clip
from classifier.training.material.gathering import Material
from tests.classifier.training.rows import empty_examples, spoken_examples


def material() -> Material:
    """Four clips of two corpora, each heard as recorded and in one other way."""
    clips = tuple(
        Clip(f"{corpus}{number}", f"{corpus}:1", "anger")
        for corpus in ("emodb", "nemo")
        for number in range(2)
    )
    return Material(clips, (), spoken_examples(4, voices=2), empty_examples(0), empty_examples(0))


def test_only_recordings_as_they_are_count() -> None:
    """What other ways of hearing do to a voice does not make it average."""
    made = material()
    kept = np.ones(4, np.bool_)
    before = population_of(made, kept)
    other = made.speech.voice == 1
    made.speech.vectors[other] += 100.0
    made.speech.recent[other] += 100.0
    after = population_of(made, kept)
    assert np.array_equal(before.mean, after.mean)
    assert np.array_equal(before.recent_scale, after.recent_scale)


def test_every_corpus_weighs_the_same() -> None:
    """One clip of one corpus moves the mean as much as two of the other."""
    made = material()
    rows = made.speech.voice == 0
    made.speech.vectors[rows] = made.speech.clip[rows, None] >= 2
    assert np.allclose(population_of(made, np.ones(4, np.bool_)).mean, 0.5)
    assert np.allclose(population_of(made, np.array([True, True, True, False])).mean, 0.5)
    assert np.allclose(population_of(made, np.array([True, True, False, False])).mean, 0.0)


def test_outliers_are_held_and_gaps_stay() -> None:
    """Standardised values stop at the clip; what is not a number stays so."""
    population = population_of(material(), np.ones(4, np.bool_))
    far = np.full(WIDTH, 1e9, np.float32)
    assert (population.standardise(far) == CLIP).all()
    assert np.isnan(population.standardise(far * np.nan, recent=True)).all()


def test_frames_are_measured_over_speech() -> None:
    """In its own deviations the speech of the population has mean 0 and deviation 1."""
    made = material()
    population = population_of(made, np.ones(4, np.bool_))
    frames, speech, _ = made.speech.newest(np.flatnonzero(made.speech.voice == 0))
    newest = ((frames - population.frame_mean) / population.frame_scale)[speech]
    assert np.allclose(newest[:, 4].mean(), 0.0, atol=0.05)
    assert np.allclose(newest[:, 4].std(), 1.0, atol=0.05)
