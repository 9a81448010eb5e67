"""classifier.acoustic.pace"""

import numpy as np
import pytest

from classifier.acoustic.extractor import FrameExtractor
from classifier.acoustic.layout import COLUMN
from classifier.acoustic.pace import PACE_NAMES, pace_measures, syllable_nuclei
from tests.classifier.voices import syllables


@pytest.mark.parametrize("rate", [2.0, 4.0, 6.0])
def test_syllables_are_counted(rate: float) -> None:
    """A hum that swells so many times a second has that syllable rate."""
    frames = FrameExtractor().push(syllables(rate, 3.0))
    everywhere = np.ones(len(frames), np.bool_)
    pace = pace_measures(frames[:, COLUMN["energy_db"]], everywhere, everywhere)
    assert pace["syllable_rate"] == pytest.approx(rate, abs=0.4)


def test_a_steady_voice_has_no_syllables() -> None:
    """Without a dip there is no nucleus."""
    assert syllable_nuclei(np.full(200, -20.0, np.float32), np.ones(200, np.bool_)).size == 0


def test_unvoiced_peaks_are_not_syllables() -> None:
    """A hiss that swells is not counted."""
    energy = (10 * np.sin(np.arange(300) / 5)).astype(np.float32)
    assert syllable_nuclei(energy, np.zeros(300, np.bool_)).size == 0
    assert syllable_nuclei(energy, np.ones(300, np.bool_)).size > 5


def test_voiced_stretches_are_measured() -> None:
    """Two stretches of 0.2 s in one second of speech: rate, length and share follow."""
    speech = np.zeros(200, np.bool_)
    speech[50:150] = True
    voiced = np.zeros(200, np.bool_)
    voiced[60:80] = voiced[100:120] = True
    pace = pace_measures(np.zeros(200, np.float32), speech, voiced)
    assert pace["voiced_rate"] == pytest.approx(2.0)
    assert pace["voiced_length_mean"] == pytest.approx(0.2)
    assert pace["voiced_length_std"] == pytest.approx(0.0)
    assert pace["voiced_share"] == pytest.approx(0.4)
    assert pace["speech_share"] == pytest.approx(1.0)


def test_pauses_lower_the_share_of_speech() -> None:
    """Half a span of silence is a share of one half."""
    speech = np.zeros(200, np.bool_)
    speech[:50] = speech[150:] = True
    share = pace_measures(np.zeros(200, np.float32), speech, speech)["speech_share"]
    assert share == pytest.approx(0.5)


def test_no_speech_has_no_pace() -> None:
    """Everything is 0, and every name is there."""
    nothing = np.zeros(100, np.bool_)
    pace = pace_measures(np.zeros(100, np.float32), nothing, nothing)
    assert pace == dict.fromkeys(PACE_NAMES, 0.0)


def test_too_little_to_count() -> None:
    """Two frames hold no syllable."""
    assert syllable_nuclei(np.zeros(2, np.float32), np.ones(2, np.bool_)).size == 0
