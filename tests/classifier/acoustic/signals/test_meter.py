"""classifier.acoustic.signals.meter: what is said, when, and what is not."""

import numpy as np
import pytest

from classifier.acoustic.analysis import analyse
from classifier.acoustic.lane import Lane
from classifier.acoustic.model import load_network
from classifier.frames import Sound, Source
from classifier.training.material.corpora import Corpora, CorporaMissingError
from tests.classifier.acoustic.signals.line import Signal, cadence, heard, labels, noisy, pause
from tests.classifier.acoustic.signals.test_ambience import melody
from tests.classifier.voices import recording

LINE = {"ringback", "busy", "dtmf_tone", "hold_music", "dead_air"}


def through_a_lane(signal: Signal, chunk: int) -> list[Sound]:
    """What a session's lane tells of a signal that comes in chunks."""
    network = load_network("open")
    lane = Lane(Source.MIC, network.card)
    pcm = np.clip(np.rint(signal * 32768), -32768, 32767).astype(np.int16)
    found: list[Sound] = []
    for at in range(0, pcm.size, chunk):
        if lane.push(pcm[at : at + chunk]):
            found += [
                sound for reading in analyse([lane], network)[0] for sound in reading.frame.sounds
            ]
    return found


def test_a_line_without_a_signal_is_silent_and_then_dead() -> None:
    """Digital zero is more than silence: after 3 s the one, after 6 s the other, then no more."""
    assert [item for item in heard(pause(20.0)) if item[0] != "quiet"] == [
        ("silence", 3.0),
        ("dead_air", 6.0),
    ]


def test_a_live_line_is_never_dead() -> None:
    """Its own noise, however faint, keeps it from it."""
    assert "dead_air" not in labels(noisy(pause(20.0), -70.0))


def test_ringing_is_named_within_three_seconds() -> None:
    """Before the second ring."""
    [(_, at_s)] = [item for item in heard(cadence((425.0,), 1.0, 4.0, 2)) if item[0] in LINE]
    assert at_s <= 3.0


def test_a_call_is_told_in_order() -> None:
    """Dialled, rung, and busy."""
    call = np.concatenate(
        [
            pause(1.0),
            cadence((697.0, 1336.0), 0.1, 0.1, 5),
            pause(1.7),
            cadence((425.0,), 1.0, 4.0, 2),
            cadence((425.0,), 0.5, 0.5, 6),
        ]
    )
    assert [label for label in labels(call) if label in LINE] == ["dtmf_tone", "ringback", "busy"]


def test_music_on_hold_ends_as_the_line_does() -> None:
    """A rest in it is not its end; then the call goes through, or the line falls dead."""
    music, rest = melody(40, 0.4), pause(0.8)
    through = np.concatenate([music, rest, music, cadence((425.0,), 1.0, 4.0, 3)])
    assert [label for label in labels(through) if label in LINE] == ["hold_music", "ringback"]
    dropped = labels(np.concatenate([music, pause(10.0)]))
    assert dropped == ["music", "hold_music", "quiet", "silence", "dead_air"]


@pytest.mark.parametrize("chunk", [160, 1600, 7777, 400_000])
def test_any_chunking_tells_the_same(chunk: int) -> None:
    """The same sounds at the same times, to the bit."""
    call = noisy(cadence((480.0, 620.0), 0.5, 0.5, 10), -40.0)
    assert through_a_lane(call, chunk) == through_a_lane(call, 1000)
    assert through_a_lane(call, chunk)


@pytest.mark.parametrize("name", ["calm", "agitated", "tired"])
def test_speech_is_no_tone_and_no_music(name: str) -> None:
    """The project's own recordings of speech."""
    speech = np.tile(recording(name), 3).astype(np.float32) / 32768
    assert not LINE & {sound.label.value for sound in through_a_lane(speech, 16_000)}


@pytest.fixture(scope="module")
def corpora() -> Corpora:
    """The real corpora, or a skip that says what is missing."""
    try:
        return Corpora.find()
    except CorporaMissingError as error:
        pytest.skip(str(error))


@pytest.mark.corpora
@pytest.mark.parametrize("corpus", ["emodb", "ravdess", "nemo"])
def test_real_speech_is_no_tone(corpora: Corpora, corpus: str) -> None:
    """Minutes of many people give no signal of a line and hardly any music."""
    clips = [corpora.pcm(clip.name) for clip in corpora.speech(corpus)[::24]]
    speech = np.concatenate(clips).astype(np.float32) / 32768
    found = [sound.label.value for sound in through_a_lane(speech, 16_000)]
    assert not {"ringback", "busy", "dtmf_tone"} & set(found)
    assert found.count("music") <= 1


@pytest.mark.corpora
def test_real_noises_are_no_tones(corpora: Corpora) -> None:
    """Everyday noises are noise; hardly one has a key, and none a cadence."""
    clips = [name for name, _ in corpora.names("noise")][::4]
    found = [
        set(labels(np.tile(corpora.pcm(name), 3).astype(np.float32) / 32768)) for name in clips
    ]
    assert not any({"ringback", "busy"} & each for each in found)
    assert sum("dtmf_tone" in each for each in found) <= 1
    assert np.mean(["music" in each for each in found]) < 0.1
    loud = [each for each in found if "noise" in each]
    assert len(loud) > 0.8 * len(found)
