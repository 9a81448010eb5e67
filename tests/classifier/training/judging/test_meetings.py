"""classifier.training.judging.meetings"""

from pathlib import Path

import pytest
import soundfile

from classifier.acoustic.model import load_network
from classifier.training.judging.meetings import measure_meetings
from classifier.training.material.corpora import Corpora
from tests.classifier.voices import recording, silence


def test_words_said_to_a_meeting_are_counted(tmp_path: Path) -> None:
    """Every excerpt is heard by itself; shares are of what was named; other files are left out."""
    folder = tmp_path / "diarization"
    folder.mkdir()
    for name, pcm in (
        ("ami_a", recording("calm")),
        ("ami_b", silence(3.0)),
        ("other", recording("agitated")),
    ):
        soundfile.write(folder / f"{name}.flac", pcm, 16_000)
    found = measure_meetings(Corpora(tmp_path), load_network("open"))
    assert found.excerpts == 2
    assert found.readings > 5
    assert 0.0 < found.named <= 1.0
    assert sum(found.words.values()) == pytest.approx(1.0)
    assert max(found.words, key=lambda word: found.words[word]) == "neutral"
    assert "frustrated" not in found.words
