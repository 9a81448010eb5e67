"""From judgements of clips to figures: recall, arousal, honesty of confidence.

Owns the arithmetic of a condition's figures. Trains nothing, plays nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.training.judging.metrics import (
    calibration,
    confusion,
    interval_over_speakers,
    risk_coverage,
    unweighted_average_recall,
)
from classifier.training.judging.protocol import Judged
from classifier.training.material.meaning import AFFECTS, CONVERSATION

KNOWN_S: Final = 30.0
"""Seconds of speech after which a session's clips are scored once more by themselves."""

SOON_S: Final = 1.5
"""How soon a change of tone is to be shown, and the first."""

HIGH: Final = ("anger", "happiness")
LOW: Final = ("neutral", "sadness")
FOUR: Final = (*HIGH, *LOW)


@dataclass(frozen=True, slots=True)
class Answer:
    """One clip, and what was heard in it."""

    speaker: str
    truth: str
    """Class, not the corpus's word."""

    judged: Judged
    classes: tuple[str, ...]
    """Of the network that judged."""

    floor: float

    def scores(self, among: Sequence[str]) -> NDArray[np.float64] | None:
        """Probability among some classes, ``(len(among),)``; None if nothing was heard."""
        if self.judged.emotion is None:
            return None
        own = [self.classes.index(name) for name in among]
        logs = self.judged.emotion[own].astype(np.float64)
        raised = np.exp(logs - logs.max())
        return np.asarray(raised / raised.sum(), dtype=np.float64)

    @property
    def known(self) -> bool:
        """Whether the voice was heard for long before this clip."""
        return bool(self.judged.readings) and self.judged.readings[0].frame.heard_s >= KNOWN_S


@dataclass(frozen=True, slots=True)
class Everyday:
    """What is said, where emotions come as often as in conversation.

    The readings of all clips whose class the network knows and has a share in
    :data:`~classifier.training.material.meaning.CONVERSATION`, each class weighing that share: a
    corpus is balanced, life is not.
    """

    calibration_error: float
    named: float
    """Share of readings on speech that name an affect."""

    named_right: float
    risk: tuple[tuple[float, float, float], ...]
    """Floor, coverage and share wrong above it."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One protocol under one condition."""

    clips: int
    uar: float
    interval: tuple[float, float]
    """95 %, drawn over speakers."""

    uar_known: float | None
    """Of the clips after the first 30 s of speech; None in the clip protocol."""

    arousal: float
    """UAR of high (anger, happiness) against low (neutral, sadness)."""

    classes: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    """Rows are the truth; the last column counts clips in which nothing was heard."""

    calibration_error: float
    """Over all readings on speech: confidence of the leading affect against being right."""

    bins: tuple[tuple[float, float, int], ...]
    risk: tuple[tuple[float, float, float], ...]
    """Floor, coverage and share wrong above it."""

    named: float
    """Share of readings on speech that name an affect."""

    named_right: float
    changes_at_most_once: float
    """Share of the clips in which the named affect changes at most once."""

    everyday: Everyday


def figures(answers: Sequence[Answer], among: Sequence[str]) -> Figures:
    """The figures of the answers whose truth is among the classes asked for."""
    asked = [a for a in answers if a.truth in among]
    truth, said = _decide(asked, among)
    table = confusion(truth, said, len(among) + 1)
    known = [a for a in asked if a.known]
    uar_known = None
    if known:
        uar_known = unweighted_average_recall(confusion(*_decide(known, among), len(among) + 1))
    heard = _readings(asked)
    error, bins = calibration(heard.confidence, heard.right)
    return Figures(
        clips=len(asked),
        uar=unweighted_average_recall(table),
        interval=interval_over_speakers(truth, said, [a.speaker for a in asked], len(among) + 1),
        uar_known=uar_known,
        arousal=_arousal([a for a in asked if a.truth in FOUR]),
        classes=tuple(among),
        confusion=tuple(tuple(int(v) for v in row) for row in table[: len(among)]),
        calibration_error=error,
        bins=tuple(bins),
        risk=tuple(risk_coverage(heard.confidence, heard.right)),
        named=heard.share_named(),
        named_right=heard.share_right(),
        changes_at_most_once=float(np.mean([_changes(a) <= 1 for a in asked])),
        everyday=_everyday(
            [a for a in answers if a.truth in a.classes and a.truth in CONVERSATION]
        ),
    )


def _everyday(answers: Sequence[Answer]) -> Everyday:
    """What is said to answers that are weighed as in conversation."""
    heard = _readings(answers)
    weight = heard.weighed(CONVERSATION)
    error, _ = calibration(heard.confidence, heard.right, weight=weight)
    return Everyday(
        calibration_error=error,
        named=heard.share_named(weight),
        named_right=heard.share_right(weight),
        risk=tuple(risk_coverage(heard.confidence, heard.right, weight=weight)),
    )


def _decide(
    answers: Sequence[Answer], among: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    truth = np.array([among.index(a.truth) for a in answers], np.int64)
    scores = [a.scores(among) for a in answers]
    said = [len(among) if s is None else int(np.argmax(s)) for s in scores]
    return truth, np.array(said, np.int64)


def _arousal(answers: Sequence[Answer]) -> float:
    truth = np.array([int(a.truth in HIGH) for a in answers], np.int64)
    scores = [a.scores(FOUR) for a in answers]
    said = [2 if s is None else int(s[: len(HIGH)].sum() > 0.5) for s in scores]
    return unweighted_average_recall(confusion(truth, np.array(said, np.int64), 3))


@dataclass(frozen=True, slots=True)
class _Readings:
    """Readings on speech, one in each place."""

    confidence: NDArray[np.float64]
    """Of the leading affect."""

    right: NDArray[np.bool_]
    """Whether that was the right one."""

    named: NDArray[np.bool_]
    """Whether an affect was named: the leading one, or one that held."""

    named_right: NDArray[np.bool_]
    truth: NDArray[np.str_]

    def weighed(self, shares: Mapping[str, float]) -> NDArray[np.float64]:
        """What each reading weighs where the classes have these shares."""
        weight = np.zeros(len(self.truth))
        for name in set(self.truth.tolist()):
            of_class = self.truth == name
            weight[of_class] = shares[name] / np.count_nonzero(of_class)
        return weight

    def share_named(self, weight: NDArray[np.float64] | None = None) -> float:
        """Share that names an affect."""
        return _share(self.named, np.ones(self.named.size) if weight is None else weight)

    def share_right(self, weight: NDArray[np.float64] | None = None) -> float:
        """Share of these that are right."""
        weight = np.ones(self.named.size) if weight is None else weight
        return _share(self.named_right, weight * self.named)


def _share(marks: NDArray[np.bool_], weight: NDArray[np.float64]) -> float:
    total = float(weight.sum())
    return float(weight[marks].sum()) / total if total > 0 else 0.0


def _readings(answers: Sequence[Answer]) -> _Readings:
    """All readings on speech."""
    rows: list[tuple[float, bool, bool, bool, str]] = []
    for answer in answers:
        wanted = AFFECTS[answer.truth]
        for reading in answer.judged.readings:
            frame = reading.frame
            if reading.emotion is None or not frame.distribution:
                continue
            leader = max(frame.distribution, key=frame.distribution.__getitem__)
            sure = min(1.0, frame.distribution[leader])
            said = frame.affect
            rows.append((sure, leader is wanted, said is not None, said is wanted, answer.truth))
    confidence, right, named, named_right, truth = zip(*rows, strict=True) if rows else [()] * 5
    return _Readings(
        np.array(confidence, np.float64),
        np.array(right, np.bool_),
        np.array(named, np.bool_),
        np.array(named_right, np.bool_),
        np.array(truth, np.str_),
    )


def _changes(answer: Answer) -> int:
    """How often the named affect gives way to another."""
    words = [r.frame.affect for r in answer.judged.readings if r.frame.affect is not None]
    return sum(a is not b for a, b in pairwise(words))
