"""A session counted for its report, in memory that does not grow with the session.

Time is cut into at most :data:`BINS_MAX` bins; what is listed is bounded, too. Knows neither
pictures nor markup.
"""

from __future__ import annotations

import heapq
import math
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from server.export.base import SessionEvents
from server.export.readings import Outline, Reading, outline, reading_of
from server.export.tones import Episode, EpisodeMaker, Span, SpanMaker

BINS_MAX: Final = 360
"""Bins of the picture: one for two units of its width."""

BIN_MS_MIN: Final = 250
"""Half the time between two readings: finer would show nothing more."""

SHIFTS_MAX: Final = 8
"""Shifts that are told: as many as a reader looks up."""

APART_MS: Final = 5_000
"""Shifts of one voice closer than this are one: a tone that lasts is said again each second."""

EPISODES_MAX: Final = 300
"""Episodes that are listed, about eight printed pages; of more, the longest are."""


class Trace:
    """A measure over time: its mean, lowest and highest in each bin."""

    def __init__(self, bins: int) -> None:
        self._total = array("d", bytes(8 * bins))
        self._count = array("L", [0]) * bins
        self._lowest = array("d", [math.inf]) * bins
        self._highest = array("d", [-math.inf]) * bins

    def add(self, place: int, value: float) -> None:
        """Count a value in a bin."""
        self._total[place] += value
        self._count[place] += 1
        self._lowest[place] = min(self._lowest[place], value)
        self._highest[place] = max(self._highest[place], value)

    def mean(self, first: int = 0, end: int | None = None) -> float | None:
        """Mean of all values in bins ``first`` to before ``end``; None where there is none."""
        count = sum(self._count[first:end])
        return sum(self._total[first:end]) / count if count else None

    def range(self, place: int) -> tuple[float, float]:
        """The lowest and highest value of a bin that has any."""
        return self._lowest[place], self._highest[place]


@dataclass(slots=True)
class Voice:
    """What was counted of one speaker."""

    speaker_id: str
    arousal: Trace
    valence: Trace
    bins: int
    named_ms: Counter[str] = field(default_factory=Counter)
    """Time that each affect was named for."""

    lanes: dict[str, array[int]] = field(default_factory=dict)
    """The same bin by bin."""

    speech_s: float = 0.0
    """Seconds of speech that were heard."""

    episodes: int = 0
    heard_s: float = 0.0
    spans: SpanMaker = field(default_factory=SpanMaker)
    joined: EpisodeMaker = field(default_factory=lambda: EpisodeMaker(lambda span: span.affect))
    shift: Span | None = None
    """The strongest of the last seconds: still open to a stronger one."""

    @property
    def by_share(self) -> list[str]:
        """Affects that were named, the longest first."""
        return sorted(self.named_ms, key=lambda affect: (-self.named_ms[affect], affect))

    def main(self, first: int, end: int) -> tuple[str, int] | None:
        """The affect named longest in bins ``first`` to before ``end``, and for how long (ms)."""
        sums = {affect: sum(lane[first:end]) for affect, lane in self.lanes.items()}
        affect = max(sums, key=lambda one: (sums[one], one), default=None)
        return (affect, sums[affect]) if affect is not None and sums[affect] else None


@dataclass(frozen=True, slots=True)
class Survey:
    """A session, counted."""

    end_ms: int
    bin_ms: float
    bins: int
    voices: tuple[Voice, ...]
    shifts: tuple[Span, ...]
    """The strongest, in order of time."""

    episodes: tuple[Episode, ...]
    """In order of time; when there are more than fit, those corrected and then the longest."""

    episodes_all: int
    """How many there are."""

    corrected: bool
    """Whether a person has corrected any tone."""


async def survey(events: SessionEvents) -> Survey:
    """Read a session twice: how long it is, then what is in it."""
    counting = _Counting(await outline(events))
    async for page in events.everything():
        for event in page:
            if event.keys is not None:
                voice = counting.voice(event.keys.speaker_id)
                counting.take_span(voice, voice.spans.push(event))
            elif (reading := reading_of(event)) is not None:
                counting.take_reading(reading)
    return counting.finish()


class _Counting:
    """The second reading."""

    def __init__(self, plan: Outline) -> None:
        self._plan = plan
        self._end_ms = max(plan.end_ms, 1)
        self._bins = min(BINS_MAX, math.ceil(self._end_ms / BIN_MS_MIN))
        self._bin_ms = self._end_ms / self._bins
        self._voices = {
            speaker: Voice(speaker, Trace(self._bins), Trace(self._bins), self._bins)
            for speaker in plan.speakers
        }
        self._shifts: list[tuple[float, int, Span]] = []
        self._episodes: list[tuple[bool, int, int, Episode]] = []

    def voice(self, speaker_id: str) -> Voice:
        return self._voices[speaker_id]

    def take_reading(self, reading: Reading) -> None:
        voice = self.voice(reading.speaker_id)
        # A voice that is learnt anew counts from nothing again.
        anew = reading.heard_s < voice.heard_s
        voice.speech_s += reading.heard_s - (0.0 if anew else voice.heard_s)
        voice.heard_s = reading.heard_s
        place = self._place(reading.at_ms)
        if reading.arousal is not None:
            voice.arousal.add(place, reading.arousal)
        if reading.valence is not None:
            voice.valence.add(place, reading.valence)

    def take_span(self, voice: Voice, span: Span | None) -> None:
        if span is None:
            return
        # The tone that stands at the end does not outlast the session.
        end_ms = min(span.end_ms, self._end_ms)
        if end_ms > span.start_ms:
            voice.named_ms[span.affect] += end_ms - span.start_ms
            lane = voice.lanes.setdefault(span.affect, array("L", [0]) * self._bins)
            self._fill(lane, span.start_ms, end_ms)
        self._take_shift(voice, span)
        self._take_episode(voice, voice.joined.push(span))

    def finish(self) -> Survey:
        for voice in self._voices.values():
            self.take_span(voice, voice.spans.finish())
            self._take_episode(voice, voice.joined.finish())
            self._keep_shift(voice)
        return Survey(
            end_ms=self._end_ms,
            bin_ms=self._bin_ms,
            bins=self._bins,
            voices=tuple(self._voices.values()),
            shifts=_in_time([span for *_, span in self._shifts]),
            episodes=tuple(
                sorted((kept for *_, kept in self._episodes), key=lambda one: one.start_ms)
            ),
            episodes_all=sum(voice.episodes for voice in self._voices.values()),
            corrected=bool(self._plan.corrected),
        )

    def _place(self, at_ms: int) -> int:
        return min(int(at_ms / self._bin_ms), self._bins - 1)

    def _fill(self, lane: array[int], start_ms: int, end_ms: int) -> None:
        for place in range(self._place(start_ms), self._place(end_ms - 1) + 1):
            from_ms = max(start_ms, round(place * self._bin_ms))
            to_ms = min(end_ms, round((place + 1) * self._bin_ms))
            lane[place] += max(0, to_ms - from_ms)

    def _take_shift(self, voice: Voice, span: Span) -> None:
        if span.shift_direction == "stable":
            return
        strongest = voice.shift
        if strongest is not None and span.start_ms - strongest.start_ms >= APART_MS:
            self._keep_shift(voice)
            strongest = None
        if strongest is None or span.shift_magnitude > strongest.shift_magnitude:
            voice.shift = span

    def _keep_shift(self, voice: Voice) -> None:
        span, voice.shift = voice.shift, None
        if span is not None:
            # Of equals the earlier stays.
            heapq.heappush(self._shifts, (span.shift_magnitude, -span.seq, span))
            if len(self._shifts) > SHIFTS_MAX:
                heapq.heappop(self._shifts)

    def _take_episode(self, voice: Voice, episode: Episode | None) -> None:
        if episode is None:
            return
        voice.episodes += 1
        length_ms = episode.end_ms - episode.start_ms
        rank = (bool(episode.corrected), length_ms, -episode.first.seq, episode)
        heapq.heappush(self._episodes, rank)
        if len(self._episodes) > EPISODES_MAX:
            heapq.heappop(self._episodes)


def _in_time(spans: Sequence[Span]) -> tuple[Span, ...]:
    return tuple(sorted(spans, key=lambda span: (span.start_ms, span.seq)))
