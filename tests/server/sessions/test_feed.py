"""The hold that a socket has on a source: what passes through it, and what it tells of."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import Source
from server.errors import AudioRefusedError, LinnetError, SessionEndedError
from server.sessions.feed import AudioFeed
from server.sessions.inbox import MESSAGE_MAX_SAMPLES, SAMPLE_BYTES, AudioInbox
from tests.server.house import House
from tests.server.log.subscriber import until
from tests.support.clock import FakeClock

CHUNK = bytes(3_200)
"""100 ms of silence."""


class Held:
    """A source, the feed that holds it, and how often accepted audio was told of."""

    def __init__(self, *, buffer_s: float = 30.0) -> None:
        self.inbox = AudioInbox(FakeClock(), buffer_s=buffer_s)
        self.ended = asyncio.Event()
        self.told = 0
        self.feed = AudioFeed(
            self.inbox, ended=self.ended, farewell=SessionEndedError, on_audio=self._tell
        )

    def _tell(self) -> None:
        self.told += 1


async def everything(inbox: AudioInbox) -> bytes:
    """Close the inbox; what it held."""
    inbox.close()
    taken = b""
    while (audio := await inbox.take(60.0)) is not None:
        taken += audio.pcm.astype("<i2").tobytes()
    return taken


# -- one feed -----------------------------------------------------------------------------------


@settings(deadline=None, max_examples=50)
@given(
    lengths=st.lists(
        st.integers(0, 2_000) | st.integers(0, MESSAGE_MAX_SAMPLES * SAMPLE_BYTES + 4), max_size=20
    ),
    seed=st.integers(0, 2**32 - 1),
)
def test_what_is_accepted_is_told_of_and_arrives_and_nothing_else(
    lengths: list[int], seed: int
) -> None:
    """Whatever a socket sends, good and bad mixed: the inbox holds the accepted messages in order,
    byte for byte, and each of them was told of once."""
    held = Held(buffer_s=5.0)
    accepted = []
    for message in map(np.random.default_rng(seed).bytes, lengths):
        try:
            held.feed.offer(message)
        except AudioRefusedError:
            continue
        accepted.append(message)
    assert held.told == len(accepted)
    assert asyncio.run(everything(held.inbox)) == b"".join(accepted)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (b"", "empty"),
        (bytes(3), "odd_length"),
        (bytes((MESSAGE_MAX_SAMPLES + 1) * SAMPLE_BYTES), "too_long"),
        (bytes(MESSAGE_MAX_SAMPLES * SAMPLE_BYTES), "overrun"),
    ],
)
def test_a_refusal_says_why_and_the_feed_goes_on(message: bytes, reason: str) -> None:
    """The reason is the inbox's own; the next good message is accepted."""
    held = Held(buffer_s=0.5)
    with pytest.raises(AudioRefusedError) as refusal:
        held.feed.offer(message)
    assert refusal.value.reason == reason
    assert held.told == 0
    held.feed.offer(CHUNK)
    assert held.told == 1


@pytest.mark.parametrize("message", [CHUNK, b"", bytes(3)], ids=["good", "empty", "odd"])
def test_once_the_session_has_ended_that_is_the_answer(message: bytes) -> None:
    """To bad messages, too; what waits already is still there to be analysed."""
    held = Held()
    held.feed.offer(CHUNK)
    held.ended.set()
    with pytest.raises(SessionEndedError):
        held.feed.offer(message)
    assert held.told == 1
    assert held.inbox.accepted_samples == len(CHUNK) // SAMPLE_BYTES


def test_the_reason_is_asked_for_when_it_is_needed() -> None:
    """A feed is older than the end of its session: whoever asks is told why it ended, not what
    would have been said when the feed was made."""
    reasons: list[type[LinnetError]] = []
    feed = AudioFeed(
        AudioInbox(FakeClock(), buffer_s=1.0),
        ended=asyncio.Event(),
        farewell=lambda: reasons[-1](),
        on_audio=lambda: None,
    )
    reasons.append(SessionEndedError)
    assert isinstance(feed.farewell(), SessionEndedError)


# -- in a session -------------------------------------------------------------------------------


async def test_refused_audio_is_no_activity(house: House) -> None:
    """A client that sends nothing of use neither keeps a session alive nor makes it say that audio
    arrives."""
    session, _ = await house.start()
    guest = house.follow(session)
    await until(lambda: "ready" in guest.statuses)
    await guest.leave()
    feed = session.feed(Source.MIC)
    house.clock.advance(0.01)
    idle_s = session.idle_s()
    assert idle_s > 0
    for message in (b"", bytes(3)):
        with pytest.raises(AudioRefusedError):
            feed.offer(message)
    assert session.idle_s() == idle_s
    feed.offer(CHUNK)
    assert session.idle_s() == 0
    await until(lambda: session.channel.last_seq == 3)
    assert b"listening" in (await house.stored(session))[-1].data
    session.unfeed(Source.MIC)


async def test_two_feeds_of_a_session_end_together(house: House) -> None:
    """Each source has an inbox of its own, and the end of the session is the end of both."""
    session, listener = await house.start()
    feeds = {source: session.feed(source) for source in Source}
    feeds[Source.MIC].offer(CHUNK)
    feeds[Source.TAB].offer(CHUNK * 2)
    await until(lambda: len(listener.fed) == 2)
    assert {source: len(pcm) for pcm, source in listener.fed} == {
        Source.MIC: 1_600,
        Source.TAB: 3_200,
    }
    await house.manager.end(session.session_id, owner="")
    for source, feed in feeds.items():
        assert feed.ended.is_set()
        with pytest.raises(SessionEndedError):
            feed.offer(CHUNK)
        session.unfeed(source)
