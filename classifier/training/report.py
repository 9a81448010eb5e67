"""Judgements of clips become figures, and figures a page.

Owns what is reported and in which words. Runs no model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from classifier.training.corpora import EMODB_CLASSES, Corpora
from classifier.training.elsewhere import Abroad
from classifier.training.meaning import EMODB_AFFECTS
from classifier.training.metrics import (
    calibration,
    confusion,
    interval_over_speakers,
    unweighted_average_recall,
)
from classifier.training.protocol import Judged
from classifier.training.recipe import Material


@dataclass(frozen=True, slots=True)
class Result:
    """Figures of one protocol."""

    uar: float
    interval: tuple[float, float]
    """95 %, drawn over speakers."""

    recall: tuple[float, ...]
    """Per class, in the order of EMODB_CLASSES."""

    confusion: tuple[tuple[int, ...], ...]
    """Rows are the truth; all runs together."""

    unheard: int
    """Clips without a single reading; they count as errors."""

    named: float
    """Share of the readings on speech that name an affect."""

    precision: float
    """Share of the named affects that are the clip's."""

    calibration_error: float
    """Between the confidence of named affects and how often they are right."""

    calibration_bins: tuple[tuple[float, float, int], ...]
    arousal_r: float
    """Pearson correlation with listeners' ratings of 47 clips."""

    valence_r: float
    first_named_s: float
    """Median audio time from a clip's start to its first named affect, seconds."""


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """What was heard in noises that hold no voice."""

    clips: int
    readings: int
    speech: float
    """Share of the readings that were taken for a voice."""

    named: float
    """Share of the readings that named an affect."""

    clips_named: float
    """Share of the clips in which an affect was named."""


def false_alarms(noises: Sequence[Judged]) -> FalseAlarms:
    """The figures of the noises."""
    readings = [reading for judged in noises for reading in judged.readings]
    named = [any(r.frame.affect is not None for r in judged.readings) for judged in noises]
    return FalseAlarms(
        clips=len(noises),
        readings=len(readings),
        speech=float(np.mean([reading.emotion is not None for reading in readings])),
        named=float(np.mean([reading.frame.affect is not None for reading in readings])),
        clips_named=float(np.mean(named)),
    )


def score(material: Material, corpora: Corpora, runs: Sequence[Sequence[Judged]]) -> Result:
    """The figures of all runs of one protocol, pooled."""
    classes = len(EMODB_CLASSES)
    truth = np.concatenate([material.labels] * len(runs))
    predicted = np.array([_decide(judged, classes) for run in runs for judged in run], np.int64)
    unheard = int(sum(judged.emotion is None for run in runs for judged in run))
    # A clip that was not heard is wrong: it is counted as the class after its own.
    predicted = np.where(predicted < 0, (truth + 1) % classes, predicted)
    table = confusion(truth, predicted, classes)
    speakers = [clip.speaker for clip in material.clips] * len(runs)
    confidences, right, spoken, first = _what_was_named(material, runs)
    error, bins = calibration(np.array(confidences), np.array(right, dtype=np.bool_))
    arousal_r, valence_r = _correlations(material, corpora, runs)
    return Result(
        uar=unweighted_average_recall(table),
        interval=interval_over_speakers(truth, predicted, speakers, classes),
        recall=tuple(float(v) for v in np.diag(table) / table.sum(axis=1)),
        confusion=tuple(tuple(int(v) for v in row) for row in table),
        unheard=unheard,
        named=len(confidences) / max(1, spoken),
        precision=float(np.mean(right)) if right else 0.0,
        calibration_error=error,
        calibration_bins=tuple(bins),
        arousal_r=arousal_r,
        valence_r=valence_r,
        first_named_s=float(np.median(first)) if first else float("nan"),
    )


def _decide(judged: Judged, classes: int) -> int:
    return -1 if judged.emotion is None else int(np.argmax(judged.emotion[:classes]))


def _what_was_named(
    material: Material, runs: Sequence[Sequence[Judged]]
) -> tuple[list[float], list[bool], int, list[float]]:
    """Confidence and rightness of each named affect, readings on speech, times to the first."""
    confidences: list[float] = []
    right: list[bool] = []
    first: list[float] = []
    spoken = 0
    for run in runs:
        for clip, judged in zip(material.clips, run, strict=True):
            frames = [reading.frame for reading in judged.readings]
            spoken += sum(frame.arousal is not None for frame in frames)
            named = [frame for frame in frames if frame.affect is not None]
            confidences += [frame.confidence for frame in named]
            right += [frame.affect is EMODB_AFFECTS[clip.emotion] for frame in named]
            if named:
                # The first reading of a clip ends one step after its start.
                step_s = frames[1].timestamp_s - frames[0].timestamp_s
                first.append(named[0].timestamp_s - frames[0].timestamp_s + step_s)
    return confidences, right, spoken, first


def _correlations(
    material: Material, corpora: Corpora, runs: Sequence[Sequence[Judged]]
) -> tuple[float, float]:
    index = {clip.name: i for i, clip in enumerate(material.clips)}
    heard: list[tuple[float, float, float, float]] = []
    for name, arousal, valence in corpora.rated():
        for run in runs:
            frames = [reading.frame for reading in run[index[name]].readings]
            places = [(f.arousal, f.valence) for f in frames if f.arousal is not None]
            if places:
                mean = np.mean(np.array(places, dtype=np.float64), axis=0)
                heard.append((arousal, float(mean[0]), valence, float(mean[1])))
    table = np.array(heard)
    return (
        float(np.corrcoef(table[:, 0], table[:, 1])[0, 1]),
        float(np.corrcoef(table[:, 2], table[:, 3])[0, 1]),
    )


def measured(
    results: Mapping[str, Result], alarms: FalseAlarms, abroad: Sequence[Abroad]
) -> dict[str, Any]:
    """The figures that the card carries."""
    told: dict[str, Any] = {
        "how": "EMO-DB, 7 classes, leave one speaker out, through the stream; text-dependent"
    }
    for name, result in results.items():
        low, high = result.interval
        told[f"{name}: UAR"] = round(result.uar, 3)
        told[f"{name}: 95 % interval over speakers"] = [round(low, 3), round(high, 3)]
        told[f"{name}: share of named affects that are right"] = round(result.precision, 3)
        told[f"{name}: calibration error"] = round(result.calibration_error, 3)
        told[f"{name}: correlation with rated arousal, 47 clips"] = round(result.arousal_r, 2)
        told[f"{name}: correlation with rated valence, 47 clips"] = round(result.valence_r, 2)
    told["noises never shown: share of readings that name an affect"] = round(alarms.named, 4)
    for one in abroad:
        told[f"{one.what}, never trained on, {one.classes} classes: UAR of clips"] = round(
            one.clip_uar, 3
        )
    return told


def page(results: Mapping[str, Result], alarms: FalseAlarms, abroad: Sequence[Abroad]) -> str:
    """The report as Markdown."""
    lines = [
        "# Evaluation of the `open` recipe",
        "",
        "Written by `python -m classifier.training.evaluate`. EMO-DB, seven classes, leave one",
        "speaker out: the recipe, temperature included, runs ten times on nine speakers, and the",
        "tenth goes through the real streaming code. All speakers say the same ten sentences, so",
        "every figure is text-dependent.",
        "",
        "- *clip*: each clip alone, through a lane that never heard the speaker.",
        "- *session*: all clips of the speaker in random order through one lane, with 3 s of",
        "  silence between them, so that the causal baseline grows as it would in life; three",
        "  orders. EMO-DB's emotions are fairly balanced, so the habit that is learnt here is a",
        "  mean over acted emotions; in conversation it is mostly the voice at rest.",
        "",
        "A clip's class is the one with the greatest mean log-probability over the readings on it.",
        "",
        "| protocol | UAR | 95 % over speakers | readings that name an affect | of these right |"
        " calibration error | rated arousal r | rated valence r | first name after |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, result in results.items():
        low, high = result.interval
        lines.append(
            f"| {name} | {result.uar:.3f} | {low:.3f} to {high:.3f} | {result.named:.0%} |"
            f" {result.precision:.0%} | {result.calibration_error:.3f} | {result.arousal_r:.2f} |"
            f" {result.valence_r:.2f} | {result.first_named_s:.1f} s |"
        )
    lines += [
        "",
        f"Of {alarms.clips} noises without a voice (ESC-10 and open backgrounds, each judged by",
        f"weights that were not shown it), {alarms.speech:.1%} of the readings were taken for a",
        f"voice and {alarms.named:.1%} named an affect, in {alarms.clips_named:.1%} of the clips.",
    ]
    if abroad:
        lines += [
            "",
            "## Other languages",
            "",
            "The shipped weights on acted speech that they were not trained on, over the emotions",
            "it shares with EMO-DB (the network still chooses among seven):",
            "",
            "| corpus | classes | UAR, clip | UAR, session | arousal of anger over sadness |",
            "|---|---|---|---|---|",
        ]
        lines += [
            f"| {one.what} | {one.classes} | {one.clip_uar:.3f} | {one.session_uar:.3f} |"
            f" {one.arousal_gap:+.2f} |"
            for one in abroad
        ]
    for name, result in results.items():
        lines += [
            "",
            f"## Confusions, {name}",
            "",
            f"| truth | {' | '.join(EMODB_CLASSES)} | recall |",
        ]
        lines.append("|---" * (len(EMODB_CLASSES) + 2) + "|")
        for truth, row, recall in zip(EMODB_CLASSES, result.confusion, result.recall, strict=True):
            lines.append(f"| {truth} | {' | '.join(map(str, row))} | {recall:.2f} |")
        lines += [
            "",
            f"## Confidence of named affects, {name}",
            "",
            "| said | was right | readings |",
        ]
        lines.append("|---|---|---|")
        lines += [f"| {said:.2f} | {was:.2f} | {n} |" for said, was, n in result.calibration_bins]
        if result.unheard:
            lines += ["", f"{result.unheard} clips had no reading and count as errors."]
    return "\n".join(lines) + "\n"
