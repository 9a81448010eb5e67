"""A session's life: start, ask, end; and the list of past ones."""

from __future__ import annotations

from aiohttp import web

from server.api.guard import owner_of, request_tier
from server.api.inputs import read_body, read_query
from server.api.keys import MANAGER, SETTINGS
from server.api.respond import json_answer
from server.errors import ForbiddenInModeError
from server.models import SessionList, SessionsQuery, SessionStopped, SessionSummary, StartRequest
from server.tiers import require_paid


async def start_session(request: web.Request) -> web.StreamResponse:
    """It listens from now on. The body is optional, and so is every field of it; fields it does
    not know are ignored, ill-typed ones refused."""
    owner = owner_of(request)
    body = await read_body(request, StartRequest)
    tier = request_tier(request, body.license_key)
    session = await request.app[MANAGER].start(body, tier=tier, owner=owner)
    return json_answer(session.info())


async def get_session(request: web.Request) -> web.StreamResponse:
    """An ended session says ``stopped``."""
    info = await request.app[MANAGER].info(request.match_info["id"], owner=owner_of(request))
    return json_answer(info)


async def end_session(request: web.Request) -> web.StreamResponse:
    """What it has heard can still be read afterwards. Ending twice is harmless."""
    session_id = request.match_info["id"]
    await request.app[MANAGER].end(session_id, owner=owner_of(request))
    return json_answer(SessionStopped(session_id=session_id))


async def past_sessions(request: web.Request) -> web.StreamResponse:
    """The newest first; ``before`` takes the ``started_at`` of the last one seen."""
    if request.app[SETTINGS].demo_mode:
        # One owner, many people: whoever reads an id in the list is let into that session.
        raise ForbiddenInModeError(
            "The demo lists no sessions: they are those of all who try it. Linnet on your own "
            "machine does."
        )
    owner = owner_of(request)
    require_paid(request_tier(request), "The list of past sessions")
    query = read_query(request, SessionsQuery)
    rows = await request.app[MANAGER].archive.past(owner, limit=query.limit, before_s=query.before)
    sessions = [
        SessionSummary(
            session_id=row.session_id,
            started_at=row.started_at_s,
            ended_at=row.ended_at_s,
            reason=row.reason,
            elcor=row.elcor,
            event_count=row.last_seq,
            pinned=row.pinned_at_s is not None,
            resumed_from=row.resumed_from,
        )
        for row in rows
    ]
    return json_answer(SessionList(count=len(sessions), sessions=sessions))
