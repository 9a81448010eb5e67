"""A recording through a session: how it is fed, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest

from classifier import Affect, Source
from classifier.errors import BackendError, ModelError
from server.errors import ClassifierFailedError, GoingAwayError, SessionEndedError, SourceTakenError
from server.models import EndReason, Tier
from server.recordings.analysis import Analysis, start_analysis
from server.recordings.documents import AnalyseRequest, ProgressEvent
from server.recordings.recording import open_recording
from tests.server.house import House
from tests.support.recordings import encoded, hiss, opened
from tests.support.waiting import eventually

_TWELVE = encoded(hiss(12.0))


@asynccontextmanager
async def analysing(
    house: House, data: bytes = _TWELVE, *, split: bool = False, **options: Any
) -> AsyncIterator[Analysis]:
    """An analysis of this recording, not yet run."""
    with opened(data) as file:
        async with (
            open_recording(file, split=split, max_s=3600.0) as recording,
            start_analysis(
                house.manager,
                recording,
                AnalyseRequest(**options),
                tier=Tier.FREE,
                owner="",
                clock=house.clock,
            ) as analysis,
        ):
            house.backend.last.frame_per_feed = Affect.WARM
            yield analysis


async def test_a_recording_is_a_session_that_ends_as_complete(house: House) -> None:
    """All of it is fed in order, its events are in the log, and its end says why."""
    told: list[ProgressEvent] = []
    async with analysing(house) as analysis:
        outcome = await analysis.run(told.append)
    assert (outcome.error, outcome.persist_failed) == (None, False)
    assert [len(pcm) for pcm, _ in house.backend.last.fed] == [80_000, 80_000, 32_000]
    assert [progress.fraction for progress in told] == [0.4167, 0.8333, 1.0]
    row = await house.row(analysis.session)
    assert row.reason is EndReason.COMPLETE
    stored = await house.stored(analysis.session)
    assert [event.seq for event in stored] == list(range(1, row.last_seq + 1))
    assert outcome.summary.events["tone-event"] == 3
    assert outcome.summary.duration_s == 12.0


async def test_the_classifier_sets_the_pace(house: House) -> None:
    """Nothing is fed ahead of what has been analysed, however long that takes."""
    async with analysing(house) as analysis:
        listener = house.backend.last
        listener.feed_gate.clear()
        running = asyncio.create_task(analysis.run(lambda _: None))
        await asyncio.sleep(0.1)
        assert listener.fed == []
        listener.feed_gate.set()
        assert (await running).error is None
    assert sum(len(pcm) for pcm, _ in listener.fed) == 12 * 16_000


async def test_split_feeds_both_sides(house: House) -> None:
    """A stretch of the left, then the same of the right; the log is in order of time."""
    async with analysing(house, encoded(hiss(6.0, channels=2)), split=True) as analysis:
        await analysis.run(lambda _: None)
    assert [source for _, source in house.backend.last.fed] == [Source.MIC, Source.TAB] * 2
    tones = [
        orjson.loads(event.data)
        for event in await house.stored(analysis.session)
        if event.kind == "tone-event"
    ]
    assert [(tone["timestamp"], tone["speaker_id"]) for tone in tones] == [
        (5.0, "speaker_a"),
        (5.0, "speaker_b"),
        (6.0, "speaker_a"),
        (6.0, "speaker_b"),
    ]


async def test_nobody_can_speak_into_a_recording(house: House) -> None:
    """While it is heard, no socket is let in on either side."""
    async with analysing(house) as analysis:
        for source in Source:
            with pytest.raises(SourceTakenError):
                analysis.session.feed(source)


async def test_nobody_waits_and_the_session_ends_as_abandoned(house: House) -> None:
    """Whoever sent it has left: before the first stretch, or in the middle of it."""
    async with analysing(house) as analysis:
        pass
    assert (await house.row(analysis.session)).reason is EndReason.ABANDONED
    async with analysing(house) as analysis:
        house.backend.last.feed_gate.clear()
        running = asyncio.create_task(analysis.run(lambda _: None))
        await asyncio.sleep(0.05)
        running.cancel()
        await asyncio.wait([running])
        assert running.cancelled()
    assert (await house.row(analysis.session)).reason is EndReason.ABANDONED


async def test_a_broken_recording_keeps_what_was_heard(house: House) -> None:
    """The error is the outcome, and in the log; what came before it is counted."""
    data = encoded(hiss(30.0), kind="FLAC")
    async with analysing(house, data[: len(data) // 2]) as analysis:
        outcome = await analysis.run(lambda _: None)
    assert outcome.error is not None
    assert "cut off" in outcome.error.detail
    assert outcome.summary.duration_s > 10
    assert outcome.summary.events["tone-event"] == 3
    assert (await house.row(analysis.session)).reason is EndReason.ERROR
    stored = [orjson.loads(event.data) for event in await house.stored(analysis.session)]
    said = [event["detail"] for event in stored if event.get("status") == "error"]
    assert said == [outcome.error.detail]


async def test_a_classifier_that_fails_is_the_outcome(house: House) -> None:
    """In the middle of a recording, or so early that nothing has begun."""
    async with analysing(house) as analysis:
        house.backend.last.feed_error = BackendError("broken")
        outcome = await analysis.run(lambda _: None)
    assert isinstance(outcome.error, ClassifierFailedError)
    assert (await house.row(analysis.session)).reason is EndReason.ERROR
    house.backend.load_error = ModelError("no such weights")
    with pytest.raises(ClassifierFailedError):
        async with analysing(house):
            raise AssertionError("it began")


@pytest.mark.parametrize("shutdown", [False, True])
async def test_a_session_ended_by_others_ends_its_analysis(house: House, shutdown: bool) -> None:
    """By the one who owns it, or because the server goes: the outcome says which."""
    async with analysing(house) as analysis:
        house.backend.last.feed_gate.clear()
        running = asyncio.create_task(analysis.run(lambda _: None))
        await asyncio.sleep(0.05)
        if shutdown:
            ending = asyncio.create_task(house.manager.end_all())
        else:
            session_id = analysis.session.session_id
            ending = asyncio.create_task(house.manager.end(session_id, owner=""))
        await asyncio.wait_for(analysis.session.ended.wait(), 5)
        house.backend.last.feed_gate.set()
        outcome = await running
        await ending
    assert isinstance(outcome.error, GoingAwayError if shutdown else SessionEndedError)


async def test_a_store_that_fails_is_owned_up_to(house: House) -> None:
    """The recording is heard and counted all the same, and the outcome says that it is not kept."""
    async with analysing(house) as analysis:
        house.store.writes_fail = True
        outcome = await analysis.run(lambda _: None)
        house.store.writes_fail = False
    assert (outcome.error, outcome.persist_failed) == (None, True)
    assert outcome.summary.events["tone-event"] == 3


async def test_a_store_that_recovers_has_lost_nothing(house: House) -> None:
    """A failure that is over before the end is no failure to keep it."""
    async with analysing(house) as analysis:
        house.store.fail_appends = 2
        outcome = await analysis.run(lambda _: None)
    assert outcome.persist_failed is False
    stored = await house.stored(analysis.session)
    assert [event.seq for event in stored] == list(range(1, len(stored) + 1))


async def test_a_fault_of_ours_still_ends_the_session(house: House) -> None:
    """Who follows it is not left waiting for ever."""

    def broken(progress: ProgressEvent) -> None:
        raise RuntimeError("a fault of ours")

    async with analysing(house) as analysis:
        with pytest.raises(RuntimeError, match="ours"):
            await analysis.run(broken)
        assert analysis.session.channel.ended is not None

    async def noted() -> bool:
        return (await house.row(analysis.session)).reason is EndReason.ERROR

    await eventually(noted)
