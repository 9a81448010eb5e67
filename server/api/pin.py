"""Keeping a session, and letting go of it: pin, unpin, erase."""

from __future__ import annotations

from aiohttp import web

from server.api.guard import owner_of, request_tier
from server.api.keys import MANAGER
from server.api.respond import json_answer
from server.models import SessionErased, SessionPinned, Tier
from server.tiers import require_paid


async def pin_session(request: web.Request) -> web.StreamResponse:
    """A pinned session is kept however old it gets. Pinning twice keeps the first time."""
    return await _pin(request, pinned=True)


async def unpin_session(request: web.Request) -> web.StreamResponse:
    """It may expire again (``LINNET_RETENTION_DAYS``). Harmless where nothing is pinned."""
    return await _pin(request, pinned=False)


async def erase_session(request: web.Request) -> web.StreamResponse:
    """Its events, its corrections and its row, also from the file's free pages. A session that runs
    is ended first. What was resumed from it is a session of its own and stays."""
    session_id = request.match_info["id"]
    await request.app[MANAGER].erase(session_id, owner=owner_of(request))
    return json_answer(SessionErased(session_id=session_id))


async def _pin(request: web.Request, *, pinned: bool) -> web.StreamResponse:
    manager, owner = request.app[MANAGER], owner_of(request)
    info = await manager.info(request.match_info["id"], owner=owner)
    paid = Tier.PAID in (info.tier, request_tier(request))
    require_paid(Tier.PAID if paid else Tier.FREE, "Pinning sessions")
    pinned_at_s = await manager.archive.pin(info.session_id, owner=owner, pinned=pinned)
    return json_answer(
        SessionPinned(
            session_id=info.session_id,
            snapshot_id=info.session_id,
            pinned=pinned_at_s is not None,
            pinned_at=pinned_at_s,
        )
    )
