"""classifier.training.material.examples"""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from classifier.acoustic.contour import CONTOUR_WIDTH
from classifier.acoustic.layout import ANALYSIS_FRAMES, COLUMN
from classifier.training.material import examples, hearing
from classifier.training.material.augment import AS_RECORDED, Surroundings, Voice
from classifier.training.material.corpora import Corpora
from classifier.training.material.examples import (
    Examples,
    make_examples,
    make_murmurs,
)
from tests.classifier.voices import recording, silence


@pytest.fixture
def corpora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Corpora:
    """Two clips, one of them silent, and a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "emodb.csv").write_text("path\n", encoding="utf-8")
    soundfile.write(tmp_path / "calm.flac", recording("calm")[:48_000], 16_000)
    soundfile.write(tmp_path / "still.flac", silence(2.0), 16_000)
    return Corpora.find(tmp_path)


def test_rows_know_their_clip_and_voice(corpora: Corpora) -> None:
    """Every row says which clip it is of and how it was heard; a silent clip has none."""
    voices = [(AS_RECORDED, Voice(speed=1.1)), (AS_RECORDED,)]
    told: list[int] = []
    made = make_examples(
        corpora,
        ["calm.flac", "still.flac"],
        voices,
        Surroundings(),
        lambda what, done, total: told.append(done),
    )
    assert set(made.clip.tolist()) == {0}
    assert set(made.voice.tolist()) == {0, 1}
    assert len(made.vectors) == len(made.clip) == len(made.new_speech_s) == len(made.speech_s)
    assert told == [0, 1]


def test_rows_find_their_contour(corpora: Corpora) -> None:
    """A row's frames and masks are those of the stream's own window, whatever lies beside it."""
    made = make_examples(
        corpora,
        ["calm.flac", "still.flac", "calm.flac"],
        [(AS_RECORDED,)] * 3,
        Surroundings(),
        lambda what, done, total: None,
    )
    for clip in (0, 2):
        rows = np.flatnonzero(made.clip == clip)
        frames, speech, voiced = made.contours(rows)
        assert frames.shape == (len(rows), ANALYSIS_FRAMES, CONTOUR_WIDTH)
        assert np.allclose(speech.sum(axis=1) / 100, made.speech_s[rows])
        for row in range(1, len(rows)):
            # Each window is the one before, moved on by a block, where both are of the clip.
            assert np.array_equal(frames[row, -100:-50], frames[row - 1, -50:])
        pitch = frames[:, :, COLUMN["pitch_st"]]
        assert (pitch[voiced] > 0).all()


def test_the_second_time_comes_from_the_cache(corpora: Corpora) -> None:
    """Asked again, the same rows come back and nothing is computed; other voices are computed."""
    told: list[str] = []

    def ask(voice: Voice) -> np.ndarray:
        return make_examples(
            corpora, ["calm.flac"], [(voice,)], Surroundings(), lambda what, d, t: told.append(what)
        ).vectors

    first = ask(AS_RECORDED)
    assert len(told) == 1
    assert np.array_equal(ask(AS_RECORDED), first)
    assert len(told) == 1
    assert not np.array_equal(ask(Voice(tilt_db=3.0)), first)
    assert len(told) == 2


def test_a_murmur_is_made_of_one_speaker(corpora: Corpora) -> None:
    """Its rows say whose voice it is made of, so that nobody hears a test speaker in it."""
    speakers = [("calm.flac",), ("calm.flac", "calm.flac")]
    told: list[int] = []
    for _ in range(2):
        made = make_murmurs(
            corpora, speakers, Surroundings(), lambda what, done, total: told.append(done)
        )
        assert set(made.clip.tolist()) <= {0, 1}
        assert made.vectors.shape == made.recent.shape
    assert told == [0, 1]


def test_several_processes_hear_the_same(corpora: Corpora, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shared out among processes, the rows are those that one process makes, in their order."""
    pytest.importorskip("threadpoolctl", reason="needs the train extra")
    names = ["calm.flac", "still.flac", "calm.flac"]
    ways = [(AS_RECORDED, Voice(tilt_db=2.0))] * 3

    def ask() -> Examples:
        return make_examples(corpora, names, ways, Surroundings(), lambda what, d, t: None)

    alone = ask()
    monkeypatch.setattr(hearing, "WORTH_SHARING", 0)
    monkeypatch.setattr(examples, "_kept", lambda file: None)
    together = ask()
    assert np.array_equal(alone.clip, together.clip)
    assert np.array_equal(alone.voice, together.voice)
    # Not to the bit: their linear algebra may run on another number of threads.
    assert np.allclose(alone.frames, together.frames, atol=0.1)
    assert np.allclose(alone.vectors, together.vectors, rtol=1e-2, atol=0.05)
