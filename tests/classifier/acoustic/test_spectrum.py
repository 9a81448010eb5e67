"""classifier.acoustic.spectrum"""

import numpy as np
import pytest

from classifier.acoustic import spectrum
from classifier.acoustic.layout import (
    BLOCK,
    CARRY,
    FFT,
    FRAME_WIDTH,
    HOP,
    MEL_BANDS,
    WINDOW,
    Floats,
)
from classifier.acoustic.spectrum import hann_window
from tests.classifier.voices import hum, noise, tone


def power_of(samples: np.ndarray) -> Floats:
    signal = samples[: CARRY + BLOCK].astype(np.float32) / 32768
    return spectrum.power_spectrum(spectrum.frame_signal(signal))


def test_a_window_ends_at_every_hop() -> None:
    """A signal of n hops after its carry gives n frames."""
    assert spectrum.frame_signal(np.zeros(CARRY + 7 * HOP, np.float32)).shape[0] == 7


def test_frames_are_windows_without_their_mean() -> None:
    """Put together hop by hop, each is what it would be cut out and tapered by itself."""
    signal = noise(1.0, 0.1)[: CARRY + BLOCK].astype(np.float32) / 32768 + np.float32(0.2)
    lanes = np.stack([signal, signal[::-1]])
    frames = spectrum.frame_signal(lanes)
    taper = hann_window() * np.sqrt(2.0 * FFT / np.sum(hann_window().astype(np.float64) ** 2))
    for lane, found in zip(lanes, frames, strict=True):
        for number, frame in enumerate(found):
            window = lane[number * HOP : number * HOP + WINDOW].astype(np.float64)
            assert np.allclose(frame[:WINDOW], (window - window.mean()) * taper, atol=1e-5)
            assert not frame[WINDOW:].any()


def test_decibels_are_ten_times_the_logarithm() -> None:
    """Over the whole range of power, and floored where there is none."""
    power = np.geomspace(1e-13, 1e3, 10_001).astype(np.float32)
    exact = 10.0 * np.log10(power.astype(np.float64) + 1e-14)
    assert np.abs(spectrum.to_db(power) - exact).max() < 1e-4
    assert spectrum.to_db(np.zeros(1, np.float32))[0] == pytest.approx(-140.0)


def test_energy_is_the_mean_square() -> None:
    """White noise of deviation 0.1 measures -20 dB, a sine of amplitude 0.3 -13.5 dB."""
    of_noise = spectrum.shape_measures(power_of(noise(1.0, 0.1)))[1]["energy_db"]
    of_tone = spectrum.shape_measures(power_of(tone(1000, 1.0)))[1]["energy_db"]
    assert of_noise.mean() == pytest.approx(-20.0, abs=0.5)
    assert of_tone.mean() == pytest.approx(20 * np.log10(0.3 / np.sqrt(2)), abs=0.3)


def test_a_constant_offset_is_not_sound() -> None:
    """The mean of a window is taken off before anything is measured."""
    flat = np.full(CARRY + BLOCK, 0.5, np.float32)
    power = spectrum.power_spectrum(spectrum.frame_signal(flat))
    assert spectrum.to_db(power.sum(axis=-1)).max() < -100


def test_gain_moves_levels_and_nothing_else() -> None:
    """Twenty decibels more change the energy by twenty and leave the shape alone."""
    quiet = power_of(hum(140, 1.0))
    loud = quiet * np.float32(100.0)
    (soft_db, before), (loud_db, after) = map(spectrum.shape_measures, (quiet, loud))
    assert np.allclose(after["energy_db"] - before["energy_db"], 20.0, atol=0.01)
    for name in set(before) - {"energy_db"}:
        assert np.allclose(before[name], after[name], atol=0.1), name
    assert np.allclose(loud_db - soft_db, 20.0, atol=0.1)
    assert np.allclose(spectrum.mfcc(soft_db), spectrum.mfcc(loud_db), atol=0.1)


@pytest.mark.parametrize("hz", [300.0, 1000.0, 4000.0])
def test_a_tone_lights_the_mel_band_it_lies_in(hz: float) -> None:
    """The strongest band of a tone is nearer to it than any other."""
    mel = spectrum.shape_measures(power_of(tone(hz, 1.0)))[0].mean(axis=0)
    edges_mel = np.linspace(
        2595 * np.log10(1 + 60 / 700), 2595 * np.log10(1 + 7600 / 700), MEL_BANDS + 2
    )
    centres_hz = 700 * (10 ** (edges_mel[1:-1] / 2595) - 1)
    assert abs(int(mel.argmax()) - int(np.abs(centres_hz - hz).argmin())) <= 1


def test_a_bright_voice_has_less_tilt() -> None:
    """Harmonics that fall more slowly lower alpha ratio and Hammarberg index, raise the centre."""
    dull = spectrum.shape_measures(power_of(hum(140, 1.0, tilt_db=-14)))[1]
    bright = spectrum.shape_measures(power_of(hum(140, 1.0, tilt_db=-5)))[1]
    assert bright["alpha_db"].mean() < dull["alpha_db"].mean() - 5
    assert bright["hammarberg_db"].mean() < dull["hammarberg_db"].mean() - 5
    assert bright["centroid_st"].mean() > dull["centroid_st"].mean() + 5
    assert bright["slope_mid_db"].mean() > dull["slope_mid_db"].mean()


def test_noise_is_flatter_than_a_voice() -> None:
    """Spectral flatness of white noise is near 0 dB, of a hum far below."""
    flatness = [
        float(spectrum.shape_measures(power_of(sound))[1]["flatness_db"].mean())
        for sound in (noise(1.0), hum(140, 1.0))
    ]
    assert flatness[0] > -4
    assert flatness[1] < -20


@pytest.mark.parametrize("tilt_db", [-6.0, -12.0])
def test_harmonic_differences_are_those_of_the_source(tilt_db: float) -> None:
    """First over second harmonic is the tilt per octave that the voice was made with."""
    power = power_of(hum(220, 1.0, tilt_db=tilt_db))[5:]
    measured = spectrum.harmonic_measures(power, np.full(len(power), 220.0, np.float32))
    assert measured["h1_h2_db"].mean() == pytest.approx(-tilt_db, abs=1.0)
    assert measured["h1_a3_db"].mean() == pytest.approx(-tilt_db * np.log2(11), abs=4.0)


def test_unvoiced_frames_have_no_harmonics() -> None:
    """Where the pitch is 0 the harmonic measures are 0."""
    power = power_of(noise(1.0))
    measured = spectrum.harmonic_measures(power, np.zeros(len(power), np.float32))
    assert not measured["h1_h2_db"].any()
    assert not measured["h1_a3_db"].any()


def test_silence_is_finite() -> None:
    """Digital zero gives numbers, not infinities."""
    power = power_of(np.zeros(CARRY + BLOCK, np.int16))
    mel_db, measures = spectrum.shape_measures(power)
    for values in (mel_db, *measures.values()):
        assert np.isfinite(values).all()


def test_semitones_count_from_the_lowest_a() -> None:
    """An octave is twelve; what lies below the scale is 0."""
    hz = np.array([0.0, 27.5, 55.0, 440.0], np.float32)
    assert np.allclose(spectrum.semitones(hz), [0, 0, 12, 48])


def test_the_layout_has_a_column_for_everything() -> None:
    """Twelve scalars, twelve cepstra and the mel bands make a frame."""
    assert FRAME_WIDTH == 12 + 12 + MEL_BANDS
