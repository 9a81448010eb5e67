"""The synthetic backend: settings, timing and endings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from classifier.backend import ListenOptions
from classifier.context import ContextClassifier, backend_from_env
from classifier.errors import BackendError, ConfigError
from classifier.frames import SAMPLE_RATE_HZ, Source, VoiceFrame
from classifier.mock import CATCH_UP_S, MockBackend, MockListener

PCM = np.zeros(SAMPLE_RATE_HZ // 10, dtype=np.int16)


class FakeTime:
    """A clock that only sleeping moves, each sleep late by ``late_s``."""

    def __init__(self, late_s: float = 0.0) -> None:
        self.now_s = 1000.0
        self.late_s = late_s

    def clock(self) -> float:
        return self.now_s

    async def sleep(self, duration_s: float, stopped: asyncio.Event) -> None:
        await asyncio.sleep(0)
        self.now_s += duration_s + self.late_s


async def forever(duration_s: float, stopped: asyncio.Event) -> None:
    """A sleep that only the end of the session ends."""
    await stopped.wait()


def mock(*, rate_hz: float = 1.0, seed: int | None = 1, late_s: float = 0.0) -> MockListener:
    """A session on a fake clock."""
    time = FakeTime(late_s)
    return MockBackend(rate_hz=rate_hz, clock=time.clock, sleep=time.sleep).open(
        ListenOptions(seed=seed)
    )


async def first(frames: AsyncIterator[VoiceFrame], count: int) -> list[VoiceFrame]:
    """The next ``count`` frames."""
    return [await anext(frames) for _ in range(count)]


async def test_same_seed_same_sequence() -> None:
    """Two sessions of one seed give the same frames; another seed gives others."""
    one = await first(mock(seed=7).stream(), 40)
    assert one == await first(mock(seed=7).stream(), 40)
    assert one != await first(mock(seed=8).stream(), 40)


async def test_without_a_seed_every_session_draws_its_own() -> None:
    """Sessions of one backend differ, and each tells the seed that repeats it."""
    time = FakeTime()
    backend = MockBackend(clock=time.clock, sleep=time.sleep)
    one, other = backend.open(), backend.open()
    assert one.seed != other.seed
    again = backend.open(ListenOptions(seed=one.seed))
    assert await first(one.stream(), 30) == await first(again.stream(), 30)


async def test_the_environments_seed_serves_all_sessions() -> None:
    """CF_VOICE_SEED holds for every session that brings no seed of its own."""
    backend = MockBackend.from_env({"CF_VOICE_SEED": "-12"})
    assert backend.open().seed == backend.open().seed == -12
    assert backend.open(ListenOptions(seed=3)).seed == 3


async def test_frames_come_at_the_rate_and_count_from_the_start() -> None:
    """Timestamps are seconds since the stream began, one period apart."""
    frames = await first(mock(rate_hz=4.0).stream(), 8)
    assert [f.timestamp_s for f in frames] == [i / 4 for i in range(1, 9)]


async def test_late_wakings_do_not_add_up() -> None:
    """A sleep that always wakes late delays each frame by that much, not by the sum."""
    time = FakeTime(late_s=0.3)
    session = MockBackend(clock=time.clock, sleep=time.sleep).open(ListenOptions(seed=1))
    began_s = time.now_s
    frames = await first(session.stream(), 200)
    assert frames[-1].timestamp_s == 200
    assert time.now_s - began_s == pytest.approx(200.3)


async def test_a_reader_that_was_away_gets_the_present() -> None:
    """After a long absence the stream resumes at the present and not with a flood of the past."""
    time = FakeTime()
    stream = MockBackend(clock=time.clock, sleep=time.sleep).open(ListenOptions(seed=1)).stream()
    await first(stream, 3)
    time.now_s += 3600
    frames = await first(stream, 3)
    assert [f.timestamp_s for f in frames] == [3603, 3604, 3605]


async def test_a_short_lag_is_made_up_for() -> None:
    """A reader that lags a little misses nothing."""
    time = FakeTime()
    session = MockBackend(rate_hz=10, clock=time.clock, sleep=time.sleep).open(
        ListenOptions(seed=1)
    )
    stream = session.stream()
    await first(stream, 1)
    time.now_s += CATCH_UP_S / 2
    frames = await first(stream, 20)
    assert [f.timestamp_s for f in frames] == pytest.approx([i / 10 for i in range(2, 22)])


async def test_audio_changes_nothing() -> None:
    """The conversation is the same with and without audio, from any source."""
    fed = mock(seed=5)
    stream = fed.stream()
    frames = []
    for _ in range(20):
        await fed.feed(PCM)
        await fed.feed(np.empty(0, dtype=np.int16), Source.TAB)
        frames.append(await anext(stream))
    assert frames == await first(mock(seed=5).stream(), 20)


async def test_stop_ends_a_stream_that_sleeps() -> None:
    """A reader waiting for a far deadline is let go at once."""
    session = MockBackend(rate_hz=0.001, sleep=forever).open()

    async def read() -> list[VoiceFrame]:
        return [frame async for frame in session.stream()]

    reader = asyncio.create_task(read())
    await asyncio.sleep(0.01)
    assert not reader.done()
    await session.stop()
    assert await asyncio.wait_for(reader, 5) == []


async def test_stop_before_and_twice_is_harmless() -> None:
    """A stopped session streams nothing, takes audio without complaint, and stops again."""
    session = mock()
    await session.stop()
    await session.stop()
    await session.feed(PCM)
    assert [frame async for frame in session.stream()] == []


async def test_stop_from_the_readers_own_loop_ends_it() -> None:
    """A reader may stop the session between two frames."""
    session = mock()
    seen = 0
    async for _ in session.stream():
        seen += 1
        if seen == 3:
            await session.stop()
    assert seen == 3


async def test_a_cancelled_reader_leaves_no_task_behind() -> None:
    """Cancelling whoever reads also ends the sleep that it waited for."""
    session = MockBackend(rate_hz=0.001, sleep=forever).open()
    reader = asyncio.create_task(first(session.stream(), 1))
    await asyncio.sleep(0.01)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    await asyncio.sleep(0.01)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_conversation_has_one_reader() -> None:
    """A second stream of the same session is refused."""
    session = mock()
    await first(session.stream(), 1)
    with pytest.raises(RuntimeError, match="one reader"):
        await first(session.stream(), 1)


async def test_closing_the_backend_fails_open_sessions() -> None:
    """Sessions still open end with BackendError, also one that sleeps; stopped ones do not."""
    backend = MockBackend(rate_hz=0.001, sleep=forever)
    await backend.load()
    session, stopped = backend.open(), backend.open()
    await stopped.stop()
    reader = asyncio.create_task(first(session.stream(), 1))
    await asyncio.sleep(0.01)
    await backend.aclose()
    with pytest.raises(BackendError):
        await asyncio.wait_for(reader, 5)
    with pytest.raises(BackendError):
        await session.feed(PCM)
    with pytest.raises(BackendError):
        backend.open()
    await stopped.feed(PCM)


async def test_a_session_that_owns_its_backend_closes_it() -> None:
    """Stopping the session of from_env leaves nothing open, and is no failure."""
    backend = MockBackend()
    session = ContextClassifier(backend)
    await session.stop()
    await session.feed(PCM)
    with pytest.raises(BackendError):
        backend.open()


async def test_a_sleep_that_fails_is_not_swallowed() -> None:
    """What the injected sleep raises reaches the reader."""

    async def broken(duration_s: float, stopped: asyncio.Event) -> None:
        raise OSError("no timer")

    with pytest.raises(OSError, match="no timer"):
        await first(MockBackend(sleep=broken).open().stream(), 1)


async def test_the_environment_chooses_the_mock() -> None:
    """CF_VOICE_MOCK=1 gives the mock at the rate asked for, once a second by default."""
    backend = backend_from_env({"CF_VOICE_MOCK": "1", "CF_VOICE_RATE_HZ": "2.5"})
    assert isinstance(backend, MockBackend)
    assert backend.name == "mock"
    assert backend.rate_hz == 2.5
    assert MockBackend.from_env({"CF_VOICE_RATE_HZ": " "}).rate_hz == 1.0
    session = ContextClassifier.from_env({"CF_VOICE_MOCK": "1", "CF_VOICE_RATE_HZ": "100"})
    frames = await first(session.stream(), 2)
    await session.stop()
    assert [frame.timestamp_s for frame in frames] == [0.01, 0.02]


@pytest.mark.parametrize("rate", ["0", "-1", "1001", "nan", "inf", "fast", "1,5"])
def test_a_rate_that_makes_no_sense_is_refused(rate: str) -> None:
    """The error names the setting and what was found."""
    with pytest.raises(ConfigError, match=r"CF_VOICE_RATE_HZ.*" + rate):
        MockBackend.from_env({"CF_VOICE_RATE_HZ": rate})


@pytest.mark.parametrize("seed", ["x", "1.5", "0x10"])
def test_a_seed_that_makes_no_sense_is_refused(seed: str) -> None:
    """The error names the setting and what was found."""
    with pytest.raises(ConfigError, match=r"CF_VOICE_SEED.*" + seed):
        MockBackend.from_env({"CF_VOICE_SEED": seed})


def test_a_rate_out_of_range_is_refused_in_code_too() -> None:
    """The constructor checks what the environment reader checks."""
    with pytest.raises(ValueError, match="rate_hz"):
        MockBackend(rate_hz=0)
