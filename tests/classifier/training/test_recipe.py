"""classifier.training.recipe, train and evaluate, on the real corpora"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from typer import Exit

from classifier.acoustic.functionals import WIDTH
from classifier.acoustic.model import Network
from classifier.training import evaluate, train
from classifier.training.corpora import EMODB_CLASSES, Clip, Corpora, CorporaMissingError
from classifier.training.examples import Examples
from classifier.training.material import Material, gather
from classifier.training.protocol import clip_protocol
from classifier.training.recipe import held_out, make_weights


def quietly(what: str, done: int, total: int) -> None:
    """No progress."""


@pytest.fixture(scope="module")
def corpora() -> Corpora:
    """The real corpora, or a skip that says what is missing."""
    try:
        return Corpora.find()
    except CorporaMissingError as error:
        pytest.skip(str(error))


@pytest.mark.corpora
@pytest.mark.timeout(240)
def test_the_recipe_hears_a_speaker_it_never_met(
    corpora: Corpora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trained in little on the others, it is far above chance on a held-out man and woman."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    material = gather(corpora, quietly, voices=0, noise_voices=0)
    unmet = ("emodb:03", "emodb:09")
    network = Network(*make_weights(material, unmet, quietly))
    clips = [clip for clip in material.clips if clip.speaker in unmet]
    judged = clip_protocol(network, [corpora.pcm(clip.name) for clip in clips])
    hits, total = Counter[str](), Counter[str]()
    for clip, answer in zip(clips, judged, strict=True):
        total[clip.emotion] += 1
        assert answer.emotion is not None
        hits[clip.emotion] += EMODB_CLASSES[int(answer.emotion.argmax())] == clip.emotion
    recall = np.mean([hits[name] / total[name] for name in total])
    assert recall > 0.55


def examples(clips: int) -> Examples:
    count = np.arange(clips, dtype=np.int32)
    nothing, ones = np.zeros((clips, WIDTH), np.float32), np.ones(clips, np.float32)
    return Examples(nothing, nothing, count, 0 * count, ones, ones, ones)


def stand_ins(corpora: Sequence[str]) -> Material:
    """Six speakers of each corpus, with the same four sentences."""
    clips = tuple(
        Clip(f"{corpus}{speaker}{text}", f"{corpus}:{speaker}", "anger", f"s{text}")
        for corpus in corpora
        for speaker in range(6)
        for text in range(4)
    )
    return Material(clips, (), examples(len(clips)), examples(0), examples(0))


def test_in_one_corpus_strangers_say_something_else() -> None:
    """What is calibrated on shares neither a speaker nor a sentence with what is learnt from."""
    material = stand_ins(["emodb"])
    kept = np.array([clip.speaker != "emodb:5" for clip in material.clips])
    pairs = held_out(material, kept, 3)
    assert len(pairs) == 3
    for learnt, tried in pairs:
        assert learnt.any()
        assert tried.any()
        assert not ((learnt | tried) & ~kept).any()
        for field in ("speaker", "utterance"):
            sides = [
                {getattr(c, field) for c, m in zip(material.clips, mask, strict=True) if m}
                for mask in (learnt, tried)
            ]
            assert not sides[0] & sides[1]


def test_of_several_corpora_each_is_a_stranger_in_turn() -> None:
    """Whole corpora are held out, nobody else is left out."""
    material = stand_ins(["emodb", "nemo"])
    kept = np.ones(len(material.clips), np.bool_)
    pairs = held_out(material, kept, 3)
    assert len(pairs) == 2
    for learnt, tried in pairs:
        assert (learnt ^ tried).all()
        assert len({c.speaker[:4] for c, m in zip(material.clips, tried, strict=True) if m}) == 1


@pytest.mark.parametrize("command", [train.main, evaluate.main])
def test_without_corpora_the_commands_say_so(command: object, tmp_path: Path) -> None:
    """A folder without corpora ends the command with status 1, and writes nothing."""
    assert callable(command)
    out = tmp_path / "out"
    with pytest.raises(Exit) as ended:
        command(corpora=tmp_path, out=out)
    assert ended.value.exit_code == 1
    assert not out.exists()
