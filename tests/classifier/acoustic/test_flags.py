"""classifier.acoustic.flags"""

import numpy as np
import pytest

from classifier.acoustic.flags import KNOWN_S, LEVEL_STEP_DB, MOST, prosody_flags
from classifier.acoustic.functionals import FUNCTIONAL, WIDTH
from classifier.acoustic.layout import Floats
from classifier.frames import ProsodyFlag


def difference(**steps: float) -> Floats:
    vector = np.zeros(WIDTH, np.float32)
    for name, value in steps.items():
        vector[FUNCTIONAL[name.replace("__", ":")]] = value
    return vector


@pytest.mark.parametrize(
    ("changed", "flag"),
    [
        ({"pitch_st__p50": 1.5}, ProsodyFlag.RAISED_PITCH),
        ({"pitch_st__p50": -1.5}, ProsodyFlag.LOWERED_PITCH),
        ({"pitch_st__std": 1.5}, ProsodyFlag.LIVELY_PITCH),
        ({"pitch_st__std": -1.5}, ProsodyFlag.FLAT_PITCH),
        ({"syllable_rate": 1.5}, ProsodyFlag.FAST),
        ({"syllable_rate": -1.5}, ProsodyFlag.SLOW),
        ({"alpha_db__mean": -1.5, "h1_a3_db__mean": -1.5}, ProsodyFlag.TENSE),
        (
            {"alpha_db__mean": 1.5, "h1_a3_db__mean": 1.5, "hnr_db__mean": -1.5},
            ProsodyFlag.BREATHY,
        ),
    ],
)
def test_each_measure_has_its_flag(changed: dict[str, float], flag: ProsodyFlag) -> None:
    """A step away from the voice's habit is named, and nothing else."""
    assert prosody_flags(difference(**changed), 0.0, 60.0) == (flag,)


@pytest.mark.parametrize(("sign", "flag"), [(1, ProsodyFlag.LOUD), (-1, ProsodyFlag.QUIET)])
def test_level_has_its_flags(sign: int, flag: ProsodyFlag) -> None:
    """A change of level against the voice's own is named."""
    assert prosody_flags(difference(), sign * 1.2 * LEVEL_STEP_DB, 60.0) == (flag,)


def test_a_steep_clear_voice_is_not_breathy() -> None:
    """A dark voice without noise in it is only dark."""
    changed = difference(alpha_db__mean=2.0, h1_a3_db__mean=2.0, hnr_db__mean=1.0)
    assert prosody_flags(changed, 0.0, 60.0) == ()


def test_the_usual_voice_has_no_flags() -> None:
    """Small differences are not worth a word."""
    assert prosody_flags(np.full(WIDTH, 0.5, np.float32), 1.0, 60.0) == ()


def test_an_unknown_voice_has_no_flags() -> None:
    """Before a voice has a habit nothing can differ from it."""
    changed = difference(pitch_st__p50=3.0)
    assert prosody_flags(changed, 20.0, KNOWN_S - 0.1) == ()
    assert prosody_flags(changed, 20.0, KNOWN_S) != ()


def test_the_most_notable_come_first_and_are_few() -> None:
    """Flags are ordered by how far the voice is from its habit, and limited in number."""
    changed = difference(pitch_st__p50=2.0, pitch_st__std=3.0, syllable_rate=1.2)
    flags = prosody_flags(changed, 1.5 * LEVEL_STEP_DB, 60.0)
    assert flags == (ProsodyFlag.LIVELY_PITCH, ProsodyFlag.RAISED_PITCH, ProsodyFlag.LOUD)
    assert len(flags) == MOST
