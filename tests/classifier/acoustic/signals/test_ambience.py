"""classifier.acoustic.signals.ambience, by what the meter says of it."""

import numpy as np
import pytest

from tests.classifier.acoustic.signals.line import RATE_HZ, Signal, labels, noisy, pause, tone


def melody(notes: int, note_s: float, seed: int = 1) -> Signal:
    """Random notes of a scale over a chord that changes every four, with soft edges."""
    rng = np.random.default_rng(seed)
    scale = 220.0 * 2 ** (np.array([0, 2, 4, 5, 7, 9, 11, 12]) / 12)
    parts = []
    for place in range(notes):
        hz = float(rng.choice(scale))
        chord = scale[(place // 4 * 3) % 5] / 2
        note = tone((hz, 2 * hz, 3 * hz), note_s, -26.0) + tone(
            (chord, chord * 1.26, chord * 1.5), note_s, -30.0
        )
        at = np.arange(note.size) / RATE_HZ
        parts.append(note * np.minimum(1.0, np.minimum(at, note_s - at) / 0.01))
    return np.concatenate(parts).astype(np.float32)


@pytest.mark.parametrize("note_s", [0.3, 0.5, 1.0])
def test_a_melody_is_music_and_then_hold_music(note_s: float) -> None:
    """Notes that stand and follow each other, said once each."""
    assert labels(melody(round(16 / note_s), note_s)) == ["music", "hold_music"]


def test_music_through_noise_is_music() -> None:
    """With white noise 20 dB below."""
    assert "music" in labels(noisy(melody(40, 0.4), -43.0))


@pytest.mark.parametrize("level_db", [-50.0, -30.0, -12.0])
def test_steady_noise_is_noise(level_db: float) -> None:
    """At any level that is not quiet, said once."""
    assert labels(noisy(pause(20.0), level_db)) == ["noise"]


def test_a_motor_is_noise() -> None:
    """Lines that stand but never change are no melody."""
    hum = tone((100.0, 200.0, 300.0, 500.0), 20.0, -25.0)
    assert labels(noisy(hum, -40.0)) == ["noise"]


def test_a_room_at_night_is_quiet() -> None:
    """Faint noise is quiet to the room and silence to the line."""
    assert sorted(labels(noisy(pause(20.0), -68.0))) == ["quiet", "silence"]


def test_a_change_is_said_when_it_lasts() -> None:
    """Noise that comes and goes for good is two changes; a bang is none."""
    night = noisy(pause(8.0), -68.0)
    street = noisy(pause(8.0), -30.0)
    bang = noisy(pause(0.5), -10.0)
    room = [label for label in labels(np.concatenate([night, street, night])) if label != "silence"]
    assert room == ["quiet", "noise", "quiet"]
    assert "noise" not in labels(np.concatenate([night, bang, night]))


def test_while_people_talk_the_surroundings_are_not_judged() -> None:
    """Speech is no noise."""
    assert labels(noisy(pause(10.0), -20.0), speech=0.8) == []
