"""Readings of two voices, put into one order."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from classifier import Source, VoiceFrame
from server.recordings.in_order import InOrder
from tests.support.classifier import ScriptedListener, voice_frame

BOTH = (Source.MIC, Source.TAB)


async def _through(frames: list[VoiceFrame]) -> list[VoiceFrame]:
    inner = ScriptedListener()
    ordered = InOrder(inner, BOTH)
    inner.emit(*frames)
    await ordered.stop()
    return [frame async for frame in ordered.stream()]


@given(
    sizes=st.lists(st.integers(1, 12), min_size=1, max_size=6),
    first=st.sampled_from(BOTH),
)
def test_stretches_of_two_voices_become_one_conversation(sizes: list[int], first: Source) -> None:
    """Heard a stretch at a time, one voice after the other, they come out in order of time, the
    microphone's first where both are equal; none is lost and none comes twice."""
    frames: list[VoiceFrame] = []
    at = 0
    for size in sizes:
        for source in (first, *(other for other in BOTH if other is not first)):
            frames += [voice_frame((at + k + 1) / 2, source=source) for k in range(size)]
        at += size
    out = asyncio.run(_through(frames))
    assert [(frame.timestamp_s, frame.source) for frame in out] == [
        ((k + 1) / 2, source) for k in range(at) for source in BOTH
    ]


@given(at_s=st.lists(st.integers(0, 20), max_size=20), mic=st.lists(st.booleans(), min_size=20))
def test_whatever_comes_in_goes_out(at_s: list[int], mic: list[bool]) -> None:
    """Also where one voice is silent to the end: every reading comes out once, in order."""
    sides = zip(sorted(at_s), mic, strict=False)
    frames = [voice_frame(float(t), source=BOTH[not side]) for t, side in sides]
    out = asyncio.run(_through(frames))
    assert sorted(map(id, out)) == sorted(map(id, frames))
    assert [frame.timestamp_s for frame in out] == sorted(frame.timestamp_s for frame in frames)


async def test_what_is_known_of_the_voices_is_known_to_who_hears() -> None:
    """A recording of two channels leaves its voices as any session does."""
    inner = ScriptedListener()
    inner.knows = "everybody"
    assert await InOrder(inner, BOTH).known_voices() == "everybody"
