"""classifier.trajectory"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.frames import ShiftDirection
from classifier.trajectory import FORGET_S, Trajectory

UNIT = st.floats(-1.0, 1.0)


def test_first_reading_has_no_past_and_is_stable() -> None:
    """A voice just met has not moved."""
    assert Trajectory().feed(1.0, 0.9, -0.9) == (0.0, ShiftDirection.STABLE)


@pytest.mark.parametrize(
    ("arousal", "valence", "direction"),
    [
        (0.8, 0.0, ShiftDirection.ESCALATING),
        (0.0, -0.8, ShiftDirection.ESCALATING),
        (0.6, -0.6, ShiftDirection.ESCALATING),
        (-0.8, 0.0, ShiftDirection.DE_ESCALATING),
        (0.0, 0.8, ShiftDirection.DE_ESCALATING),
        (0.05, -0.05, ShiftDirection.STABLE),
        (0.7, 0.7, ShiftDirection.STABLE),
    ],
)
def test_direction_is_the_change_of_tension(
    arousal: float, valence: float, direction: ShiftDirection
) -> None:
    """Arousal up or valence down escalates, the reverse de-escalates, small change is stable."""
    path = Trajectory()
    path.feed(0.0, 0.0, 0.0)
    assert path.feed(0.5, arousal, valence)[1] is direction


def test_a_change_that_lasts_becomes_the_usual() -> None:
    """The shift fades while the voice stays where it went."""
    path = Trajectory()
    path.feed(0.0, 0.0, 0.0)
    readings = [path.feed(0.5 * i, 0.8, -0.4) for i in range(1, 60)]
    magnitudes = [magnitude for magnitude, _ in readings]
    assert magnitudes == sorted(magnitudes, reverse=True)
    assert magnitudes[0] > 0.8
    assert readings[-1][0] < 0.05
    assert readings[-1][1] is ShiftDirection.STABLE


def test_the_rate_of_readings_does_not_change_the_memory() -> None:
    """Two readings a second and ten a second remember the same past."""
    slow, quick = Trajectory(), Trajectory()
    for path, step_s in ((slow, 0.5), (quick, 0.1)):
        path.feed(0.0, 0.0, 0.0)
        for i in range(1, round(10 / step_s) + 1):
            path.feed(i * step_s, 0.0, 0.0)
        for i in range(1, round(4 / step_s) + 1):
            path.feed(10 + i * step_s, 0.5, 0.0)
    assert slow.feed(14.1, 0.5, 0.0)[0] == pytest.approx(quick.feed(14.1, 0.5, 0.0)[0], abs=1e-9)


def test_a_young_path_gives_its_first_reading_little_weight() -> None:
    """What was read once at the start fades sooner than what was read for long."""
    young, old = Trajectory(), Trajectory()
    young.feed(9.5, 0.0, 0.0)
    for i in range(20):
        old.feed(0.5 * i, 0.0, 0.0)
    for path in (young, old):
        path.feed(10.0, 0.8, 0.0)
    assert young.feed(10.5, 0.8, 0.0)[0] < old.feed(10.5, 0.8, 0.0)[0]


def test_two_readings_at_one_time_are_taken() -> None:
    """Readings without time between them divide by nothing."""
    path = Trajectory()
    path.feed(1.0, 0.0, 0.0)
    assert path.feed(1.0, 1.0, 0.0)[0] == pytest.approx(1.0)
    assert path.feed(1.0, 1.0, 0.0)[0] == pytest.approx(0.5)


def test_a_long_silence_is_forgotten() -> None:
    """After half a minute without a reading there is nothing to compare with."""
    path = Trajectory()
    path.feed(0.0, -1.0, 1.0)
    assert path.feed(FORGET_S + 1, 1.0, -1.0) == (0.0, ShiftDirection.STABLE)


def test_reset_forgets() -> None:
    """After a reset the next reading is a first one."""
    path = Trajectory()
    path.feed(5.0, -1.0, 1.0)
    path.reset()
    assert path.feed(1.0, 1.0, -1.0) == (0.0, ShiftDirection.STABLE)


@pytest.mark.parametrize("reading", [(0.5, 0.0, 0.0), (float("nan"), 0, 0), (2, float("inf"), 0)])
def test_nonsense_is_refused(reading: tuple[float, float, float]) -> None:
    """Time that runs backwards and numbers that are none raise ValueError."""
    path = Trajectory()
    path.feed(1.0, 0.0, 0.0)
    with pytest.raises(ValueError, match=r"backwards|finite"):
        path.feed(*reading)


@pytest.mark.parametrize("options", [{"memory_s": 0.0}, {"dead_band": -1.0}, {"dead_band": 3.0}])
def test_senseless_options_are_refused(options: dict[str, float]) -> None:
    """A memory of no length or a dead band off the scale raises ValueError."""
    with pytest.raises(ValueError, match="memory_s"):
        Trajectory(**options)


@given(st.lists(st.tuples(st.floats(0, 5), UNIT, UNIT), max_size=30))
def test_magnitude_stays_in_range(steps: list[tuple[float, float, float]]) -> None:
    """Whatever is fed, the magnitude lies in 0..1 and the direction is one of three."""
    path, now_s = Trajectory(), 0.0
    for step_s, arousal, valence in steps:
        now_s += step_s
        magnitude, direction = path.feed(now_s, arousal, valence)
        assert 0.0 <= magnitude <= 1.0
        assert direction in ShiftDirection
