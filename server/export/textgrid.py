"""A Praat TextGrid, long text format, UTF-8 (Praat manual, "TextGrid file formats").

For each speaker interval tiers ``affect`` (an interval as long as the affect lasts), ``label`` and
``subtext`` (an interval per tone event) and, where a person has corrected any, ``correction``;
then point tiers ``arousal`` and ``valence`` with a number at each reading that has them.

The format says how much there is before it says what: so each tier is read twice, once to count.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from typing import Final

from server.export.base import ExportFormat, ExportHead, SessionEvents
from server.export.readings import Outline, outline, readings
from server.export.text import in_pieces, one_line
from server.export.tones import Episode, Span, correction_words, episodes, spans

_EMPTY_MS: Final = 1_000
"""Length of a grid without events: Praat wants time to pass."""

_Interval = tuple[int, int, str]
"""Start, end and text."""

_Point = tuple[int, str]
_Tier = tuple[str, str, Callable[[], AsyncIterator[_Interval | _Point]]]
"""Class, name, and what is in it: asked once to be counted, once to be written."""


async def write_textgrid(head: ExportHead, events: SessionEvents) -> AsyncGenerator[bytes, None]:
    """Tiers of every speaker, from 0 to the end of the last tone."""
    async for piece in in_pieces(_grid(events)):
        yield piece


async def _grid(events: SessionEvents) -> AsyncIterator[str]:
    plan = await outline(events)
    end_ms = await _end_ms(events, plan)
    tiers = [tier for speaker in plan.speakers for tier in _tiers(events, plan, speaker, end_ms)]
    if not tiers:
        tiers = [("IntervalTier", "affect", lambda: _filled(_nothing(), end_ms))]
    yield (
        'File type = "ooTextFile"\nObject class = "TextGrid"\n\n'
        f"xmin = 0\nxmax = {_seconds(end_ms)}\ntiers? <exists>\nsize = {len(tiers)}\nitem []:\n"
    )
    for number, (kind, name, read) in enumerate(tiers, start=1):
        size = 0
        async for _ in read():
            size += 1
        parts = "points" if kind == "TextTier" else "intervals"
        yield (
            f'    item [{number}]:\n        class = "{kind}"\n        name = {_quoted(name)}\n'
            f"        xmin = 0\n        xmax = {_seconds(end_ms)}\n"
            f"        {parts}: size = {size}\n"
        )
        place = 0
        async for item in read():
            place += 1
            yield f"        {parts} [{place}]:\n{''.join(_item_lines(item))}"


async def _end_ms(events: SessionEvents, plan: Outline) -> int:
    """Where the last span ends: a tone holds on after its moment."""
    end_ms = max(plan.end_ms, _EMPTY_MS)
    for speaker in plan.speakers:
        async for span in spans(events, speaker):
            end_ms = max(end_ms, span.end_ms)
    return end_ms


def _tiers(events: SessionEvents, plan: Outline, speaker: str, end_ms: int) -> Iterator[_Tier]:
    async def affects() -> AsyncIterator[_Interval]:
        async for episode in episodes(spans(events, speaker), lambda span: span.affect):
            yield _episode_interval(episode)

    def per_tone(text: Callable[[Span], str]) -> Callable[[], AsyncIterator[_Interval]]:
        async def intervals() -> AsyncIterator[_Interval]:
            async for span in spans(events, speaker):
                yield span.start_ms, span.end_ms, text(span)

        return lambda: _filled(intervals(), end_ms)

    yield "IntervalTier", f"{speaker} affect", lambda: _filled(affects(), end_ms)
    yield "IntervalTier", f"{speaker} label", per_tone(lambda span: span.label)
    yield "IntervalTier", f"{speaker} subtext", per_tone(lambda span: span.subtext or "")
    if speaker in plan.corrected:
        # An interval for every tone: what a person corrects meanwhile changes no count.
        yield "IntervalTier", f"{speaker} correction", per_tone(_correction)
    if speaker in plan.read:
        yield "TextTier", f"{speaker} arousal", lambda: _points(events, speaker, "arousal")
        yield "TextTier", f"{speaker} valence", lambda: _points(events, speaker, "valence")


def _episode_interval(episode: Episode) -> _Interval:
    return episode.start_ms, episode.end_ms, episode.first.affect


def _correction(span: Span) -> str:
    return "" if span.correction is None else correction_words(span.correction)


async def _nothing() -> AsyncIterator[_Interval]:
    return
    yield  # pragma: no cover - makes this a generator


async def _filled(intervals: AsyncIterator[_Interval], end_ms: int) -> AsyncIterator[_Interval]:
    """The intervals, and empty ones between them: a tier has no holes."""
    at_ms = 0
    async for start_ms, stop_ms, text in intervals:
        if start_ms > at_ms:
            yield at_ms, start_ms, ""
        yield start_ms, stop_ms, text
        at_ms = stop_ms
    if at_ms < end_ms:
        yield at_ms, end_ms, ""


async def _points(events: SessionEvents, speaker: str, name: str) -> AsyncIterator[_Point]:
    before_ms = -1
    async for reading in readings(events, speaker):
        value: float | None = getattr(reading, name)
        # Points of a tier lie at different times.
        if value is not None and reading.at_ms > before_ms:
            before_ms = reading.at_ms
            yield reading.at_ms, f"{value:.3f}"


def _item_lines(item: _Interval | _Point) -> Iterator[str]:
    indent = " " * 12
    if len(item) == 2:
        at_ms, mark = item
        yield f"{indent}number = {_seconds(at_ms)}\n{indent}mark = {_quoted(mark)}\n"
    else:
        start_ms, end_ms, text = item
        yield f"{indent}xmin = {_seconds(start_ms)}\n{indent}xmax = {_seconds(end_ms)}\n"
        yield f"{indent}text = {_quoted(text)}\n"


def _seconds(time_ms: int) -> str:
    """Exact to the millisecond, without zeros that say nothing."""
    return f"{time_ms / 1000:.3f}".rstrip("0").rstrip(".")


def _quoted(text: str) -> str:
    return '"' + one_line(text).replace('"', '""') + '"'


TEXTGRID = ExportFormat("textgrid", "text/plain", "TextGrid", paid=True, write=write_textgrid)
