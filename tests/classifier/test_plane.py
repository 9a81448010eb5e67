"""classifier.plane"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.plane import place_of

PLACES = np.array([[0.6, -0.5, 0.2], [0.5, 0.8, 0.5], [0.6, -0.6, -0.4], [0, 0, 0]], np.float32)


@pytest.mark.parametrize("index", range(4))
def test_certainty_lies_where_its_class_does(index: int) -> None:
    """Nothing is taken from it."""
    assert np.allclose(place_of(np.eye(4, dtype=np.float32)[index], PLACES), PLACES[index])


def test_who_knows_nothing_lies_in_the_middle() -> None:
    """Though most classes are aroused."""
    assert np.allclose(place_of(np.full(4, 0.25, np.float32), PLACES), 0.0, atol=1e-6)


def test_a_hunch_is_seen() -> None:
    """A little more of a pleasant class than of the others is pleasant."""
    found = place_of(np.array([0.2, 0.35, 0.2, 0.25], np.float32), PLACES)
    assert found[1] > 0.0


def test_one_class_has_one_place() -> None:
    """There is nothing to be undecided about."""
    assert np.allclose(place_of(np.ones(1, np.float32), PLACES[:1]), PLACES[0])


@given(st.lists(st.floats(0.0, 1.0), min_size=4, max_size=4).filter(lambda p: sum(p) > 0.01))
def test_every_place_is_within_bounds(weights: list[float]) -> None:
    """-1..1, whatever the probabilities."""
    probabilities = np.array(weights, np.float32) / np.float32(sum(weights))
    assert (np.abs(place_of(probabilities, 1.6 * PLACES)) <= 1.0).all()
