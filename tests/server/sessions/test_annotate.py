"""From readings to events: what is said, how often, and how it is rounded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import Affect, ProsodyFlag, ShiftDirection, Source, VoiceFrame
from classifier.frames import EnvironLabel, QueueLabel, Sound
from server.log.base import Draft, ToneKeys
from server.models import ServiceStatus
from server.sessions.annotate import Annotator
from tests.support.classifier import voice_frame


def annotator(*, elcor: bool = False, interval_s: float = 1.0) -> Annotator:
    """Of a session called id."""
    return Annotator("id", elcor=elcor, tone_interval_s=interval_s)


def kinds(drafts: list[Draft]) -> list[str]:
    """The names of the events."""
    return [draft.kind for draft in drafts]


def data(draft: Draft) -> dict[str, Any]:
    """What an event says."""
    parsed = orjson.loads(draft.data)
    assert isinstance(parsed, dict)
    return parsed


def test_a_reading_without_a_tone_gives_the_affect_event_alone() -> None:
    """Silence and doubt are shown, not named."""
    [draft] = annotator().drafts(voice_frame(1.0, None))
    assert draft.kind == "affect-event"
    assert draft.keys is None
    event = data(draft)
    assert (event["session_id"], event["speaker_id"], event["timestamp"]) == ("id", "speaker_a", 1)
    assert event["arousal"] is None


def test_a_named_tone_follows_its_affect_event() -> None:
    """First the reading, then the word for it; history's filters come from the same values."""
    frame = replace(
        voice_frame(12.3456, Affect.TIRED, source=Source.TAB, confidence=0.71239),
        shift_magnitude=0.41267,
        shift_direction=ShiftDirection.DE_ESCALATING,
        prosody_flags=(ProsodyFlag.QUIET, ProsodyFlag.SLOW),
        distribution={Affect.TIRED: 0.71239, Affect.NEUTRAL: 0.28761},
        heard_s=4.56789,
    )
    affect, tone = annotator().drafts(frame)
    assert kinds([affect, tone]) == ["affect-event", "tone-event"]
    assert data(affect)["distribution"] == {"tired": 0.712, "neutral": 0.288}
    assert data(affect)["heard_s"] == 4.568
    event = data(tone)
    assert event["affect"] == "tired"
    assert event["speaker_id"] == "speaker_b"
    assert event["shift_direction"] == "de-escalating"
    assert event["prosody_flags"] == ["quiet", "slow"]
    assert (event["timestamp"], event["confidence"]) == (12.346, 0.712)
    assert event["shift_magnitude"] == 0.413
    assert event["label"].startswith("Tired")
    assert tone.keys == ToneKeys(12.346, 0.712, "tired", "speaker_b")


def test_elcor_is_the_bracketed_spoken_tone_form() -> None:
    """Only where the session asked for it."""
    frame = voice_frame(1.0, Affect.FRUSTRATED)
    spoken = data(annotator(elcor=True).drafts(frame)[1])["subtext"]
    plain = data(annotator(elcor=False).drafts(frame)[1])["subtext"]
    assert spoken.startswith("[Frustrated")
    assert plain is None or not plain.startswith("[")


@pytest.mark.parametrize("rate_hz", [2, 10, 3])
def test_an_unchanged_tone_is_said_again_once_an_interval(rate_hz: int) -> None:
    """However often it is read; sums of hops do not push it one reading later."""
    notes = annotator()
    time_s, said = 0.0, []
    for _ in range(5 * rate_hz + 1):
        if "tone-event" in kinds(notes.drafts(voice_frame(time_s))):
            said.append(round(time_s, 3))
        time_s += 1 / rate_hz
    assert said == [0, 1, 2, 3, 4, 5]


def test_a_new_tone_is_said_at_once() -> None:
    """A change does not wait for the interval."""
    notes = annotator()
    assert len(notes.drafts(voice_frame(1.0, Affect.WARM))) == 2
    assert len(notes.drafts(voice_frame(1.1, Affect.WARM))) == 1
    assert len(notes.drafts(voice_frame(1.2, Affect.URGENT))) == 2
    assert len(notes.drafts(voice_frame(1.3, Affect.WARM))) == 2


def test_after_silence_or_doubt_the_same_tone_is_news() -> None:
    """What had ended begins again."""
    notes = annotator()
    assert len(notes.drafts(voice_frame(1.0))) == 2
    assert len(notes.drafts(voice_frame(1.1, None))) == 1
    assert len(notes.drafts(voice_frame(1.2))) == 2


def test_a_voice_is_said_to_be_learnt_and_then_to_be_known_once_each() -> None:
    """Nothing before speech; calibrating from its first moment; listening once it is known."""
    notes = annotator()
    unheard = replace(voice_frame(0.5, None), habit_known=False)
    learning = replace(voice_frame(1.0, None), heard_s=0.4, habit_known=False)
    known = replace(voice_frame(9.0, None), heard_s=8.0, habit_known=True)
    details = []
    for frame in (unheard, learning, learning, known, replace(known, source=Source.TAB), known):
        for draft in notes.drafts(frame)[1:]:
            assert draft.kind == "service-event"
            assert data(draft)["status"] == ServiceStatus.LISTENING
            details.append(data(draft)["detail"])
    assert details == [
        "calibrating: learning how speaker_a usually sounds.",
        "listening: speaker_a is measured against its own habit.",
        "listening: speaker_b is measured against its own habit.",
    ]


def test_two_voices_are_paced_apart() -> None:
    """What one says holds the other's tone back neither in silence nor in speech."""
    notes = annotator()
    assert len(notes.drafts(voice_frame(1.0, source=Source.MIC))) == 2
    assert len(notes.drafts(voice_frame(1.1, source=Source.TAB))) == 2
    assert len(notes.drafts(voice_frame(1.2, None, source=Source.TAB))) == 1
    assert len(notes.drafts(voice_frame(1.3, source=Source.MIC))) == 1


def test_without_an_interval_every_reading_is_said() -> None:
    """The pace of the synthetic conversation is its own."""
    notes = annotator(interval_s=0.0)
    assert [len(notes.drafts(voice_frame(n / 50))) for n in range(5)] == [2] * 5


def test_what_is_heard_beside_the_voice_is_said_after_it() -> None:
    """The room as environ-event, the line as queue-event, in the fields of the wire; no tones."""
    frame = replace(
        voice_frame(3.0),
        sounds=(
            Sound(EnvironLabel.MUSIC, 0.87654, 2.50049),
            Sound(QueueLabel.HOLD_MUSIC, 1.0, 3.0),
        ),
    )
    drafts = annotator().drafts(frame)
    assert kinds(drafts) == ["affect-event", "tone-event", "environ-event", "queue-event"]
    assert orjson.loads(drafts[2].data) == {
        "event_type": "environ",
        "session_id": "id",
        "label": "music",
        "confidence": 0.877,
        "timestamp": 2.5,
    }
    assert orjson.loads(drafts[3].data) == {
        "event_type": "queue",
        "session_id": "id",
        "label": "hold_music",
        "confidence": 1.0,
        "timestamp": 3.0,
    }
    assert drafts[2].keys is drafts[3].keys is None


def test_another_voice_of_a_source_is_announced_once() -> None:
    """A change is said before the reading it belongs to; the other source is none of its affair."""
    notes = annotator()
    second = replace(voice_frame(2.0), voice=1, named="speaker_b", voice_sure=0.81234)
    assert kinds(notes.drafts(voice_frame(1.0))) == ["affect-event", "tone-event"]
    drafts = notes.drafts(second)
    assert kinds(drafts) == ["speaker-event", "affect-event", "tone-event"]
    assert orjson.loads(drafts[0].data) == {
        "event_type": "speaker",
        "session_id": "id",
        "label": "speaker_b",
        "confidence": 0.812,
        "timestamp": 2.0,
    }
    assert drafts[0].keys is None
    assert [data(draft)["speaker_id"] for draft in drafts[1:]] == ["speaker_b"] * 2
    other = replace(voice_frame(2.0, source=Source.TAB), named="speaker_c")
    assert "speaker-event" not in kinds(notes.drafts(other))
    assert "speaker-event" not in kinds(notes.drafts(replace(second, timestamp_s=2.5)))


def test_each_voice_has_its_own_pace_and_habit() -> None:
    """What one voice was said to sound like is news of another, and both are learnt."""
    notes = annotator()
    first = replace(voice_frame(1.0), heard_s=1.0, habit_known=False)
    second = replace(first, timestamp_s=1.5, voice=1, named="speaker_b")
    assert kinds(notes.drafts(first)) == ["affect-event", "tone-event", "service-event"]
    drafts = notes.drafts(second)
    assert kinds(drafts) == ["speaker-event", "affect-event", "tone-event", "service-event"]
    assert "speaker_b" in data(drafts[-1])["detail"]


def test_a_stage_of_the_service() -> None:
    """A service event carries status and sentence, and is no tone."""
    draft = annotator().service(ServiceStatus.READY, "Ready to listen.")
    assert (draft.kind, draft.keys) == ("service-event", None)
    assert data(draft) == {
        "event_type": "service",
        "session_id": "id",
        "status": "ready",
        "detail": "Ready to listen.",
    }


unit = st.floats(0, 1)
signed = st.none() | st.floats(-1, 1)
frames = st.builds(
    VoiceFrame,
    timestamp_s=st.floats(0, 1e7),
    source=st.sampled_from(Source),
    speech=unit,
    affect=st.none() | st.sampled_from(Affect),
    confidence=unit,
    arousal=signed,
    valence=signed,
    dominance=signed,
    shift_magnitude=unit,
    shift_direction=st.sampled_from(ShiftDirection),
    prosody_flags=st.lists(st.sampled_from(ProsodyFlag), unique=True, max_size=4).map(tuple),
    heard_s=st.floats(0, 1e7),
)


@given(st.lists(frames, max_size=10), st.booleans())
def test_any_reading_becomes_events(readings: list[VoiceFrame], elcor: bool) -> None:
    """Whatever is read: one affect-event each, at most one tone-event, one line of JSON, and a
    tone only where an affect was named, in the words of the wire."""
    notes = annotator(elcor=elcor)
    for frame in readings:
        drafts = notes.drafts(frame)
        assert kinds(drafts) in (["affect-event"], ["affect-event", "tone-event"])
        for draft in drafts:
            assert b"\n" not in draft.data
            assert data(draft)["timestamp"] == round(frame.timestamp_s, 3)
        if len(drafts) == 2:
            assert frame.affect is not None
            assert data(drafts[1])["affect"] == frame.affect.value
