"""Figures of merit: recall without favour, its uncertainty over speakers, and honest confidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]

RESAMPLES: Final = 2000


def confusion(truth: Labels, predicted: Labels, classes: int) -> NDArray[np.int64]:
    """Counts, ``(classes, classes)``: rows are the truth."""
    table = np.zeros((classes, classes), np.int64)
    np.add.at(table, (truth, predicted), 1)
    return table


def unweighted_average_recall(table: NDArray[np.int64]) -> float:
    """Mean recall of the classes that occur."""
    total = table.sum(axis=1)
    occurs = total > 0
    return float(np.mean(np.diag(table)[occurs] / total[occurs]))


def interval_over_speakers(
    truth: Labels, predicted: Labels, speakers: Sequence[str], classes: int, seed: int = 1
) -> tuple[float, float]:
    """95 % interval of the recall when speakers, not clips, are drawn again (percentile bootstrap).

    Clips of one speaker succeed and fail together, so speakers are what there are ten of.
    """
    of_speaker = np.asarray(speakers)
    tables = np.stack(
        [
            confusion(truth[of_speaker == s], predicted[of_speaker == s], classes)
            for s in sorted(set(speakers))
        ]
    )
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(tables), size=(RESAMPLES, len(tables)))
    values = [unweighted_average_recall(tables[draw].sum(axis=0)) for draw in drawn]
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)


def calibration(
    confidence: NDArray[np.float64],
    correct: NDArray[np.bool_],
    bins: int = 10,
    weight: NDArray[np.float64] | None = None,
) -> tuple[float, list[tuple[float, float, int]]]:
    """Expected calibration error, and mean confidence, share correct and count per bin.

    Args:
        confidence: of each answer, 0..1.
        correct: whether it was right.
        bins: of equal width.
        weight: how often each answer counts; without it, all alike.
    """
    if confidence.size == 0:
        return 0.0, []
    weight = np.ones(confidence.size) if weight is None else weight
    at = np.minimum((confidence * bins).astype(int), bins - 1)
    rows: list[tuple[float, float, int]] = []
    error = 0.0
    for index in range(bins):
        inside = at == index
        share = float(weight[inside].sum() / weight.sum())
        if share == 0:
            continue
        said = float(np.average(confidence[inside], weights=weight[inside]))
        was = float(np.average(correct[inside], weights=weight[inside]))
        rows.append((said, was, int(inside.sum())))
        error += abs(said - was) * share
    return error, rows


def risk_coverage(
    confidence: NDArray[np.float64],
    correct: NDArray[np.bool_],
    points: int = 40,
    weight: NDArray[np.float64] | None = None,
) -> list[tuple[float, float, float]]:
    """Floor, share of the answers at or above it, and share of these that are wrong.

    Floors from high to low, at even steps of coverage (El-Yaniv and Wiener 2010). The arguments are
    those of :func:`calibration`.
    """
    if confidence.size == 0:
        return []
    weight = np.ones(confidence.size) if weight is None else weight
    order = np.argsort(-confidence, kind="stable")
    covered = np.cumsum(weight[order])
    wrong = np.cumsum((weight * ~correct)[order])
    rows: list[tuple[float, float, float]] = []
    for point in range(1, points + 1):
        last = int(np.searchsorted(covered, covered[-1] * point / points * (1 - 1e-9)))
        share = float(covered[last] / covered[-1])
        rows.append((float(confidence[order[last]]), share, float(wrong[last] / covered[last])))
    return rows
