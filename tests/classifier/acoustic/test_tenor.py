"""classifier.acoustic.tenor"""

from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.acoustic.layout import BLOCK_S, Floats
from classifier.acoustic.tenor import LATELY_S, Tenor

CLASSES = 4
ALL = np.ones(CLASSES, np.bool_)
FIRST = np.array([True, False, False, False])
READINGS = st.lists(
    st.tuples(
        st.lists(st.floats(0.01, 1.0), min_size=CLASSES, max_size=CLASSES),
        st.floats(0, 0.5),
        st.integers(1, 8),
    ),
    max_size=30,
)
"""Shares of the classes, new speech, and blocks since the reading before."""

LATER = 1e6


def sure_of(index: int) -> Floats:
    return np.eye(CLASSES, dtype=np.float32)[index]


def told(tenor: Tenor, readings: list[tuple[list[float], float, int]]) -> Tenor:
    """Teach it all readings."""
    ends = accumulate(blocks * BLOCK_S for _, _, blocks in readings)
    for end_s, (shares, speech_s, _) in zip(ends, readings, strict=True):
        probabilities = np.array(shares, np.float32)
        tenor.learn(end_s, probabilities / probabilities.sum(), speech_s)
    return tenor


def test_of_a_stranger_nothing_is_usual() -> None:
    """Before anything was heard every class keeps its odds."""
    assert Tenor(ALL).odds_at(0.0).tolist() == [1.0] * CLASSES


def test_what_a_voice_always_sounds_like_is_no_news() -> None:
    """The odds of the one class sink, halfway after as long as the even shares weigh."""
    tenor = Tenor(ALL, weight_s=8.0)
    for number in range(16):
        tenor.learn(number * BLOCK_S, sure_of(0), 0.5)
    share = (1.0 + 1.0 / CLASSES) / 2
    expected = [1 / (CLASSES * share), 1.0, 1.0, 1.0]
    assert tenor.odds_at(LATER).tolist() == pytest.approx(expected)
    tenor.learn(LATER, sure_of(0), 1e5)
    assert tenor.odds_at(2 * LATER)[0] == pytest.approx(1 / CLASSES, rel=0.01)


def test_only_what_can_last_is_a_manner() -> None:
    """Other classes keep their odds, however often they are heard."""
    tenor = Tenor(FIRST)
    for number in range(100):
        tenor.learn(number * BLOCK_S, sure_of(1), 0.5)
    assert tenor.odds_at(LATER).tolist() == [1.0] * CLASSES


def test_what_is_heard_does_not_hide_itself() -> None:
    """What lies in the window of a reading is not yet usual; when the window is past, it is."""
    tenor = Tenor(ALL)
    tenor.learn(1.0, sure_of(2), 0.5)
    assert tenor.odds_at(1.0 + LATELY_S - BLOCK_S)[2] == 1.0
    assert tenor.odds_at(1.0 + LATELY_S)[2] < 1.0


def test_a_weight_is_above_nothing() -> None:
    """Without one the first reading would be all there is."""
    with pytest.raises(ValueError, match="weight_s"):
        Tenor(ALL, 0.0)


@given(READINGS)
def test_odds_only_sink_and_never_vanish(readings: list[tuple[list[float], float, int]]) -> None:
    """Whatever was heard, no class gains and none loses more than being certain would cost it."""
    odds = told(Tenor(ALL), readings).odds_at(LATER)
    assert np.all((odds <= 1.0) & (odds >= 1 / CLASSES - 1e-6))


@given(READINGS, READINGS)
def test_the_future_does_not_change_the_past(
    past: list[tuple[list[float], float, int]], future: list[tuple[list[float], float, int]]
) -> None:
    """What the odds are at a time depends on what was heard before it, not on when one asks."""
    end_s = sum(blocks for *_, blocks in past) * BLOCK_S
    asked, unasked = Tenor(ALL), Tenor(ALL)
    before = told(asked, past).odds_at(end_s)
    assert told(unasked, past).odds_at(end_s).tolist() == before.tolist()
    for tenor in (asked, unasked):
        for number, (shares, speech_s, _) in enumerate(future):
            tenor.learn(end_s + number * BLOCK_S, np.array(shares, np.float32), speech_s)
    assert asked.odds_at(LATER).tolist() == unasked.odds_at(LATER).tolist()


@given(READINGS, st.integers(2, 5))
def test_length_counts_not_the_number_of_readings(
    readings: list[tuple[list[float], float, int]], parts: int
) -> None:
    """A reading cut into several with the same shares teaches the same."""
    whole, cut = Tenor(ALL), Tenor(ALL)
    told(whole, readings)
    ends = accumulate(blocks * BLOCK_S for _, _, blocks in readings)
    for end_s, (shares, speech_s, _) in zip(ends, readings, strict=True):
        probabilities = np.array(shares, np.float32)
        for _ in range(parts):
            cut.learn(end_s, probabilities / probabilities.sum(), speech_s / parts)
    np.testing.assert_allclose(whole.odds_at(LATER), cut.odds_at(LATER), rtol=1e-5)
