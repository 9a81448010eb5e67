"""classifier.training.likeness_train"""

import numpy as np
import pytest

pytest.importorskip("threadpoolctl", reason="needs the train extra")

from classifier.acoustic.baseline import Moments
from classifier.acoustic.contour import CONTOUR_WIDTH
from classifier.training.likeness_train import OF_PLACES, OF_VOICES, fit, mean_frame
from tests.classifier.voices import recording, silence

SCALE = np.ones(CONTOUR_WIDTH, np.float32)
PLACE, VOICE = 3, 7
"""Columns in which places, and voices, of the made-up world differ."""


def world() -> tuple[list[np.ndarray], list[list[np.ndarray]]]:
    """Twelve voices, that stray by 1 everywhere, in nine places."""
    rng = np.random.default_rng(1)
    soon, places = [], []
    for _ in range(12):
        voice = np.zeros(CONTOUR_WIDTH)
        voice[VOICE] = rng.normal(0.0, 6.0)
        soon.append(voice + rng.normal(size=(40, CONTOUR_WIDTH)))
        own = [voice + rng.normal(size=CONTOUR_WIDTH) / 6 for _ in range(9)]
        for there in own[1:]:
            there[PLACE] += rng.normal(0.0, 8.0)
        places.append(own)
    return soon, places


def at(column: int, value: float) -> Moments:
    mean = np.zeros(CONTOUR_WIDTH)
    mean[column] = value
    return Moments(mean, mean**2, np.ones(CONTOUR_WIDTH))


def test_what_differs_between_places_and_voices_is_found() -> None:
    """A voice that is as it was is believed; far off in what tells places or voices apart it is
    not, and far off by as much elsewhere it is."""
    model = fit(*world())
    assert CONTOUR_WIDTH > model.projection.shape[1] == OF_PLACES + OF_VOICES
    same = model.share(at(0, 0.0), at(0, 0.5), SCALE)
    assert same is not None
    assert same > 0.9
    for column in (PLACE, VOICE):
        other = model.share(at(column, 0.0), at(column, 6.0), SCALE)
        assert other is not None
        assert other < 0.1


def test_a_clip_is_its_mean_frame() -> None:
    """Of its beginning, or of all of it; nothing of what holds no voice."""
    soon, whole = mean_frame(recording("calm"), 1.0), mean_frame(recording("calm"))
    assert soon is not None
    assert whole is not None
    assert soon.shape == whole.shape == (CONTOUR_WIDTH,)
    assert not np.array_equal(soon, whole)
    assert mean_frame(silence(2.0)) is None
