"""classifier.acoustic.window"""

import numpy as np
import pytest

from classifier.acoustic.contour import CONTOUR_WIDTH
from classifier.acoustic.extractor import FrameExtractor
from classifier.acoustic.layout import ANALYSIS_BLOCKS, ANALYSIS_FRAMES, BLOCK_FRAMES, BLOCK_S
from classifier.acoustic.window import SlidingWindow, Window
from tests.classifier.voices import Pcm, noise, recording, silence


def windows(pcm: Pcm) -> list[Window]:
    frames = FrameExtractor().push(pcm)
    sliding = SlidingWindow()
    return [
        sliding.advance(frames[at : at + BLOCK_FRAMES])
        for at in range(0, len(frames), BLOCK_FRAMES)
    ]


def test_there_is_a_window_for_every_block() -> None:
    """Time goes on in steps of a block, in speech and in silence."""
    seen = windows(np.concatenate([recording("calm")[:32_000], silence(2.0)]))
    assert [window.end_s for window in seen] == [BLOCK_S * (i + 1) for i in range(8)]


def test_speech_has_a_vector_within_a_second() -> None:
    """The second window of speech is described."""
    spoken = recording("agitated")[8000:]
    assert windows(spoken)[1].vector is not None


def test_the_newest_second_is_described_too() -> None:
    """It rests on a second at most, and is never there without the whole window."""
    seen = windows(np.concatenate([recording("agitated")[8000:], silence(2.0)]))
    assert any(window.recent is not None for window in seen)
    for window in seen:
        assert window.recent_speech_s <= min(1.0, window.speech_s)
        assert window.recent is None or window.vector is not None
    early, late = seen[1], seen[4]
    assert early.recent is not None
    assert early.vector is not None
    # In the first second both are of the same frames; later they are not.
    assert np.allclose(early.recent, early.vector, rtol=1e-4, atol=1e-3)
    assert late.recent is not None
    assert late.vector is not None
    assert not np.allclose(late.recent, late.vector, atol=0.5)


def test_a_contour_holds_the_frames_of_the_window() -> None:
    """It comes with the vector: the newest three seconds, rounded, and which of them are speech."""
    spoken = recording("agitated")[8000:72_000]
    frames = FrameExtractor().push(spoken)
    for number, window in enumerate(windows(spoken)):
        assert (window.contour is None) == (window.vector is None)
        if window.contour is None or number < ANALYSIS_BLOCKS - 1:
            continue
        end = (number + 1) * BLOCK_FRAMES
        kept = frames[end - ANALYSIS_FRAMES : end, :CONTOUR_WIDTH].astype(np.float16)
        assert np.array_equal(window.contour.frames, kept)
        assert window.contour.speech.sum() == round(window.speech_s * 100)
        assert not (window.contour.voiced & ~window.contour.speech).any()


def test_after_speech_the_vector_goes() -> None:
    """A second and a half after the voice fell silent nothing is described any more."""
    seen = windows(np.concatenate([recording("agitated")[8000:40_000], silence(2.0)]))
    assert seen[3].vector is not None
    assert seen[-1].vector is None


@pytest.mark.parametrize("pcm", [silence(4.0), noise(4.0)])
def test_no_speech_has_no_vector(pcm: Pcm) -> None:
    """Silence and noise are never described, and count as nothing heard."""
    seen = windows(pcm)
    assert all(window.vector is None for window in seen)
    assert seen[-1].heard_s < 0.2


def test_speech_is_counted_once() -> None:
    """What is heard grows by the new speech of each block."""
    seen = windows(recording("calm"))
    total = 0.0
    for window in seen:
        total += window.new_speech_s
        assert window.heard_s == pytest.approx(total)
        assert window.new_speech_s <= window.speech_s
    assert total > 2.0


def test_the_level_is_that_of_the_speech() -> None:
    """Ten decibels less measure ten decibels less; silence around does not count."""
    spoken = recording("calm")[16_000:32_000]
    loud = windows(np.concatenate([silence(1.0), spoken]))[-1].level_db
    soft = windows(np.concatenate([silence(1.0), (spoken * 10**-0.5).astype(np.int16)]))[-1]
    assert loud - soft.level_db == pytest.approx(10.0, abs=0.5)
    assert windows(silence(1.0))[-1].level_db == -120.0


def test_a_block_has_its_shape() -> None:
    """Anything but a whole block is refused."""
    with pytest.raises(ValueError, match="a block is"):
        SlidingWindow().advance(np.zeros((10, 3), np.float32))
