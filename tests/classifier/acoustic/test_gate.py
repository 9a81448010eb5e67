"""classifier.acoustic.gate"""

import numpy as np
import pytest

from classifier.acoustic.extractor import FrameExtractor
from classifier.acoustic.gate import (
    INPUTS,
    SILENCE_DB,
    Levels,
    describe,
    mark_speech,
    mark_together,
    shipped_weights,
    speech_odds,
)
from classifier.acoustic.layout import BLOCK_FRAMES, COLUMN, FIRST_MEL, MEL_BANDS, Floats
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
    voice = recording("calm")[:24_000]
    speech, _, _ = gate(np.concatenate([voice, silence(1.0), voice]))
    assert speech[:140].mean() > 0.5
    assert not speech[170:245].any()
    assert speech[260:].mean() > 0.5


def test_a_hum_that_swells_is_no_voice() -> None:
    """The pace of syllables alone does not make speech: the pitch stands still, as no voice's."""
    speech, _, _ = gate(syllables(4.0, 4.0))
    assert speech.mean() < 0.05


def test_voiced_frames_are_speech_frames() -> None:
    """The second mask lies within the first."""
    speech, voiced, _ = gate(recording("calm"))
    assert not (voiced & ~speech).any()


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


def test_the_gate_does_not_mind_the_gain() -> None:
    """Twenty decibels less change hardly a frame."""
    loud, _, _ = gate(recording("calm"))
    soft, _, _ = gate((recording("calm") * 0.1).astype(np.int16))
    assert (loud != soft).mean() < 0.02


def test_speech_after_digital_silence_and_in_noise_is_found() -> None:
    """A line that opens onto a noisy room: the noise is not speech, the voice in it is."""
    voice = recording("agitated").astype(np.float64)
    room = noise(8.0, 0.004).astype(np.float64)
    start = 3 * 16_000
    size = min(voice.size, room.size - start)
    room[start : start + size] += voice[:size]
    pcm = np.concatenate([silence(10.0), np.clip(room, -32768, 32767).astype(np.int16)])
    speech, _, _ = gate(pcm)
    assert speech[: 1000 + 290].mean() < 0.05
    assert speech[1300 : 1300 + size // 160].mean() > 0.4


def test_a_lane_that_has_just_begun_is_judged_by_what_it_has() -> None:
    """Frames from before the first block are neither speech nor background."""
    frames = FrameExtractor().push(recording("agitated")[8_000:40_000])
    before = np.zeros((300 - len(frames), frames.shape[1]), np.float32)
    before[:, ENERGY] = -120.0
    whole = np.concatenate([before, frames])
    seen, heard = describe(whole)
    assert not heard[: len(before)].any()
    assert not seen[: len(before)].any()
    assert np.array_equal(seen[len(before) :], describe(frames)[0])
    odds = speech_odds(whole, shipped_weights())[len(before) :]
    assert np.mean((odds > 0) == (speech_odds(frames, shipped_weights()) > 0)) > 0.9


def test_inputs_do_not_depend_on_gain() -> None:
    """The network never learns how loud a recording is."""
    frames = FrameExtractor().push(recording("calm"))
    louder = frames.copy()
    louder[:, ENERGY] += 12.0
    louder[:, FIRST_MEL : FIRST_MEL + MEL_BANDS] += 12.0
    assert describe(louder)[0] == pytest.approx(describe(frames)[0], abs=1e-4)
    assert describe(frames)[0].shape == (len(frames), INPUTS)


def test_a_window_is_marked_alike_beside_any_other() -> None:
    """Silence, a lane that has just begun, a voice and noise at once: to the bit what each has
    alone, odds and masks."""
    voice = FrameExtractor().push(recording("agitated")[:48_000])
    begun = voice.copy()
    begun[:200] = 0.0
    begun[:200, ENERGY] = -120.0
    pieces = (silence(3.0), noise(3.0, 0.01), recording("tired")[:48_000])
    windows = np.stack([voice, begun, *(FrameExtractor().push(pcm) for pcm in pieces)])
    levels = [Levels() for _ in windows]
    for lane, window in zip(levels, windows, strict=True):
        lane.update(window[-50:, ENERGY])
    speech, voiced = mark_together(windows, levels)
    odds = speech_odds(windows, shipped_weights())
    assert speech[:2].any(axis=1).all()
    assert not speech[2].any()
    for row, window in enumerate(windows):
        alone = mark_speech(window, levels[row])
        assert np.array_equal(speech[row], alone[0])
        assert np.array_equal(voiced[row], alone[1])
        assert np.array_equal(odds[row], speech_odds(window, shipped_weights()))
