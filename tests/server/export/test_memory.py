"""A session of any length in constant memory: what is alive while a format is written."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Sequence

import pytest

from classifier import Affect
from server.export.base import ExportFormat
from server.export.formats import FORMATS
from server.log.base import Event
from tests.server.export.pages import HEAD, SPEAKERS, Given, logged, reading_draft
from tests.support.events import tone_draft

LONG = 100_000
"""Events of about nine hours of two voices."""

SHORT = LONG // 10
PIECE_BYTES_MAX = 1 << 18
SPARE_BLOCKS = 1_000
"""Objects that come and go with how pages fall: a tenth of what one page holds while it is read.
A format that kept one object per event would have a hundred times as many more."""


@pytest.fixture(scope="module")
def log() -> list[Event]:
    """Readings twice a second, tones every second, an affect for seven."""
    affects = list(Affect)
    drafts = []
    half_seconds = 0
    while len(drafts) < LONG:
        half_seconds += 1
        at_s = half_seconds / 2
        for speaker in SPEAKERS:
            reading = reading_draft(
                at_s, speaker_id=speaker, heard_s=at_s / 2, arousal=at_s % 1, valence=-0.25
            )
            drafts.append(reading)
            if half_seconds % 2 == 0:
                affect = affects[half_seconds // 14 % len(affects)]
                drafts.append(
                    tone_draft(at_s, speaker_id=speaker, affect=affect, subtext="Pitch is raised.")
                )
    return logged(drafts[:LONG])


async def alive(fmt: ExportFormat, events: Sequence[Event]) -> tuple[int, int]:
    """The most memory blocks in use beyond those before, and the largest piece in bytes."""
    gc.collect()
    before = sys.getallocatedblocks()
    most = largest = 0
    async for piece in fmt.write(HEAD, Given(events, 500)):
        most = max(most, sys.getallocatedblocks() - before)
        largest = max(largest, len(piece))
    return most, largest


@pytest.mark.parametrize("name", FORMATS)
def test_memory_does_not_grow_with_the_session(name: str, log: list[Event]) -> None:
    """A hundred thousand events keep no more alive than ten thousand, and come in small pieces."""
    short, _ = asyncio.run(alive(FORMATS[name], log[:SHORT]))
    long, largest = asyncio.run(alive(FORMATS[name], log))
    assert long <= short + SPARE_BLOCKS
    assert largest <= PIECE_BYTES_MAX
