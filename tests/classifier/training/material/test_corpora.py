"""classifier.training.material.corpora"""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from classifier.training.material.corpora import Corpora, CorporaMissingError
from tests.classifier.voices import recording


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A corpus of one clip, in the layout of the real ones."""
    (tmp_path / "emodb.csv").write_text(
        "path,speaker,gender,emotion\nemodb/a.flac,03,m,anger\n", encoding="utf-8"
    )
    (tmp_path / "rir.csv").write_text("path,room\nrir/hall.flac,hall\n", encoding="utf-8")
    (tmp_path / "noise.csv").write_text("path,class\nnoise/a.flac,rain\n", encoding="utf-8")
    (tmp_path / "emodb_arousal_valence_47.csv").write_text(
        "path,arousal,valence\nemodb/a.flac,0.7,-0.5\n", encoding="utf-8"
    )
    (tmp_path / "emodb").mkdir()
    soundfile.write(tmp_path / "emodb" / "a.flac", recording("calm"), 16_000)
    soundfile.write(tmp_path / "emodb" / "fast.flac", recording("calm"), 8_000)
    return tmp_path


def test_tables_are_read(folder: Path) -> None:
    """Clips carry their speaker and the corpus's own word; noises and rooms their kind."""
    corpora = Corpora.find(folder)
    (clip,) = corpora.speech("emodb")
    assert (clip.name, clip.speaker, clip.emotion) == ("emodb/a.flac", "emodb:03", "anger")
    assert corpora.names("noise") == [("noise/a.flac", "rain")]
    assert corpora.names("rir") == [("rir/hall.flac", "hall")]
    assert list(corpora.rated()) == [("emodb/a.flac", 0.7, -0.5)]


def test_samples_are_read(folder: Path) -> None:
    """A clip's PCM is what was written."""
    assert np.array_equal(Corpora.find(folder).pcm("emodb/a.flac"), recording("calm"))


def test_another_rate_is_refused(folder: Path) -> None:
    """What is not 16 kHz mono is not quietly taken for it."""
    with pytest.raises(ValueError, match="16 kHz"):
        Corpora.find(folder).pcm("emodb/fast.flac")


def test_the_environment_says_where_they_are(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``LINNET_CORPORA`` names the folder."""
    monkeypatch.setenv("LINNET_CORPORA", str(folder))
    assert Corpora.find().root == folder


def test_missing_corpora_say_how_to_name_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder without them raises an error that names the setting."""
    monkeypatch.setenv("LINNET_CORPORA", str(tmp_path))
    with pytest.raises(CorporaMissingError, match="LINNET_CORPORA"):
        Corpora.find()
