"""classifier.acoustic.lane"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from classifier.acoustic.analysis import analyse
from classifier.acoustic.baseline import Moments
from classifier.acoustic.contour import CONTOUR_WIDTH
from classifier.acoustic.functionals import WIDTH
from classifier.acoustic.lane import Lane, Reading
from classifier.acoustic.model import load_network
from classifier.frames import Affect, Source, VoiceFrame
from classifier.plane import place_of
from classifier.training.judging.recordings import frames_of as recorded_frames
from classifier.training.judging.recordings import record
from tests.classifier.voices import Pcm, hum, noise, recording, silence, tone

NETWORK = load_network("open")
CALM, AGITATED, TIRED = (recording(name) for name in ("calm", "agitated", "tired"))


def hear(*pcms: Pcm) -> list[list[Reading]]:
    lanes = [Lane(Source.MIC, NETWORK.card) for _ in pcms]
    for lane, pcm in zip(lanes, pcms, strict=True):
        lane.push(pcm)
    return analyse(lanes, NETWORK)


def frames_of(pcm: Pcm) -> list[VoiceFrame]:
    return [reading.frame for reading in hear(pcm)[0]]


def named(frames: Sequence[VoiceFrame]) -> list[Affect]:
    return [frame.affect for frame in frames if frame.affect is not None]


def odds_of(frame: VoiceFrame, affect: Affect) -> float:
    """How many times as likely as *neutral*."""
    return frame.distribution[affect] / frame.distribution[Affect.NEUTRAL]


WHOLE = frames_of(AGITATED)


@pytest.mark.parametrize(
    "pcm",
    [
        silence(6.0),
        noise(6.0, 0.0005),
        noise(6.0, 0.05),
        noise(6.0, 0.3),
        tone(440, 6.0),
        tone(120, 6.0),
        hum(100.0, 6.0),
        (tone(262, 6.0) // 3 + tone(330, 6.0) // 3 + tone(392, 6.0) // 3).astype(np.int16),
        np.concatenate([silence(1.0), tone(1000, 0.2)] * 5),
    ],
    ids=["silence", "faint", "noise", "loud", "a", "low", "buzz", "chord", "beeps"],
)
def test_what_is_not_a_voice_has_no_affect(pcm: Pcm) -> None:
    """Silence, noise at any level, tones, a buzz, a chord and beeps name nothing at all."""
    frames = frames_of(pcm)
    assert len(frames) == pcm.size // 8000
    assert named(frames) == []
    assert all(frame.confidence == 0.0 for frame in frames)


def test_what_is_undecided_does_not_lean() -> None:
    """Arousal, valence and dominance are those of the probabilities, less what is undecided."""
    places = np.array([NETWORK.card.coordinates[n] for n in NETWORK.card.classes], np.float32)
    first = next(reading for reading in hear(AGITATED)[0] if reading.emotion is not None)
    assert first.emotion is not None
    frame = first.frame
    found = (frame.arousal, frame.valence, frame.dominance)
    assert found == pytest.approx(tuple(place_of(first.emotion, places)), abs=1e-6)
    assert found != pytest.approx(tuple(first.emotion @ places), abs=1e-2)


def test_words_are_weighed_by_how_often_they_are_met() -> None:
    """Of two affects the odds change the shares by as much; where the voice lies they do not."""
    alike = replace(NETWORK.card, odds=dict.fromkeys(NETWORK.card.classes, 1.0))
    rarely = replace(alike, odds={**alike.odds, "anger": 0.25})
    lanes = [Lane(Source.MIC, card) for card in (alike, rarely)]
    for lane in lanes:
        lane.push(AGITATED)
    spoken = [
        (one.frame, other.frame)
        for one, other in zip(*analyse(lanes, NETWORK), strict=True)
        if one.frame.distribution
    ]
    assert spoken
    for plain, weighed in spoken:
        before, after = (
            frame.distribution[Affect.FRUSTRATED] / frame.distribution[Affect.WARM]
            for frame in (plain, weighed)
        )
        assert after == pytest.approx(before / 4, rel=1e-4)
        assert sum(weighed.distribution.values()) == pytest.approx(1.0, abs=1e-5)
        assert (plain.arousal, plain.valence) == (weighed.arousal, weighed.valence)


def test_what_a_voice_always_sounds_like_is_said_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """*Tired* loses what the voice was heard as before, no other word does; its place stays."""
    pcm = np.concatenate([TIRED, TIRED])
    readings = hear(pcm)[0]
    monkeypatch.setattr("classifier.acoustic.habit.LASTING", frozenset())
    without = hear(pcm)[0]
    spoken = [
        (one.frame, other.frame)
        for one, other in zip(readings, without, strict=True)
        if one.frame.distribution
    ]
    left = [
        odds_of(after, Affect.TIRED) / odds_of(before, Affect.TIRED) for after, before in spoken
    ]
    assert left[0] == pytest.approx(1.0, rel=1e-5)
    assert min(left) == pytest.approx(left[-1], rel=0.3)
    assert left[-1] < 0.7
    for after, before in spoken:
        warm = odds_of(before, Affect.WARM)
        assert odds_of(after, Affect.WARM) == pytest.approx(warm, rel=1e-4)
        assert (after.arousal, after.valence) == (before.arousal, before.valence)


@pytest.mark.parametrize(
    ("known", "below_db", "speech", "heard"),
    [
        (True, 0.0, 0.3, True),
        (True, -12.0, 0.3, True),
        (True, 0.0, 0.1, False),
        (True, 6.0, 0.3, False),
        (True, 6.0, 0.6, True),
        (False, 0.0, 0.3, False),
        (False, 0.0, 0.6, True),
    ],
)
def test_a_known_voice_is_expected_where_it_is_as_loud(
    known: bool, below_db: float, speech: float, heard: bool
) -> None:
    """A window that sounds strange is still a voice that is known, unless it lies below its usual
    level; what nobody was heard before is not. What is told is the probability that decides."""
    lane = Lane(Source.MIC, NETWORK.card)
    pcm = np.concatenate([AGITATED, AGITATED]) if known else silence(1.0)
    lane.push(pcm)
    analyse([lane], NETWORK)
    assert (lane.heard_s >= NETWORK.card.known_s) == known
    heard_before = record(recorded_frames([AGITATED]), [0]).windows
    windows = [window for window in heard_before if window.vector is not None]
    usual_db = float(np.mean([one.level_db for one in windows]))
    reading = lane.voice(
        replace(windows[-1], end_s=100.0, level_db=usual_db - below_db, crowd=False),
        np.zeros(WIDTH, np.float32),
        np.full(len(NETWORK.card.classes), 1 / len(NETWORK.card.classes), np.float32),
        speech,
        Moments(*np.zeros((3, CONTOUR_WIDTH), np.float32)),
    )
    assert (reading.emotion is not None) == heard
    assert (reading.frame.speech >= 0.5) == heard


@pytest.mark.parametrize(
    ("ends_s", "speech", "named"),
    [
        ([5.0], [0.8], [False]),
        ([5.0], [0.95], [True]),
        ([5.0, 5.5], [0.6, 0.6], [False, True]),
        ([5.0, 6.0], [0.6, 0.6], [False, True]),
        ([5.0, 6.5], [0.6, 0.6], [False, False]),
        ([5.0, 5.5, 9.0], [0.6, 0.6, 0.6], [False, True, False]),
    ],
)
def test_what_begins_is_a_voice_for_sure_or_twice(
    ends_s: list[float], speech: list[float], named: list[bool]
) -> None:
    """One window that may be a voice is measured and not named; the next of them is."""
    lane = Lane(Source.MIC, NETWORK.card)
    windows = record(recorded_frames([AGITATED]), [0]).windows
    spoken = next(window for window in windows if window.vector is not None)
    angry = np.full(len(NETWORK.card.classes), 0.02, np.float32)
    angry[NETWORK.card.classes.index("anger")] = 1.0 - angry[1:].sum()
    frames = [
        lane.voice(
            replace(spoken, end_s=end_s, crowd=False),
            np.zeros(WIDTH, np.float32),
            angry,
            probability,
            Moments(*np.zeros((3, CONTOUR_WIDTH), np.float32)),
        ).frame
        for end_s, probability in zip(ends_s, speech, strict=True)
    ]
    assert [frame.affect is not None for frame in frames] == named
    assert all(frame.distribution[Affect.FRUSTRATED] > 0.7 for frame in frames)


@pytest.mark.parametrize("pcm", [silence(3.0), noise(3.0, 0.05)])
def test_without_speech_there_is_no_evidence(pcm: Pcm) -> None:
    """Nothing is claimed about arousal, valence or affects where nobody speaks."""
    for frame in frames_of(pcm):
        assert frame.arousal is frame.valence is frame.dominance is None
        assert not frame.distribution
        assert frame.prosody_flags == ()
        assert frame.speech < 0.5


def test_speech_is_heard_and_named_in_time() -> None:
    """The first affect comes with the second reading on speech, or the fifth at the latest."""
    for pcm in (CALM, AGITATED, TIRED):
        frames = frames_of(pcm)
        assert np.mean([frame.speech > 0.5 for frame in frames]) > 0.7
        spoken_s = [frame.timestamp_s for frame in frames if frame.speech > 0.5]
        first = next(frame for frame in frames if frame.affect is not None)
        assert spoken_s[0] <= 1.5  # the recordings begin with 0.3 s of room
        assert first.timestamp_s <= spoken_s[4]


def test_different_manners_are_heard_differently() -> None:
    """One synthetic voice speaking agitated and tired: other words, higher arousal."""
    heard = {}
    for manner, pcm in (("calm", CALM), ("agitated", AGITATED), ("tired", TIRED)):
        frames = frames_of(pcm)
        words = named(frames)
        arousal = np.mean([frame.arousal for frame in frames if frame.arousal is not None])
        heard[manner] = (max(set(words), key=words.count), float(arousal))
    assert len({word for word, _ in heard.values()}) >= 2
    assert heard["agitated"][1] > heard["calm"][1] + 0.2
    assert heard["agitated"][1] > heard["tired"][1] + 0.2


def test_readings_hold_what_they_promise() -> None:
    """Ranges, sums and times of the frames of a spoken recording."""
    before_s = 0.0
    for frame in frames_of(np.concatenate([AGITATED, CALM])):
        assert frame.timestamp_s == before_s + 0.5
        before_s = frame.timestamp_s
        assert 0.0 <= frame.speech <= 1.0
        assert 0.0 <= frame.confidence <= 1.0
        assert 0.0 <= frame.shift_magnitude <= 1.0
        if frame.arousal is None:
            continue
        assert sum(frame.distribution.values()) == pytest.approx(1.0, abs=1e-4)
        assert frame.arousal is not None
        assert frame.valence is not None
        assert frame.dominance is not None
        assert max(map(abs, (frame.arousal, frame.valence, frame.dominance))) <= 1.0
        if frame.affect is not None:
            assert frame.confidence == pytest.approx(frame.distribution[frame.affect])


def test_only_affects_of_the_card_are_ever_weighed() -> None:
    """The distribution runs over exactly the affects that the card says the weights can name."""
    for frame in frames_of(AGITATED):
        if frame.distribution:
            assert set(frame.distribution) == NETWORK.card.possible_affects
        assert frame.affect is None or frame.affect in NETWORK.card.possible_affects


def test_the_past_is_not_changed_by_the_future() -> None:
    """A longer signal begins with the same readings: everything is causal."""
    assert frames_of(np.concatenate([AGITATED, TIRED]))[: len(WHOLE)] == WHOLE


def test_level_hardly_matters() -> None:
    """Fifteen decibels less, and most of the readings name the same affect."""
    soft = frames_of((AGITATED * 10 ** (-15 / 20)).round().astype(np.int16))
    assert np.mean([a.affect is b.affect for a, b in zip(WHOLE, soft, strict=True)]) >= 0.7


def test_a_voice_that_grows_loud_is_flagged() -> None:
    """After seconds of calm, the same voice agitated differs from its habit."""
    frames = frames_of(np.concatenate([CALM, CALM, AGITATED]))
    calm_until_s = 2 * CALM.size / 16_000
    late = [flag for f in frames if f.timestamp_s > calm_until_s + 1 for flag in f.prosody_flags]
    assert "loud" in late
    assert frames[-1].heard_s > 5.0


def test_a_change_of_manner_escalates() -> None:
    """From tired to agitated, a shift is reported, and it is an escalation."""
    frames = frames_of(np.concatenate([TIRED, AGITATED]))
    turn_s = TIRED.size / 16_000
    after = [f for f in frames if turn_s < f.timestamp_s < turn_s + 4]
    assert any(f.shift_direction == "escalating" and f.shift_magnitude > 0.3 for f in after)


BITS = np.random.default_rng(4)


@pytest.mark.parametrize(
    "pcm",
    [
        np.full(32_000, 32767),
        np.full(32_000, -32768),
        np.tile([32767, -32768], 16_000),
        np.where(np.arange(32_000) % 113 == 0, 32767, 0),
        np.where(np.arange(32_000) // 50 % 2, 32767, -32768),
        np.concatenate([[1], np.zeros(31_999)]),
        BITS.integers(-1, 2, 32_000),
        BITS.integers(-32768, 32768, 32_000),
        np.clip(AGITATED[:32_000].astype(int) * 200, -32768, 32767),
    ],
    ids=["top", "bottom", "nyquist", "pulses", "square", "one", "bits", "full", "clipped"],
)
def test_no_pcm_breaks_the_arithmetic(pcm: np.ndarray) -> None:
    """Extremes of all kinds give finite numbers, without a warning."""
    for frame in frames_of(pcm.astype(np.int16)):
        numbers = [frame.speech, frame.confidence, frame.shift_magnitude, frame.heard_s]
        numbers += [v for v in (frame.arousal, frame.valence, frame.dominance) if v is not None]
        assert np.isfinite(numbers).all()
