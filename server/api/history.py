"""What was heard lately: the last tone events that match."""

from __future__ import annotations

from aiohttp import web

from server.api.guard import owner_of
from server.api.inputs import read_query
from server.api.keys import MANAGER
from server.api.respond import json_bytes
from server.models import HistoryQuery


async def history(request: web.Request) -> web.StreamResponse:
    """The most recent ``limit`` of them, in time order."""
    manager = request.app[MANAGER]
    query = read_query(request, HistoryQuery)
    info = await manager.info(request.match_info["id"], owner=owner_of(request))
    events = await manager.store.tones(info.session_id, query)
    # Stored JSON goes out as it is: each event was validated and encoded once, when it was made.
    listed = b",".join([event.numbered_json() for event in events])
    return json_bytes(
        b'{"session_id":"%b","count":%d,"events":[%b]}'
        % (info.session_id.encode(), len(events), listed)
    )
