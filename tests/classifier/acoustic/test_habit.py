"""classifier.acoustic.habit, in lanes that begin with voices known from before"""

from dataclasses import replace

import numpy as np
import pytest

from classifier.acoustic.analysis import analyse
from classifier.acoustic.baseline import Moments
from classifier.acoustic.contour import CONTOUR_WIDTH
from classifier.acoustic.functionals import WIDTH
from classifier.acoustic.habit import TAKEN_UP_S
from classifier.acoustic.known import KnownVoice
from classifier.acoustic.lane import Lane
from classifier.acoustic.model import load_network
from classifier.acoustic.voices import VoiceTracker
from classifier.frames import Source
from tests.classifier.acoustic.acquaintances import voice
from tests.classifier.voices import Pcm, higher, recording, silence

NETWORK = load_network("open")
CARD = NETWORK.card
AGITATED, TIRED = recording("agitated"), recording("tired")


def heard(pcm: Pcm, known: tuple[KnownVoice, ...] = (), voices: VoiceTracker | None = None) -> Lane:
    """A lane after this recording."""
    lane = Lane(Source.MIC, CARD, voices)
    lane.expect(known)
    lane.push(pcm)
    analyse([lane], NETWORK)
    return lane


def test_nothing_is_known_where_nobody_spoke() -> None:
    """Silence, and a lane that was only made, leave nothing."""
    assert Lane(Source.MIC, CARD).known == ()
    assert heard(silence(3.0)).known == ()


def test_a_known_voice_is_measured_against_itself_at_once() -> None:
    """The first window of a voice that was heard before lies nearer to its own usual than to that
    of people, and what is known of it is known at once."""
    before = heard(np.concatenate([AGITATED, AGITATED, TIRED]))
    lane = Lane(Source.MIC, CARD)
    lane.expect(before.known)
    assert lane.heard_s == pytest.approx(min(TAKEN_UP_S, before.heard_s))
    assert lane.heard_s >= CARD.known_s
    lane.push(AGITATED)
    first = next(r.frame for r in analyse([lane], NETWORK)[0] if r.frame.distribution)
    assert first.habit_known
    assert 0.0 < first.heard_s <= 0.5
    usual = lane.habits[0].with_new(np.zeros(WIDTH, np.float32), 0.0).mean
    own = before.habits[0].own_mean
    assert own is not None
    assert np.abs(usual - own).mean() < 0.5 * np.abs(own).mean()


def test_however_long_it_was_heard_it_can_be_learnt_anew() -> None:
    """An hour counts as much as a quarter of a minute, with the same mean."""
    lane = Lane(Source.MIC, CARD)
    known = voice(3600.0)
    lane.expect([known])
    assert lane.heard_s == pytest.approx(TAKEN_UP_S)
    own = lane.habits[0].own_mean
    assert own is not None
    np.testing.assert_allclose(own, known.windows.total / 3600.0, rtol=1e-5)
    _, newest, frames = lane.habits
    assert newest.heard_s == pytest.approx(TAKEN_UP_S)
    assert frames.moments.seconds.max() == pytest.approx(TAKEN_UP_S)
    kept = lane.known[0]
    assert kept.tenor[1] == pytest.approx(TAKEN_UP_S)
    assert kept.tenor[0].sum() == pytest.approx(TAKEN_UP_S)
    assert kept.level.total[0] == pytest.approx(-30.0 * TAKEN_UP_S)


def test_a_short_acquaintance_counts_for_what_it_is() -> None:
    """Two seconds are not made more of."""
    lane = Lane(Source.MIC, CARD)
    lane.expect([voice(2.0)])
    assert lane.heard_s == pytest.approx(2.0)
    assert lane.heard_s < CARD.known_s


def test_an_empty_one_is_none() -> None:
    """Of a voice that was never heard nothing is expected."""
    lane = Lane(Source.MIC, CARD)
    lane.expect([voice(0.0)])
    assert lane.heard_s == 0.0
    assert lane.known == ()


def test_where_voices_are_not_told_apart_it_is_the_one_heard_most() -> None:
    """A habit made of two voices would be wrong for both."""
    lane = Lane(Source.MIC, CARD)
    lane.expect([voice(3.0, turns=True), voice(9.0, turns=True), voice(1.0, turns=True)])
    assert lane.heard_s == pytest.approx(9.0)
    assert len(lane.known) == 1


def test_voices_that_are_told_apart_are_told_apart_again() -> None:
    """In a later session each is found by its own number, also who was second, and has its own
    habit from its first window on."""
    low, high = recording("calm"), higher(AGITATED)
    tracker = VoiceTracker(2)
    known = heard(np.concatenate([low, high, low, high]), voices=tracker).known
    assert len(known) == tracker.heard == 2
    assert all(one.turns is not None for one in known)
    lane = Lane(Source.MIC, CARD, VoiceTracker(2))
    lane.expect(known)
    lane.push(np.concatenate([high, high]))
    frames = [reading.frame for reading in analyse([lane], NETWORK)[0]]
    assert {frame.voice for frame in frames[6:12] if frame.distribution} == {1}
    assert lane.heard_s > known[1].heard_s + 2.0
    lane.push(low)
    frames = [reading.frame for reading in analyse([lane], NETWORK)[0]]
    assert frames[-1].voice == 0
    assert lane.heard_s > known[0].heard_s + 2.0
    assert len(lane.known) == 2


def test_voices_that_were_not_told_apart_then_are_one_now() -> None:
    """Without what tells them apart the first that speaks has the habit, the next its own."""
    lane = Lane(Source.MIC, CARD, VoiceTracker(2))
    lane.expect([replace(voice(5.0), turns=None), voice(8.0, turns=True)])
    assert lane.heard_s == pytest.approx(8.0)
    assert lane.voices is not None
    assert lane.voices.heard == 0


def through_a_telephone(pcm: Pcm) -> Pcm:
    """The lower half of what there is, and nothing below 300 Hz."""
    spectrum = np.fft.rfft(pcm.astype(np.float64))
    hz = np.fft.rfftfreq(pcm.size, 1 / 16_000)
    spectrum[(hz < 300.0) | (hz > 3400.0)] = 0.0
    return np.asarray(np.fft.irfft(spectrum, pcm.size), np.int16)


def test_a_voice_that_sounds_as_it_did_stays_known() -> None:
    """Its habit goes on, and soon nothing that is heard is compared any more."""
    known = heard(np.concatenate([AGITATED, TIRED, AGITATED])).known
    lane = heard(AGITATED, known)
    assert lane.heard_s > 0.7 * TAKEN_UP_S
    more = heard(np.concatenate([AGITATED, AGITATED]), known)
    assert more.heard_s > lane.heard_s + 1.0


def test_who_is_known_from_a_telephone_is_learnt_anew_without_one() -> None:
    """As if nothing had been known: the readings are those of a stranger, and so is the habit."""
    known = heard(through_a_telephone(np.concatenate([AGITATED, TIRED, AGITATED]))).known
    lane, stranger = Lane(Source.MIC, CARD), Lane(Source.MIC, CARD)
    lane.expect(known)
    for one in (lane, stranger):
        one.push(np.concatenate([AGITATED, TIRED]))
    said, by_stranger = analyse([lane], NETWORK)[0], analyse([stranger], NETWORK)[0]
    assert lane.heard_s == pytest.approx(stranger.heard_s, abs=0.1)
    for reading, other in zip(said, by_stranger, strict=True):
        assert reading.frame.heard_s == pytest.approx(other.frame.heard_s, abs=1e-6)
        if reading.emotion is not None and other.emotion is not None:
            np.testing.assert_allclose(reading.emotion, other.emotion, atol=0.02)
    own, others = lane.habits[0].own_mean, stranger.habits[0].own_mean
    assert own is not None
    assert others is not None
    np.testing.assert_allclose(own, others, atol=0.1)
    assert not next(r.frame for r in said if r.frame.distribution).habit_known


def test_noise_makes_nobody_forgotten() -> None:
    """What was taken for speech and is no voice is compared, and not learnt: a session in which
    nobody spoke leaves who was known as it was."""
    known = heard(np.concatenate([AGITATED, TIRED, AGITATED])).known
    lane = Lane(Source.MIC, CARD)
    lane.expect(known)
    before_s = lane.heard_s
    half = np.full(CONTOUR_WIDTH, 0.5)
    lane.recognise(Moments(9.0 * half, 81.0 * half, half))
    assert lane.heard_s < 1.0
    [kept] = lane.known
    assert kept.heard_s == pytest.approx(before_s)
    np.testing.assert_allclose(kept.frames.total, known[0].frames.at_most(15.0).total, rtol=1e-4)


def test_what_is_settled_stays_so() -> None:
    """After some seconds a known voice stays known, whatever the line does to it then."""
    known = heard(np.concatenate([AGITATED, TIRED, AGITATED])).known
    lane = heard(AGITATED, known)
    before_s = lane.heard_s
    lane.push(through_a_telephone(AGITATED))
    frames = [reading.frame for reading in analyse([lane], NETWORK)[0]]
    assert all(frame.habit_known for frame in frames)
    assert lane.heard_s > before_s + 1.0
