"""A classifier that is too slow: said when it falls behind, and what was never heard at the end."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import Source
from server.models import ServiceStatus
from server.sessions.lag import BEHIND_S, CAUGHT_UP_S, UNHEARD_S, Lag, unheard
from tests.server.house import House
from tests.server.log.subscriber import until

SECOND = bytes(32_000)
"""1 s of silence."""


@pytest.fixture(autouse=True)
def look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session looks at once whether the classifier keeps up."""
    monkeypatch.setattr("server.sessions.session._LOOK_AT_LAG_S", 0.005)


@given(st.lists(st.tuples(st.sampled_from(Source), st.floats(0.0, 20.0)), max_size=40))
def test_it_is_said_once_each_time(waits: list[tuple[Source, float]]) -> None:
    """However the waits of both sources come: a warning and the word that all is well take turns,
    the first is a warning, and each comes at its bound."""
    lag, said, now_s = Lag(), list[ServiceStatus](), 100.0
    for source, wait_s in waits:
        lag.begin(source, now_s - wait_s)
        behind_s = lag.behind_s(now_s)
        assert behind_s >= wait_s - 1e-9
        news = lag.news(now_s)
        warned = bool(said) and said[-1] is ServiceStatus.WARNING
        if news is not None:
            said.append(news[0])
        assert (news is not None) == (behind_s < CAUGHT_UP_S if warned else behind_s >= BEHIND_S)
        now_s += 0.25
    assert said == [ServiceStatus.WARNING, ServiceStatus.LISTENING] * (len(said) // 2) + [
        ServiceStatus.WARNING
    ] * (len(said) % 2)


def test_of_several_sources_the_latest_counts() -> None:
    """What is heard no longer waits."""
    lag = Lag()
    assert lag.behind_s(10.0) == 0.0
    lag.begin(Source.MIC, 8.0)
    lag.begin(Source.TAB, 3.0)
    assert lag.behind_s(10.0) == 7.0
    lag.end(Source.TAB)
    assert lag.behind_s(10.0) == 2.0
    lag.end(Source.TAB)
    lag.end(Source.MIC)
    assert lag.behind_s(10.0) == 0.0


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0, None),
        (UNHEARD_S - 0.01, None),
        (12.34, "The last 12.3 s of speaker_b (tab) were not heard."),
    ],
)
def test_what_was_not_heard_is_said_in_seconds(seconds: float, said: str | None) -> None:
    """Less than a reading rests on is no loss."""
    assert unheard(Source.TAB, seconds) == said


# -- in a session -------------------------------------------------------------------------------


async def test_who_listens_is_told_that_the_classifier_is_behind(house: House) -> None:
    """While it hears nothing, once; and once more when it has caught up. Nothing is lost."""
    session, listener = await house.start()
    guest = house.follow(session)
    listener.feed_gate.clear()
    feed = session.feed(Source.MIC)
    for _ in range(4):
        feed.offer(SECOND)
        house.clock.advance(1.0)
    await until(lambda: "warning" in guest.statuses)
    house.clock.advance(5.0)
    feed.offer(SECOND)
    listener.feed_gate.set()
    await until(lambda: guest.said("service")[-1]["detail"] == "The classifier has caught up.")
    assert guest.statuses == ["loading", "ready", "listening", "warning", "listening"]
    await until(lambda: sum(len(pcm) for pcm, _ in listener.fed) == 5 * 16_000)
    session.unfeed(Source.MIC)
    await house.manager.end(session.session_id, owner="")
    await guest.to_the_end()
    assert guest.statuses.count("warning") == 1


async def test_at_the_end_it_is_said_what_was_not_heard(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each source; it is in the log before the session's end, and the end does not wait."""
    monkeypatch.setattr("server.sessions.session._DRAIN_S", 0.02)
    session, listener = await house.start()
    guest = house.follow(session)
    mic, tab = session.feed(Source.MIC), session.feed(Source.TAB)
    mic.offer(SECOND)
    tab.offer(SECOND)
    await until(lambda: len(listener.fed) == 2)
    listener.feed_gate.clear()
    for _ in range(2):
        mic.offer(SECOND)
    session.unfeed(Source.MIC)
    session.unfeed(Source.TAB)
    await house.manager.end(session.session_id, owner="")
    await guest.to_the_end()
    service = [(event["status"], event["detail"]) for event in guest.said("service")]
    assert service[-1] == ("warning", "The last 2.0 s of speaker_a (mic) were not heard.")
    assert guest.statuses.count("warning") == 1
    assert len(await house.stored(session)) == len(guest.events)


async def test_where_all_was_heard_nothing_is_said(house: House) -> None:
    """Also of a last piece too short for a reading, and however long nobody speaks after it."""
    session, listener = await house.start()
    guest = house.follow(session)
    feed = session.feed(Source.MIC)
    for message in (SECOND, SECOND, bytes(2_000)):
        feed.offer(message)
    await until(lambda: sum(len(pcm) for pcm, _ in listener.fed) == 33_000)
    house.clock.advance(2 * BEHIND_S)
    await asyncio.sleep(0.05)  # it has looked several times
    session.unfeed(Source.MIC)
    await house.manager.end(session.session_id, owner="")
    await guest.to_the_end()
    assert guest.statuses == ["loading", "ready", "listening"]
