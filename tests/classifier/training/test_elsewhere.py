"""classifier.training.elsewhere"""

from pathlib import Path

import pytest
import soundfile

from classifier.acoustic.model import load_network
from classifier.training.corpora import EMODB_CLASSES, Corpora
from classifier.training.elsewhere import SAME_WORDS, go_abroad
from tests.classifier.voices import recording, silence


@pytest.fixture
def corpora(tmp_path: Path) -> Corpora:
    """A corpus in another language: two clips, one emotion that EMO-DB lacks, one silence."""
    rows = ["path,speaker,emotion", "a.flac,1,anger", "b.flac,1,surprised", "c.flac,1,sadness"]
    (tmp_path / "nemo.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "emodb.csv").write_text("path\n", encoding="utf-8")
    soundfile.write(tmp_path / "a.flac", recording("agitated")[:40_000], 16_000)
    soundfile.write(tmp_path / "c.flac", silence(2.0), 16_000)
    return Corpora.find(tmp_path)


def test_shared_emotions_are_judged(corpora: Corpora) -> None:
    """Agitation is heard as anger; silence counts as an error; what is not shared is left out."""
    told: list[str] = []
    (nemo,) = go_abroad(corpora, load_network("open"), lambda what, done, total: told.append(what))
    assert nemo.clip_uar == 0.5
    assert nemo.session_uar == 0.5
    assert nemo.arousal_gap > 0
    assert told


def test_words_are_emodb_s() -> None:
    """Every emotion of another corpus is translated to one that the network knows."""
    for words in SAME_WORDS.values():
        assert set(words.values()) <= set(EMODB_CLASSES)
