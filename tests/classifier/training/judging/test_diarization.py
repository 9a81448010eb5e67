"""classifier.training.judging.diarization, voices_train and the sessions of the report."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

pytest.importorskip("scipy", reason="needs the train extra")

from classifier.acoustic.voices import TURN_WIDTH, VoiceTracker
from classifier.training.diarization_report import OneAfterTheOther
from classifier.training.judging.diarization import Errors, errors, follow, joins, recorded_talks
from classifier.training.material.corpora import Corpora, CorporaMissingError
from classifier.training.voices_train import fit, turns_of
from tests.classifier.voices import recording, silence


def truth(*spans: tuple[int, int, int], frames: int = 100, speakers: int = 2) -> np.ndarray:
    """Who speaks: (speaker, first frame, one after the last)."""
    who = np.zeros((frames, speakers), bool)
    for speaker, first, last in spans:
        who[first:last, speaker] = True
    return who


def test_the_names_of_voices_do_not_matter() -> None:
    """Who is called what is free; that everybody is somebody else is an error."""
    who = truth((0, 0, 40), (1, 50, 100))
    said = np.full(100, -1)
    said[:40], said[50:] = 3, 1
    assert errors(who, said) == Errors(90, 0, 0, 0)
    said[50:] = 3
    assert errors(who, said) == Errors(90, 0, 0, 40)


def test_each_kind_of_error_is_counted() -> None:
    """Unheard speech, heard silence, the wrong voice, and all of them over the speech."""
    who = truth((0, 0, 50), (1, 50, 90))
    said = np.full(100, 0)
    said[:10] = -1
    said[50:70] = 1
    found = errors(who, said)
    assert found == Errors(90, 10, 10, 20)
    assert found.rate == pytest.approx(40 / 90)
    assert (found + found).rate == pytest.approx(found.rate)
    assert Errors().rate == 0.0


def test_of_two_who_speak_at_once_one_is_missed() -> None:
    """A single voice cannot answer for both."""
    who = truth((0, 0, 60), (1, 40, 100))
    said = np.repeat([0, 1], [50, 50])
    assert errors(who, said) == Errors(120, 20, 0, 0)


def test_a_collar_forgives_what_is_near_a_change() -> None:
    """A change that is a quarter of a second late is no error with the collar."""
    who = truth((0, 0, 50), (1, 50, 100))
    said = np.repeat([0, 1], [70, 30])
    assert errors(who, said).confused == 20
    assert errors(who, said, 0.25).confused == 0
    assert errors(who, said, 0.25).speech == 50


@given(hnp.arrays(np.int64, 60, elements=st.integers(-1, 4)))
def test_what_is_said_exactly_is_no_error(said: np.ndarray) -> None:
    """The truth itself, under any names, has none; everybody as one has only confusion."""
    who = said[:, None] == np.arange(5)
    assert errors(who, (said + 3) % 5 * (said >= 0) - (said < 0)).rate == 0.0
    lumped = errors(who, np.minimum(said, 0))
    assert lumped.missed == lumped.false == 0


def test_a_stream_that_is_one_voice_is_followed() -> None:
    """A recording and a pause: a voice while it speaks, nobody after."""
    said, heard = follow(np.concatenate([recording("calm")[:80_000], silence(1.5)]), 1)
    assert heard == 1
    assert (said[:500] == 0).mean() > 0.4
    assert (said[-100:] == -1).all()


def test_the_model_is_that_of_its_voices() -> None:
    """Turns drawn around two centres: the direction between them tells the most, and a tracker
    with that model tells them apart."""
    rng = np.random.default_rng(2)
    centres = rng.normal(0, 3, (6, TURN_WIDTH))
    voices = [centre + rng.normal(0, 1, (80, TURN_WIDTH)) for centre in centres]
    model = fit([voice.astype(np.float32) for voice in voices])
    assert model.projection.shape == (TURN_WIDTH, len(model.between))
    assert 2 <= len(model.between) <= 6
    tracker = VoiceTracker(2, model)
    rows = [*voices[0][:8], *voices[1][:8], *voices[0][8:16]]
    said = [tracker.follow(row.astype(np.float32), 0.4) for row in rows]
    assert said[2:8] == [0] * 6
    assert said[10:16] == [1] * 6
    assert said[18:24] == [0] * 6


def test_turns_are_written_down_as_a_stream_describes_them() -> None:
    """One row of means for each half second with speech."""
    rows = turns_of(recording("calm")[:48_000])
    assert 2 <= len(rows) <= 6
    assert all(row.shape == (TURN_WIDTH,) for row in rows)


def test_who_is_told_is_who_speaks() -> None:
    """The oracle of the report says what it was given."""
    oracle = OneAfterTheOther([0, 0, 1])
    assert [oracle.follow(None, 0.0) for _ in range(3)] == [0, 0, 1]


@pytest.mark.corpora
def test_joins_of_unseen_speakers() -> None:
    """Two speakers in turns: told apart they are wrong for less than a third of the speech, and
    for clearly less than as one; the same joins every time."""
    try:
        corpora = Corpora.find()
    except CorporaMissingError as error:
        pytest.skip(str(error))
    apart, lumped = Errors(), Errors()
    for talk in joins(corpora, "nemo", 4):
        apart = apart + errors(talk.who, follow(talk.pcm, 2)[0])
        lumped = lumped + errors(talk.who, follow(talk.pcm, 1)[0])
    assert apart.rate < 0.35
    assert apart.rate < lumped.rate - 0.1
    one, two = (next(joins(corpora, "nemo", 4)) for _ in range(2))
    assert np.array_equal(one.pcm, two.pcm)
    assert len(recorded_talks(corpora)) == 16
