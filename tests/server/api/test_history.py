"""What was heard lately: filters, order, and refusals that name the filter."""

from __future__ import annotations

from typing import Any

import pytest

from classifier import Affect, Source
from tests.support.api import Api
from tests.support.classifier import voice_frame

_AFFECTS = (Affect.WARM, Affect.FRUSTRATED, Affect.TIRED)


@pytest.fixture
async def session_id(api: Api) -> str:
    """A session that has heard twelve tones: 1 s to 12 s, warm, frustrated, tired in turn."""
    started = await api.start()
    await api.say(started, 12, affects=_AFFECTS)
    return started


async def _timestamps(api: Api, session_id: str, **query: Any) -> list[float]:
    status, body = await api.get(f"/session/{session_id}/history", **query)
    assert status == 200, body
    assert list(body) == ["session_id", "count", "events"]
    assert body["session_id"] == session_id
    assert body["count"] == len(body["events"])
    return [event["timestamp"] for event in body["events"]]


async def test_the_most_recent_tones_in_time_order(api: Api, session_id: str) -> None:
    """``limit`` keeps the newest; they come oldest first."""
    assert await _timestamps(api, session_id) == [float(at) for at in range(1, 13)]
    assert await _timestamps(api, session_id, limit=3) == [10.0, 11.0, 12.0]


async def test_fifty_without_a_limit(api: Api) -> None:
    """The locked default is the last fifty."""
    session_id = await api.start()
    await api.say(session_id, 60)
    assert await _timestamps(api, session_id) == [float(at) for at in range(11, 61)]


async def test_events_are_those_of_the_stream(api: Api, session_id: str) -> None:
    """Each entry is the tone event that subscribers saw, with its number."""
    _, body = await api.get(f"/session/{session_id}/history")
    async with await api.subscribe(session_id) as subscriber:
        streamed = await subscriber.events(12, "tone-event")
    assert body["events"] == [block.data | {"seq": block.seq} for block in streamed]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"affect": "warm"}, [1.0, 4.0, 7.0, 10.0]),
        ({"affect": "warm", "limit": 1}, [10.0]),
        ({"since": 11}, [11.0, 12.0]),
        ({"until": "2.0"}, [1.0, 2.0]),
        ({"since": 5, "until": 6}, [5.0, 6.0]),
        ({"speaker_id": "speaker_b"}, []),
        ({"min_confidence": 0.8, "until": 1}, [1.0]),
        ({"min_confidence": 0.81}, []),
        ({"after_seq": 2**63 - 1}, []),
        ({"limit": 10_000, "never": "heard of"}, [float(at) for at in range(1, 13)]),
    ],
)
async def test_filters_keep_what_matches(
    api: Api, session_id: str, query: dict[str, Any], expected: list[float]
) -> None:
    """Each filter keeps the tones it names and no others; unknown parameters are ignored."""
    assert await _timestamps(api, session_id, **query) == expected


async def test_after_seq_continues_where_a_reader_left_off(api: Api, session_id: str) -> None:
    """Numbers above ``after_seq`` only, the bound itself excluded."""
    _, body = await api.get(f"/session/{session_id}/history", limit=12)
    seqs = [event["seq"] for event in body["events"]]
    _, rest = await api.get(f"/session/{session_id}/history", after_seq=seqs[7])
    assert [event["seq"] for event in rest["events"]] == seqs[8:]


async def test_speakers_are_told_apart(api: Api) -> None:
    """Tones of the tab are found by its speaker."""
    session_id = await api.start()
    await api.say(session_id, 1)
    async with await api.subscribe(session_id, after=None) as subscriber:
        api.listener(session_id).emit(voice_frame(7.0, Affect.WARM, source=Source.TAB))
        await subscriber.event("tone-event")
    assert await _timestamps(api, session_id, speaker_id="speaker_b") == [7.0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("min_confidence", "-0.1"),
        ("min_confidence", "1.1"),
        ("min_confidence", "nan"),
        ("min_confidence", "much"),
        ("limit", "0"),
        ("limit", "-1"),
        ("limit", "10001"),
        ("limit", "1.5"),
        ("limit", ""),
        ("affect", "angry"),
        ("affect", "WARM"),
        ("speaker_id", ""),
        ("speaker_id", "x" * 65),
        ("since", "-1"),
        ("since", "nan"),
        ("until", "later"),
        ("after_seq", "-1"),
        ("after_seq", str(2**63)),
        ("after_seq", "9" * 400),
    ],
)
async def test_a_filter_out_of_range_is_a_422_that_names_it(
    api: Api, name: str, value: str
) -> None:
    """No filter is quietly bent into range."""
    query: dict[str, Any] = {name: value}
    status, problem = await api.get(f"/session/{await api.start()}/history", **query)
    assert (status, problem["status"]) == (422, 422)
    assert problem["detail"].startswith(f"{name}: ")


@pytest.mark.parametrize("value", ["%00", "%ff", "%ED%A0%80", "'%20OR%201=1--", "%F0%9F%98%80"])
async def test_odd_text_in_a_filter_matches_nothing(api: Api, session_id: str, value: str) -> None:
    """A speaker of any spelling is only ever compared, never interpreted."""
    async with api.client.get(f"/session/{session_id}/history?speaker_id={value}") as answer:
        assert answer.status == 200
        assert (await answer.json())["events"] == []


async def test_history_stays_after_the_end(api: Api, session_id: str) -> None:
    """An ended session can be read as before."""
    await api.end(session_id)
    assert len(await _timestamps(api, session_id)) == 12
