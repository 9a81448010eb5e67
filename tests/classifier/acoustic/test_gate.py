"""classifier.acoustic.gate"""

import numpy as np
import pytest

from classifier.acoustic.extractor import FrameExtractor
from classifier.acoustic.gate import SILENCE_DB, Levels, mark_speech
from classifier.acoustic.layout import BLOCK_FRAMES, COLUMN, Floats
from tests.classifier.voices import Pcm, noise, recording, silence, syllables

ENERGY = COLUMN["energy_db"]


def gate(pcm: Pcm) -> tuple[np.ndarray, np.ndarray, Floats]:
    frames = FrameExtractor().push(pcm)
    levels = Levels()
    for at in range(0, len(frames), BLOCK_FRAMES):
        levels.update(frames[at : at + BLOCK_FRAMES, ENERGY])
    return *mark_speech(frames, levels), frames


@pytest.mark.parametrize("level", [0.0001, 0.003, 0.1])
def test_steady_noise_is_not_speech(level: float) -> None:
    """White noise at any level passes hardly a frame."""
    speech, voiced, _ = gate(noise(6.0, level))
    assert speech.mean() < 0.02
    assert not voiced.any()


def test_silence_is_not_speech() -> None:
    """Digital zero passes nothing."""
    speech, voiced, _ = gate(silence(3.0))
    assert not speech.any()
    assert not voiced.any()


@pytest.mark.parametrize("name", ["calm", "agitated", "tired"])
@pytest.mark.parametrize("gain_db", [0, -20])
def test_speech_passes_at_any_level(name: str, gain_db: float) -> None:
    """Most of a spoken recording passes, at its level and 20 dB below."""
    pcm = (recording(name) * 10 ** (gain_db / 20)).astype(np.int16)
    speech, voiced, _ = gate(pcm)
    assert 0.4 < speech.mean() < 0.98
    assert 0.2 < voiced.mean() <= speech.mean()


def test_pauses_are_not_speech() -> None:
    """A pause between two stretches of speech is cut out, but for its edges."""
    voice = syllables(4.0, 1.5)
    speech, _, _ = gate(np.concatenate([voice, silence(1.0), voice]))
    assert speech[:140].mean() > 0.7
    assert not speech[170:245].any()
    assert speech[260:].mean() > 0.7


def test_voiced_frames_are_speech_frames() -> None:
    """The second mask lies within the first."""
    speech, voiced, _ = gate(recording("calm"))
    assert not (voiced & ~speech).any()


def test_the_floor_rises_slowly_and_falls_at_once() -> None:
    """A louder background takes seconds to be accepted; a quieter one is taken on the spot."""
    levels = Levels()
    levels.update(np.full(50, -60.0, np.float32))
    levels.update(np.full(50, -30.0, np.float32))
    assert levels.floor_db == pytest.approx(-59.0)
    levels.update(np.full(50, -70.0, np.float32))
    assert levels.floor_db == pytest.approx(-70.0)


def test_the_level_rises_at_once_and_falls_slowly() -> None:
    """One loud word is remembered for seconds."""
    levels = Levels()
    levels.update(np.full(50, -50.0, np.float32))
    levels.update(np.full(50, -20.0, np.float32))
    assert levels.level_db == pytest.approx(-20.0)
    levels.update(np.full(50, -50.0, np.float32))
    assert levels.level_db == pytest.approx(-21.0)


def test_before_anything_is_heard_silence_is_the_threshold() -> None:
    """A lane without a past asks for no more than not being silent."""
    assert Levels().threshold_db == SILENCE_DB
