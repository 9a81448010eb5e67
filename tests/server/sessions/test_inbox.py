"""The bounded inbox: what is cut any way comes out whole, and what is too much is refused."""

from __future__ import annotations

import asyncio
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from classifier import SAMPLE_RATE_HZ
from server.errors import AudioRefusedError
from server.sessions.inbox import MESSAGE_MAX_SAMPLES, AudioInbox, TakenAudio
from tests.support.clock import FakeClock

CHUNK = bytes(3_200)
"""100 ms."""


def inbox(buffer_s: float = 30.0) -> tuple[AudioInbox, FakeClock]:
    """An empty inbox and its clock."""
    clock = FakeClock()
    return AudioInbox(clock, buffer_s=buffer_s), clock


async def take_all(box: AudioInbox, max_s: float) -> list[TakenAudio]:
    """Close the inbox and take what it holds."""
    box.close()
    taken = []
    while (audio := await box.take(max_s)) is not None:
        taken.append(audio)
    return taken


# -- what goes in comes out ---------------------------------------------------------------------


@settings(deadline=None)
@given(
    cuts=st.lists(st.integers(1, MESSAGE_MAX_SAMPLES), min_size=1, max_size=25),
    max_s=st.floats(0.001, 5.0),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_cutting_into_messages_comes_out_the_same(
    cuts: list[int], max_s: float, seed: int
) -> None:
    """Sample by sample, in order, nothing twice; never more at once than asked for, or one
    message (small ones are joined to 100 ms)."""
    samples = np.random.default_rng(seed).integers(-32_768, 32_768, sum(cuts)).astype("<i2")
    box, _ = inbox()
    for part in np.split(samples, np.cumsum(cuts)[:-1]):
        box.offer(part.tobytes())
    assert box.accepted_samples == len(samples)
    taken = asyncio.run(take_all(box, max_s))
    assert all(audio.pcm.dtype == np.int16 for audio in taken)
    np.testing.assert_array_equal(np.concatenate([audio.pcm for audio in taken]), samples)
    lengths = [len(audio.pcm) for audio in taken]
    at_once = max(max_s * SAMPLE_RATE_HZ, 1_600)
    assert all(length <= at_once or length in cuts for length in lengths)


@settings(deadline=None)
@given(st.lists(st.integers(1, 1_600) | st.none(), max_size=60))
def test_any_order_of_offering_and_taking_loses_nothing(steps: list[int | None]) -> None:
    """A number offers so many samples, None takes some: together they are the whole signal."""

    async def check() -> None:
        box, _ = inbox()
        sent, taken = 0, [np.zeros(0, np.int16)]
        out = 0
        for step in steps:
            if step is not None:
                ramp: NDArray[np.int16] = np.arange(sent, sent + step, dtype=np.int16)
                box.offer(ramp.tobytes())
                sent += step
            elif out < sent:
                audio = await box.take(0.05)
                assert audio is not None
                taken.append(audio.pcm)
                out += len(audio.pcm)
        taken += [audio.pcm for audio in await take_all(box, 1.0)]
        whole = np.concatenate(taken)
        np.testing.assert_array_equal(whole, np.arange(sent, dtype=np.int16))

    asyncio.run(check())


async def test_taking_waits_for_audio() -> None:
    """take() returns when a message comes, and not before."""
    box, clock = inbox()
    take = asyncio.create_task(box.take(1.0))
    await asyncio.sleep(0)
    assert not take.done()
    clock.advance(2.5)
    box.offer(CHUNK)
    audio = await take
    assert audio is not None
    assert (len(audio.pcm), audio.arrived_s) == (1_600, clock.monotonic_s())


async def test_what_was_taken_says_when_its_oldest_message_came() -> None:
    """Several messages taken together carry the arrival of the first."""
    box, clock = inbox()
    began_s = clock.monotonic_s()
    for _ in range(3):
        box.offer(CHUNK)
        clock.advance(0.1)
    audio = await box.take(1.0)
    assert audio is not None
    assert (len(audio.pcm), audio.arrived_s) == (4_800, began_s)


async def test_a_closed_inbox_gives_what_it_holds_and_then_none() -> None:
    """Also to whoever waits when it is closed."""
    box, _ = inbox()
    box.offer(CHUNK)
    assert len(await take_all(box, 1.0)) == 1
    assert await box.take(1.0) is None
    other, _ = inbox()
    take = asyncio.create_task(other.take(1.0))
    await asyncio.sleep(0)
    other.close()
    assert await take is None


# -- in blocks ----------------------------------------------------------------------------------

BLOCK_S = 0.5
BLOCK = 8_000


@settings(deadline=None)
@given(st.lists(st.integers(1, MESSAGE_MAX_SAMPLES), min_size=1, max_size=25))
def test_a_block_is_given_out_at_once_and_nothing_before(cuts: list[int]) -> None:
    """However the audio is cut: what completes a block never waits, what does not never leaves,
    and the end of the signal comes out when the inbox closes."""

    async def check() -> None:
        box, _ = inbox()
        out: list[NDArray[np.int16]] = []

        async def consume() -> None:
            while (audio := await box.take(5.0, BLOCK_S)) is not None:
                out.append(audio.pcm)

        consumer = asyncio.create_task(consume())
        signal: NDArray[np.int16] = np.arange(sum(cuts), dtype=np.int16)
        for part in np.split(signal, np.cumsum(cuts)[:-1]):
            before = sum(map(len, out)) // BLOCK
            box.offer(part.tobytes())
            for _ in range(3):
                await asyncio.sleep(0)
            given = sum(map(len, out))
            assert given // BLOCK == box.accepted_samples // BLOCK
            assert given == box.accepted_samples or given // BLOCK == before
        box.close()
        await consumer
        np.testing.assert_array_equal(np.concatenate(out), signal)

    asyncio.run(check())


async def test_a_block_came_when_its_last_message_came() -> None:
    """Not when its first one did: until then nothing could be done with it."""
    box, clock = inbox()
    take = asyncio.create_task(box.take(5.0, BLOCK_S))
    for _ in range(4):
        box.offer(CHUNK)
        await asyncio.sleep(0)
        clock.advance(0.1)
    assert not take.done()
    box.offer(CHUNK)
    completed_s = clock.monotonic_s()
    audio = await take
    assert audio is not None
    assert (len(audio.pcm), audio.arrived_s) == (BLOCK, completed_s)


async def test_a_block_that_would_not_fit_is_not_waited_for() -> None:
    """An inbox for less than a block gives out half of what it can hold: nothing is refused."""
    box, clock = inbox(buffer_s=0.4)
    given = 0
    for _ in range(20):
        box.offer(CHUNK)
        clock.advance(0.1)
        if box.accepted_samples - given >= 3_200:
            audio = await asyncio.wait_for(box.take(5.0, BLOCK_S), 5.0)
            assert audio is not None
            given += len(audio.pcm)
    assert given == 20 * 1_600


# -- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (b"", "empty"),
        (b"\x00", "odd_length"),
        (bytes(3_201), "odd_length"),
        (bytes(2 * MESSAGE_MAX_SAMPLES + 1), "odd_length"),
        (bytes(2 * MESSAGE_MAX_SAMPLES + 2), "too_long"),
    ],
)
async def test_a_message_that_is_no_audio_is_refused(message: bytes, reason: str) -> None:
    """By code, with a sentence, and as if it had never come."""
    box, _ = inbox()
    with pytest.raises(AudioRefusedError) as refused:
        box.offer(message)
    assert refused.value.reason == reason
    assert refused.value.detail.endswith(".")
    assert box.accepted_samples == 0
    assert await take_all(box, 1.0) == []


@pytest.mark.parametrize("samples", [1, 1_600, MESSAGE_MAX_SAMPLES])
def test_any_whole_number_of_samples_up_to_a_second_is_taken(samples: int) -> None:
    """The bounds themselves are inside."""
    box, _ = inbox()
    box.offer(bytes(2 * samples))
    assert box.accepted_samples == samples


def test_audio_may_run_ahead_by_the_buffer_and_no_further() -> None:
    """Sent at once, as much as the buffer holds is taken and the next message is an overrun."""
    box, _ = inbox(buffer_s=2.0)
    for _ in range(20):
        box.offer(CHUNK)
    with pytest.raises(AudioRefusedError) as refused:
        box.offer(CHUNK)
    assert refused.value.reason == "overrun"
    assert "2 s" in refused.value.detail
    assert box.accepted_samples == 32_000


async def test_flat_out_sending_is_refused_though_the_classifier_keeps_up() -> None:
    """Audio is not faster than the clock for longer than the buffer, also when it is taken."""
    box, clock = inbox(buffer_s=1.0)
    for _ in range(10):
        box.offer(CHUNK)
        await box.take(1.0)
    with pytest.raises(AudioRefusedError, match="faster than real time"):
        box.offer(CHUNK)
    clock.advance(0.1)
    box.offer(CHUNK)
    with pytest.raises(AudioRefusedError, match="faster than real time"):
        box.offer(CHUNK)


async def test_a_classifier_that_stands_still_fills_the_buffer() -> None:
    """In real time, but never taken: what waits is bounded; taking makes room."""
    box, clock = inbox(buffer_s=1.0)
    for _ in range(10):
        box.offer(CHUNK)
        clock.advance(0.1)
    with pytest.raises(AudioRefusedError, match="the buffer of 1 s is full"):
        box.offer(CHUNK)
    await box.take(0.1)
    box.offer(CHUNK)


async def test_real_time_with_its_jitter_is_never_refused() -> None:
    """Ten minutes of messages that come in clumps, taken as they come."""
    box, clock = inbox(buffer_s=1.0)
    for clump in (1, 5, 2, 3, 4, 5) * 300:
        clock.advance(0.1 * clump)
        for _ in range(clump):
            box.offer(CHUNK)
        await box.take(0.5)
    assert box.accepted_samples == 6_000 * 1_600


def test_idling_earns_no_more_than_the_buffer() -> None:
    """After an hour of nothing, a second may come at once and no more."""
    box, clock = inbox(buffer_s=1.0)
    clock.advance(3_600)
    for _ in range(10):
        box.offer(CHUNK)
    with pytest.raises(AudioRefusedError):
        box.offer(CHUNK)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 0.5), st.integers(0, 40_000), st.booleans()),
        max_size=60,
    )
)
def test_a_leaky_bucket(steps: list[tuple[float, int, bool]]) -> None:
    """Any times and sizes: accepted exactly when neither the allowance nor what waits is over the
    buffer, and a refused message changes neither."""

    async def check() -> None:
        buffer = SAMPLE_RATE_HZ
        box, clock = inbox(buffer_s=1.0)
        allowance, waiting, accepted = float(buffer), 0, 0
        for passed_s, size, take in steps:
            before_s = clock.monotonic_s()
            clock.advance(passed_s)
            passed = clock.monotonic_s() - before_s
            allowance = min(allowance + passed * SAMPLE_RATE_HZ, float(buffer))
            samples, odd = divmod(size, 2)
            well_formed = size > 0 and not odd and samples <= MESSAGE_MAX_SAMPLES
            if well_formed and abs(samples - allowance) < 0.01:
                continue  # on the very edge, where rounding decides
            fits = well_formed and samples <= allowance and waiting + samples <= buffer
            if fits:
                box.offer(bytes(size))
                allowance -= samples
                waiting += samples
                accepted += samples
            else:
                with pytest.raises(AudioRefusedError):
                    box.offer(bytes(size))
            assert box.accepted_samples == accepted
            if take and waiting:
                audio = await box.take(0.3)
                assert audio is not None
                waiting -= len(audio.pcm)
        assert sum(len(audio.pcm) for audio in await take_all(box, 5.0)) == waiting

    asyncio.run(check())


def test_single_samples_cost_no_more_memory_than_whole_messages() -> None:
    """A client that sends its buffer full sample by sample is held in about its bytes, not in an
    object for each."""
    box, _ = inbox(buffer_s=5.0)
    tracemalloc.start()
    for n in range(80_000):
        box.offer(n.to_bytes(2, "little", signed=False) if n < 65_536 else b"\x01\x00")
    held_bytes, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert box.accepted_samples == 80_000
    assert held_bytes < 160_000 + 600_000  # the samples, and the arrivals that are remembered


# -- when it came -------------------------------------------------------------------------------


def test_audio_time_leads_back_to_its_arrival() -> None:
    """The moment up to which audio was analysed gives when its last message came."""
    box, clock = inbox()
    began_s = clock.monotonic_s()
    for _ in range(5):
        box.offer(CHUNK)
        clock.advance(1.0)
    assert box.arrived_s(0.05) == began_s
    assert box.arrived_s(0.1) == began_s
    assert box.arrived_s(0.1001) == began_s + 1
    assert box.arrived_s(0.45) == began_s + 4
    assert box.arrived_s(0.45) == began_s + 4
    assert box.arrived_s(0.6) is None


def test_arrivals_are_remembered_for_a_bounded_number_of_messages() -> None:
    """Of more messages than are remembered, the oldest arrivals are unknown rather than wrong."""
    box, clock = inbox()
    began_s = clock.monotonic_s()
    for _ in range(3_000):
        box.offer(bytes(2))
        clock.advance(1.0)
    assert box.arrived_s(1 / SAMPLE_RATE_HZ) is None
    assert box.arrived_s(3_000 / SAMPLE_RATE_HZ) == began_s + 2_999
