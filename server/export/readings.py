"""The readings behind the tones (affect-events), as exports use them, and who speaks when.

Knows no format.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from server.export.base import SessionEvents
from server.export.tones import milliseconds
from server.log.base import Event

READING_MS_MAX: Final = 1_000
"""The most time that one reading tells of: readings come every half second, and what lies further
back was not listened to (the stream was cut)."""

AFFECT_EVENT: Final = "affect-event"


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of one voice."""

    at_ms: int
    speaker_id: str
    heard_s: float
    """Seconds of speech heard from this voice so far."""

    arousal: float | None
    valence: float | None
    dominance: float | None


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch in which one speaker speaks."""

    start_ms: int
    end_ms: int
    speaker_id: str


@dataclass(frozen=True, slots=True)
class Outline:
    """What one reading of a whole session tells: enough to lay out a file of tiers."""

    speakers: tuple[str, ...]
    """In the order of their names."""

    end_ms: int
    """The last moment that any event tells of."""

    last_seq: int
    corrected: frozenset[str]
    """Speakers with a corrected tone."""

    read: frozenset[str]
    """Speakers with a reading of arousal and valence."""


def reading_of(event: Event) -> Reading | None:
    """The event's reading; None for an event of any other kind."""
    if event.kind != AFFECT_EVENT:
        return None
    data: dict[str, Any] = orjson.loads(event.data)
    return Reading(
        at_ms=milliseconds(data["timestamp"]),
        speaker_id=data["speaker_id"],
        heard_s=data["heard_s"],
        arousal=data["arousal"],
        valence=data["valence"],
        dominance=data["dominance"],
    )


async def readings(events: SessionEvents, speaker_id: str) -> AsyncIterator[Reading]:
    """One speaker's readings, in order."""
    async for page in events.everything():
        for event in page:
            reading = reading_of(event)
            if reading is not None and reading.speaker_id == speaker_id:
                yield reading


async def outline(events: SessionEvents) -> Outline:
    """Read everything once."""
    speakers: set[str] = set()
    corrected: set[str] = set()
    read: set[str] = set()
    end_ms = last_seq = 0
    async for page in events.everything():
        for event in page:
            last_seq = event.seq
            if event.keys is not None:
                speakers.add(event.keys.speaker_id)
                end_ms = max(end_ms, milliseconds(event.keys.timestamp_s))
                if event.correction is not None:
                    corrected.add(event.keys.speaker_id)
                continue
            reading = reading_of(event)
            if reading is not None:
                speakers.add(reading.speaker_id)
                end_ms = max(end_ms, reading.at_ms)
                if reading.arousal is not None and reading.valence is not None:
                    read.add(reading.speaker_id)
    return Outline(tuple(sorted(speakers)), end_ms, last_seq, frozenset(corrected), frozenset(read))


async def turns(events: SessionEvents, speaker_id: str) -> AsyncIterator[Turn]:
    """When one speaker speaks, from the readings.

    A reading says how many seconds of speech have been heard from its voice so far. Where that
    has grown since the reading before, the time between the two (at most
    :data:`READING_MS_MAX`) is speech; stretches that touch are one turn. So a turn is as exact
    as readings are dense: half a second. The ``speech`` of a reading is not used: it tells of a
    window of three seconds.
    """
    start_ms = end_ms = before_ms = 0
    heard_s = 0.0
    speaking = False
    async for reading in readings(events, speaker_id):
        if reading.at_ms <= before_ms and before_ms:
            heard_s = reading.heard_s  # The clock stood still: no time to tell of.
            continue
        # A voice that is learnt anew counts from nothing again.
        grown = reading.heard_s > (heard_s if reading.heard_s >= heard_s else 0.0)
        from_ms = max(before_ms, reading.at_ms - READING_MS_MAX)
        before_ms, heard_s = reading.at_ms, reading.heard_s
        if not grown or reading.at_ms <= from_ms:
            continue
        if speaking and from_ms == end_ms:
            end_ms = reading.at_ms
            continue
        if speaking:
            yield Turn(start_ms, end_ms, speaker_id)
        start_ms, end_ms, speaking = from_ms, reading.at_ms, True
    if speaking:
        yield Turn(start_ms, end_ms, speaker_id)
