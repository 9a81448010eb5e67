"""Tones as stretches of time: any tones, in any order of time, give each its own stretch."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import Affect
from server.export.tones import (
    CORRECTED_MAX,
    HOLD_MS,
    Episode,
    Span,
    correction_words,
    episodes,
    in_time_order,
    spans,
)
from server.log.base import Event
from server.models import CorrectionMark
from tests.server.export.pages import Given, cuts, logged, logs, tones
from tests.support.events import numbered, tone_draft

T = TypeVar("T")


def collected(items: AsyncIterator[T]) -> list[T]:
    """All of them."""

    async def collect() -> list[T]:
        return [item async for item in items]

    return asyncio.run(collect())


def spans_of(events: list[Event], speaker_id: str = "speaker_a") -> list[Span]:
    """One speaker's spans."""
    return collected(spans(Given(events), speaker_id))


def joined(events: list[Event]) -> list[Episode]:
    """The first speaker's episodes of affect."""
    return collected(episodes(spans(Given(events), "speaker_a"), lambda span: span.affect))


@given(logs, cuts)
def test_every_tone_has_one_span_of_its_own(log: list[Event], page_events: int) -> None:
    """In order, each longer than nothing, none reaching into the next, none longer than it may
    be; whatever the clock did."""
    own = [e for e in tones(log) if e.keys is not None and e.keys.speaker_id == "speaker_a"]
    found = collected(spans(Given(log, page_events), "speaker_a"))
    assert [span.seq for span in found] == [event.seq for event in own]
    end_ms = 0
    for span in found:
        assert end_ms <= span.start_ms < span.end_ms <= span.start_ms + HOLD_MS
        end_ms = span.end_ms


@given(logs)
def test_episodes_hold_the_same_time_as_their_spans(log: list[Event]) -> None:
    """Nothing is lost or told twice, and neighbours that touch say different things."""
    own, found = spans_of(log), joined(log)
    assert sum(one.end_ms - one.start_ms for one in found) == sum(
        one.end_ms - one.start_ms for one in own
    )
    for before, after in itertools.pairwise(found):
        assert before.end_ms <= after.start_ms
        touching = before.end_ms == after.start_ms
        assert not (touching and before.first.affect == after.first.affect)
    for episode in found:
        within = [s for s in own if episode.first.seq <= s.seq <= episode.last.seq]
        assert {span.affect for span in within} == {episode.first.affect}
        assert episode.surest.confidence == max(span.confidence for span in within)
        marked = [span for span in within if span.correction is not None]
        assert list(episode.corrected) == marked[:CORRECTED_MAX]


def test_a_tone_lasts_to_the_next_or_for_two_seconds() -> None:
    """At one, at two (a second later) and at nine: three spans, one cut short."""
    log = numbered(tone_draft(1.0), tone_draft(2.0), tone_draft(9.0))
    assert [(span.start_ms, span.end_ms) for span in spans_of(log)] == [
        (1000, 2000),
        (2000, 4000),
        (9000, 11000),
    ]


def test_a_clock_that_goes_back_loses_no_tone() -> None:
    """The later tone begins a millisecond after the one before."""
    log = numbered(tone_draft(5.0), tone_draft(1.0), tone_draft(5.0))
    assert [span.start_ms for span in spans_of(log)] == [5000, 5001, 5002]


def test_only_the_first_corrections_travel_with_an_episode() -> None:
    """An episode may last for hours: what it carries is bounded."""
    mark = CorrectionMark(note="no", at=1.0)
    log = logged((tone_draft(float(n)), mark) for n in range(CORRECTED_MAX + 5))
    [episode] = joined(log)
    assert [span.seq for span in episode.corrected] == list(range(1, CORRECTED_MAX + 1))


@given(st.lists(st.lists(st.integers(0, 50)).map(sorted), max_size=4))
def test_streams_in_order_are_merged_in_order(streams: list[list[int]]) -> None:
    """All items, in order; of equals the earlier stream's first."""

    async def stream(place: int, items: list[int]) -> AsyncIterator[tuple[int, int]]:
        for item in items:
            yield item, place

    given_streams = [stream(place, items) for place, items in enumerate(streams)]
    merged = collected(in_time_order(given_streams, lambda item: item[0]))
    assert merged == sorted((item, place) for place, items in enumerate(streams) for item in items)


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        (CorrectionMark(affect=Affect.WARM, at=1.0), "warm"),
        (CorrectionMark(affect="warm", label="Fond", note="of me", at=1.0), "warm · Fond · of me"),
        (CorrectionMark(note="  ", label="", at=1.0), ""),
        (CorrectionMark(at=1.0), ""),
    ],
)  # fmt: skip
def test_a_correction_in_one_text(mark: CorrectionMark, words: str) -> None:
    """What was said of affect, label and note, in that order."""
    assert correction_words(mark) == words
