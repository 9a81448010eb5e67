"""What readings tell of a whole session."""

from __future__ import annotations

import asyncio
import json

from hypothesis import given

from server.export.readings import Outline, outline, reading_of
from server.log.base import Event
from tests.server.export.pages import (
    CorrectionMark,
    Given,
    cuts,
    logged,
    logs,
    reading_draft,
)
from tests.support.events import numbered, service_draft, tone_draft


@given(logs, cuts)
def test_the_outline_knows_who_and_how_long(log: list[Event], page_events: int) -> None:
    """Speakers of tones and readings in order of name, and the last moment of any."""
    plan = asyncio.run(outline(Given(log, page_events)))
    told = [json.loads(event.data) for event in log if event.kind != "service-event"]
    assert plan.speakers == tuple(sorted({data["speaker_id"] for data in told}))
    assert plan.end_ms == round(1000 * max((data["timestamp"] for data in told), default=0))
    assert plan.last_seq == len(log)


def test_the_outline_knows_what_tiers_there_are() -> None:
    """Whose tones were corrected, and whose voice was read."""
    log = logged(
        [
            (tone_draft(1.0), CorrectionMark(note="no", at=1.0)),
            reading_draft(2.5, speaker_id="speaker_b", arousal=0.1, valence=0.2),
            reading_draft(3.0),
        ]
    )
    assert asyncio.run(outline(Given(log))) == Outline(
        speakers=("speaker_a", "speaker_b"),
        end_ms=3000,
        last_seq=3,
        corrected=frozenset({"speaker_a"}),
        read=frozenset({"speaker_b"}),
    )


def test_only_an_affect_event_is_a_reading() -> None:
    """Tones and the service's words are not."""
    tone, service, reading = numbered(tone_draft(), service_draft(), reading_draft(0.25))
    assert reading_of(tone) is None
    assert reading_of(service) is None
    found = reading_of(reading)
    assert found is not None
    assert (found.at_ms, found.arousal) == (250, None)
