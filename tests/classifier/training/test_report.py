"""classifier.training.report"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from classifier.acoustic.functionals import WIDTH
from classifier.acoustic.lane import Reading
from classifier.frames import Affect, Source, VoiceFrame
from classifier.training.corpora import EMODB_CLASSES, Clip, Corpora
from classifier.training.elsewhere import Abroad
from classifier.training.examples import Examples
from classifier.training.protocol import Judged, judge
from classifier.training.recipe import Material
from classifier.training.report import false_alarms, measured, page, score

NONE = Examples(
    np.zeros((0, WIDTH), np.float32),
    np.zeros(0, np.int32),
    np.zeros(0, np.int32),
    np.zeros(0, np.float32),
    np.zeros(0, np.float32),
)
MATERIAL = Material(
    clips=tuple(Clip(f"{s}-{e}", s, e) for s in ("s1", "s2") for e in EMODB_CLASSES),
    noises=(),
    speech=NONE,
    noise=NONE,
)


class Rated(Corpora):
    """Two clips with ratings."""

    def rated(self) -> Iterator[tuple[str, float, float]]:
        yield "s1-anger", 0.7, -0.7
        yield "s1-sadness", -0.5, -0.5
        yield "s1-neutral", 0.0, 0.0


RATED = Rated(Path())


def answer(emotion: str | None, affect: Affect | None, arousal: float, valence: float) -> Judged:
    """A clip on which the second reading says this."""
    posterior = None
    if emotion is not None:
        posterior = np.full(7, 0.05, np.float32)
        posterior[EMODB_CLASSES.index(emotion)] = 0.7
    quiet = VoiceFrame(timestamp_s=0.5, source=Source.MIC, speech=0.0)
    spoken = VoiceFrame(
        timestamp_s=1.0,
        source=Source.MIC,
        speech=1.0,
        affect=affect,
        confidence=0.75 if affect else 0.0,
        arousal=arousal,
        valence=valence,
    )
    return judge([Reading(quiet, None), Reading(spoken, posterior)])


def perfect() -> list[Judged]:
    places = {"anger": (0.8, -0.6), "sadness": (-0.6, -0.4)}
    return [
        answer(clip.emotion, Affect.NEUTRAL, *places.get(clip.emotion, (0.0, 0.0)))
        for clip in MATERIAL.clips
    ]


def test_all_right_is_one() -> None:
    """Every clip heard as what it is: recall 1 everywhere, no doubt over speakers."""
    result = score(MATERIAL, RATED, [perfect(), perfect()])
    assert result.uar == 1.0
    assert result.interval == (1.0, 1.0)
    assert np.array_equal(result.confusion, 4 * np.eye(7))
    assert result.unheard == 0


def test_a_clip_not_heard_is_wrong() -> None:
    """A clip without a reading counts as an error of its class."""
    judged = perfect()
    judged[0] = answer(None, None, 0.0, 0.0)
    result = score(MATERIAL, RATED, [judged])
    assert result.unheard == 1
    assert result.recall[0] == 0.5
    assert result.uar == pytest.approx(1 - 0.5 / 7)


def test_named_affects_are_judged_by_the_mapping() -> None:
    """Everything was called neutral at 0.75: one in seven right, and the confidence off."""
    result = score(MATERIAL, RATED, [perfect()])
    assert result.named == 1.0
    assert result.precision == pytest.approx(1 / 7)
    assert result.calibration_error == pytest.approx(0.75 - 1 / 7)
    assert result.first_named_s == pytest.approx(1.0)


def test_places_are_compared_with_the_ratings() -> None:
    """Readings that follow the listeners correlate with them."""
    result = score(MATERIAL, RATED, [perfect()])
    assert result.arousal_r > 0.95
    assert result.valence_r > 0.9


def test_false_alarms_are_shares() -> None:
    """One noise of two taken for a voice in one of its two readings."""
    noises = [answer("anger", Affect.FRUSTRATED, 0.5, 0.5), answer(None, None, 0.0, 0.0)]
    alarms = false_alarms(noises)
    assert (alarms.clips, alarms.readings) == (2, 4)
    assert alarms.speech == alarms.named == 0.25
    assert alarms.clips_named == 0.5


def test_the_page_and_the_card_tell_the_figures() -> None:
    """Both protocols, both classes of error and the false alarms are told."""
    results = {name: score(MATERIAL, RATED, [perfect()]) for name in ("clip", "session")}
    alarms = false_alarms([answer("anger", Affect.FRUSTRATED, 0.5, 0.5)])
    abroad = [Abroad("Elsewhere", 5, 0.4, 0.5, 0.6)]
    told = measured(results, alarms, abroad)
    assert told["clip: UAR"] == told["session: UAR"] == 1.0
    assert told["Elsewhere, never trained on, 5 classes: UAR of clips"] == 0.4
    text = page(results, alarms, abroad)
    for part in (
        "| clip | 1.000 |",
        "## Confusions, session",
        "text-dependent",
        "50.0%",
        "| Elsewhere | 5 |",
    ):
        assert part in text
