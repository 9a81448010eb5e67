"""classifier.training.judging: conditions, joins, firsttone and listeners, on a small corpus"""

from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("torch", reason="needs the train extra")

from classifier.acoustic.model import load_network
from classifier.training.judging import joins
from classifier.training.judging.conditions import ask, outcome, play, treatments
from classifier.training.judging.firsttone import measure_first_tone
from classifier.training.judging.folds import Fold
from classifier.training.judging.joins import measure_joins, measure_joins_known
from classifier.training.judging.judgements import FOUR
from classifier.training.judging.listeners import measure_agreement
from classifier.training.judging.recordings import Treatment
from classifier.training.material.corpora import Corpora
from tests.classifier.voices import noise, recording

NETWORK = load_network("open")


def quietly(what: str, done: int, total: int) -> None:
    """No progress."""


@pytest.fixture
def corpora(tmp_path: Path) -> Corpora:
    """Two speakers with two emotions each, and some noises."""
    rows = ["path,speaker,emotion"]
    for speaker in (1, 2):
        for voice, word in (("agitated", "anger"), ("tired", "sadness")):
            rows.append(f"{speaker}{voice}.flac,{speaker},{word}")
            soundfile.write(tmp_path / rows[-1].split(",")[0], recording(voice)[:40_000], 16_000)
    (tmp_path / "nemo.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "emodb.csv").write_text("path\n", encoding="utf-8")
    soundfile.write(tmp_path / "bed.flac", noise(2.0, 0.1), 16_000)
    hum = 3000 * np.sin(2 * np.pi * 200 / 16_000 * np.arange(32_000))
    soundfile.write(tmp_path / "hum.flac", hum.astype(np.int16), 16_000)
    for name, rows_of in (
        ("noise", "bed.flac,rain\nhum.flac,rain"),
        ("noise_open", "bed.flac,babble"),
    ):
        (tmp_path / f"{name}.csv").write_text(f"path,class\n{rows_of}\n", encoding="utf-8")
    return Corpora.find(tmp_path)


FOLD = Fold("nemo", ("nemo:1", "nemo:2"), NETWORK, ())


def test_both_protocols_are_asked(corpora: Corpora) -> None:
    """Each clip alone once, and each once in every order of sessions, with its truth."""
    runs = ask(corpora, [FOLD], {"nemo": play(corpora, "nemo", 2, quietly)})
    assert [len(run) for run in runs] == [4, 4, 4]
    found = outcome(runs, FOUR)
    assert found.clip.clips == 4
    assert found.session.clips == 8
    assert found.clip.arousal == 1.0


def test_speakers_who_were_not_played_are_not_asked(corpora: Corpora) -> None:
    """One in two played: the answers are hers alone."""
    played = play(corpora, "nemo", 1, quietly, every=2)
    runs = ask(corpora, [FOLD], {"nemo": played})
    assert {answer.speaker for run in runs for answer in run} == {"nemo:1"}


def test_treatments_change_the_sound_as_they_say(corpora: Corpora) -> None:
    """Noise lies 10 dB below the clip and goes on in the pause; a telephone takes the bass."""
    clip = recording("agitated")[:32_000]
    padded = np.concatenate([clip, np.zeros(16_000, np.int16)])
    found = treatments(corpora)
    assert set(found) == {
        "babble, 10 dB",
        "noise, 10 dB",
        "noise, 10 dB, another with every clip",
        "telephone band",
        "an ordinary room",
    }
    noisy = found["noise, 10 dB"](0)(padded, clip.size).astype(np.float64)
    ratio = np.mean(clip.astype(np.float64) ** 2) / np.mean(noisy[clip.size :] ** 2)
    assert 10 * np.log10(ratio) == pytest.approx(10.0, abs=0.5)
    thin = np.abs(np.fft.rfft(found["telephone band"](0)(padded, clip.size)))
    full = np.abs(np.fft.rfft(padded))
    hz = np.fft.rfftfreq(padded.size, 1 / 16_000)
    assert thin[(hz > 50) & (hz < 150)].sum() < 0.1 * full[(hz > 50) & (hz < 150)].sum()
    inside = (hz > 500) & (hz < 3000)
    assert thin[inside].sum() == pytest.approx(full[inside].sum(), rel=0.05)


def test_a_room_rings_on_in_the_pause(corpora: Corpora) -> None:
    """What follows the clip is its reverberation, and dies away; another speaker has another."""
    clip = recording("agitated")[:32_000]
    padded = np.concatenate([clip, np.zeros(24_000, np.int16)])
    place = treatments(corpora)["an ordinary room"]
    heard = [place(number)(padded, clip.size).astype(np.float64) for number in (0, 1)]
    for sound in heard:
        assert np.abs(sound).max() == pytest.approx(np.abs(clip.astype(int)).max(), rel=0.01)
        after = [np.mean(sound[clip.size + at :][:1600] ** 2) for at in (0, 6400)]
        assert after[0] > 1.0
        assert after[0] > 30 * after[1]
    assert not np.array_equal(*heard)
    assert np.array_equal(heard[0], place(0)(padded, clip.size))


def test_a_session_is_in_one_place(corpora: Corpora) -> None:
    """The same noise lies under all of its clips, unless another with every clip is asked for."""
    clips = [recording("agitated")[at : at + 32_000] for at in range(8000, 16_000, 1000)]

    def hums(treat: Treatment) -> set[bool]:
        pauses = [treat(np.pad(clip, (0, 16_000)), clip.size)[clip.size :] for clip in clips]
        spectra = [np.abs(np.fft.rfft(pause.astype(float))) for pause in pauses]
        return {bool(spectrum.max() > 50 * np.median(spectrum)) for spectrum in spectra}

    found = treatments(corpora)
    places = [hums(found["noise, 10 dB"](number)) for number in range(8)]
    assert {True} in places
    assert {False} in places
    assert {True, False} not in places
    assert hums(found["noise, 10 dB, another with every clip"](0)) == {True, False}


def test_joins_are_counted(corpora: Corpora) -> None:
    """Joins of two affects only; what was shown has a delay after the join."""
    found = measure_joins(corpora, [FOLD])
    assert found.joins > 0
    assert 0.0 <= found.shown <= 1.0
    assert found.median_s is None or found.median_s > 0
    assert 0.0 <= found.in_time <= 1.0
    assert found.audible > 0.0


def test_joins_of_a_known_voice_come_later(
    corpora: Corpora, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same joins in one session; not those before the voice was heard for long enough."""
    monkeypatch.setattr(joins, "KNOWN_S", 1.0)
    strangers, known = measure_joins(corpora, [FOLD]), measure_joins_known(corpora, [FOLD])
    assert known.joins == strangers.joins - len(FOLD.speakers)
    assert known.shown > 0.0
    assert known.median_s is not None
    assert 0.0 < known.median_s <= 3.0


def test_the_first_tone_is_timed_from_the_voice(corpora: Corpora) -> None:
    """Every clip is heard once; a tone takes longer than a reading and less than the clip."""
    found = measure_first_tone(corpora, [FOLD])
    assert found.clips == 4
    assert found.named > 0.0
    assert found.median_s is not None
    assert 0.4 < found.median_s < 3.0


def test_listeners_are_agreed_with(corpora: Corpora, tmp_path: Path) -> None:
    """Where listeners heard more arousal in the agitated clips, so do the readings."""
    rows = ["path,arousal,valence"]
    for speaker in (1, 2):
        rows += [f"{speaker}agitated.flac,0.8,-0.5", f"{speaker}tired.flac,-0.6,-0.2"]
    ratings = "\n".join(rows) + "\n"
    (tmp_path / "emodb_arousal_valence_47.csv").write_text(ratings, encoding="utf-8")
    found = measure_agreement(corpora, [FOLD])
    assert found.clips == 4
    assert found.arousal > 0.9
