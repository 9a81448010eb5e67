"""classifier.acoustic.likeness"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.acoustic.baseline import Moments
from classifier.acoustic.contour import CONTOUR_WIDTH
from classifier.acoustic.likeness import LEAST_S, P_SAME, LikenessModel, shipped_likeness_model

SCALE = np.ones(CONTOUR_WIDTH, np.float32)
PLACES, VOICES = 9.0, 4.0
"""Variances of the first two columns elsewhere, in one that strays by 1."""


def model() -> LikenessModel:
    """Places differ in the first column, voices in the second."""
    covariances = np.stack([np.diag([1 + PLACES, 1 + VOICES]), np.diag([1.0, 1 + VOICES])])
    return LikenessModel(
        np.eye(CONTOUR_WIDTH, 2, dtype=np.float32),
        np.linalg.inv(covariances).astype(np.float32),
        np.linalg.slogdet(covariances)[1].astype(np.float32),
    )


def moments(first: float = 0.0, second: float = 0.0, seconds: float = 1.0) -> Moments:
    """Frames whose first two columns have these means."""
    mean = np.zeros(CONTOUR_WIDTH)
    mean[:2] = first, second
    counted = np.full(CONTOUR_WIDTH, seconds)
    return Moments(mean * seconds, mean**2 * seconds, counted)


def normal(value: float, variance: float) -> float:
    return float(np.exp(-0.5 * value**2 / variance) / np.sqrt(variance))


@given(st.floats(-6, 6), st.floats(-6, 6), st.floats(0.3, 30))
def test_the_share_is_that_of_bayes(first: float, second: float, seconds: float) -> None:
    """The probability of the same voice and place among the three ways it may be."""
    found = model().share(moments(1.0, -2.0, 15.0), moments(first, second, seconds), SCALE)
    place, voice = first - 1.0, second + 2.0
    same = P_SAME * normal(place, 1) * normal(voice, 1)
    other = (1 - P_SAME) / 2 * normal(voice, 1 + VOICES)
    elsewhere = other * normal(place, 1 + PLACES) + other * normal(place, 1)
    assert found == pytest.approx(same / (same + elsewhere), abs=1e-6)


def test_the_units_do_not_matter() -> None:
    """Measured in halves, with the scale that says so, all is the same."""
    whole = model().share(moments(1.0), moments(2.5, 0.5), SCALE)
    halves = model().share(moments(2.0), moments(5.0, 1.0), SCALE / 2)
    assert halves == pytest.approx(whole)


def test_of_too_little_nothing_is_said() -> None:
    """Before a fifth of a second of speech there is no answer."""
    assert model().share(moments(), moments(seconds=LEAST_S / 2), SCALE) is None


def test_a_column_that_was_never_heard_is_left_out() -> None:
    """A whisper has no pitch; that is neither like nor unlike."""
    known, heard = moments(1.0, 3.0), moments(1.0, 0.0)
    heard.seconds[1] = 0.0
    expected = model().share(moments(1.0), moments(1.0), SCALE)
    assert model().share(known, heard, SCALE) == expected
    heard.total[1], heard.seconds[1] = 1e-5, 1e-6  # what sums in float32 leave of nothing
    assert model().share(known, heard, SCALE) == expected


def test_whatever_is_heard_the_answer_is_a_share() -> None:
    """Even of what nobody ever sounded like."""
    far = moments(1e6, -1e6)
    assert model().share(moments(), far, SCALE) == pytest.approx(0.0, abs=1e-9)


def test_the_shipped_model_is_whole() -> None:
    """As many dimensions everywhere, and covariances that are some."""
    shipped = shipped_likeness_model()
    dimensions = shipped.projection.shape[1]
    assert shipped.projection.shape == (CONTOUR_WIDTH, dimensions)
    assert shipped.precisions.shape == (2, dimensions, dimensions)
    for precision, log_det in zip(shipped.precisions, shipped.log_dets, strict=True):
        assert np.linalg.eigvalsh(precision.astype(np.float64)).min() > 0
        assert np.linalg.slogdet(precision.astype(np.float64))[1] == pytest.approx(
            -float(log_det), rel=1e-3
        )
