"""classifier.training.judging.metrics"""

import numpy as np
import pytest

from classifier.training.judging.metrics import (
    calibration,
    confusion,
    interval_over_speakers,
    risk_coverage,
    unweighted_average_recall,
)

TRUTH = np.array([0, 0, 0, 0, 1, 1], np.int64)


def test_rows_of_a_confusion_are_the_truth() -> None:
    """What was said of each class stands in its row."""
    table = confusion(TRUTH, np.array([0, 0, 0, 1, 1, 0], np.int64), 3)
    assert table.tolist() == [[3, 1, 0], [1, 1, 0], [0, 0, 0]]


def test_recall_counts_classes_alike() -> None:
    """Always saying the commoner class is worth one half; classes that never occur do not count."""
    table = confusion(TRUTH, np.zeros(6, np.int64), 3)
    assert unweighted_average_recall(table) == pytest.approx(0.5)


def test_the_interval_holds_the_value_and_widens_with_unlike_speakers() -> None:
    """Speakers who are all alike leave no doubt; speakers who differ do."""
    truth = np.tile(TRUTH, 10)
    speakers = [f"s{i}" for i in range(10) for _ in range(6)]
    alike = np.tile(np.array([0, 0, 0, 1, 1, 1], np.int64), 10)
    low, high = interval_over_speakers(truth, alike, speakers, 2)
    assert low == pytest.approx(high)
    unlike = truth.copy()
    unlike[:30] = 1 - unlike[:30]
    low, high = interval_over_speakers(truth, unlike, speakers, 2)
    assert low < 0.5 < high
    assert high - low > 0.3


def test_honest_confidence_has_no_error() -> None:
    """Right four times of five at a confidence of 0.8: no error; at 0.99: the difference."""
    right = np.array([True, True, True, True, False])
    assert calibration(np.full(5, 0.8), right)[0] == pytest.approx(0.0)
    error, bins = calibration(np.full(5, 0.99), right)
    assert error == pytest.approx(0.19)
    assert bins == [(pytest.approx(0.99), pytest.approx(0.8), 5)]


def test_nothing_said_is_no_error() -> None:
    """Without a named affect there is nothing to calibrate."""
    assert calibration(np.zeros(0), np.zeros(0, np.bool_)) == (0.0, [])


def test_certainty_has_a_bin() -> None:
    """A confidence of 1 falls in the last bin."""
    assert calibration(np.ones(3), np.ones(3, np.bool_))[1][0][2] == 3


def test_risk_falls_with_the_floor_where_confidence_is_honest() -> None:
    """The surest half is right, the other half wrong: no risk up to half the coverage."""
    confidence = np.linspace(0.0, 1.0, 80)
    rows = risk_coverage(confidence, confidence > 0.5, points=4)
    assert [coverage for _, coverage, _ in rows] == [0.25, 0.5, 0.75, 1.0]
    assert [wrong for _, _, wrong in rows] == pytest.approx([0.0, 0.0, 1 / 3, 0.5])
    assert rows[0][0] > rows[-1][0]


def test_an_answer_counts_as_often_as_it_weighs() -> None:
    """Three of weight one and one of weight three are six answers; none of weight 0 is seen."""
    confidence, right = np.array([0.85, 0.75, 0.65, 0.55]), np.array([True, True, False, False])
    times = np.array([1, 0, 3, 2])
    weight = times.astype(np.float64)
    often = np.repeat(confidence, times), np.repeat(right, times)
    assert calibration(confidence, right, weight=weight)[0] == pytest.approx(calibration(*often)[0])
    (*_, last) = risk_coverage(confidence, right, points=2, weight=weight)
    assert last == pytest.approx((0.55, 1.0, 5 / 6))


def test_nothing_said_is_no_risk() -> None:
    """Without answers there is no curve."""
    assert risk_coverage(np.zeros(0), np.zeros(0, np.bool_)) == []
