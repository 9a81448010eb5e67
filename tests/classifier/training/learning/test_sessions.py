"""classifier.training.learning.sessions"""

import numpy as np

from classifier.acoustic.baseline import BASELINE_WEIGHT_S, Baseline, Moments, network_input
from classifier.acoustic.contour import CONTOUR_WIDTH, FrameHabit
from classifier.training.learning.sessions import Rows, Simulated, joined, simulate

ROWS = Rows(
    standardised=np.arange(24, dtype=np.float32).reshape(12, 2) / 10,
    recent=np.where(
        np.arange(12)[:, None] % 4 == 2, np.nan, np.arange(24).reshape(12, 2) / 7
    ).astype(np.float32),
    frames=Moments(
        *(np.random.default_rng(n).random((12, CONTOUR_WIDTH), np.float32) for n in range(3))
    ),
    clip=np.repeat(np.arange(3), 4).astype(np.int32),
    voice=np.tile([0, 0, 1, 1], 3).astype(np.int32),
    new_speech_s=np.full(12, 0.5, np.float32),
)


class NoRestart:
    """Chance that keeps the order and never makes a stranger."""

    def permutation(self, values: np.ndarray) -> np.ndarray:
        return values

    def random(self) -> float:
        return 1.0


def session(clips: list[int], voice: int, chance: NoRestart | None = None) -> Simulated:
    made = simulate(ROWS, clips, voice, chance or NoRestart())  # type: ignore[arg-type] # stands in
    assert made is not None
    return made


def test_rows_of_one_voice_in_the_order_of_clips_and_time() -> None:
    """A session holds the wanted clips, heard one way, each in its own order."""
    assert session([2, 0], 1).picked.tolist() == [10, 11, 2, 3]


def test_the_baseline_is_the_stream_s() -> None:
    """The second view is what the stream's own baseline gives, window after window."""
    made = session([0, 1], 0)
    habit = Baseline(2, BASELINE_WEIGHT_S)
    for step, row in enumerate(made.picked):
        vector = ROWS.standardised[row]
        usual = habit.with_new(vector, 0.5)
        habit.learn(vector, 0.5)
        assert np.allclose(made.whole[step], network_input(vector, usual.mean, usual.deviation))


def test_newest_seconds_have_a_habit_of_their_own() -> None:
    """It is made of them alone; what holds too little is passed over, and stays no number."""
    made = session([0, 1], 1)
    recent = made.recent
    assert made.has_recent.tolist() == [False, True, False, True]
    habit = Baseline(2, BASELINE_WEIGHT_S)
    for step, row in enumerate(made.picked):
        vector = ROWS.recent[row]
        if np.isnan(vector[0]):
            assert np.isnan(recent[step]).all()
            continue
        usual = habit.with_new(vector, 0.5)
        habit.learn(vector, 0.5)
        assert np.allclose(recent[step], network_input(vector, usual.mean, usual.deviation))


def test_frames_have_a_habit_of_their_own() -> None:
    """It is what the stream's own habit of frames gives, window after window."""
    made = session([0, 1], 0)
    habit = FrameHabit(BASELINE_WEIGHT_S)
    for step, row in enumerate(made.picked):
        new = ROWS.frames.each()[row]
        usual = habit.with_new(new)
        habit.learn(new)
        assert np.allclose(made.usual.mean[step], usual.mean, atol=1e-5)
        assert np.allclose(made.usual.deviation[step], usual.deviation, atol=1e-5)


class AlwaysRestart(NoRestart):
    """Chance that makes a stranger of every clip."""

    def random(self) -> float:
        return 0.0


def test_a_restart_forgets_the_voice() -> None:
    """After it a clip is heard as the first of its voice."""
    alone, after = session([1], 0), session([0, 1], 0, AlwaysRestart())
    assert after.picked[2:].tolist() == [4, 5]
    assert np.allclose(after.whole[2:], alone.whole)
    assert np.allclose(after.usual.mean[2:], alone.usual.mean)


def test_no_clips_give_no_session() -> None:
    """A voice that none of the clips has says nothing."""
    assert simulate(ROWS, [0], 7, np.random.default_rng(1)) is None


def test_sessions_follow_each_other() -> None:
    """Joined, they are the same rows one behind the other."""
    first, second = session([0], 0), session([2, 1], 1)
    both = joined([first, second])
    assert both.picked.tolist() == [*first.picked.tolist(), *second.picked.tolist()]
    assert np.array_equal(both.whole[: len(first.whole)], first.whole)
    assert np.array_equal(both.usual.deviation[len(first.whole) :], second.usual.deviation)
