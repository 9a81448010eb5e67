"""classifier.acoustic.pace"""

import numpy as np
import pytest

from classifier.acoustic import pace
from classifier.acoustic.extractor import FrameExtractor
from classifier.acoustic.gate import Mask
from classifier.acoustic.layout import COLUMN, Floats
from classifier.acoustic.pace import PACE_NAMES
from tests.classifier.voices import syllables


def pace_measures(energy_db: Floats, speech: Mask, voiced: Mask) -> dict[str, float]:
    """Of one window, by name."""
    measures = pace.pace_measures(energy_db[None], speech[None], voiced[None])[0]
    return dict(zip(PACE_NAMES, measures.tolist(), strict=True))


def syllables_in(energy_db: Floats, voiced: Mask) -> int:
    """Syllable nuclei in one window."""
    return pace.syllable_nuclei(energy_db[None], voiced[None])[1].size


@pytest.mark.parametrize("rate", [2.0, 4.0, 6.0])
def test_syllables_are_counted(rate: float) -> None:
    """A hum that swells so many times a second has that syllable rate."""
    frames = FrameExtractor().push(syllables(rate, 3.0))
    everywhere = np.ones(len(frames), np.bool_)
    measures = pace_measures(frames[:, COLUMN["energy_db"]], everywhere, everywhere)
    assert measures["syllable_rate"] == pytest.approx(rate, abs=0.4)


def test_a_steady_voice_has_no_syllables() -> None:
    """Without a dip there is no nucleus."""
    assert syllables_in(np.full(200, -20.0, np.float32), np.ones(200, np.bool_)) == 0


def test_unvoiced_peaks_are_not_syllables() -> None:
    """A hiss that swells is not counted."""
    energy = (10 * np.sin(np.arange(300) / 5)).astype(np.float32)
    assert syllables_in(energy, np.zeros(300, np.bool_)) == 0
    assert syllables_in(energy, np.ones(300, np.bool_)) > 5


def test_voiced_stretches_are_measured() -> None:
    """Two stretches of 0.2 s in one second of speech: rate, length and share follow."""
    speech = np.zeros(200, np.bool_)
    speech[50:150] = True
    voiced = np.zeros(200, np.bool_)
    voiced[60:80] = voiced[100:120] = True
    measures = pace_measures(np.zeros(200, np.float32), speech, voiced)
    assert measures["voiced_rate"] == pytest.approx(2.0)
    assert measures["voiced_length_mean"] == pytest.approx(0.2)
    assert measures["voiced_length_std"] == pytest.approx(0.0)
    assert measures["voiced_share"] == pytest.approx(0.4)
    assert measures["speech_share"] == pytest.approx(1.0)


def test_pauses_lower_the_share_of_speech() -> None:
    """Half a span of silence is a share of one half."""
    speech = np.zeros(200, np.bool_)
    speech[:50] = speech[150:] = True
    share = pace_measures(np.zeros(200, np.float32), speech, speech)["speech_share"]
    assert share == pytest.approx(0.5)


def test_no_speech_has_no_pace() -> None:
    """Everything is 0, and every name is there."""
    nothing = np.zeros(100, np.bool_)
    measures = pace_measures(np.zeros(100, np.float32), nothing, nothing)
    assert measures == dict.fromkeys(PACE_NAMES, 0.0)


def test_too_little_to_count() -> None:
    """Two frames hold no syllable."""
    assert syllables_in(np.zeros(2, np.float32), np.ones(2, np.bool_)) == 0


def test_windows_do_not_mix() -> None:
    """Of several windows each has the pace that it has alone, a silent one among them."""
    frames = FrameExtractor().push(syllables(4.0, 6.0))
    energy = frames[:, COLUMN["energy_db"]].reshape(2, 300)
    energy = np.stack([energy[0], energy[1], energy[0][::-1]])
    speech = np.ones((3, 300), np.bool_)
    speech[1], speech[2, :100] = False, False
    voiced = speech & (np.arange(300) % 40 < 30)
    together = pace.pace_measures(energy, speech, voiced)
    for row in range(3):
        alone = pace_measures(energy[row], speech[row], voiced[row])
        assert together[row].tolist() == list(alone.values())
    assert not together[1].any()
    assert together[0, 0] > 2
