"""Replay, following and the end of a stream: nothing twice, nothing lost."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import MutableMapping
from typing import Any

import pytest

from classifier import Affect
from server.api.keys import MANAGER
from server.log.base import Draft, EventStore
from tests.server.api.conftest import Serve
from tests.support.api import CHUNK, PAID_KEY, Api
from tests.support.classifier import voice_frame
from tests.support.sse import DEADLINE_S, Subscriber
from tests.support.store import FailingStore
from tests.support.waiting import eventually


async def test_events_are_numbered_from_one_without_gaps(api: Api) -> None:
    """Numbers run 1, 2, 3 ... over all kinds of event."""
    session_id = await api.start()
    last = await api.say(session_id, 10)
    async with await api.subscribe(session_id) as subscriber:
        events = await subscriber.events(last)
    assert [event.seq for event in events] == list(range(1, last + 1))


@pytest.mark.parametrize("by", ["header", "query"])
async def test_replay_from_any_point_then_live(api: Api, by: str) -> None:
    """From every N on a subscriber gets N+1, N+2 ... then what comes next, each once."""
    session_id = await api.start()
    last = await api.say(session_id, 4)
    opened = []
    for after in range(last + 1):
        if by == "header":
            opened.append(await api.subscribe(session_id, after=after))
        else:
            path = f"/session/{session_id}/stream?last_event_id={after}"
            opened.append(Subscriber(await api.client.get(path)))
    api.listener(session_id).emit(voice_frame(99.0, Affect.WARM))
    for after, subscriber in enumerate(opened):
        async with subscriber:
            events = await subscriber.events(last + 2 - after)
            assert [event.seq for event in events] == list(range(after + 1, last + 3))


async def test_without_a_number_a_stream_begins_with_what_comes_next(api: Api) -> None:
    """A fresh subscriber is not sent the past."""
    session_id = await api.start()
    last = await api.say(session_id, 3)
    async with await api.subscribe(session_id, after=None) as subscriber:
        api.listener(session_id).emit(voice_frame(50.0, Affect.WARM))
        assert (await subscriber.event()).seq == last + 1


async def test_the_header_wins_over_the_query(api: Api) -> None:
    """An EventSource that reconnects keeps its first URL: what it says in the header is newer."""
    session_id = await api.start()
    await api.say(session_id, 4)
    path = f"/session/{session_id}/stream?last_event_id=1"
    answer = await api.client.get(path, headers={"Last-Event-ID": "5"})
    async with Subscriber(answer) as subscriber:
        assert (await subscriber.event()).seq == 6


async def test_a_number_from_the_future_waits_for_what_comes(api: Api) -> None:
    """A number that was never given does not break or stall the stream."""
    session_id = await api.start()
    last = await api.say(session_id, 1)
    async with await api.subscribe(session_id, after=10**17) as subscriber:
        api.listener(session_id).emit(voice_frame(50.0, Affect.WARM))
        assert (await subscriber.event()).seq == last + 1


@pytest.mark.parametrize("value", ["x", "-1", "1.5", "0x10", "١", "1" * 19, "1 2"])
async def test_a_number_that_is_none_is_a_422(api: Api, value: str) -> None:
    """An ill-typed Last-Event-ID is refused by name, in the header and in the query."""
    session_id = await api.start()
    path = f"/session/{session_id}/stream"
    for query, headers in (({"last_event_id": value}, {}), ({}, {"Last-Event-ID": value})):
        status, problem = await api.get(path, headers=headers, **query)
        assert status == 422
        assert problem["detail"].startswith("last_event_id: ")


async def test_the_end_is_told_and_closes_the_stream(api: Api) -> None:
    """``session-end`` is the last block: named, with the reason and the last number, no id."""
    session_id = await api.start()
    last = await api.say(session_id, 2)
    async with await api.subscribe(session_id, after=last) as subscriber:
        await api.end(session_id)
        (end,) = await subscriber.rest()
    assert end.lines[0] == b"event: session-end"
    assert len(end.lines) == 2
    assert list(end.data.items()) == [
        ("event_type", "session_end"),
        ("session_id", session_id),
        ("reason", "client"),
        ("last_seq", last),
    ]


async def test_after_the_end_the_rest_is_replayed_then_204(api: Api) -> None:
    """From every N an ended session gives what is left and the end; with nothing left, 204."""
    session_id = await api.start()
    last = await api.say(session_id, 3)
    await api.end(session_id)
    for after in range(last):
        async with await api.subscribe(session_id, after=after) as subscriber:
            *events, end = await subscriber.rest()
        assert [event.seq for event in events] == list(range(after + 1, last + 1))
        assert (end.name, end.data["last_seq"]) == ("session-end", last)
    for headers in ({"Last-Event-ID": str(last)}, {"Last-Event-ID": str(last + 5)}, {}):
        async with api.client.get(f"/session/{session_id}/stream", headers=headers) as answer:
            assert (answer.status, await answer.read()) == (204, b"")


async def test_a_reconnect_while_the_session_is_ending_misses_nothing(api: Api) -> None:
    """Who comes back between the call that ends a session and its end still gets it all."""
    session_id = await api.start()
    last = await api.say(session_id, 3)
    listener = api.listener(session_id)
    listener.frame_per_feed = Affect.WARM
    listener.feed_gate.clear()
    socket = await api.audio(session_id)
    await socket.send_bytes(CHUNK)
    await socket.receive(timeout=DEADLINE_S)
    ending = asyncio.create_task(api.end(session_id))
    await api.until_stopped(session_id)
    async with await api.subscribe(session_id, after=last) as subscriber:
        listener.feed_gate.set()
        *events, end = await subscriber.rest()
    await ending
    assert [event.seq for event in events] == list(range(last + 1, last + 1 + len(events)))
    assert "tone-event" in [event.name for event in events]
    assert (end.data["reason"], end.data["last_seq"]) == ("client", events[-1].seq)


async def test_a_replay_longer_than_the_ring_comes_from_the_store(api: Api) -> None:
    """A subscriber that starts from the very first event of a long session gets each once."""
    session_id = await api.start()
    last = await api.say(session_id, 700)
    assert last > 1_400
    async with await api.subscribe(session_id) as subscriber:
        events = await subscriber.events(last)
    assert [event.seq for event in events] == list(range(1, last + 1))


async def test_events_that_cannot_be_stored_are_sent_with_a_warning(serve: Serve) -> None:
    """A failing store does not silence the stream; it is told, and told again when it is over."""
    stores: list[FailingStore] = []

    def wrap(store: EventStore) -> EventStore:
        stores.append(FailingStore(store))
        return stores[-1]

    api = await serve(wrap_store=wrap)
    session_id = await api.start()
    async with await api.subscribe(session_id) as subscriber:
        await subscriber.events(2)
        stores[0].writes_fail = True
        api.listener(session_id).emit(voice_frame(1.0, Affect.WARM))
        names = [(await subscriber.event()).name for _ in range(2)]
        assert names == ["affect-event", "tone-event"]
        assert (await subscriber.event("service-event")).data["status"] == "warning"
        stores[0].writes_fail = False
        api.listener(session_id).emit(voice_frame(2.0, Affect.TIRED))
        notice = await subscriber.event("service-event")
        assert notice.data["status"] == "listening"
    await api.end(session_id)
    _, exported = await api.get(f"/session/{session_id}/export")
    assert [event["affect"] for event in exported["events"]] == ["warm", "tired"]


async def test_more_streams_than_allowed_are_a_429(serve: Serve) -> None:
    """At LINNET_MAX_SUBSCRIBERS a stream is refused; one that leaves makes room."""
    api = await serve(max_subscribers=2)
    session_id = await api.start()
    first = await api.subscribe(session_id)
    async with await api.subscribe(session_id):
        status, problem = await api.get(f"/session/{session_id}/stream")
        assert (status, problem["status"]) == (429, 429)
        first.response.close()

        async def let_in() -> bool:
            async with api.client.get(f"/session/{session_id}/stream") as answer:
                return answer.status == 200

        await eventually(let_in)


async def test_a_subscriber_that_leaves_is_let_go(api: Api) -> None:
    """No open stream is counted once its client has gone, also in mid-replay."""
    session_id = await api.start()
    await api.say(session_id, 300)
    for _ in range(10):
        (await api.subscribe(session_id)).response.close()

    async def none_is_open() -> bool:
        return await api.counter("linnet_subscribers") == 0

    await eventually(none_is_open)


@pytest.mark.parametrize("ended", [False, True])
async def test_a_subscriber_that_stops_reading_is_closed_and_can_resume(
    serve: Serve, logged: list[MutableMapping[str, Any]], ended: bool
) -> None:
    """Live or in a replay of the past, who takes nothing for LINNET_STALL_S is let go."""
    api = await serve(stall_s=0.5)
    session_id = await api.start()
    await api.say(session_id, 1)
    session = await api.app[MANAGER].live(session_id, owner="")
    # More than the kernel's own buffers hold.
    large = Draft("affect-event", b'{"filler":"%b"}' % (b"x" * 250_000))
    last = (await session.channel.append([large] * 64))[-1].seq
    if ended:
        await api.end(session_id)
    with socket.socket() as stalled:
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        stalled.connect(("127.0.0.1", api.port))
        stalled.send(
            b"GET /session/%b/stream?last_event_id=0 HTTP/1.1\r\nHost: localhost\r\n\r\n"
            % session_id.encode()
        )

        async def closed() -> bool:
            async with api.client.get("/metrics") as answer:
                return 'route="/session/{id}/stream",status="499"' in await answer.text()

        await eventually(closed)
        if not ended:
            await api.end(session_id)
    async with await api.subscribe(session_id, after=last - 1) as subscriber:
        event, end = await subscriber.rest()
    assert (event.seq, end.name) == (last, "session-end")
    assert not [line for line in logged if line["log_level"] == "error"]


@pytest.mark.parametrize("fields", [{}, {"license_key": PAID_KEY}])
async def test_a_session_nobody_uses_ends_for_its_late_subscriber(
    serve: Serve, fields: dict[str, Any]
) -> None:
    """Free or paid, a session that talks to nobody for its time ends with reason ``idle``."""
    api = await serve(session_idle_ttl_s=0.4, session_paid_ttl_s=0.4)
    session_id = await api.start(**fields)
    listener = api.listener(session_id)
    async with asyncio.timeout(DEADLINE_S):
        at = 0.0
        # The classifier goes on talking, as the synthetic one does: that is nobody's activity.
        while not listener.stopped:
            at += 1.0
            listener.emit(voice_frame(at, Affect.WARM))
            await asyncio.sleep(0.05)
    await api.end(session_id)
    async with await api.subscribe(session_id) as subscriber:
        assert (await subscriber.rest())[-1].data["reason"] == "idle"
