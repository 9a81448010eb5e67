"""classifier.training.material.augment"""

import numpy as np
import pytest

from classifier.acoustic.extractor import FrameExtractor
from classifier.acoustic.layout import COLUMN
from classifier.training.material.augment import (
    AS_RECORDED,
    QUIET_EVERY,
    Background,
    Signal,
    Surroundings,
    Voice,
    heard_as,
    murmur,
    random_voice,
)
from classifier.training.material.hearing import as_pcm, as_signal
from tests.classifier.voices import hum, noise, recording

RNG = np.random.default_rng(1)
AROUND = Surroundings(
    noises=[as_signal(noise(2.0, 0.05))],
    rooms=[np.exp(-np.arange(4000) / 600).astype(np.float32) * as_signal(noise(0.25, 0.3))],
)


def change(signal: Signal, voice: Voice) -> Signal:
    return heard_as(signal, voice, AROUND, np.random.default_rng(2))


def median(signal: Signal, column: str) -> float:
    frames = FrameExtractor().push(as_pcm(signal))[5:]
    return float(np.median(frames[:, COLUMN[column]]))


HUM = as_signal(hum(150.0, 2.0))


def test_as_recorded_changes_nothing() -> None:
    """The plain voice is the signal itself."""
    assert np.array_equal(change(HUM, AS_RECORDED), HUM)


@pytest.mark.parametrize("speed", [0.87, 1.15])
def test_speed_makes_another_speaker(speed: float) -> None:
    """Pitch rises and time falls by the same factor."""
    quick = change(HUM, Voice(speed=speed))
    assert quick.size == pytest.approx(HUM.size / speed, rel=0.01)
    assert median(quick, "pitch_st") - median(HUM, "pitch_st") == pytest.approx(
        12 * np.log2(speed), abs=0.1
    )


def test_tilt_darkens_or_brightens() -> None:
    """A falling channel raises the alpha ratio, a rising one lowers it."""
    dark, bright = (change(HUM, Voice(tilt_db=tilt)) for tilt in (-3.0, 3.0))
    assert median(dark, "alpha_db") > median(HUM, "alpha_db") > median(bright, "alpha_db")


@pytest.mark.parametrize("kind", list(Background))
def test_noise_comes_at_its_level(kind: Background) -> None:
    """What is added lies so many decibels below the signal, of whatever kind it is."""
    voice = Voice(background=kind, noise=0, snr_db=10.0, snr_spread_db=0.0)
    added = heard_as(HUM, voice, AROUND, np.random.default_rng(2), own=[HUM]) - HUM
    snr_db = 10 * np.log10(np.mean(HUM**2) / np.mean(added**2))
    assert snr_db == pytest.approx(10.0, abs=0.2)


def test_a_background_is_there_before_and_after_the_voice() -> None:
    """Asked for a lead and a tail, both hold the background alone; without one, nothing."""
    noisy = Voice(background=Background.COLOURED)
    for voice, there in ((noisy, True), (Voice(tilt_db=0.0, speed=1.01), False)):
        heard = heard_as(HUM, voice, AROUND, np.random.default_rng(3), lead=4000, tail=3000)
        assert (np.abs(heard[:4000]).max() > 0) == there
        assert (np.abs(heard[-3000:]).max() > 0) == there


def test_a_murmur_is_many_voices() -> None:
    """Several pitches at once: less periodic than the one voice it is made of."""
    crowd = murmur([HUM], HUM.size, np.random.default_rng(3)) * np.float32(0.05)
    assert crowd.size == HUM.size
    assert median(crowd, "voicing") < median(HUM, "voicing") - 0.1


def test_a_room_goes_on_after_the_voice() -> None:
    """Where the dry signal stops, the wet one does not."""
    stopped = np.concatenate([HUM[:16_000], np.zeros(16_000, np.float32)])
    wet = change(stopped, Voice(room=0))
    assert wet.size == stopped.size
    assert np.abs(wet[16_000:18_000]).max() > 0.01


def test_gain_is_applied_and_never_clips() -> None:
    """Softer by so many decibels; too loud is brought back within full scale."""
    assert np.allclose(change(HUM, Voice(gain_db=-20.0)), HUM * 0.1, atol=1e-6)
    assert np.abs(change(HUM, Voice(gain_db=40.0))).max() <= 1.0


def test_a_seed_gives_the_same_voice() -> None:
    """Chance is the generator's alone, and covers rooms and noises."""
    first = [random_voice(np.random.default_rng(5), AROUND) for _ in range(3)]
    assert len(set(first)) == 1
    many = [random_voice(RNG, AROUND, number) for number in range(200)]
    assert {voice.background for voice in many} == {None, *Background}
    assert all(voice.background is None for voice in many[::QUIET_EVERY])
    assert {voice.room for voice in many} == {None, 0}
    assert {voice.noise for voice in many} == {None, 0}
    assert all(0.8 < voice.speed < 1.25 for voice in many)


def test_without_surroundings_there_is_neither_room_nor_noise() -> None:
    """A voice at random needs no corpora."""
    voice = random_voice(np.random.default_rng(1), Surroundings())
    assert voice.room is None
    assert voice.noise is None
    spoken = as_signal(recording("calm"))
    assert np.isfinite(heard_as(spoken, voice, Surroundings(), RNG)).all()
