"""classifier.acoustic.signals.tones: the signals of E.180 and the keys of Q.23."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from classifier.acoustic.signals.tones import HIGH_KEYS_HZ, LOW_KEYS_HZ, LOWEST_HZ, tone_of
from tests.classifier.acoustic.signals.line import (
    RATE_HZ,
    Signal,
    cadence,
    labels,
    noisy,
    pause,
    tone,
)

SIGNALS = {
    "ringback": [((425.0,), 1.0, 4.0, 3), ((440.0, 480.0), 2.0, 4.0, 3)],
    "busy": [((425.0,), 0.5, 0.5, 8), ((480.0, 620.0), 0.5, 0.5, 8), ((425.0,), 0.25, 0.25, 16)],
}
CASES = [(label, *parts) for label, cases in SIGNALS.items() for parts in cases]


def names(signal: Signal) -> list[str]:
    """What is said of the line, without what is said of the room."""
    return [label for label in labels(signal) if label not in {"quiet", "noise", "silence"}]


@pytest.mark.parametrize("level_db", [-10.0, -25.0, -45.0])
@pytest.mark.parametrize(("label", "hz", "on_s", "off_s", "times"), CASES)
def test_a_signal_is_named_once_while_it_lasts(
    label: str, hz: tuple[float, ...], on_s: float, off_s: float, times: int, level_db: float
) -> None:
    """Each signal, European and North American, at any level of a telephone line."""
    assert names(cadence(hz, on_s, off_s, times, level_db)) == [label]


@pytest.mark.parametrize(("label", "hz", "on_s", "off_s", "times"), CASES)
def test_noise_20_db_below_does_not_hide_a_signal(
    label: str, hz: tuple[float, ...], on_s: float, off_s: float, times: int
) -> None:
    """White noise lies under the tone and in its pauses."""
    assert names(noisy(cadence(hz, on_s, off_s, times), -40.0)) == [label]


@pytest.mark.parametrize("scale", [0.985, 1.015])
@pytest.mark.parametrize(("label", "hz", "on_s", "off_s", "times"), CASES)
def test_exchanges_may_be_a_little_off(
    label: str, hz: tuple[float, ...], on_s: float, off_s: float, times: int, scale: float
) -> None:
    """One and a half percent of frequency is within what exchanges send."""
    assert names(cadence(tuple(f * scale for f in hz), on_s, off_s, times)) == [label]


def double_ring(hz: tuple[float, ...], times: int) -> Signal:
    """Two short rings, and a pause of two seconds, so many times."""
    once = np.concatenate([tone(hz, 0.4), pause(0.2), tone(hz, 0.4), pause(2.0)])
    return np.tile(once, times)


def modulated(hz: float, by_hz: float, length_s: float) -> Signal:
    """A tone that swells and fades so many times a second."""
    at = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    return np.asarray(tone((hz,), length_s) * (1 + 0.85 * np.sin(2 * np.pi * by_hz * at)) / 1.85)


COUNTRIES = {
    "Britain": ("ringback", double_ring((400.0, 450.0), 5)),
    "Australia": ("ringback", double_ring((400.0, 425.0, 450.0), 5)),
    "India": ("ringback", double_ring((400.0,), 5)),
    "France": ("ringback", cadence((440.0,), 1.5, 3.5, 3)),
    "China": ("ringback", cadence((450.0,), 1.0, 4.0, 3)),
    "Spain": ("ringback", cadence((425.0,), 1.5, 3.0, 3)),
    "Russia": ("ringback", cadence((425.0,), 0.8, 3.2, 3)),
    "Sweden": ("ringback", cadence((425.0,), 1.0, 5.0, 3)),
    "Japan": ("ringback", np.tile(np.concatenate([modulated(400.0, 16.0, 1.0), pause(2.0)]), 4)),
    "Britain, busy": ("busy", cadence((400.0,), 0.375, 0.375, 10)),
    "China, busy": ("busy", cadence((450.0,), 0.35, 0.35, 10)),
    "Spain, busy": ("busy", cadence((425.0,), 0.2, 0.2, 15)),
    "Finland, busy": ("busy", cadence((425.0,), 0.3, 0.3, 10)),
    "India, busy": ("busy", cadence((400.0,), 0.75, 0.75, 6)),
    "Germany, busy": ("busy", cadence((425.0,), 0.48, 0.48, 8)),
    "North America, congestion": ("busy", cadence((480.0, 620.0), 0.25, 0.25, 16)),
}


@pytest.mark.parametrize("country", COUNTRIES)
@pytest.mark.parametrize("noise_db", [-90.0, -40.0])
def test_cadences_of_many_countries(country: str, noise_db: float) -> None:
    """Each is named once while it lasts (after the list of national tones to E.180), on a quiet
    line and with noise 20 dB below."""
    label, signal = COUNTRIES[country]
    assert names(noisy(signal, noise_db)) == [label]


def test_busy_that_ends_is_no_double_ring() -> None:
    """Two last short bursts and a long pause, but others right before them."""
    ended = np.concatenate([cadence((425.0,), 0.4, 0.2, 8), pause(4.0)])
    assert names(ended) == ["busy"]


@pytest.mark.parametrize("low_hz", LOW_KEYS_HZ)
@pytest.mark.parametrize("high_hz", HIGH_KEYS_HZ)
def test_every_key_is_heard(low_hz: float, high_hz: float) -> None:
    """A tenth of a second of a key, one and a half percent off, in noise 20 dB below."""
    for scale in (0.985, 1.0, 1.015):
        pressed = cadence((low_hz * scale, high_hz * scale), 0.1, 0.1, 1)
        assert "dtmf_tone" in names(noisy(_among_pauses(pressed), -40.0))


def test_keys_in_a_row_are_one_event() -> None:
    """A number being dialled is said once; another one, seconds later, again."""
    number = cadence((770.0, 1336.0), 0.1, 0.1, 7)
    assert names(_among_pauses(number)) == ["dtmf_tone"]
    assert names(_among_pauses(number, number)) == ["dtmf_tone"] * 2


def _among_pauses(*parts: Signal) -> Signal:
    return np.concatenate([part for each in parts for part in (pause(2.2), each)] + [pause(3.0)])


@pytest.mark.parametrize(
    "hz", [(697.0, 1270.0), (650.0, 1209.0), (697.0,), (1209.0,), (697.0, 770.0), (1000.0, 1500.0)]
)
def test_what_is_no_key_is_none(hz: tuple[float, ...]) -> None:
    """Pairs that are off by more than the standard takes, or of one group, and single tones."""
    assert "dtmf_tone" not in labels(_among_pauses(cadence(hz, 0.3, 0.2, 3)))


@given(
    st.tuples(*[st.floats(80.0, 1720.0)] * 2),
    st.tuples(*[st.floats(0.0, 1.0)] * 2),
)
@example((395.0, 1700.0), (0.9, 0.01))
@example((386.0, 390.0), (0.5, 0.4))
def test_no_tone_has_a_strongest_line_below_the_lowest(
    hz: tuple[float, float], share: tuple[float, float]
) -> None:
    """What lies lower need not be looked at."""
    assert tone_of(hz, share) is None or hz[0] >= LOWEST_HZ


def test_a_dial_tone_has_no_name() -> None:
    """Neither ringback nor busy is a tone that does not stop."""
    assert names(tone((425.0,), 20.0)) == []


def test_one_beep_is_no_signal() -> None:
    """A cadence takes more than one burst of half a second."""
    assert names(_among_pauses(tone((425.0,), 0.5))) == []


def test_a_pair_needs_both_its_lines() -> None:
    """Twice as much power on one side is a pair; a hundred times is not."""
    assert tone_of((697.0, 1209.0), (0.6, 0.3)) is not None
    assert tone_of((697.0, 1209.0), (0.93, 0.06)) is None
    assert tone_of((697.0, 1209.0), (0.3, 0.2)) is None
