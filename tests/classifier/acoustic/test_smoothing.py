"""classifier.acoustic.smoothing"""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.acoustic.layout import Floats
from classifier.acoustic.smoothing import (
    FADED,
    FORGET_S,
    HOLD,
    PERSIST,
    SETTLED_S,
    SLACK,
    Course,
    Namer,
    Smoother,
)
from classifier.frames import Affect

WARM, TIRED, URGENT = Affect.WARM, Affect.TIRED, Affect.URGENT


def odds(warm: float, tired: float) -> dict[Affect, float]:
    return {WARM: warm, TIRED: tired, URGENT: 1.0 - warm - tired}


def test_the_average_moves_on() -> None:
    """Each reading counts twice as much as all before: after a second a tenth is left."""
    smoother = Smoother()
    first, course = smoother.feed(0.5, np.array([1.0, 0.0], np.float32))
    assert course is Course.ANEW
    assert first.tolist() == [1.0, 0.0]
    second, course = smoother.feed(1.0, np.array([0.0, 1.0], np.float32))
    assert course is Course.ON
    assert second[0] == pytest.approx(FADED**0.5)
    third, _ = smoother.feed(1.5, np.array([0.0, 1.0], np.float32))
    assert third[0] == pytest.approx(FADED)


def test_a_pause_begins_anew() -> None:
    """After a pause the first reading stands alone; before it is over, it does not."""
    smoother = Smoother()
    smoother.feed(0.5, np.array([1.0, 0.0], np.float32))
    kept, course = smoother.feed(0.5 + FORGET_S, np.array([0.0, 1.0], np.float32))
    assert course is Course.ON
    assert kept[0] == pytest.approx(FADED**0.5)
    fresh, course = smoother.feed(1.5 + 2 * FORGET_S, np.array([0.0, 1.0], np.float32))
    assert course is Course.ANEW
    assert fresh[0] == 0.0


OLD, NEW = np.array([0.9, 0.1], np.float32), np.array([0.1, 0.9], np.float32)


LIKELY = np.array([0.28, 0.72], np.float32)


@pytest.mark.parametrize(("newest", "times"), [(NEW, 1), (LIKELY, 2)])
def test_a_turn_is_followed_at_once(newest: Floats, times: int) -> None:
    """When the newest second says something else strongly, or twice, the average begins anew."""
    smoother = Smoother()
    for step in range(4):
        smoother.feed(step * 0.5, OLD, OLD)
    for step in range(times - 1):
        kept, course = smoother.feed(2.0 + step * 0.5, OLD, newest)
        assert course is Course.ON
        assert kept[0] > 0.5
    turned, course = smoother.feed(2.5, OLD, newest)
    assert course is Course.TURNED
    assert np.allclose(turned, newest)
    after, course = smoother.feed(3.0, OLD, newest)
    assert course is Course.ON
    assert np.allclose(after, newest)


def test_one_odd_second_is_no_turn() -> None:
    """A newest second that contradicts once, or one that has hardly another opinion, changes
    little."""
    smoother = Smoother()
    smoother.feed(0.0, OLD, OLD)
    courses = [
        smoother.feed(0.5 + step * 0.5, OLD, OLD if step % 2 else LIKELY)[1] for step in range(9)
    ]
    assert set(courses) == {Course.ON}
    unsure = np.array([0.45, 0.55], np.float32)
    courses = [smoother.feed(6.0 + step * 0.5, OLD, unsure)[1] for step in range(9)]
    assert set(courses) == {Course.ON}


def test_turns_do_not_follow_each_other() -> None:
    """Until a turn has settled there is no other, whatever the newest second says."""
    smoother = Smoother()
    smoother.feed(0.0, OLD, OLD)
    turned: list[float] = []
    for step in range(1, 60):
        newest = NEW if step // 3 % 2 else OLD
        _, course = smoother.feed(step * 0.5, newest, newest)
        if course is Course.TURNED:
            turned.append(step * 0.5)
    assert all(b - a >= SETTLED_S for a, b in pairwise(turned))


def test_what_has_persisted_is_named_at_once() -> None:
    """A turn needs no second reading to change the word, or to take it back."""
    namer = Namer(floor=0.5)
    for _ in range(3):
        namer.feed(odds(0.9, 0.1))
    assert namer.feed(odds(0.1, 0.8), at_once=True) is TIRED
    assert namer.feed(odds(0.35, 0.35), at_once=True) is None


def test_the_first_affect_is_named_at_once() -> None:
    """Of a stretch of speech the first reading above the floor names, in the first second or so."""
    namer = Namer(floor=0.5)
    assert namer.feed(odds(0.4, 0.3)) is None
    assert namer.feed(odds(0.9, 0.1)) is WARM


def test_another_affect_must_persist_to_be_named() -> None:
    """One reading changes nothing; the second that agrees does."""
    namer = Namer(floor=0.5)
    assert PERSIST == 2
    namer.feed(odds(0.9, 0.1))
    assert namer.feed(odds(0.42, 0.58)) is WARM
    assert namer.feed(odds(0.42, 0.58)) is TIRED


def test_after_a_change_the_word_holds() -> None:
    """However clearly a third affect follows, it is not named for some seconds."""
    namer = Namer(floor=0.5)
    namer.feed(odds(0.9, 0.1))
    for _ in range(2):
        namer.feed(odds(0.1, 0.9))
    said = [namer.feed(odds(0.9, 0.1), at_once=True) for _ in range(HOLD + 2)]
    assert said[: HOLD - 1] == [None] * (HOLD - 1)
    assert said[-1] is WARM


def test_below_the_floor_nothing_is_named() -> None:
    """However long it leads, a weak leader stays unnamed."""
    namer = Namer(floor=0.5)
    assert [namer.feed(odds(0.45, 0.3)) for _ in range(10)] == [None] * 10


def test_a_single_reading_does_not_change_the_word() -> None:
    """A flicker to another affect and back leaves the word standing."""
    namer = Namer(floor=0.5)
    for _ in range(3):
        namer.feed(odds(0.9, 0.1))
    assert namer.feed(odds(0.4, 0.6)) is WARM
    assert namer.feed(odds(0.9, 0.1)) is WARM
    assert namer.feed(odds(0.4, 0.6)) is WARM


def test_a_change_that_lasts_shows() -> None:
    """The second reading in a row of another affect changes the word."""
    namer = Namer(floor=0.5)
    for _ in range(3):
        namer.feed(odds(0.9, 0.1))
    namer.feed(odds(0.2, 0.8))
    assert namer.feed(odds(0.2, 0.8)) is TIRED


def test_a_word_lost_is_not_said_while_its_successor_waits() -> None:
    """Far below the floor a word is withheld at once, though nothing else is named yet."""
    namer = Namer(floor=0.5)
    for _ in range(3):
        namer.feed(odds(0.9, 0.1))
    assert namer.feed(odds(0.1, 0.9)) is None
    assert namer.feed(odds(0.1, 0.9)) is TIRED


def test_a_named_affect_has_slack() -> None:
    """Between the floor and the slack below it a word is kept but would not be gained."""
    between = 0.5 - SLACK / 2
    gained, kept = Namer(floor=0.5), Namer(floor=0.5)
    for _ in range(3):
        kept.feed(odds(0.9, 0.1))
    assert [kept.feed(odds(between, 0.2)) for _ in range(5)] == [WARM] * 5
    assert [gained.feed(odds(between, 0.2)) for _ in range(5)] == [None] * 5


def test_forgetting_begins_with_nothing() -> None:
    """After forgetting, nothing is held to: another affect is the first of its stretch."""
    namer = Namer(floor=0.5)
    for _ in range(3):
        namer.feed(odds(0.9, 0.1))
    namer.forget()
    assert namer.feed(odds(0.3, 0.4)) is None
    assert namer.feed(odds(0.1, 0.9)) is TIRED


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=40))
def test_what_is_named_is_never_far_below_the_floor(pairs: list[tuple[float, float]]) -> None:
    """Whatever comes, a named affect has at least the floor less the slack."""
    namer = Namer(floor=0.5)
    for a, b in pairs:
        total = 1.0 + a + b
        distribution = {WARM: a / total, TIRED: b / total, URGENT: 1.0 / total}
        named = namer.feed(distribution)
        if named is not None:
            assert distribution[named] >= 0.5 - SLACK


def test_readings_that_alternate_never_settle_on_the_rival() -> None:
    """A voice that wavers from reading to reading keeps the word it had."""
    namer = Namer(floor=0.5)
    for _ in range(3):
        namer.feed(odds(0.9, 0.1))
    said = {namer.feed(odds(0.45, 0.55) if step % 2 else odds(0.55, 0.45)) for step in range(40)}
    assert said == {WARM}


def test_smoothing_keeps_a_distribution() -> None:
    """Averages of distributions sum to 1."""
    smoother = Smoother()
    rng = np.random.default_rng(2)
    for step in range(20):
        values = rng.dirichlet(np.ones(7)).astype(np.float32)
        average, _ = smoother.feed(step * 0.5, values)
        assert average.sum() == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("window_ms", [100, 500, 1000, 5000])
def test_a_longer_window_keeps_more_of_the_past(window_ms: int) -> None:
    """A tenth is left of what is older than the window that was asked for."""
    smoother = Smoother(window_ms)
    old, new = np.array([1.0, 0.0], np.float32), np.array([0.0, 1.0], np.float32)
    smoother.feed(0.5, old)
    average, _ = smoother.feed(1.0, new)
    assert average[0] == pytest.approx(FADED ** (500 / window_ms), abs=1e-6)
    assert average.sum() == pytest.approx(1.0)
