"""classifier.training.learning.calibration"""

from collections.abc import Sequence

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")

from classifier.acoustic.gate import Mask
from classifier.errors import ConfigError
from classifier.training.learning.calibration import calibrate, held_out
from classifier.training.learning.contour_network import ContourSettings
from classifier.training.material.corpora import Clip
from classifier.training.material.gathering import Material
from tests.classifier.training.rows import empty_examples, spoken_examples


def stand_ins(corpora: Sequence[str]) -> Material:
    """Six speakers of each corpus, with the same four sentences."""
    clips = tuple(
        Clip(
            f"{corpus}{speaker}{text}",
            f"{corpus}:{speaker}",
            "anger",
            f"s{text}",
            "female" if speaker % 2 else "male",
        )
        for corpus in corpora
        for speaker in range(6)
        for text in range(4)
    )
    return Material(clips, (), empty_examples(len(clips)), empty_examples(0), empty_examples(0))


def of(material: Material, mask: Mask, field: str) -> set[str]:
    return {getattr(c, field) for c, m in zip(material.clips, mask, strict=True) if m}


def test_in_one_corpus_strangers_are_of_the_other_gender_and_say_something_else() -> None:
    """What is calibrated on shares no gender, speaker or sentence with what is learnt from."""
    material = stand_ins(["emodb"])
    kept = np.array([clip.speaker != "emodb:5" for clip in material.clips])
    pairs = held_out(material, kept)
    assert len(pairs) == 2
    assert {frozenset(of(material, tried, "gender")) for _, tried in pairs} == {
        frozenset(["male"]), frozenset(["female"]),
    }  # fmt: skip
    for learnt, tried in pairs:
        assert not ((learnt | tried) & ~kept).any()
        for field in ("gender", "speaker", "utterance"):
            sides = of(material, learnt, field), of(material, tried, field)
            assert all(sides)
            assert not sides[0] & sides[1]
    assert len(held_out(material, kept, 1)) == 1


def test_one_gender_has_no_strangers() -> None:
    """Where only men are left there is nobody to calibrate on, and that is said."""
    material = stand_ins(["emodb"])
    kept = np.array([clip.gender == "male" for clip in material.clips])
    with pytest.raises(ConfigError, match="strangers"):
        held_out(material, kept)


def test_of_several_corpora_each_is_a_stranger_in_turn() -> None:
    """Whole corpora are held out, nobody else is left out."""
    material = stand_ins(["emodb", "nemo"])
    kept = np.ones(len(material.clips), np.bool_)
    pairs = held_out(material, kept)
    assert len(pairs) == 2
    for learnt, tried in pairs:
        assert (learnt ^ tried).all()
        assert len({c.speaker[:4] for c, m in zip(material.clips, tried, strict=True) if m}) == 1


def told_apart(by: float) -> Material:
    """Two emotions of eight speakers, whose functionals lie so far apart."""
    emotions = ("anger", "sadness")
    clips = tuple(
        Clip(f"{n}", f"emodb:{n % 8}", emotions[n // 8 % 2], f"s{n // 16}", "fm"[n % 2])
        for n in range(64)
    )
    examples = spoken_examples(len(clips), windows=2)
    angry = np.array([clip.emotion == "anger" for clip in clips])[examples.clip]
    examples.vectors[angry] += by
    examples.recent[angry] += by
    return Material(clips, (), examples, empty_examples(0), empty_examples(0))


def test_what_cannot_be_told_apart_is_not_claimed() -> None:
    """Where strangers are hopeless the temperature is higher than where they are clear."""
    quick = ContourSettings(widths=(4, 4, 4), attention=2, hidden=8, epochs=1, rows=64)
    everybody = np.ones(64, np.bool_)
    clear, hopeless = (
        calibrate(told_apart(by), everybody, lambda what, done, total: None, contours=quick)
        for by in (3.0, 0.0)
    )
    assert hopeless.temperature > clear.temperature
