"""The synthetic conversation told to go by the audio: a recording of an hour takes no hour."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import BackendError, Listener, Source, VoiceFrame
from classifier.chain import ChainBackend
from classifier.mock import MockBackend


async def heard(
    listener: Listener, stretches: list[int], *, sources: tuple[Source, ...] = (Source.MIC,)
) -> list[VoiceFrame]:
    """Every reading of audio that comes in stretches of so many samples."""
    listener.follow_audio()
    frames: list[VoiceFrame] = []

    async def read() -> None:
        frames.extend([frame async for frame in listener.stream()])

    reading = asyncio.create_task(read())
    for samples in stretches:
        for source in sources:
            await listener.feed(np.zeros(samples, np.int16), source)
    await listener.stop()
    await reading
    return frames


@given(stretches=st.lists(st.integers(1, 40_000), max_size=12), rate_hz=st.sampled_from([1.0, 3.0]))
@settings(deadline=None, max_examples=30)
def test_a_reading_for_every_period_however_it_is_fed(stretches: list[int], rate_hz: float) -> None:
    """As many as there are whole periods in the audio, at their moments, without waiting."""
    backend = MockBackend(rate_hz=rate_hz, seed=4)
    frames = asyncio.run(heard(backend.open(), stretches))
    periods = int(sum(stretches) * rate_hz / 16_000 + 1e-5)
    assert [frame.timestamp_s for frame in frames] == pytest.approx(
        [(k + 1) / rate_hz for k in range(periods)]
    )


async def test_two_sources_are_one_time() -> None:
    """Both sides of a recording run together."""
    both = (Source.MIC, Source.TAB)
    frames = await heard(MockBackend(seed=4).open(), [16_000] * 10, sources=both)
    assert [frame.timestamp_s for frame in frames] == [float(k) for k in range(1, 11)]


async def test_the_same_seed_tells_the_same_story_as_live() -> None:
    """A recording's conversation is that of a live session of the seed, reading for reading."""

    async def at_once(duration_s: float, stopped: asyncio.Event) -> None:
        nonlocal now_s
        now_s += duration_s

    now_s = 0.0
    live = MockBackend(seed=9, clock=lambda: now_s, sleep=at_once).open()
    expected = [frame async for _, frame in _first(live, 20)]
    assert await heard(MockBackend(seed=9).open(), [16_000 * 20]) == expected


async def _first(listener: Listener, count: int):  # type: ignore[no-untyped-def]
    at = 0
    async for frame in listener.stream():
        at += 1
        yield at, frame
        if at == count:
            await listener.stop()


async def test_a_chain_passes_it_on() -> None:
    """Whoever of the chain listens goes by the audio."""
    frames = await heard(ChainBackend([MockBackend(seed=4)]).open(), [16_000 * 3])
    assert [frame.timestamp_s for frame in frames] == [1.0, 2.0, 3.0]


async def test_a_backend_that_is_closed_lets_nobody_wait() -> None:
    """Feeding ends when the backend goes, also where nobody reads."""
    backend = MockBackend(seed=4)
    listener = backend.open()
    listener.follow_audio()
    feeding = asyncio.create_task(listener.feed(np.zeros(16_000, np.int16)))
    await asyncio.sleep(0)
    await backend.aclose()
    await asyncio.wait_for(feeding, 5)
    with pytest.raises(BackendError):
        await listener.feed(np.zeros(16_000, np.int16))
