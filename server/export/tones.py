"""Tone events as stretches of time: what captions, tiers and the report are made of.

A tone event is a moment; it says how the last seconds sounded, and it is said again every second
while the tone lasts. Here it becomes a span: from its moment to the next tone of that speaker, or
for :data:`HOLD_MS` when none follows in time. Times are whole milliseconds, as precise as events
are. Knows no format.
"""

from __future__ import annotations

import heapq
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import orjson

from server.export.base import SessionEvents
from server.log.base import Event
from server.models import CorrectionMark

HOLD_MS: Final = 2_000
"""How long a tone stands that no other follows: twice the interval at which one that lasts is
said again, so that a single late reading makes no hole."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Span:
    """One tone event and the time it stands for."""

    start_ms: int
    end_ms: int
    """Always after ``start_ms``."""

    seq: int
    speaker_id: str
    affect: str
    label: str
    subtext: str | None
    confidence: float
    shift_magnitude: float
    shift_direction: str
    correction: CorrectionMark | None


@dataclass(frozen=True, slots=True)
class Episode:
    """Spans of one speaker that follow each other without a hole and say the same."""

    start_ms: int
    end_ms: int
    first: Span
    last: Span
    surest: Span
    """The one of the highest confidence."""

    corrected: tuple[Span, ...]
    """At most the first :data:`CORRECTED_MAX` spans that a person has corrected."""


CORRECTED_MAX: Final = 8
"""Corrections that one episode carries with it: it may last for hours."""


class SpanMaker:
    """Turns the tone events of one speaker into spans.

    Each event has its span of at least a millisecond, in order: where the clock stands still or
    goes back, the later event begins a millisecond after the one before.
    """

    def __init__(self) -> None:
        self._open: tuple[int, Event] | None = None

    def push(self, event: Event) -> Span | None:
        """Take the next event; gives the span of the one before."""
        start_ms = milliseconds(event.keys.timestamp_s) if event.keys is not None else 0
        before = self._open
        if before is None:
            self._open = (start_ms, event)
            return None
        start_ms = max(start_ms, before[0] + 1)
        self._open = (start_ms, event)
        return _span(before[1], before[0], min(start_ms, before[0] + HOLD_MS))

    def finish(self) -> Span | None:
        """The span of the last event."""
        last, self._open = self._open, None
        return None if last is None else _span(last[1], last[0], last[0] + HOLD_MS)


class EpisodeMaker:
    """Joins the spans of one speaker that say the same."""

    def __init__(self, saying: Callable[[Span], object]) -> None:
        """
        Args:
            saying: what has to be equal for two spans to be joined.
        """
        self._saying = saying
        self._open: list[Span] = []
        """First, last and surest."""
        self._corrected: list[Span] = []

    def push(self, span: Span) -> Episode | None:
        """Take the next span; gives the episode that it does not belong to, if that is over."""
        done = None
        if self._open:
            first, last, surest = self._open
            if span.start_ms == last.end_ms and self._saying(span) == self._saying(first):
                surer = span if span.confidence > surest.confidence else surest
                self._open = [first, span, surer]
                self._note(span)
                return None
            done = self.finish()
        self._open = [span, span, span]
        self._note(span)
        return done

    def finish(self) -> Episode | None:
        """The last episode."""
        if not self._open:
            return None
        first, last, surest = self._open
        episode = Episode(first.start_ms, last.end_ms, first, last, surest, tuple(self._corrected))
        self._open = []
        self._corrected = []
        return episode

    def _note(self, span: Span) -> None:
        if span.correction is not None and len(self._corrected) < CORRECTED_MAX:
            self._corrected.append(span)


async def spans(events: SessionEvents, speaker_id: str) -> AsyncIterator[Span]:
    """One speaker's spans, in order."""
    maker = SpanMaker()
    async for page in events.tones():
        for event in page:
            if event.keys is not None and event.keys.speaker_id == speaker_id:
                span = maker.push(event)
                if span is not None:
                    yield span
    last = maker.finish()
    if last is not None:
        yield last


async def episodes(
    of: AsyncIterator[Span], saying: Callable[[Span], object]
) -> AsyncIterator[Episode]:
    """One speaker's spans joined where they say the same."""
    maker = EpisodeMaker(saying)
    async for span in of:
        episode = maker.push(span)
        if episode is not None:
            yield episode
    last = maker.finish()
    if last is not None:
        yield last


async def in_time_order(
    streams: Sequence[AsyncIterator[T]], at: Callable[[T], int]
) -> AsyncIterator[T]:
    """Several streams, each in order of time, as one; of equals the earlier stream's comes first.

    Holds one item of each: the speakers' clocks may be far apart in the log.
    """
    heads: list[tuple[int, int, T]] = []
    for place, stream in enumerate(streams):
        try:
            first = await anext(stream)
        except StopAsyncIteration:
            continue
        heads.append((at(first), place, first))
    heapq.heapify(heads)
    while heads:
        _, place, item = heads[0]
        yield item
        try:
            following = await anext(streams[place])
        except StopAsyncIteration:
            heapq.heappop(heads)
        else:
            heapq.heapreplace(heads, (at(following), place, following))


def milliseconds(time_s: float) -> int:
    """A time of audio as whole milliseconds."""
    return round(time_s * 1000)


def correction_words(mark: CorrectionMark) -> str:
    """What a person says a tone should have been, as one text."""
    said = [mark.affect.value] if mark.affect is not None else []
    said += [text for text in (mark.label, mark.note) if text and not text.isspace()]
    return " · ".join(said)


def _span(event: Event, start_ms: int, end_ms: int) -> Span:
    data: dict[str, Any] = orjson.loads(event.data)
    return Span(
        start_ms=start_ms,
        end_ms=end_ms,
        seq=event.seq,
        speaker_id=data["speaker_id"],
        affect=data["affect"],
        label=data["label"],
        subtext=data["subtext"],
        confidence=data["confidence"],
        shift_magnitude=data["shift_magnitude"],
        shift_direction=data["shift_direction"],
        correction=event.correction,
    )
