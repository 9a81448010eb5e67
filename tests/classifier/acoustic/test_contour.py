"""classifier.acoustic.contour"""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifier.acoustic.baseline import LEAST_DEVIATION, Moments
from classifier.acoustic.contour import (
    BANDS,
    CHANNELS,
    CONTOUR_WIDTH,
    ENERGY,
    FARTHEST,
    SPEECH_CHANNEL,
    VOICED_CHANNEL,
    FrameHabit,
    contour_input,
    newest_moments,
)
from classifier.acoustic.gate import Mask
from classifier.acoustic.layout import ANALYSIS_FRAMES, BLOCK_FRAMES, COLUMN, Floats

PITCH, TILT = COLUMN["pitch_st"], COLUMN["alpha_db"]

LATE = slice(-BLOCK_FRAMES, None)


def spoken(count: int, seed: int = 1) -> tuple[Floats, Mask, Mask]:
    """Frames of windows, with speech and voice in parts of them."""
    rng = np.random.default_rng(seed)
    frames = rng.normal(size=(count, ANALYSIS_FRAMES, CONTOUR_WIDTH)).astype(np.float32)
    speech = rng.random((count, ANALYSIS_FRAMES)) < 0.7
    return frames, speech, speech & (rng.random((count, ANALYSIS_FRAMES)) < 0.6)


def loud(frames: Floats, speech: Mask) -> Floats:
    """Mean energy of the speech of each window."""
    energy = frames[:, :, ENERGY] * speech
    return np.asarray(energy.sum(axis=1) / speech.sum(axis=1), np.float32)


def habit_of(*moments: Moments) -> FrameHabit:
    habit = FrameHabit()
    for one in moments:
        habit.learn(one)
    return habit


def test_moments_are_sums_over_the_newest_block() -> None:
    """Speech frames of the last half second count, for pitch only those with a voice."""
    newest, speech, voiced = (part[:, LATE] for part in spoken(3))
    found = newest_moments(newest, speech, voiced)
    for window in range(3):
        for column, where in ((TILT, speech), (PITCH, voiced)):
            counted = newest[window, where[window], column]
            assert np.isclose(found.seconds[window, column], len(counted) / 100, atol=1e-5)
            assert np.isclose(found.total[window, column], counted.sum() / 100, atol=1e-4)
            assert np.isclose(found.squares[window, column], (counted**2).sum() / 100, atol=1e-4)


def test_windows_together_are_as_each_alone() -> None:
    """No window's moments or input depend on those beside it."""
    frames, speech, voiced = spoken(4)
    together = newest_moments(frames[:, LATE], speech[:, LATE], voiced[:, LATE]).each()
    usual = [habit_of(one).with_new(one) for one in together]
    mean, deviation = (np.stack([getattr(u, n) for u in usual]) for n in ("mean", "deviation"))
    loud_db = loud(frames, speech)
    inputs = contour_input(frames, speech, voiced, loud_db, mean, deviation, 2.0)
    for row in range(4):
        one = slice(row, row + 1)
        alone = newest_moments(frames[row, LATE], speech[row, LATE], voiced[row, LATE])
        assert np.allclose(alone.total, together[row].total, atol=1e-6)
        by_itself = contour_input(
            frames[one], speech[one], voiced[one], loud_db[one], mean[one], deviation[one], 2.0
        )
        assert np.array_equal(by_itself[0], inputs[row])


def test_a_stranger_is_average() -> None:
    """With nothing heard the habit is the population's."""
    nothing = np.zeros(CONTOUR_WIDTH, np.float32)
    usual = FrameHabit().with_new(Moments(nothing, nothing, nothing))
    assert (usual.mean == 0).all()
    assert (usual.deviation == 1).all()


def test_a_voice_becomes_its_own_measure() -> None:
    """After long, mean and deviation are the voice's own; a monotone has the least deviation."""
    ones = np.ones(CONTOUR_WIDTH, np.float32)
    usual = habit_of(*[Moments(2.0 * ones, 4.0 * ones, ones)] * 2000).with_new(
        Moments(0 * ones, 0 * ones, 0 * ones)
    )
    assert np.allclose(usual.mean, 2.0, atol=0.02)
    assert np.allclose(usual.deviation, LEAST_DEVIATION, atol=0.02)


@given(st.integers(0, 3), st.integers(0, 3))
def test_the_future_does_not_change_the_past(past: int, future: int) -> None:
    """What a habit says after some windows depends on those windows alone."""
    windows = newest_moments(*(part[:, LATE] for part in spoken(8))).each()
    habit = habit_of(*windows[:past])
    said = habit.with_new(windows[past])
    for window in windows[past : past + future]:
        habit.learn(window)
    again = habit_of(*windows[:past]).with_new(windows[past])
    assert np.array_equal(said.mean, again.mean)
    assert np.array_equal(said.deviation, again.deviation)


def seen_by_a_stranger(frames: Floats, speech: Mask, voiced: Mask) -> Floats:
    rows = (len(frames), CONTOUR_WIDTH)
    mean, deviation = np.zeros(rows, np.float32), np.ones(rows, np.float32)
    return contour_input(frames, speech, voiced, loud(frames, speech), mean, deviation, 1.0)


def test_what_is_not_spoken_is_not_seen() -> None:
    """Frames without speech are 0 in every channel, pitch also where there is no voice."""
    frames, speech, voiced = spoken(2)
    seen = seen_by_a_stranger(frames, speech, voiced)
    assert seen.shape == (2, CHANNELS, ANALYSIS_FRAMES)
    assert (seen.transpose(0, 2, 1)[~speech] == 0).all()
    assert (seen[:, PITCH][~voiced] == 0).all()
    assert (seen[:, SPEECH_CHANNEL] == speech).all()
    assert (seen[:, VOICED_CHANNEL] == voiced).all()
    assert np.abs(seen).max() <= FARTHEST


def test_no_level_is_seen() -> None:
    """A louder recording gives the same contour."""
    frames, speech, voiced = spoken(2)
    louder = frames.copy()
    louder[:, :, ENERGY] += 1.5
    louder[:, :, BANDS] += 1.5
    before, after = (seen_by_a_stranger(one, speech, voiced) for one in (frames, louder))
    assert np.allclose(before, after, atol=1e-5)


def test_a_part_of_a_window_is_seen_as_in_the_whole() -> None:
    """What is new is measured against the loudness of the window, not of itself."""
    frames, speech, voiced = spoken(2)
    frames[:, LATE, ENERGY] += 3.0
    rows = (2, CONTOUR_WIDTH)
    usual = np.zeros(rows, np.float32), np.ones(rows, np.float32)
    whole = contour_input(frames, speech, voiced, loud(frames, speech), *usual, 1.0)
    new = (part[:, LATE] for part in (frames, speech, voiced))
    assert np.array_equal(contour_input(*new, loud(frames, speech), *usual, 1.0), whole[:, :, LATE])


def test_a_voice_is_measured_in_its_own_steps() -> None:
    """A constant distance from the habit is seen in deviations of that voice."""
    frames, speech, voiced = spoken(1)
    frames[:, :, TILT] = 1.0
    mean = np.zeros((1, CONTOUR_WIDTH), np.float32)
    deviation = np.full((1, CONTOUR_WIDTH), 0.5, np.float32)
    seen = contour_input(frames, speech, voiced, loud(frames, speech), mean, deviation, 1.0)
    assert np.allclose(seen[0, TILT][speech[0]], 2.0)


def test_a_band_is_seen_against_the_loudness() -> None:
    """A voice that has less in a band than it usually has, for its loudness, is seen to."""
    frames, speech, voiced = spoken(1)
    frames[:, :, ENERGY] = -20.0
    frames[:, :, BANDS] = -30.0
    mean = np.zeros((1, CONTOUR_WIDTH), np.float32)
    mean[:, ENERGY], mean[:, BANDS] = -40.0, -44.0
    deviation = np.full((1, CONTOUR_WIDTH), 3.0, np.float32)
    seen = contour_input(frames, speech, voiced, loud(frames, speech), mean, deviation, 5.0)
    assert np.allclose(seen[0, BANDS][:, speech[0]], (-10.0 - -4.0) / 3.0)
    assert (seen[0, ENERGY] == 0).all()
