"""classifier.acoustic.signals.lines"""

import numpy as np
import pytest

from classifier.acoustic.layout import BLOCK
from classifier.acoustic.signals.lines import STEPS, LineReader, Lines, find_lines
from tests.classifier.acoustic.signals.line import Signal, noisy, pause, tone


def lines_of(block: Signal) -> Lines:
    return find_lines(LineReader().extend(block)[None])[0]


@pytest.mark.parametrize("hz", [100.0, 425.0, 433.7, 1633.0])
def test_a_line_is_found_between_bins(hz: float) -> None:
    """To two hertz, with nearly all the power."""
    lines = lines_of(tone((hz,), 0.5))
    assert lines.hz[2:, 0] == pytest.approx(np.full(STEPS - 2, hz), abs=2.0)
    assert (lines.share[2:, 0] > 0.95).all()


def test_lines_forty_hertz_apart_are_two() -> None:
    """As in a North American ringback."""
    lines = lines_of(tone((440.0, 480.0), 0.5))
    assert np.sort(lines.hz[2:], axis=1) == pytest.approx(
        np.tile([440.0, 480.0], (STEPS - 2, 1)), abs=3.0
    )


def test_noise_has_no_line_of_weight() -> None:
    """No line of white noise holds a fifth of it."""
    lines = lines_of(noisy(pause(0.5), -20.0))
    assert (lines.share[:, 0] < 0.2).all()


def test_the_level_is_that_of_the_sound() -> None:
    """A sine of -20 dB measures so; nothing measures next to nothing."""
    assert lines_of(tone((1000.0,), 0.5)).level_db[3] == pytest.approx(-20.0, abs=0.1)
    assert lines_of(pause(0.5)).level_db[3] < -120


def test_a_block_has_its_shape() -> None:
    """Anything but a whole block is refused."""
    with pytest.raises(ValueError, match="a block is"):
        LineReader().extend(np.zeros(BLOCK - 1, np.float32))


def test_lines_do_not_depend_on_the_lanes_beside() -> None:
    """Of seven lanes at once, each has to the bit what it has alone."""
    hz = (100.0, 425.0, 433.7, 480.0, 941.0, 1336.0, 1633.0)
    signals = np.stack([LineReader().extend(noisy(tone((each,), 0.5), -30.0)) for each in hz])
    for lane, together in enumerate(find_lines(signals)):
        alone = find_lines(signals[lane : lane + 1])[0]
        for name in ("level_db", "hz", "share", "spectrum"):
            assert np.array_equal(getattr(together, name), getattr(alone, name)), name
