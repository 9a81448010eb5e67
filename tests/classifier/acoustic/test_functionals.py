"""classifier.acoustic.functionals"""

import numpy as np
import pytest

from classifier.acoustic.extractor import FrameExtractor
from classifier.acoustic.functionals import (
    FUNCTIONAL,
    FUNCTIONALS,
    MIN_SPEECH,
    MIN_VOICED,
    WIDTH,
    enough_speech,
    functionals,
)
from classifier.acoustic.gate import Levels, Mask, mark_speech
from classifier.acoustic.layout import BLOCK_FRAMES, COLUMN, Floats
from tests.classifier.voices import RATE_HZ, Pcm, hum, recording, silence


def alone(frames: Floats, speech: Mask, voiced: Mask) -> Floats:
    """Functionals of one window, ``(WIDTH,)``."""
    vector: Floats = functionals(frames[None], speech[None], voiced[None])[0]
    return vector


def describe(pcm: Pcm) -> Floats:
    frames = FrameExtractor().push(pcm)
    levels = Levels()
    for at in range(0, len(frames), BLOCK_FRAMES):
        levels.update(frames[at : at + BLOCK_FRAMES, COLUMN["energy_db"]])
    return alone(frames, *mark_speech(frames, levels))


def describe_hum(pcm: Pcm) -> Floats:
    """Of a hum, which no gate takes for a person: all that sounds is speech."""
    frames = FrameExtractor().push(pcm)
    speech = frames[:, COLUMN["energy_db"]] > -50.0
    return alone(frames, speech, speech & (frames[:, COLUMN["pitch_st"]] > 0))


def value(vector: Floats, name: str) -> float:
    return float(vector[FUNCTIONAL[name]])


SPEECH = recording("agitated")[: 3 * RATE_HZ]


def test_every_functional_has_one_name() -> None:
    """Names and values are as many, and no name comes twice."""
    assert len(set(FUNCTIONALS)) == len(FUNCTIONALS) == WIDTH
    vector = describe(SPEECH)
    assert vector.shape == (WIDTH,)
    assert np.isfinite(vector).all()


@pytest.mark.parametrize("gain_db", [-10, -25])
def test_level_says_nothing(gain_db: float) -> None:
    """The same speech at another level is described alike: far less than a deviation apart."""
    loud = describe(SPEECH)
    soft = describe((SPEECH * 10 ** (gain_db / 20)).round().astype(np.int16))
    spread = np.std([describe(recording(n)[: 3 * RATE_HZ]) for n in ("calm", "tired")], axis=0)
    assert np.median(np.abs(loud - soft) / (spread + 0.1)) < 0.1


def test_silence_around_the_speech_says_nothing() -> None:
    """Half a second of silence before the speech changes little."""
    plain = describe(SPEECH[: 2 * RATE_HZ])
    late = describe(np.concatenate([silence(0.5), SPEECH[: 2 * RATE_HZ]]))
    assert np.median(np.abs(plain - late) / (np.abs(plain) + 0.5)) < 0.05


def test_pitch_functionals_are_those_of_the_voice() -> None:
    """A voice that swings by two semitones around 200 Hz has that mean, spread and range."""
    at = np.arange(2 * RATE_HZ) / RATE_HZ
    swing = 2.0 * np.sin(2 * np.pi * 2 * at)
    vector = describe_hum(np.concatenate([silence(0.5), hum(200 * 2 ** (swing / 12), 2.0)]))
    expected = 12 * np.log2(200 / 27.5)
    assert value(vector, "pitch_st:mean") == pytest.approx(expected, abs=0.1)
    assert value(vector, "pitch_st:std") == pytest.approx(2 / np.sqrt(2), abs=0.1)
    spread = value(vector, "pitch_st:p80") - value(vector, "pitch_st:p20")
    assert spread == pytest.approx(2 * 2 * np.sin(np.pi * 0.3), abs=0.3)
    # The steepest 50 ms of the swing move 2 * 2 * pi * 2 * 0.05 semitones; the mean is less.
    assert 0.5 < value(vector, "pitch_rise") < 1.3
    assert value(vector, "pitch_fall") == pytest.approx(value(vector, "pitch_rise"), rel=0.1)


@pytest.mark.parametrize(("octaves", "sign"), [(0.5, 1.0), (-0.5, -1.0)])
def test_a_glide_has_a_trend(octaves: float, sign: float) -> None:
    """Half an octave in two seconds is three semitones a second, with its sign."""
    f0 = 180 * 2 ** (octaves * np.linspace(0, 1, 2 * RATE_HZ))
    vector = describe_hum(np.concatenate([silence(0.5), hum(f0, 2.0)]))
    assert value(vector, "pitch_trend") == pytest.approx(3.0 * sign, abs=0.2)


def test_too_little_speech_is_not_described() -> None:
    """Below the least speech or the least voicing there is no vector, and asking is an error."""
    frames = FrameExtractor().push(SPEECH)
    speech = np.zeros(len(frames), np.bool_)
    speech[: MIN_SPEECH - 1] = True
    assert not enough_speech(speech, speech)
    with pytest.raises(ValueError, match="not enough"):
        functionals(frames[None], speech[None], speech[None])
    speech[:MIN_SPEECH] = True
    voiced = np.zeros(len(frames), np.bool_)
    voiced[: MIN_VOICED - 1] = True
    assert not enough_speech(speech, voiced)
    assert enough_speech(speech, speech)


def test_all_voiced_speech_is_described() -> None:
    """Speech without an unvoiced frame gives finite numbers."""
    frames = FrameExtractor().push(SPEECH)[:100]
    everywhere = np.ones(100, np.bool_)
    assert np.isfinite(alone(frames, everywhere, everywhere)).all()


def test_a_window_is_described_as_it_would_be_alone() -> None:
    """What lies beside it changes nothing; means and deviations are those of its voiced frames."""
    frames = FrameExtractor().push(np.concatenate([SPEECH, recording("tired")[: 3 * RATE_HZ]]))
    windows = frames.reshape(2, -1, frames.shape[1])
    speech = windows[..., COLUMN["energy_db"]] > -45.0
    voiced = speech & (windows[..., COLUMN["pitch_st"]] > 0)
    both = functionals(windows, speech, voiced)
    for row in range(2):
        assert (both[row] == alone(windows[row], speech[row], voiced[row])).all()
        sung = windows[row][voiced[row]].astype(np.float64)
        spoken_db = np.sort(windows[row][speech[row], COLUMN["energy_db"]])
        for name in ("hnr_db", "slope_low_db", "mfcc_3"):
            column = sung[:, COLUMN[name]]
            assert value(both[row], f"{name}:mean") == pytest.approx(column.mean(), abs=1e-4)
            assert value(both[row], f"{name}:std") == pytest.approx(column.std(), abs=1e-4)
            middle = np.sort(column)[int(0.5 * (len(column) - 1) + 0.5)]
            assert value(both[row], f"{name}:p50") == pytest.approx(middle, abs=1e-4)
        low, high = (spoken_db[int(q * (len(spoken_db) - 1))] for q in (0.2, 0.8))
        assert value(both[row], "energy_range") == pytest.approx(high - low, abs=1e-4)
        at = np.flatnonzero(voiced[row]) / 100.0
        slope = np.polyfit(at, sung[:, COLUMN["pitch_st"]], 1)[0]
        assert value(both[row], "pitch_trend") == pytest.approx(slope, abs=5e-3)
