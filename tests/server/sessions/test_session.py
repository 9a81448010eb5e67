"""One live session: from audio to events, and its end in whatever state it is."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from classifier import Affect, BackendError, Source
from server.errors import AudioRefusedError, GoingAwayError, SessionEndedError, SourceTakenError
from server.models import EndReason, SessionState, Tier
from tests.server.house import House
from tests.server.log.subscriber import until
from tests.support.classifier import voice_frame

CHUNK = bytes(3_200)
"""100 ms of silence."""


def ramp(first: int, count: int) -> bytes:
    """Samples that can be told apart."""
    return np.arange(first, first + count, dtype="<i2").tobytes()


# -- from audio to events -----------------------------------------------------------------------


async def test_a_session_tells_its_stages(house: House) -> None:
    """Loading, ready, and listening once audio arrives: each once."""
    house.backend.load_gate.clear()
    session, _ = await house.start()
    guest = house.follow(session)
    await until(lambda: guest.statuses == ["loading"])
    house.backend.load_gate.set()
    await until(lambda: guest.statuses == ["loading", "ready"])
    feed = session.feed(Source.MIC)
    for _ in range(3):
        feed.offer(CHUNK)
    await until(lambda: guest.statuses == ["loading", "ready", "listening"])
    session.unfeed(Source.MIC)
    await house.manager.end(session.session_id, owner="")
    await guest.to_the_end()
    assert guest.statuses == ["loading", "ready", "listening"]


async def test_a_passed_over_classifier_is_told(house: House) -> None:
    """Whoever follows reads what could not be used and who listens: once ready, or on feeding."""
    house.backend.load_gate.clear()
    session, listener = await house.start()
    guest = house.follow(session)
    listener.notices = ["The first could not be used."]
    house.backend.load_gate.set()
    await until(lambda: guest.statuses == ["loading", "warning", "ready"])
    listener.notices = ["Nor could the second."]
    session.feed(Source.MIC).offer(CHUNK)
    await until(lambda: guest.statuses.count("warning") == 2)
    assert [e["detail"] for e in guest.said("service") if e["status"] == "warning"] == [
        "The first could not be used.",
        "Nor could the second.",
    ]


async def test_readings_become_numbered_stored_events(house: House) -> None:
    """What the classifier hears is in the log, in order, and on the subscriber's screen."""
    session, listener = await house.start()
    guest = house.follow(session)
    listener.emit(
        voice_frame(0.5, Affect.WARM), voice_frame(1.0, None), voice_frame(1.5, Affect.TIRED)
    )
    await until(lambda: len(guest.said("tone")) == 2)
    await house.manager.end(session.session_id, owner="")
    await guest.to_the_end()
    assert [event["affect"] for event in guest.said("tone")] == ["warm", "tired"]
    assert [event["timestamp"] for event in guest.said("affect")] == [0.5, 1.0, 1.5]
    stored = await house.stored(session)
    assert [event.seq for event in stored] == list(range(1, len(guest.events) + 1))


async def test_audio_that_comes_before_the_classifier_is_ready_waits(house: House) -> None:
    """It is analysed in order once the classifier is there; nothing of it is lost."""
    house.backend.load_gate.clear()
    session, listener = await house.start()
    feed = session.feed(Source.MIC)
    for n in range(5):
        feed.offer(ramp(n * 1_000, 1_000))
    await asyncio.sleep(0.01)
    assert listener.fed == []
    house.backend.load_gate.set()
    await until(lambda: sum(len(pcm) for pcm, _ in listener.fed) == 5_000)
    heard = np.concatenate([pcm for pcm, _ in listener.fed])
    np.testing.assert_array_equal(heard, np.arange(5_000))
    session.unfeed(Source.MIC)


async def test_each_source_has_its_own_lane(house: House) -> None:
    """Two sockets at once: each one's audio in order, told apart by source."""
    session, listener = await house.start()
    mic, tab = session.feed(Source.MIC), session.feed(Source.TAB)
    for n in range(10):
        mic.offer(ramp(n * 100, 100))
        tab.offer(ramp(-(n + 1) * 100, 100))
        await asyncio.sleep(0)
    await until(lambda: sum(len(pcm) for pcm, _ in listener.fed) == 2_000)
    mic_heard = np.concatenate([pcm for pcm, source in listener.fed if source is Source.MIC])
    np.testing.assert_array_equal(mic_heard, np.arange(1_000))
    session.unfeed(Source.MIC)
    session.unfeed(Source.TAB)


async def test_a_source_that_falls_behind_holds_nobody_up(house: House) -> None:
    """While the classifier is busy offers return at once; the inbox refuses when it is full."""
    session, listener = await house.start()
    listener.feed_gate.clear()
    feed = session.feed(Source.MIC)
    for _ in range(300):  # the default buffer of 30 s
        feed.offer(CHUNK)
    with pytest.raises(AudioRefusedError, match="faster than real time"):
        feed.offer(CHUNK)
    listener.feed_gate.set()
    await until(lambda: sum(len(pcm) for pcm, _ in listener.fed) == 300 * 1_600)
    assert max(len(pcm) for pcm, _ in listener.fed) <= 5 * 16_000
    session.unfeed(Source.MIC)


# -- who holds a source -------------------------------------------------------------------------


async def test_one_socket_for_each_source(house: House) -> None:
    """A second one is refused while the first is here, and taken when it has gone."""
    session, listener = await house.start()
    listener.frame_per_feed = Affect.URGENT
    guest = house.follow(session)
    first = session.feed(Source.MIC)
    with pytest.raises(SourceTakenError, match="source=mic"):
        session.feed(Source.MIC)
    first.offer(CHUNK)
    await until(lambda: len(guest.said("affect")) == 1)
    session.unfeed(Source.MIC)
    house.clock.advance(0.01)
    second = session.feed(Source.MIC)
    second.offer(CHUNK)
    await until(lambda: len(guest.said("affect")) == 2)
    # The clock of the session is its audio: it goes on where the first socket left it.
    assert [event["timestamp"] for event in guest.said("affect")] == [0.1, 0.2]
    session.unfeed(Source.MIC)
    assert house.count("linnet_audio_sockets") == 0
    await guest.leave()


@pytest.mark.parametrize(
    ("reason", "farewell"),
    [(EndReason.CLIENT, SessionEndedError), (EndReason.SHUTDOWN, GoingAwayError)],
)
async def test_an_ended_session_takes_nothing(
    house: House, reason: EndReason, farewell: type[Exception]
) -> None:
    """Neither a socket that is here nor a new one; a socket is told why."""
    session, _ = await house.start()
    feed = session.feed(Source.MIC)
    assert not feed.ended.is_set()
    if reason is EndReason.SHUTDOWN:
        await house.manager.end_all()
    else:
        await house.manager.end(session.session_id, owner="")
    assert feed.ended.is_set()
    with pytest.raises(SessionEndedError):
        feed.offer(CHUNK)
    with pytest.raises(SessionEndedError):
        session.feed(Source.TAB)
    assert isinstance(feed.farewell(), farewell)
    session.unfeed(Source.MIC)
    assert session.info().state is SessionState.STOPPED


async def test_who_is_here_is_counted(house: House) -> None:
    """Abandoned since the last subscriber and the last socket left, whoever goes first."""
    session, _ = await house.start()
    clock = house.clock
    clock.advance(0.01)
    assert session.abandoned_s() == pytest.approx(0.01)
    guest = house.follow(session)
    session.feed(Source.MIC)
    clock.advance(5)
    assert session.abandoned_s() == 0
    await guest.leave()
    clock.advance(5)
    assert session.abandoned_s() == 0
    session.unfeed(Source.MIC)
    clock.advance(0.02)
    assert session.abandoned_s() == pytest.approx(0.02)


async def test_activity_is_what_somebody_does_or_hears(house: House) -> None:
    """Audio, asking and events that somebody hears count; events that nobody hears do not."""
    session, listener = await house.start(tier=Tier.PAID)
    feed = session.feed(Source.MIC)
    house.clock.advance(0.01)
    feed.offer(CHUNK)
    assert session.idle_s() == 0
    house.clock.advance(0.01)
    listener.emit(voice_frame(0.1))
    await until(lambda: session.idle_s() == 0)
    session.unfeed(Source.MIC)
    house.clock.advance(0.01)
    last_seq = session.channel.last_seq
    listener.emit(voice_frame(0.2))
    await until(lambda: session.channel.last_seq > last_seq)
    assert session.idle_s() == pytest.approx(0.01)
    session.touch()
    assert session.idle_s() == 0


# -- the end ------------------------------------------------------------------------------------


async def test_what_has_arrived_is_analysed_before_the_end(house: House) -> None:
    """Audio that waits when the session ends still becomes events."""
    session, listener = await house.start()
    listener.frame_per_feed = Affect.FRUSTRATED
    guest = house.follow(session)
    await until(lambda: "ready" in guest.statuses)
    listener.feed_gate.clear()
    feed = session.feed(Source.MIC)
    for _ in range(60):
        feed.offer(CHUNK)
    ending = asyncio.create_task(house.manager.end(session.session_id, owner=""))
    await until(feed.ended.is_set)
    listener.feed_gate.set()
    await ending
    session.unfeed(Source.MIC)
    await guest.to_the_end()
    assert sum(len(pcm) for pcm, _ in listener.fed) == 60 * 1_600
    assert guest.said("tone")[-1]["timestamp"] == 6.0


async def test_an_end_while_the_classifier_is_still_loading(house: House) -> None:
    """The session ends all the same, and says no more than what was said."""
    house.backend.load_gate.clear()
    session, _ = await house.start()
    guest = house.follow(session)
    session.feed(Source.MIC).offer(CHUNK)
    await house.manager.end_all()
    session.unfeed(Source.MIC)
    await guest.to_the_end()
    assert guest.statuses == ["loading"]
    house.backend.load_gate.set()


@pytest.mark.parametrize("gate", ["feed_gate", "stop_gate"])
async def test_a_classifier_that_hangs_does_not_hold_up_the_end(house: House, gate: str) -> None:
    """Neither one that does not finish analysing nor one that does not stop: the log is closed
    and the end is noted."""
    session, listener = await house.start()
    guest = house.follow(session)
    await until(lambda: "ready" in guest.statuses)
    getattr(listener, gate).clear()
    session.feed(Source.MIC).offer(CHUNK)
    await until(lambda: "listening" in guest.statuses)
    await house.manager.end_all()
    session.unfeed(Source.MIC)
    await guest.to_the_end()
    assert (await house.row(session)).reason is EndReason.SHUTDOWN
    getattr(listener, gate).set()
    await listener.stop()


async def test_a_classifier_that_cannot_be_stopped_is_let_go(house: House) -> None:
    """The end is an end for everybody else."""
    session, listener = await house.start()
    listener.stop_error = BackendError("stopping failed")
    guest = house.follow(session)
    await house.manager.end(session.session_id, owner="")
    await guest.to_the_end()
    assert (await house.row(session)).reason is EndReason.CLIENT


# -- a classifier that fails --------------------------------------------------------------------


async def test_a_classifier_that_fails_before_its_first_reading(house: House) -> None:
    """One error event, then the end with reason error; the row says so too."""
    session, listener = await house.start()
    guest = house.follow(session)
    listener.fail()
    await guest.to_the_end()
    await house.ended(session)
    assert guest.statuses[-1] == "error"
    assert guest.statuses.count("error") == 1
    assert session.channel.ended is not None
    assert session.channel.ended.reason is EndReason.ERROR
    row = await house.row(session)
    assert (row.reason, row.last_seq) == (EndReason.ERROR, session.channel.last_seq)


async def test_a_classifier_that_fails_after_readings(house: House) -> None:
    """What it had heard is kept; then the error, then the end."""
    session, listener = await house.start()
    guest = house.follow(session)
    listener.emit(voice_frame(0.5), voice_frame(1.0))
    listener.fail()
    await guest.to_the_end()
    await house.ended(session)
    assert [event["timestamp"] for event in guest.said("affect")] == [0.5, 1.0]
    assert guest.events[-1]["status"] == "error"
    assert (await house.row(session)).reason is EndReason.ERROR


async def test_feeding_and_reading_fail_together_and_it_is_said_once(house: House) -> None:
    """The lanes and the reader of frames see the same failure; there is one error event."""
    session, listener = await house.start()
    guest = house.follow(session)
    await until(lambda: "ready" in guest.statuses)
    listener.feed_error = BackendError("gone")
    listener.fail()
    for source in Source:
        session.feed(source).offer(CHUNK)
    await guest.to_the_end()
    await house.ended(session)
    for source in Source:
        session.unfeed(source)
    assert guest.statuses.count("error") == 1
    assert house.count("linnet_sessions_ended_total", reason="error") == 1


async def test_a_classifier_that_cannot_be_loaded(house: House) -> None:
    """The session says so and ends; it was never ready."""
    house.backend.load_error = BackendError("no model")
    session, _ = await house.start()
    guest = house.follow(session)
    await guest.to_the_end()
    await house.ended(session)
    assert guest.statuses == ["loading", "error"]
    assert (await house.row(session)).reason is EndReason.ERROR


async def test_a_fault_of_ours_ends_the_session(house: House) -> None:
    """An exception that nobody expected does not leave a session half alive."""
    session, listener = await house.start()
    guest = house.follow(session)
    listener.fail(ZeroDivisionError("a bug"))
    await guest.to_the_end()
    await house.ended(session)
    assert (await house.row(session)).reason is EndReason.ERROR
