"""classifier.training.judging.acquainted"""

from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("torch", reason="needs the train extra")

from classifier.acoustic.model import load_network
from classifier.training.judging.acquainted import (
    KINDS,
    MISTAKEN,
    OWN,
    STRANGER,
    TELEPHONE,
    measure_acquaintance,
)
from classifier.training.judging.folds import Fold
from classifier.training.material.corpora import Corpora
from tests.classifier.voices import higher, recording

NETWORK = load_network("open")
HEARD = {"neutral": "calm", "angry": "agitated", "sad": "tired", "happy": "agitated"}


def test_the_same_clips_are_heard_by_who_knows_the_voice_and_by_who_does_not(
    tmp_path: Path,
) -> None:
    """Every clip once for each kind. Of a voice that is known more is named than of a stranger's;
    who takes it for somebody else does not hear the same, nor who knows it from elsewhere."""
    (tmp_path / "ravdess").mkdir()
    rows = ["path,speaker,gender,emotion,intensity,utterance,language,duration_s"]
    for speaker, change in ((1, np.asarray), (2, higher)):
        for word, name in HEARD.items():
            for number in range(2):
                path = f"ravdess/{speaker}{word}{number}.flac"
                pcm = change(recording(name))
                soundfile.write(tmp_path / path, pcm[: 16_000 * 3], 16_000)
                rows.append(f"{path},{speaker},f,{word},normal,a,en,3.0")
    (tmp_path / "ravdess.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "rir.csv").write_text("path,room\n")
    corpora = Corpora(tmp_path)
    speakers = tuple(sorted({clip.speaker for clip in corpora.speech("ravdess")}))
    told: list[str] = []
    found = measure_acquaintance(
        corpora,
        [Fold("ravdess", speakers, NETWORK, ())],
        lambda what, done, total: told.append(what),
    )
    assert tuple(found) == KINDS
    assert [one.clips for one in found.values()] == [16] * 5
    assert found[OWN].named > found[STRANGER].named
    assert len({one.uar + one.named + one.arousal for one in found.values()}) > 2
    assert found[OWN] != found[MISTAKEN]
    assert found[OWN] != found[TELEPHONE]
    for one in found.values():
        assert one.first.clips == 16
        assert one.first.named > 0
        assert one.first.median_s is not None
        assert one.first.p95_s is not None
        assert one.first.median_s <= one.first.p95_s
    assert told
