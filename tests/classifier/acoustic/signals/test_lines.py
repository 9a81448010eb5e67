"""classifier.acoustic.signals.lines"""

import numpy as np
import pytest

from classifier.acoustic.layout import BLOCK
from classifier.acoustic.signals.lines import STEPS, LineReader
from tests.classifier.acoustic.signals.line import noisy, pause, tone


@pytest.mark.parametrize("hz", [100.0, 425.0, 433.7, 1633.0])
def test_a_line_is_found_between_bins(hz: float) -> None:
    """To two hertz, with nearly all the power."""
    lines = LineReader().read(tone((hz,), 0.5))
    assert lines.hz[2:, 0] == pytest.approx(np.full(STEPS - 2, hz), abs=2.0)
    assert (lines.share[2:, 0] > 0.95).all()


def test_lines_forty_hertz_apart_are_two() -> None:
    """As in a North American ringback."""
    lines = LineReader().read(tone((440.0, 480.0), 0.5))
    assert np.sort(lines.hz[2:], axis=1) == pytest.approx(
        np.tile([440.0, 480.0], (STEPS - 2, 1)), abs=3.0
    )


def test_noise_has_no_line_of_weight() -> None:
    """No line of white noise holds a fifth of it."""
    lines = LineReader().read(noisy(pause(0.5), -20.0))
    assert (lines.share[:, 0] < 0.2).all()


def test_the_level_is_that_of_the_sound() -> None:
    """A sine of -20 dB measures so; nothing measures next to nothing."""
    assert LineReader().read(tone((1000.0,), 0.5)).level_db[3] == pytest.approx(-20.0, abs=0.1)
    assert LineReader().read(pause(0.5)).level_db[3] < -120


def test_a_block_has_its_shape() -> None:
    """Anything but a whole block is refused."""
    with pytest.raises(ValueError, match="a block is"):
        LineReader().read(np.zeros(BLOCK - 1, np.float32))
