"""A session counted: the same sums as its spans, in bins that fill the time."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from hypothesis import given

from classifier import Affect, ShiftDirection
from server.export.report.survey import (
    APART_MS,
    BINS_MAX,
    EPISODES_MAX,
    SHIFTS_MAX,
    Survey,
    Trace,
    survey,
)
from server.log.base import Draft, Event
from tests.server.export.pages import CorrectionMark, Given, cuts, logged, logs, reading_draft
from tests.server.export.test_tones import joined, spans_of
from tests.support.events import numbered, tone_draft

UP = ShiftDirection.ESCALATING


def counted(events: list[Event], page_events: int = 3) -> Survey:
    """The session, counted."""
    return asyncio.run(survey(Given(events, page_events)))


@given(logs, cuts)
def test_time_is_counted_once_in_all_and_bin_by_bin(log: list[Event], page_events: int) -> None:
    """Each affect's time is that of its spans within the session, and its bins add up to it."""
    found = counted(log, page_events)
    assert 1 <= found.bins <= BINS_MAX
    assert found.bins * found.bin_ms == pytest.approx(found.end_ms)
    for voice in found.voices:
        wanted: Counter[str] = Counter()
        for span in spans_of(log, voice.speaker_id):
            wanted[span.affect] += max(0, min(span.end_ms, found.end_ms) - span.start_ms)
        assert voice.named_ms == +wanted
        for affect, lane in voice.lanes.items():
            assert sum(lane) == voice.named_ms[affect]
            assert all(0 <= part <= found.bin_ms + 1 for part in lane)


@given(logs)
def test_episodes_are_those_of_the_session(log: list[Event]) -> None:
    """All of them while they are few, in order of time."""
    found = counted(log)
    own = [episode for episode in found.episodes if episode.first.speaker_id == "speaker_a"]
    assert own == joined(log)
    starts = [episode.start_ms for episode in found.episodes]
    assert starts == sorted(starts)
    assert found.episodes_all == len(found.episodes)


def test_of_many_episodes_the_longest_and_the_corrected_are_kept() -> None:
    """What is listed is bounded; a person's word is not dropped for its shortness."""
    affects = [Affect.WARM, Affect.TIRED]
    drafts: list[Draft | tuple[Draft, CorrectionMark | None]] = []
    for n in range(EPISODES_MAX + 50):
        drafts.append(tone_draft(10.0 * n, affect=affects[n % 2]))
        if n % 2:
            drafts.append(tone_draft(10.0 * n + 1, affect=affects[n % 2]))
    drafts[0] = (tone_draft(0.0, affect=Affect.WARM), CorrectionMark(note="no", at=1.0))
    found = counted(logged(drafts))
    assert (len(found.episodes), found.episodes_all) == (EPISODES_MAX, EPISODES_MAX + 50)
    assert found.episodes[0].corrected
    tired = [one for one in found.episodes if one.first.affect == Affect.TIRED]
    assert len(tired) == (EPISODES_MAX + 50) // 2
    starts = [episode.start_ms for episode in found.episodes]
    assert starts == sorted(starts)


def test_a_shift_that_lasts_is_told_once() -> None:
    """The strongest moment of those close together; a steady voice has none."""
    log = numbered(
        *(
            tone_draft(float(n), shift_magnitude=size, shift_direction=UP)
            for n, size in enumerate([0.2, 0.6, 0.9, 0.5])
        ),
        tone_draft(30.0, shift_magnitude=0.4, shift_direction=ShiftDirection.DE_ESCALATING),
        tone_draft(60.0, shift_magnitude=1.0),
        tone_draft(2.0, shift_magnitude=0.7, shift_direction=UP, speaker_id="speaker_b"),
    )
    found = [(span.speaker_id, span.start_ms, span.shift_magnitude) for span in counted(log).shifts]
    assert found == [
        ("speaker_a", 2000, 0.9),
        ("speaker_b", 2000, 0.7),
        ("speaker_a", 30000, 0.4),
    ]


def test_only_the_strongest_shifts_are_kept() -> None:
    """In order of time."""
    step_s = 2 * APART_MS / 1000
    sizes = [((7 * n) % 20) / 20 for n in range(20)]
    log = numbered(
        *(
            tone_draft(n * step_s, shift_magnitude=size, shift_direction=UP)
            for n, size in enumerate(sizes)
        )
    )
    found = [span.shift_magnitude for span in counted(log).shifts]
    assert sorted(found) == sorted(sizes)[-SHIFTS_MAX:]
    assert found == [size for size in sizes if size in found]


def test_readings_fall_into_the_bins_of_their_time() -> None:
    """Mean, lowest and highest; and how much speech was heard, also by a voice learnt anew."""
    log = numbered(
        reading_draft(0.5, heard_s=0.4, arousal=0.5, valence=-0.5),
        reading_draft(1.0, heard_s=0.8, arousal=-0.1, valence=0.5),
        reading_draft(100.0, heard_s=0.3, arousal=0.2, valence=0.1),
    )
    found = counted(log)
    [voice] = found.voices
    assert found.end_ms == 100_000
    assert voice.speech_s == pytest.approx(0.8 + 0.3)
    assert voice.arousal.mean() == pytest.approx(0.2)
    assert voice.arousal.mean(found.bins - 1) == pytest.approx(0.2)
    assert voice.arousal.mean(10, 20) is None
    assert voice.main(0, found.bins) is None


def test_a_trace_keeps_the_reach_of_its_values() -> None:
    """The lowest and highest of each bin."""
    trace = Trace(2)
    for value in (0.25, -0.5, 1.0):
        trace.add(1, value)
    assert trace.range(1) == (-0.5, 1.0)
    assert (trace.mean(0, 1), trace.mean(1, 2)) == (None, 0.25)


def test_the_main_affect_of_a_stretch() -> None:
    """The one named longest in it."""
    log = numbered(
        tone_draft(0.0, affect=Affect.WARM),
        tone_draft(1.0, affect=Affect.TIRED),
        tone_draft(2.0, affect=Affect.TIRED),
        tone_draft(40.0, affect=Affect.WARM),
        reading_draft(60.0),
    )
    found = counted(log)
    [voice] = found.voices
    assert voice.main(0, found.bins // 2) == ("tired", 3000)
    assert voice.main(found.bins // 2, found.bins) == ("warm", 2000)
    assert voice.by_share == ["tired", "warm"]


def test_an_empty_session_is_counted_as_nothing() -> None:
    """No voices, no shifts, no episodes."""
    found = counted([])
    assert (found.voices, found.shifts, found.episodes, found.corrected) == ((), (), (), False)
