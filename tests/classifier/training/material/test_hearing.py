"""classifier.training.material.hearing"""

import numpy as np

from classifier.acoustic.functionals import WIDTH
from classifier.training.material.hearing import as_pcm, as_signal, clip_windows
from tests.classifier.voices import recording, silence


def test_a_clip_gives_a_window_for_each_step_with_speech() -> None:
    """Three seconds of speech give about six windows, with the speech they rest on."""
    found = clip_windows(recording("calm")[8000:56_000])
    assert 5 <= len(found.vectors) <= 8
    assert found.vectors.shape == found.recent.shape
    assert found.vectors.shape[1] == WIDTH
    assert (found.new_speech_s <= 0.5).all()
    assert (np.diff(found.speech_s[:4]) > 0).all()
    assert (found.recent_speech_s <= 1.0).all()
    assert np.isfinite(found.recent[1]).all()


def test_silence_gives_no_window() -> None:
    """A clip without speech gives nothing, of the right width."""
    found = clip_windows(silence(2.0), lead=100)
    assert found.vectors.shape == found.recent.shape == (0, WIDTH)
    assert found.new_speech_s.size == found.speech_s.size == 0


def test_pcm_survives_floats() -> None:
    """There and back is the same within one step; too loud is held at full scale."""
    spoken = recording("calm")
    assert np.abs(as_pcm(as_signal(spoken)).astype(int) - spoken).max() <= 1
    assert as_pcm(np.array([2.0, -2.0], np.float32)).tolist() == [32767, -32768]
