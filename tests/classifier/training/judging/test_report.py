"""classifier.training.judging: report, judgements and plots"""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="needs the train extra")

from classifier.acoustic.lane import Reading
from classifier.frames import Affect, Source, VoiceFrame
from classifier.training.judging.judgements import FOUR, Answer, Figures, figures
from classifier.training.judging.plots import draw
from classifier.training.judging.protocol import judge
from classifier.training.judging.report import (
    EMODB,
    false_alarms,
    floor_for,
    measured,
    measured_research,
    page,
)
from classifier.training.material.corpora import EMODB_CLASSES


def answer(
    truth: str,
    emotion: str | None,
    affect: Affect | None = None,
    confidence: float = 0.75,
    heard_s: float = 0.0,
    speaker: str = "s1",
) -> Answer:
    """A clip on which the second reading says this."""
    quiet = VoiceFrame(timestamp_s=0.5, source=Source.MIC, speech=0.0, heard_s=heard_s)
    posterior = None
    distribution = {}
    if emotion is not None:
        posterior = np.full(7, 0.05, np.float32)
        posterior[EMODB_CLASSES.index(emotion)] = 0.7
        distribution = {affect or Affect.NEUTRAL: confidence, Affect.DISMISSIVE: 1 - confidence}
    spoken = VoiceFrame(
        timestamp_s=1.0,
        source=Source.MIC,
        speech=1.0,
        affect=affect,
        confidence=confidence if affect else 0.0,
        distribution=distribution,
        heard_s=heard_s,
    )
    judged = judge([Reading(quiet, None), Reading(spoken, posterior)])
    return Answer(speaker, truth, judged, EMODB_CLASSES, 0.4)


def perfect(**kwargs: float) -> list[Answer]:
    return [
        answer(name, name, Affect.NEUTRAL, speaker=speaker, **kwargs)
        for speaker in ("s1", "s2")
        for name in EMODB_CLASSES
    ]


def report() -> dict[str, object]:
    """A report of one condition, with everything in it."""
    joins = {
        "joins": 4,
        "shown": 0.5,
        "median_s": 1.0,
        "p95_s": 1.5,
        "in_time": 1.0,
        "audible": 0.75,
    }
    both = {
        name: dataclasses.asdict(figures(perfect(), EMODB_CLASSES)) for name in ("clip", "session")
    }
    noises = [answer("anger", "anger", Affect.FRUSTRATED).judged]
    return {
        "orders": 3,
        "treated speakers": "one in 1",
        "conditions": {EMODB: {"clean": both, "clean, first order": both, "babble": both}},
        "noise": dataclasses.asdict(false_alarms(noises)),
        "joins": joins,
        "joins, voice known": {**joins, "p95_s": 1.25},
        "first tone": {"clips": 4, "named": 0.5, "median_s": 1.25, "p95_s": 1.75},
        "listeners": {"clips": 47, "arousal": 0.875, "valence": 0.125},
    }


def test_all_right_is_one() -> None:
    """Every clip heard as what it is: recall 1 everywhere, no doubt over speakers."""
    result = figures(perfect(), EMODB_CLASSES)
    assert result.uar == result.arousal == 1.0
    assert result.interval == (1.0, 1.0)
    assert np.array_equal(np.array(result.confusion)[:, :7], 2 * np.eye(7))
    assert result.uar_known is None


def test_a_clip_not_heard_is_wrong() -> None:
    """A clip without a reading is an error of its class, in a column of its own."""
    result = figures([answer("anger", None), answer("sadness", "sadness")], FOUR)
    assert result.uar == result.arousal == 0.5
    assert result.confusion[FOUR.index("anger")][-1] == 1


def test_only_the_classes_asked_for_compete() -> None:
    """A network that would say boredom is asked again among the four; others are left out."""
    result = figures([answer("sadness", "boredom"), answer("fear", "fear")], FOUR)
    assert result.clips == 1
    assert sum(result.confusion[FOUR.index("sadness")]) == 1


def test_voices_heard_for_long_are_scored_again() -> None:
    """Clips after 30 s of speech have a recall of their own."""
    mixed = [answer("anger", "sadness"), answer("anger", "anger", heard_s=31.0)]
    result = figures(mixed, FOUR)
    assert result.uar == 0.5
    assert result.uar_known == 1.0


def test_confidence_is_judged_by_the_mapping() -> None:
    """Everything was called neutral at 0.75: one in seven right, and the confidence off."""
    result = figures(perfect(), EMODB_CLASSES)
    assert result.named == 1.0
    assert result.named_right == pytest.approx(1 / 7)
    assert result.calibration_error == pytest.approx(0.75 - 1 / 7)


def test_in_conversation_classes_weigh_what_they_are_met() -> None:
    """Neutral, right, weighs 47 %; anger, wrong, 12 %: of the balanced half right becomes 80 %."""
    mixed = [answer("neutral", "neutral", Affect.NEUTRAL), answer("anger", "anger", Affect.WARM)]
    result = figures(mixed, FOUR)
    assert result.named_right == 0.5
    assert result.everyday.named == 1.0
    assert result.everyday.named_right == pytest.approx(0.470 / (0.470 + 0.117))


def test_in_conversation_every_class_that_is_known_counts() -> None:
    """Fear counts though four others were asked for; calm does not: no weights of seven know it."""
    mixed = [
        answer("neutral", "neutral", Affect.NEUTRAL),
        answer("fear", "fear", Affect.WARM),
        answer("calm", "neutral", Affect.WARM),
    ]
    assert figures(mixed, FOUR).everyday.named_right == pytest.approx(0.470 / (0.470 + 0.026))


def test_what_is_not_counted_in_conversation_has_no_say() -> None:
    """Boredom has no share there: a wrong word for it changes nothing of the rest."""
    neutral = answer("neutral", "neutral", Affect.NEUTRAL)
    both = [neutral, answer("boredom", "boredom", Affect.WARM)]
    assert figures(both, EMODB_CLASSES).named_right == 0.5
    assert figures(both, EMODB_CLASSES).everyday == figures([neutral], EMODB_CLASSES).everyday


def test_what_was_judged_by_other_words_is_marked_and_not_on_the_card() -> None:
    """Of folds of before the figures that hang on words are marked; the card leaves them out."""
    assert " *" not in page(report()).split("## Other sound")[0].split("## Every condition")[1]
    assert "session: of these right" in measured(report())
    old = report()
    for protocol in old["conditions"][EMODB]["clean"].values():  # type: ignore[index]
        protocol.pop("everyday", None)
    assert f"| {EMODB} * | session |" in page(old)
    assert "Folds, judged before" in page(old)
    assert "So old are the figures below on noises" in page(old)
    old["conditions"]["newer"] = old["conditions"].pop(EMODB)  # type: ignore[attr-defined]
    assert "So old are" not in page(old)
    old["conditions"][EMODB] = old["conditions"].pop("newer")  # type: ignore[attr-defined]
    told = measured(old)
    assert "session: UAR" in told
    assert "session: of these right" not in told


def test_what_one_condition_was_not_measured_under_is_said() -> None:
    """A condition of an older evaluation has a gap in the table, not in the page."""
    newer = report()
    newer["conditions"]["newer"] = {  # type: ignore[index]
        **newer["conditions"][EMODB],  # type: ignore[index]
        "an ordinary room": newer["conditions"][EMODB]["clean"],  # type: ignore[index]
    }
    told = page(newer).split("## Other sound")[1]
    assert "| condition | clean | babble | an ordinary room |" in told
    assert f"| {EMODB} | 1.000 | 1.000 (+0.0) | not measured |" in told
    assert "| newer | 1.000 | 1.000 (+0.0) | 1.000 (+0.0) |" in told


def test_the_page_tells_of_meetings_and_of_what_shipped_weights_do_abroad() -> None:
    """Words said to people who just talk; first tones and joins of unseen corpora."""
    made = report()
    made["meetings"] = {
        "open": {"excerpts": 3, "readings": 40, "named": 0.5, "words": {"neutral": 0.75}}
    }
    made["abroad"] = {
        "first tone": made["first tone"],
        "joins": made["joins"],
        "joins, voice known": made["joins, voice known"],
    }
    text = page(made)
    assert "`open` names 50% of 40 readings in 3 excerpts; of these neutral 75%." in text
    assert "Of 4 RAVDESS or nEMO clips" in text
    assert text.count("joins of two affects of one RAVDESS or nEMO speaker") == 2


def test_the_page_tells_of_sessions_in_which_one_tone_prevails() -> None:
    """A row for each kind; a session of one class has no recall."""
    made = report()
    assert "tone prevails" not in page(made)
    made["prevailing"] = {
        "at rest alone": {
            "clips": 9, "named": 0.4, "named_right": 0.85, "uar": None, "arousal": None
        },
        "mostly anger": {
            "clips": 15, "named": 0.5, "named_right": 0.7, "uar": 0.525, "arousal": 0.8
        },
    }  # fmt: skip
    text = page(made)
    assert "| at rest alone | 9 | - | - | 40%, 85% |" in text
    assert "| mostly anger | 15 | 0.525 | 0.800 | 50%, 70% |" in text


def test_the_page_tells_what_it_is_worth_to_know_a_voice() -> None:
    """A row for each corpus and kind; of clips that name nothing there is no first tone."""
    made = report()
    assert "earlier session" not in page(made)
    one = {
        "clips": 9, "uar": 0.6, "arousal": 0.75, "named": 0.4, "named_right": 0.85,
        "first": {"clips": 12, "named": 0.3, "median_s": 1.25, "p95_s": 2.5},
    }  # fmt: skip
    silent = {**one, "first": {"clips": 12, "named": 0.0, "median_s": None, "p95_s": None}}
    made["acquainted"] = {"nemo": {"a stranger": one, "known": silent}}
    text = page(made)
    assert (
        "| nemo: a stranger | 9 | 0.600 | 0.750 | 40%, 85% | 30% | 1.250 s, 95 % within 2.500 s |"
        in text
    )
    assert "| nemo: known | 9 | 0.600 | 0.750 | 40%, 85% | 0% | not measured s" in text


def test_the_floor_is_the_lowest_that_is_right_often_enough() -> None:
    """A quarter wrong at the most; where that is never so there is none."""
    risk = [(0.9, 0.1, 0.1), (0.7, 0.4, 0.25), (0.5, 0.8, 0.4)]
    assert floor_for(risk) == "0.70 (40%)"
    assert floor_for([(0.9, 0.1, 0.5)]) == "none"


def test_false_alarms_are_shares() -> None:
    """One noise of two taken for a voice in one of its two readings."""
    noises = [answer("anger", "anger", Affect.FRUSTRATED).judged, answer("anger", None).judged]
    alarms = false_alarms(noises)
    assert (alarms.clips, alarms.readings) == (2, 4)
    assert alarms.speech == alarms.named == 0.25
    assert alarms.clips_named == 0.5


def test_the_page_and_the_card_tell_the_figures() -> None:
    """Both protocols, what was not measured, the noises and the joins are told."""
    told = measured(report())
    assert told["clip: UAR"] == told["session: UAR"] == 1.0
    text = page(report())
    for part in (
        "| 0.84 | 1.000 | 1.000 |",
        "not measured",
        "text-dependent",
        "1.500 s",
        "1.250 s",
        "babble",
    ):
        assert part in text
    for part in ("75%", "1.750 s", "0.88 for arousal", "0.12 for valence"):
        assert part in text


def test_the_research_card_tells_of_corpora_left_out() -> None:
    """Its figures are those of the folds without the corpus that they are tested on."""
    made = report()
    made["conditions"] = {"nemo left out": made["conditions"][EMODB]}  # type: ignore[index]
    told = measured_research(made)
    assert told["nemo left out, session: UAR of 4 classes"] == 1.0
    assert not any(name.startswith("emodb") for name in told)


@pytest.mark.parametrize("old", [False, True])
def test_pictures_are_drawn(tmp_path: Path, old: bool) -> None:
    """Three small PNG files, where figures of before are in the report as well."""
    made = report()
    if old:
        for protocol in made["conditions"][EMODB]["clean"].values():  # type: ignore[index]
            protocol.pop("everyday", None)
    draw(made, tmp_path)
    for name in ("reliability", "risk", "confusion"):
        content = (tmp_path / f"{name}.png").read_bytes()
        assert content.startswith(b"\x89PNG")
        assert len(content) < 200_000


def test_figures_are_plain() -> None:
    """What is kept can be written as JSON: no arrays in it."""
    kept = dataclasses.asdict(figures(perfect(), EMODB_CLASSES))
    assert set(kept) == {field.name for field in dataclasses.fields(Figures)}
    assert isinstance(kept["confusion"][0][0], int)
