"""Going on with a session that has ended."""

from __future__ import annotations

from aiohttp import web

from server.api.guard import owner_of, request_tier
from server.api.inputs import read_body
from server.api.keys import MANAGER
from server.api.respond import json_answer
from server.models import ResumeRequest, SessionResumed
from server.tiers import require_paid


async def resume_session(request: web.Request) -> web.StreamResponse:
    """A new session whose log begins with the events of an ended one, numbered from 1: they say
    the new session's id, everything else in them is as it was. Its clock goes on after their last
    timestamp. What the body does not say is as it was in the old session, which stays as it is."""
    owner = owner_of(request)
    body = await read_body(request, ResumeRequest)
    tier = request_tier(request, body.license_key)
    require_paid(tier, "Resuming a past session")
    session, event_count = await request.app[MANAGER].resume(body, tier=tier, owner=owner)
    return json_answer(
        SessionResumed(
            **session.info().model_dump(), resumed_from=body.snapshot_id, event_count=event_count
        )
    )
