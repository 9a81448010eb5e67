"""The made-up conversation behind the mock."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.conversation import FLOOR, MOODS, Conversation, flags, likely
from classifier.frames import Affect, ProsodyFlag, ShiftDirection, Source, VoiceFrame

LONG_S = 1200

EXCITED = {ProsodyFlag.RAISED_PITCH, ProsodyFlag.LOUD, ProsodyFlag.FAST}
SUBDUED = {ProsodyFlag.LOWERED_PITCH, ProsodyFlag.QUIET, ProsodyFlag.SLOW}


def told(seed: int, duration_s: int = LONG_S, rate_hz: int = 1) -> list[VoiceFrame]:
    """The readings of one conversation."""
    conversation = Conversation(seed)
    return [conversation.next(i / rate_hz) for i in range(1, duration_s * rate_hz + 1)]


@given(st.integers(min_value=0, max_value=2**63))
def test_a_seed_makes_the_conversation(seed: int) -> None:
    """The same seed gives the same readings, whatever the seed."""
    assert told(seed, 30) == told(seed, 30)


def test_seeds_make_different_conversations() -> None:
    """Different seeds tell different stories."""
    stories = [[f.affect for f in told(seed, 60)] for seed in range(5)]
    assert all(stories.count(story) == 1 for story in stories)


@given(st.integers(0, 1000), st.integers(2, 10))
def test_the_rate_of_reading_changes_no_turn_mood_or_voice(seed: int, rate_hz: int) -> None:
    """Reading more often tells the same story in more detail."""
    rarely = told(seed, 20)
    often = told(seed, 20, rate_hz)[rate_hz - 1 :: rate_hz]
    for one, other in zip(rarely, often, strict=True):
        assert (one.source, one.speech, one.affect) == (other.source, other.speech, other.affect)
        assert one.confidence == pytest.approx(other.confidence)
        assert one.heard_s == pytest.approx(other.heard_s)
        if one.arousal is not None:
            assert other.arousal == pytest.approx(one.arousal)


@given(st.integers(0, 10_000))
def test_every_reading_hangs_together(seed: int) -> None:
    """Affect, confidence, dimensions, flags and distribution never contradict each other."""
    for frame in told(seed, 60):
        if frame.affect is None:
            assert frame.confidence == 0
        else:
            assert FLOOR <= frame.confidence <= 1
            assert frame.confidence == max(frame.distribution.values())
            assert frame.distribution[frame.affect] == frame.confidence
        if frame.speech < 0.5:
            assert frame.affect is None
            assert frame.arousal is frame.valence is frame.dominance is None
            assert not frame.prosody_flags
            assert not frame.distribution
            assert frame.shift_magnitude == 0
            continue
        assert sum(frame.distribution.values()) == pytest.approx(1)
        assert frame.arousal is not None
        assert frame.valence is not None
        assert frame.dominance is not None
        assert max(map(abs, (frame.arousal, frame.valence, frame.dominance))) <= 1
        assert 0 <= frame.shift_magnitude <= 1
        measured = set(frame.prosody_flags)
        assert len(measured) == len(frame.prosody_flags)
        assert not (measured & EXCITED and measured & SUBDUED)
        if measured & EXCITED:
            assert frame.arousal > 0.2
        if measured & SUBDUED:
            assert frame.arousal < -0.2


def test_the_voice_moves_continuously() -> None:
    """Read often, arousal and valence of one speaker never leap."""
    last: dict[Source, VoiceFrame] = {}
    for frame in told(3, 120, rate_hz=50):
        if frame.arousal is None or frame.valence is None:
            continue
        before = last.get(frame.source)
        if before is not None and before.arousal is not None and before.valence is not None:
            leap = math.hypot(frame.arousal - before.arousal, frame.valence - before.valence)
            assert leap < 0.05
        last[frame.source] = frame


def test_every_affect_and_direction_comes_to_pass() -> None:
    """A long conversation shows the whole vocabulary, and no one affect rules it."""
    frames = told(1)
    named = [f.affect for f in frames if f.affect is not None]
    assert set(named) == set(Affect)
    assert {f.shift_direction for f in frames} == set(ShiftDirection)
    assert {flag for f in frames for flag in f.prosody_flags} == set(ProsodyFlag)
    assert max(named.count(affect) for affect in Affect) < len(named) / 3


def test_speakers_take_turns_and_pause() -> None:
    """Both voices speak for seconds on end, and now and then nobody does."""
    frames = told(2)
    spoken = [f for f in frames if f.speech > 0.5]
    changes = sum(a.source is not b.source for a, b in pairwise(spoken))
    assert {f.source for f in spoken} == {Source.MIC, Source.TAB}
    assert LONG_S / 20 < changes < LONG_S / 3
    assert 0.02 < 1 - len(spoken) / len(frames) < 0.3
    assert any(a.speech < 0.5 and b.speech < 0.5 for a, b in pairwise(frames))


def test_a_move_of_the_voice_is_reported_as_a_shift() -> None:
    """Escalation is reported only of a voice that had less tension a little before."""
    past: dict[Source, list[float]] = {Source.MIC: [], Source.TAB: []}
    seen = 0
    for frame in told(4, 300):
        if frame.arousal is None or frame.valence is None:
            continue
        tension = frame.arousal - frame.valence
        if frame.shift_direction is ShiftDirection.ESCALATING:
            assert min(past[frame.source]) < tension
            seen += 1
        past[frame.source].append(tension)
    assert seen > 10


@pytest.mark.parametrize("t_s", [-1.0, math.nan, math.inf])
def test_an_impossible_moment_is_refused(t_s: float) -> None:
    """Time is a finite number from 0 on."""
    with pytest.raises(ValueError, match="forward in time"):
        Conversation(1).next(t_s)


def test_time_does_not_run_backwards() -> None:
    """A moment before the last reading is refused; the same moment again is not."""
    conversation = Conversation(1)
    first = conversation.next(5.0)
    assert conversation.next(5.0).arousal == first.arousal
    with pytest.raises(ValueError, match="forward in time"):
        conversation.next(4.9)


@pytest.mark.parametrize("mood", list(Affect))
def test_a_settled_voice_is_heard_as_its_mood(mood: Affect) -> None:
    """At a mood's own place that mood is by far the likeliest."""
    distribution = likely(MOODS[mood], mood)
    assert max(distribution, key=lambda affect: distribution[affect]) is mood
    assert distribution[mood] > 0.7


def test_flags_come_most_notable_first() -> None:
    """Frustration measures as raised, fast, loud and tense; tiredness as their opposites."""
    assert flags(MOODS[Affect.FRUSTRATED])[0] in {ProsodyFlag.RAISED_PITCH, ProsodyFlag.TENSE}
    assert set(flags(MOODS[Affect.FRUSTRATED])) == EXCITED | {ProsodyFlag.TENSE}
    assert flags(MOODS[Affect.TIRED])[0] is ProsodyFlag.LOWERED_PITCH
    assert flags(MOODS[Affect.NEUTRAL]) == ()
