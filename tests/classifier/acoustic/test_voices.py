"""classifier.acoustic.voices"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.acoustic.layout import COLUMN, FRAME_WIDTH
from classifier.acoustic.voices import (
    TURN_FRAMES,
    TURN_WIDTH,
    VoiceModel,
    VoiceTracker,
    describe_turn,
    shipped_voice_model,
    turn_begin,
)

MODEL = VoiceModel(
    np.zeros(TURN_WIDTH, np.float32),
    np.eye(TURN_WIDTH, dtype=np.float32)[:, :4],
    np.full(4, 4.0, np.float32),
)
"""Voices lie about two deviations of a turn from each other."""


def turn(place: float) -> np.ndarray:
    """A turn of a voice at that place."""
    return np.full(TURN_WIDTH, place, np.float32)


def follow(tracker: VoiceTracker, places: list[float]) -> list[int]:
    """What is said of half-second blocks of voices at those places."""
    return [tracker.follow(turn(place), 0.4) for place in places]


def test_one_voice_stays_one() -> None:
    """A voice that wavers a little is always the first."""
    rng = np.random.default_rng(1)
    tracker = VoiceTracker(4, MODEL)
    assert set(follow(tracker, list(rng.normal(0.0, 0.5, 200)))) == {0}
    assert tracker.heard == 1


def test_two_voices_in_turns_are_told_apart() -> None:
    """Each keeps its number when it comes back, and is found within a second."""
    tracker = VoiceTracker(2, MODEL)
    said = follow(tracker, [-2.0] * 10 + [2.0] * 10 + [-2.0] * 10 + [2.0] * 10)
    for first, voice in ((0, 0), (10, 1), (20, 0), (30, 1)):
        assert said[first + 2 : first + 10] == [voice] * 8
    assert tracker.heard == 2
    assert 0.5 < tracker.certainty <= 1.0
    assert 1 <= tracker.changed_blocks <= 3


def test_there_are_never_more_voices_than_allowed() -> None:
    """With one voice allowed everybody is the first; the bound may be raised later."""
    tracker = VoiceTracker(1, MODEL)
    assert set(follow(tracker, [-3.0, 3.0, -1.0, 2.0] * 10)) == {0}
    tracker.most = 2
    follow(tracker, [-3.0] * 10 + [3.0] * 10)
    assert tracker.heard == 2


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 8),
    st.lists(st.tuples(st.floats(-30, 30), st.floats(0.0, 0.5)), max_size=60),
)
def test_numbers_are_given_in_order_and_within_the_bound(
    most: int, blocks: list[tuple[float, float]]
) -> None:
    """Whatever is heard, voices are numbered 0, 1, 2 ... as they come, below the bound."""
    tracker = VoiceTracker(most, MODEL)
    said = [tracker.follow(turn(place), new_s) for place, new_s in blocks]
    firsts = list(dict.fromkeys(said))
    assert firsts == sorted(firsts)
    assert all(0 <= voice < most for voice in said)


def test_blocks_without_speech_change_nothing() -> None:
    """A pause is whoever spoke last, however long."""
    tracker = VoiceTracker(2, MODEL)
    follow(tracker, [-2.0] * 6 + [2.0] * 6)
    assert [tracker.follow(None, 0.0) for _ in range(50)] == [1] * 50
    assert tracker.follow(turn(-2.0), 0.05) == 1


def test_a_turn_begins_after_a_pause() -> None:
    """At the first speech after the last gap of 100 ms, at most a second and a half back."""
    speech = np.zeros(300, bool)
    assert turn_begin(speech) == 300
    speech[50:300] = True
    assert turn_begin(speech) == 300 - TURN_FRAMES
    speech[200:209] = False
    assert turn_begin(speech) == 300 - TURN_FRAMES
    speech[200:220] = False
    assert turn_begin(speech) == 220


def test_a_turn_is_described_by_its_voiced_frames() -> None:
    """Means over them; nothing where there are too few."""
    frames = np.zeros((100, FRAME_WIDTH), np.float32)
    voiced = np.arange(100) < 40
    frames[voiced, COLUMN["pitch_st"]] = 30.0
    described = describe_turn(frames, voiced)
    assert described is not None
    assert described.shape == (TURN_WIDTH,)
    assert described[0] == pytest.approx(30.0)
    assert describe_turn(frames, np.arange(100) < 5) is None


def test_the_shipped_model_fits() -> None:
    """It maps turns to a few dimensions in which voices differ, the most telling first."""
    model = shipped_voice_model()
    assert model.mean.shape == (TURN_WIDTH,)
    assert model.projection.shape == (TURN_WIDTH, len(model.between))
    assert (np.diff(model.between) <= 0).all()
    assert (model.between > 0).all()
