"""classifier.training.learning.recipe, train and evaluate, on the real corpora"""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from typer import Exit

from classifier.acoustic.model import Network
from classifier.training import evaluate, train
from classifier.training.judging.protocol import clip_protocol
from classifier.training.learning.contour_network import ContourSettings
from classifier.training.learning.recipe import make_weights
from classifier.training.material.corpora import EMODB_CLASSES, Corpora, CorporaMissingError
from classifier.training.material.gathering import gather


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
    quick = ContourSettings(members=1, epochs=3, rows=3000)
    network = Network(*make_weights(material, unmet, quietly, folds=1, contours=quick))
    clips = [clip for clip in material.clips if clip.speaker in unmet]
    judged = clip_protocol(network, [corpora.pcm(clip.name) for clip in clips])
    hits, total = Counter[str](), Counter[str]()
    for clip, answer in zip(clips, judged, strict=True):
        total[clip.emotion] += 1
        assert answer.emotion is not None
        hits[clip.emotion] += EMODB_CLASSES[int(answer.emotion.argmax())] == clip.emotion
    recall = np.mean([hits[name] / total[name] for name in total])
    assert recall > 0.55


@pytest.mark.parametrize("command", [train.main, evaluate.main])
def test_without_corpora_the_commands_say_so(command: object, tmp_path: Path) -> None:
    """A folder without corpora ends the command with status 1, and writes nothing."""
    assert callable(command)
    out = tmp_path / "out"
    with pytest.raises(Exit) as ended:
        command(corpora=tmp_path, out=out)
    assert ended.value.exit_code == 1
    assert not out.exists()
