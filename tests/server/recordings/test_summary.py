"""A recording in numbers: shares, means, shifts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import Affect, ShiftDirection
from server.log.base import Draft, ToneKeys
from server.models import AffectEvent, ToneEvent
from server.recordings.documents import RecordingSummary
from server.recordings.summary import SHIFTS, Summary
from tests.support.events import SESSION_ID, numbered, service_draft


def tone(
    at_s: float,
    affect: Affect = Affect.WARM,
    *,
    speaker_id: str = "speaker_a",
    shift: float = 0.0,
    direction: ShiftDirection = ShiftDirection.STABLE,
) -> Draft:
    """A tone event."""
    event = ToneEvent(
        label="A label",
        confidence=0.8,
        speaker_id=speaker_id,
        shift_magnitude=shift,
        timestamp=at_s,
        session_id=SESSION_ID,
        subtext=None,
        affect=affect,
        shift_direction=direction,
        prosody_flags=[],
    )
    keys = ToneKeys(at_s, 0.8, affect.value, speaker_id)
    return Draft("tone-event", event.to_json(), keys)


def reading(
    at_s: float, heard_s: float, *, arousal: float | None = None, speaker_id: str = "speaker_a"
) -> Draft:
    """An affect-event."""
    event = AffectEvent(
        session_id=SESSION_ID,
        timestamp=at_s,
        speaker_id=speaker_id,
        speech=0.5,
        arousal=arousal,
        valence=None if arousal is None else -arousal,
        dominance=None,
        distribution={},
        heard_s=heard_s,
    )
    return Draft("affect-event", event.to_json())


def summed(*drafts: Draft, duration_s: float = 100.0) -> RecordingSummary:
    """These events as a summary."""
    summary = Summary()
    for event in numbered(*drafts):
        summary.take(event)
    return summary.document(duration_s=duration_s, elapsed_s=2.0, model_id="m")


def test_nothing_heard_is_nothing_claimed() -> None:
    """A recording without speech has no speakers, no shares and no means."""
    summary = summed(service_draft("hello"), duration_s=7.0)
    assert (summary.speakers, summary.shifts, summary.speech_s) == ([], [], 0.0)
    assert summary.events == {"service-event": 1}
    assert (summary.duration_s, summary.times_real_time) == (7.0, 3.5)


def test_shares_are_of_the_time_a_tone_stood() -> None:
    """A tone stands until the next of its speaker, or two seconds; the last not beyond the end."""
    summary = summed(
        tone(1.0),
        tone(2.0, Affect.URGENT),
        tone(2.5, Affect.TIRED, speaker_id="speaker_b"),
        tone(2.5),
        tone(60.0),
        duration_s=60.5,
    )
    a, b = summary.speakers
    assert a.named_s == pytest.approx(1.0 + 0.5 + 2.0 + 0.5)
    assert list(a.affects.items()) == [("warm", 0.875), ("urgent", 0.125)]
    assert (b.speaker_id, b.affects, b.tones) == ("speaker_b", {"tired": 1.0}, 1)


def test_speech_and_means_are_of_the_readings() -> None:
    """Speech is what was heard of each voice, also when it was learnt anew; means are of readings
    that have something to say."""
    summary = summed(
        reading(0.5, 0.4, arousal=0.2),
        reading(1.0, 0.9, arousal=0.6),
        reading(1.5, 0.9),
        reading(2.0, 0.3, arousal=0.1),
        reading(2.0, 0.5, speaker_id="speaker_b"),
    )
    a, b = summary.speakers
    assert a.speech_s == pytest.approx(0.9 + 0.3)
    assert (a.arousal, a.valence) == (0.3, -0.3)
    assert (b.speech_s, b.arousal) == (0.5, None)
    assert summary.speech_s == pytest.approx(1.7)


def test_a_shift_that_is_said_again_is_one_shift() -> None:
    """Of a voice that moves for seconds, the strongest moment; a stable voice has none."""
    up = ShiftDirection.ESCALATING
    summary = summed(
        tone(1.0, shift=0.9),
        tone(10.0, shift=0.3, direction=up),
        tone(11.0, shift=0.5, direction=up),
        tone(12.0, shift=0.4, direction=up),
        tone(11.5, shift=0.2, direction=up, speaker_id="speaker_b"),
        tone(30.0, shift=0.1, direction=ShiftDirection.DE_ESCALATING),
    )
    assert [(mark.timestamp, mark.shift_magnitude) for mark in summary.shifts] == [
        (11.0, 0.5),
        (11.5, 0.2),
        (30.0, 0.1),
    ]
    assert summary.shifts[0].seq == 3


@given(
    magnitudes=st.lists(st.floats(0.01, 1.0), max_size=200), gap_s=st.sampled_from([5.0, 6.0, 60.0])
)
def test_the_strongest_shifts_are_kept_however_many_there_are(
    magnitudes: list[float], gap_s: float
) -> None:
    """As if all had been kept and sorted at the end."""
    up = ShiftDirection.ESCALATING
    rounded = [round(size, 3) for size in magnitudes]
    drafts = [tone(k * gap_s, shift=size, direction=up) for k, size in enumerate(rounded)]
    summary = summed(*drafts, duration_s=20_000.0)
    assert [mark.shift_magnitude for mark in summary.shifts] == sorted(rounded, reverse=True)[
        :SHIFTS
    ]


@given(
    st.lists(
        st.tuples(
            st.floats(0.0, 3.0),
            st.sampled_from(Affect),
            st.sampled_from(["speaker_a", "speaker_b"]),
        ),
        max_size=40,
    )
)
def test_shares_sum_to_one_and_never_exceed_the_recording(
    said: list[tuple[float, Affect, str]],
) -> None:
    """Whatever is said when, of every voice that had a tone."""
    at_s = 0.0
    drafts = []
    for gap_s, affect, speaker_id in said:
        at_s = round(at_s + gap_s, 3)
        drafts.append(tone(at_s, affect, speaker_id=speaker_id))
    summary = summed(*drafts, duration_s=at_s + 1.0)
    for speaker in summary.speakers:
        assert sum(speaker.affects.values()) == pytest.approx(1.0, abs=1e-3)
        assert speaker.named_s <= at_s + 1.0 + 0.001 * len(said)
