"""Events out: replay what the subscriber has missed, then follow, then say that it is over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from aiohttp import web

from server.api.guard import owner_of
from server.api.inputs import read_last_event_id
from server.api.keys import CLOCK, MANAGER, METRICS, SETTINGS
from server.api.sse import SubscriberStream
from server.errors import SessionEndedError, StoreError
from server.log.base import SessionRow
from server.log.channel import Channel, Cursor
from server.models import EndReason, SessionEndEvent

_REPLAY_EVENTS: Final = 256

_log = structlog.get_logger(__name__)


async def stream(request: web.Request) -> web.StreamResponse:
    """Blocks of ``event:``, ``data:`` (JSON on one line) and ``id:``, the event's number in the
    session. A comment ``: heartbeat`` comes at once and in every silence. With the header
    ``Last-Event-ID`` everything after that number is sent first, then what happens live. After
    ``session-end`` the stream closes, and a reconnect with nothing left to send is a 204."""
    owner = owner_of(request)
    session_id = request.match_info["id"]
    after = read_last_event_id(request)
    manager = request.app[MANAGER]
    try:
        session = await manager.followed(session_id, owner=owner)
    except SessionEndedError:
        return await _replay_ended(
            request, await manager.archive.row(session_id, owner=owner), after
        )
    cursor = manager.subscribe(session, after)
    response = subscriber_stream(request)
    try:
        with cut_short(response):
            await response.begin(request, session.channel)
            async with response:
                end = await follow_log(response, session.channel, cursor)
                await response.write_paced(_session_end(end))
    finally:
        manager.unsubscribe(session)
    return response


@contextmanager
def cut_short(response: SubscriberStream) -> Iterator[None]:
    """Let a stream that cannot go on close without session-end: its subscriber can resume."""
    try:
        yield
    except (ConnectionError, TimeoutError):
        response.force_close()
    except StoreError as error:
        _log.warning("stream closed", error=error.detail)
        response.force_close()


async def follow_log(
    response: SubscriberStream, channel: Channel, cursor: Cursor
) -> SessionEndEvent:
    """Send everything after the cursor, as it comes, until the session has ended."""
    while True:
        if data := await cursor.read():
            await response.write_paced(data)
        elif channel.ended is not None:
            return channel.ended
        else:
            await cursor.follow(response.offer)


async def _replay_ended(
    request: web.Request, row: SessionRow, after: int | None
) -> web.StreamResponse:
    if after is None or after >= row.last_seq:
        return web.Response(status=204)
    store = request.app[MANAGER].store
    response = subscriber_stream(request)
    end = SessionEndEvent(
        session_id=row.session_id,
        reason=row.reason or EndReason.INTERRUPTED,
        last_seq=row.last_seq,
    )
    with cut_short(response):
        await response.begin(request)
        async with response:
            while events := await store.read_after(row.session_id, after, _REPLAY_EVENTS):
                await response.write_paced(b"".join([event.block for event in events]))
                after = events[-1].seq
            await response.write_paced(_session_end(end))
    return response


def subscriber_stream(request: web.Request) -> SubscriberStream:
    """A response that is an event stream, not yet begun."""
    settings = request.app[SETTINGS]
    return SubscriberStream(
        heartbeat_s=settings.heartbeat_s,
        stall_s=settings.stall_s,
        now_s=request.app[CLOCK].monotonic_s,
        on_stall=request.app[METRICS].subscribers_stalled.inc,
    )


def _session_end(event: SessionEndEvent) -> bytes:
    return b"event: session-end\ndata: %b\n\n" % event.to_json()
