"""classifier.acoustic.pitch"""

import numpy as np
import pytest

from classifier.acoustic import pitch, spectrum
from classifier.acoustic.layout import CARRY, HOP, Floats
from tests.classifier.voices import RATE_HZ, hum, noise, silence, tone


def track(samples: np.ndarray) -> pitch.Pitch:
    signal = np.concatenate([np.zeros(CARRY), samples]).astype(np.float32) / 32768
    signal = signal[: CARRY + samples.size // HOP * HOP]
    power = spectrum.power_spectrum(spectrum.frame_signal(signal[None]))
    return pitch.track(power, pitch.no_memory(1))


def middle(values: Floats) -> Floats:
    return values[0, 8:-2]


@pytest.mark.parametrize("f0_hz", [75, 90, 110, 137.3, 180, 220, 300, 420, 550])
@pytest.mark.parametrize("tilt_db", [-12.0, -6.0])
def test_harmonic_voices_are_measured_to_a_twentieth_of_a_semitone(
    f0_hz: float, tilt_db: float
) -> None:
    """From a low man to a high child, the pitch of a steady voice is right and voiced."""
    found = track(hum(f0_hz, 0.6, tilt_db))
    assert (middle(found.voicing) > 0.9).all()
    assert np.abs(12 * np.log2(middle(found.f0_hz) / f0_hz)).max() < 0.05


def test_a_gliding_voice_is_followed() -> None:
    """An octave in one second is followed within half a semitone."""
    f0 = 120 * 2 ** np.linspace(0, 1, RATE_HZ)
    found = track(hum(f0, 1.0))
    centre = np.arange(found.f0_hz.shape[1]) * HOP + HOP - 320
    expected = f0[np.clip(centre, 0, f0.size - 1)]
    assert np.abs(12 * np.log2(middle(found.f0_hz) / expected[8:-2])).max() < 0.5


@pytest.mark.parametrize("level", [0.003, 0.1])
def test_noise_is_unvoiced(level: float) -> None:
    """White noise is voiced in less than one frame of fifty, at any level."""
    assert (track(noise(2.0, level)).f0_hz > 0).mean() < 0.02


def test_silence_is_unvoiced() -> None:
    """Digital zero has no pitch and no periodicity."""
    found = track(silence(0.5))
    assert not found.f0_hz.any()
    assert np.isfinite(found.voicing).all()
    assert found.voicing.max() < pitch.VOICED


def test_a_voice_in_noise_keeps_its_pitch() -> None:
    """At 10 dB over white noise the median pitch is right and most frames are voiced."""
    voice = hum(160, 1.0).astype(np.float64)
    level = np.sqrt(np.mean(voice**2)) * 10 ** (-10 / 20)
    found = track(voice + np.random.default_rng(1).normal(0, level, voice.size))
    voiced = middle(found.f0_hz) > 0
    assert voiced.mean() > 0.9
    assert np.median(middle(found.f0_hz)[voiced]) == pytest.approx(160, rel=0.01)


def test_level_does_not_matter() -> None:
    """A voice 40 dB softer has the same pitch."""
    voice = hum(200, 0.5)
    soft = (voice.astype(np.float64) / 100).round().astype(np.int16)
    assert np.allclose(middle(track(soft).f0_hz), middle(track(voice).f0_hz), rtol=0.01)


def test_a_lone_octave_error_is_mended_by_its_neighbours() -> None:
    """A frame whose second harmonic dominates for 30 ms keeps the pitch around it."""
    voice = hum(150, 0.6).astype(np.float64)
    octave = hum(300, 0.6).astype(np.float64)
    at = np.arange(voice.size) / RATE_HZ
    share = 0.8 * np.exp(-0.5 * ((at - 0.3) / 0.015) ** 2)
    found = track(voice * (1 - share) + octave * share)
    assert np.abs(12 * np.log2(middle(found.f0_hz) / 150)).max() < 1.0


def test_memory_is_the_end_of_the_block() -> None:
    """The next block is given the last pitches, as log2 of Hz."""
    found = track(hum(128, 0.5))
    assert found.memory.shape == (1, pitch.MEMORY)
    assert np.allclose(found.memory, 7.0, atol=0.01)


def test_a_tone_above_the_range_is_no_voice_of_its_own_pitch() -> None:
    """Nothing above the highest or below the lowest pitch is ever reported."""
    for hz in (40.0, 900.0, 3000.0):
        found = track(tone(hz, 0.5)).f0_hz
        voiced = found[found > 0]
        assert ((voiced >= pitch.MIN_HZ * 0.98) & (voiced <= pitch.MAX_HZ * 1.05)).all()
