"""classifier.acoustic.crowd"""

import numpy as np
import pytest

from classifier.acoustic import crowd as measures
from classifier.acoustic.crowd import MEMORY_S, ONE_VOICE_DB, Crowd, many_voices
from classifier.acoustic.extractor import FrameExtractor
from classifier.acoustic.layout import COLUMN, Floats
from classifier.acoustic.pitch import VOICED
from tests.classifier.voices import recording


def clearness_db(frames: Floats, voiced: np.ndarray) -> float:
    """Of one window."""
    return float(measures.clearness_db(frames[None], voiced[None])[0])


def frames_of(pcm: np.ndarray) -> tuple[Floats, np.ndarray]:
    """Frames of a recording and which are voiced."""
    frames = FrameExtractor().push(pcm[: pcm.size // 8000 * 8000])[:300]
    return frames, frames[:, COLUMN["voicing"]] >= VOICED


def crowd(voices: int) -> np.ndarray:
    """The project's recordings at many places at once."""
    rng = np.random.default_rng(4)
    parts = [recording(name) for name in ("calm", "agitated", "tired")]
    mixed = sum(
        np.resize(np.roll(parts[i % 3], int(rng.integers(parts[i % 3].size))), 48_000).astype(float)
        for i in range(voices)
    )
    return (mixed / voices).astype(np.int16)


@pytest.mark.parametrize("name", ["calm", "agitated", "tired"])
def test_one_voice_is_no_crowd(name: str) -> None:
    """Each of the project's recordings is clearly one voice."""
    frames, voiced = frames_of(recording(name))
    assert not many_voices(frames[None], voiced[None]).any()
    assert clearness_db(*frames_of(recording(name))) > ONE_VOICE_DB + 2


def test_twelve_voices_are_a_crowd() -> None:
    """The same voices many times over fill each other's pauses."""
    frames, voiced = frames_of(crowd(12))
    assert many_voices(frames[None], voiced[None]).all()


def test_more_voices_are_less_clear() -> None:
    """The measure falls from one voice to three and to twelve."""
    one, three, twelve = (clearness_db(*frames_of(crowd(count))) for count in (1, 3, 12))
    assert one > three > twelve


def test_windows_do_not_mix() -> None:
    """Of several windows each is as clear as it is alone."""
    some = [frames_of(pcm) for pcm in (recording("calm"), crowd(12), recording("tired"))]
    frames = np.stack([frames for frames, _ in some])
    voiced = np.stack([voiced for _, voiced in some])
    together = measures.clearness_db(frames, voiced)
    assert together.tolist() == [clearness_db(*one) for one in some]
    assert many_voices(frames, voiced).tolist() == [False, True, False]


def test_frames_from_before_the_lane_began_do_not_count() -> None:
    """A window that has just begun is as clear as what it holds, and gain changes nothing."""
    frames, voiced = frames_of(recording("calm"))
    before = np.zeros((100, frames.shape[1]), np.float32)
    before[:, COLUMN["energy_db"]] = -120.0
    padded = np.concatenate([before, frames])
    wanted = clearness_db(frames, voiced)
    assert clearness_db(padded, np.concatenate([np.zeros(100, bool), voiced])) == pytest.approx(
        wanted
    )
    louder = frames.copy()
    louder[:, COLUMN["energy_db"]] += 12.0
    assert clearness_db(louder, voiced) == pytest.approx(wanted, abs=1e-4)


def test_one_that_stands_out_for_a_second_is_still_in_the_crowd() -> None:
    """After a crowd a few clear windows do not count; a voice that stays does."""
    crowd = Crowd()
    assert all(crowd.hear(n / 2, True) for n in range(8))
    said = [crowd.hear(4.0 + n / 2, False) for n in range(12)]
    assert said[:6] == [True] * 6
    assert said[-2:] == [False, False]


def test_a_single_dull_window_is_no_crowd_for_long() -> None:
    """A cough within clear speech stands alone."""
    crowd = Crowd()
    assert not any(crowd.hear(n / 2, False) for n in range(6))
    assert crowd.hear(3.0, True)
    assert not any(crowd.hear(3.5 + n / 2, False) for n in range(6))


def test_a_crowd_is_forgotten() -> None:
    """Whoever speaks after a pause is heard at once."""
    crowd = Crowd()
    assert all(crowd.hear(n / 2, True) for n in range(8))
    assert not crowd.hear(3.5 + MEMORY_S, False)
