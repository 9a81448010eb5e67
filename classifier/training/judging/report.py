"""The report's page and the card's figures, from what was measured.

Owns what is reported and in which words. Runs no model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from classifier.training.judging.judgements import SOON_S
from classifier.training.judging.protocol import Judged

EMODB: Final = "emodb, speakers left out"
RAVDESS: Final = "ravdess, speakers left out"
LEFT_OUT: Final = ("emodb left out", "ravdess left out", "nemo left out")
OPEN_ABROAD: Final = ("open on ravdess", "open on nemo")

GOALS: Final = (
    ("EMO-DB, 7 classes, leave one speaker out, UAR", (EMODB,), "uar", 0.84),
    ("RAVDESS, 8 classes, 4 unseen actors a fold, UAR", (RAVDESS,), "uar", 0.70),
    ("leave one corpus out, 4 classes, mean UAR", LEFT_OUT, "uar", 0.64),
    ("leave one corpus out, high against low arousal", LEFT_OUT, "arousal", 0.88),
    ("`open` on RAVDESS and nEMO, 4 classes, mean UAR", OPEN_ABROAD, "uar", 0.61),
    ("`open` on RAVDESS and nEMO, high against low arousal", OPEN_ABROAD, "arousal", 0.86),
)
"""What is to be reached in the session protocol: words, conditions, figure, value."""

MOST_WRONG: Final = 0.25
"""Share of what is said that may be wrong at the floor."""


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


def _mean(
    conditions: Mapping[str, Any], names: Sequence[str], treatment: str, protocol: str, key: str
) -> float | None:
    """The mean of a figure over conditions; None if one was not measured."""
    if any(name not in conditions for name in names):
        return None
    values = [conditions[name][treatment][protocol][key] for name in names]
    return None if None in values else float(np.mean(values))


def _told(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3f}"


def floor_for(risk: Sequence[Sequence[float]], most_wrong: float = MOST_WRONG) -> str:
    """The lowest floor at which no more than that share is wrong, and its coverage, in words."""
    kept = [(floor, coverage) for floor, coverage, wrong in risk if wrong <= most_wrong]
    if not kept:
        return "none"
    floor, coverage = max(kept, key=lambda pair: pair[1])
    return f"{floor:.2f} ({coverage:.0%})"


def measured(report: Mapping[str, Any]) -> dict[str, Any]:
    """The figures that the card of the ``open`` weights carries."""
    conditions = report["conditions"]
    told: dict[str, Any] = {"how": "through the stream, speakers unseen; text-dependent"}
    for protocol in ("clip", "session"):
        if EMODB in conditions:
            figures = conditions[EMODB]["clean"][protocol]
            told[f"{protocol}: UAR"] = round(figures["uar"], 3)
            told[f"{protocol}: 95 % interval over speakers"] = [
                round(v, 3) for v in figures["interval"]
            ]
            told |= _honesty(protocol, figures)
        for name in OPEN_ABROAD:
            if name in conditions:
                figures = conditions[name]["clean"][protocol]
                told[f"{name}, {protocol}: UAR of 4 classes"] = round(figures["uar"], 3)
                told[f"{name}, {protocol}: UAR of arousal"] = round(figures["arousal"], 3)
                told |= _honesty(f"{name}, {protocol}", figures)
    if EMODB in conditions and is_of_today(conditions[EMODB]):
        told["noises never shown: share of readings that name an affect"] = round(
            report["noise"]["named"], 4
        )
    return told


def measured_research(report: Mapping[str, Any]) -> dict[str, Any]:
    """The figures that the card of the ``research`` weights carries: those of its folds."""
    conditions = report["conditions"]
    told: dict[str, Any] = {"how": "weights of the same recipe, each without the corpus tested"}
    for name in (name for name in LEFT_OUT if name in conditions):
        for protocol in ("clip", "session"):
            figures = conditions[name]["clean"][protocol]
            told[f"{name}, {protocol}: UAR of 4 classes"] = round(figures["uar"], 3)
            told[f"{name}, {protocol}: UAR of arousal"] = round(figures["arousal"], 3)
            told |= _honesty(f"{name}, {protocol}", figures)
    return told


def _honesty(where: str, figures: Mapping[str, Any]) -> dict[str, float]:
    """How sure it may be and what it names, as words are chosen now; nothing if that is unknown."""
    if "everyday" not in figures:
        return {}
    told: dict[str, float] = {}
    for mix, one in (("", figures), (", as in conversation", figures["everyday"])):
        told[f"{where}{mix}: calibration error"] = round(one["calibration_error"], 3)
        told[f"{where}{mix}: readings that name an affect"] = round(one["named"], 3)
        told[f"{where}{mix}: of these right"] = round(one["named_right"], 3)
    return told


def page(report: Mapping[str, Any]) -> str:
    """The report as Markdown."""
    conditions, orders = report["conditions"], report["orders"]
    lines = [
        "# Evaluation",
        "",
        "Written by `python -m classifier.training.evaluate --all`. No speaker is ever in training",
        "and test. Every corpus has fixed sentences: all figures are text-dependent.",
        "",
        "- *clip*: each clip alone, through a lane that never heard the speaker.",
        "- *session*: all clips of an unseen speaker in random order through one lane, with 3 s of",
        f"  silence between them, so that the causal baseline grows as in life; {orders} orders.",
        "  The habit learnt here is a mean over acted emotions, about balanced; in conversation it",
        "  is mostly the voice at rest.",
        "",
        "A clip's class is the one with the greatest mean log-probability over its readings, among",
        "the classes asked for. High arousal is anger and happiness, low is neutral and sadness.",
        "The folds differ from the shipped weights in the speakers, or the corpus, left out. Each",
        "is calibrated on what it was trained on: with several corpora on each in turn, learnt of",
        "the others; with one on men where only women were heard, and the reverse; never on test",
        "speakers.",
        "",
        "## Goals, session protocol",
        "",
        "| condition | goal | clip | session | after 30 s of speech |",
        "|---|---|---|---|---|",
    ]
    for words, names, key, goal in GOALS:
        clip = _mean(conditions, names, "clean", "clip", key)
        session = _mean(conditions, names, "clean", "session", key)
        late = _mean(conditions, names, "clean", "session", "uar_known") if key == "uar" else None
        late_told = _told(late) if key == "uar" else "-"
        lines.append(f"| {words} | {goal:.2f} | {_told(clip)} | {_told(session)} | {late_told} |")
    lines += [
        "",
        "## Every condition",
        "",
        "The calibration error is that of all readings on speech, whether named or not. The floor",
        f"is the lowest at which at most {MOST_WRONG:.0%} of the readings above it are wrong, with",
        "the share of readings above it.",
        "",
        "| condition | protocol | UAR | 95 % over speakers | arousal | calibration error |"
        " named, of these right | floor for a quarter wrong | one change at most |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, entry in conditions.items():
        shown = marked(name, entry)
        for protocol, one in entry["clean"].items():
            low, high = one["interval"]
            lines.append(
                f"| {shown} | {protocol} | {one['uar']:.3f} | {low:.3f} to {high:.3f} |"
                f" {one['arousal']:.3f} | {one['calibration_error']:.3f} |"
                f" {one['named']:.0%}, {one['named_right']:.0%} | {floor_for(one['risk'])} |"
                f" {one['changes_at_most_once']:.1%} |"
            )
    if not all(map(is_of_today, conditions.values())):
        lines += [
            "",
            "\\* Folds, judged before words were weighed by how often they are met (`odds` of the",
            "card) and by what a voice is heard as all along, at the floor of then, and by a",
            "stream that measured every window anew. UAR and arousal know none of the first three;",
            "the calibration error, what is named, the floor and the changes do. Nor was a known",
            "voice expected then where it sounds strange: up to one clip in thirty was not heard",
            "in noise, and counts as wrong.",
        ]
        if EMODB in conditions and not is_of_today(conditions[EMODB]):
            lines.append("So old are the figures below on noises, joins and first tones of EMO-DB.")
    lines += [
        "",
        *_everyday(conditions),
        "",
        *_meetings(report.get("meetings", {})),
        "",
        *_prevailing(report.get("prevailing", {})),
        "![Reliability](reliability.png)",
        "![Risk and coverage](risk.png)",
        "![Confusions](confusion.png)",
        "",
        "## Other sound",
        "",
        f"All clips of {report['treated speakers']} speakers again, one order: with babble or",
        "steady noise (rain, sea, helicopter) at 10 dB, neither a background in training, through",
        "300-3400 Hz, and in one of twelve computed rooms that ring for 0.3 to 0.8 s, half a metre",
        "to three metres away. A session has one noise under all of it; once more another with",
        "every clip, which no habit can follow. Session UAR, and points lost against the same",
        "order clean; then likewise for arousal.",
        "",
    ]
    treatments = _treatments(conditions)
    lines += [
        f"| condition | clean | {' | '.join(treatments)} |",
        "|---|---|" + "---|" * len(treatments),
    ]
    for name, entry in conditions.items():
        for key, words in (("uar", name), ("arousal", f"{name}, arousal")):
            clean = entry["clean, first order"]["session"][key]
            cells = []
            for treatment in treatments:
                if treatment not in entry:  # of an evaluation that did not know it yet
                    cells.append("not measured")
                    continue
                value = entry[treatment]["session"][key]
                cells.append(f"{value:.3f} ({100 * (value - clean):+.1f})")
            lines.append(f"| {words} | {clean:.3f} | {' | '.join(cells)} |")
    noise = report["noise"]
    lines += [
        "",
        "## Noise and change",
        "",
        f"Of {noise['clips']} noises without a voice, each judged by weights that were not shown",
        f"it, {noise['speech']:.1%} of the readings were taken for a voice and"
        f" {noise['named']:.1%} named an affect, in {noise['clips_named']:.1%} of the clips.",
        "",
        *_changes("never heard before", report["joins"]),
        "",
        *_changes("known for half a minute of speech", report["joins, voice known"]),
        "",
        *_first(report["first tone"]),
        "",
        *_abroad(report.get("abroad", {})),
        *_listeners(report["listeners"]),
        "",
        *_acquainted(report.get("acquainted", {})),
    ]
    for name, entry in conditions.items():
        lines += _confusion(name, entry["clean"]["session"])
    return "\n".join(lines) + "\n"


def marked(name: str, entry: Mapping[str, Any]) -> str:
    """The name of a condition, with a mark where other words were judged than are said now."""
    return name if is_of_today(entry) else f"{name} *"


def is_of_today(entry: Mapping[str, Any]) -> bool:
    """Whether what is said under a condition was judged as words are chosen now."""
    return "everyday" in entry["clean"]["session"]


def _everyday(conditions: Mapping[str, Any]) -> list[str]:
    """What is said where emotions come as often as in conversation."""
    lines = [
        "## As in conversation",
        "",
        "The corpora are balanced, and people are mostly neutral. Here every reading of a class",
        "that the weights know counts as often as that class is met in conversation (MELD, Poria",
        "et al. 2019: neutral 47 %, happiness 17, anger 12, sadness 7, fear and disgust 3 each).",
        "",
        "| condition | protocol | calibration error | named, of these right |"
        " floor for a quarter wrong |",
        "|---|---|---|---|---|",
    ]
    for name, entry in conditions.items():
        if not is_of_today(entry):
            continue
        for protocol, figures in entry["clean"].items():
            one = figures["everyday"]
            lines.append(
                f"| {name} | {protocol} | {one['calibration_error']:.3f} |"
                f" {one['named']:.0%}, {one['named_right']:.0%} | {floor_for(one['risk'])} |"
            )
    return lines


def _meetings(meetings: Mapping[str, Any]) -> list[str]:
    """What is said to people who just talk."""
    lines = [
        "Meetings, in which nobody plays an emotion (AMI), heard by weights that know none:",
        "",
    ]
    for name, one in meetings.items():
        words = ", ".join(f"{word} {share:.0%}" for word, share in one["words"].items())
        lines.append(
            f"- `{name}` names {one['named']:.0%} of {one['readings']} readings in"
            f" {one['excerpts']} excerpts; of these {words}."
        )
    return lines


def _prevailing(prevailing: Mapping[str, Any]) -> list[str]:
    """What is said in sessions that are not balanced."""
    if not prevailing:
        return []
    lines = [
        "Sessions in which one tone prevails, six clips in ten, or there is nothing but a voice at",
        "rest: `open` on RAVDESS and nEMO, one session of each speaker.",
        "",
        "| session | clips | UAR of 4 classes | arousal | named, of these right |",
        "|---|---|---|---|---|",
    ]
    for kind, one in prevailing.items():
        uar, arousal = ("-" if v is None else f"{v:.3f}" for v in (one["uar"], one["arousal"]))
        said = f"{one['named']:.0%}, {one['named_right']:.0%}"
        lines.append(f"| {kind} | {one['clips']} | {uar} | {arousal} | {said} |")
    return [*lines, ""]


def _abroad(abroad: Mapping[str, Any]) -> list[str]:
    """How soon the shipped weights say something to speakers of other corpora."""
    if not abroad:
        return []
    where = "RAVDESS or nEMO"
    return [
        "The shipped `open` weights, which know neither RAVDESS nor nEMO:",
        "",
        *_first(abroad["first tone"], where),
        "",
        *_changes("never heard before", abroad["joins"], where),
        "",
        *_changes("known for half a minute of speech", abroad["joins, voice known"], where),
        "",
    ]


def _acquainted(acquainted: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What it is worth to know a voice from an earlier session."""
    if not acquainted:
        return []
    lines = [
        "## A voice that is known from an earlier session",
        "",
        "Half of a speaker's clips heard in one session by the shipped `open` weights, each of the",
        "other half alone, and the reverse: by a lane that was told what that session knew, what",
        "it would have known in another place, or of the next speaker, and by one that was told",
        "nothing.",
        "",
        "| | clips | UAR | arousal | readings named, right | clips named | first tone |",
        "|---|---|---|---|---|---|---|",
    ]
    for corpus, kinds in acquainted.items():
        for kind, one in kinds.items():
            first = one["first"]
            lines.append(
                f"| {corpus}: {kind} | {one['clips']} | {one['uar']:.3f} | {one['arousal']:.3f}"
                f" | {one['named']:.0%}, {one['named_right']:.0%} | {first['named']:.0%}"
                f" | {_told(first['median_s'])} s, 95 % within {_told(first['p95_s'])} s |"
            )
    return lines


def _changes(voice: str, joins: Mapping[str, Any], corpus: str = "EMO-DB") -> list[str]:
    return [
        f"Of {joins['joins']} joins of two affects of one {corpus} speaker, without a pause, by a",
        f"voice {voice}, the new affect was named in {joins['shown']:.0%} before the clip",
        f"ended (of the same clips alone, {joins['audible']:.0%});",
        f"of these after {_told(joins['median_s'])} s (median), {_told(joins['p95_s'])} s (95th"
        f" percentile), in {joins['in_time']:.0%} within {SOON_S:g} s.",
    ]


def _first(first: Mapping[str, Any], corpus: str = "EMO-DB") -> list[str]:
    return [
        f"Of {first['clips']} {corpus} clips, each by a voice never heard before, a tone was",
        f"named in {first['named']:.0%}; of these {_told(first['median_s'])} s (median),"
        f" {_told(first['p95_s'])} s (95th percentile) after the speech began.",
    ]


def _listeners(agreement: Mapping[str, Any]) -> list[str]:
    return [
        f"On the {agreement['clips']} EMO-DB clips that listeners rated, each heard alone by",
        f"weights that never met its speaker, the correlation with their ratings is"
        f" {agreement['arousal']:.2f} for arousal and {agreement['valence']:.2f} for valence.",
    ]


def _treatments(conditions: Mapping[str, Any]) -> list[str]:
    """All that there is under any condition, in the order in which it was measured."""
    found = dict.fromkeys(name for entry in conditions.values() for name in entry)
    return [name for name in found if not name.startswith("clean")]


def _confusion(name: str, figures: Mapping[str, Any]) -> list[str]:
    classes = figures["classes"]
    lines = [
        "",
        f"## Confusions, session: {name}",
        "",
        f"| truth | {' | '.join(classes)} | not heard | recall |",
        "|---" * (len(classes) + 3) + "|",
    ]
    for number, (truth, row) in enumerate(zip(classes, figures["confusion"], strict=True)):
        recall = row[number] / max(1, sum(row))
        lines.append(f"| {truth} | {' | '.join(map(str, row))} | {recall:.2f} |")
    return lines
