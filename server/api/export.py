"""A whole session as a file, from its first event, also after it has ended."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web

from server.api.guard import owner_of, request_tier
from server.api.inputs import read_query
from server.api.keys import MANAGER, SETTINGS
from server.errors import ForbiddenInModeError, InvalidInputError
from server.export.base import ExportFormat, ExportHead, Pages
from server.export.formats import FORMATS
from server.log.base import Event, EventStore
from server.models import ExportQuery, Tier
from server.tiers import require_paid

_PAGE_EVENTS: Final = 1_000


async def export(request: web.Request) -> web.StreamResponse:
    """From its first event, also after it has ended. JSON is free, other formats are paid."""
    settings = request.app[SETTINGS]
    if settings.demo_mode:
        raise ForbiddenInModeError("The demo does not export; Linnet on your own machine does.")
    manager = request.app[MANAGER]
    name = read_query(request, ExportQuery).format.lower()
    info = await manager.info(request.match_info["id"], owner=owner_of(request))
    paid = Tier.PAID in (info.tier, request_tier(request))
    if name != "json":
        require_paid(Tier.PAID if paid else Tier.FREE, f"Export as {name}")
    chosen = FORMATS.get(name)
    if chosen is None:
        raise InvalidInputError(f"format: {name!r} is not one of {', '.join(FORMATS)}.")
    head = ExportHead(info.session_id, info.elcor)
    # The first page before the headers: a log out of reach is still an ordinary problem answer.
    first = await manager.store.tones_after(info.session_id, 0, _PAGE_EVENTS)
    pages = _pages(manager.store, info.session_id, first)
    return await _send(request, chosen, head, pages)


async def _send(
    request: web.Request, chosen: ExportFormat, head: ExportHead, pages: Pages
) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={
            "Content-Type": f"{chosen.content_type}; charset=utf-8"
            if chosen.content_type.startswith("text/")
            else chosen.content_type,
            "Content-Disposition": (
                f'attachment; filename="linnet-session-{head.session_id}.{chosen.extension}"'
            ),
        }
    )
    stall_s = request.app[SETTINGS].stall_s
    await response.prepare(request)
    try:
        async for piece in chosen.write(head, pages):
            async with asyncio.timeout(stall_s):
                await response.write(piece)
    except TimeoutError:
        # Nothing is taken any more: what is cut off must not look complete.
        if request.transport is not None:
            request.transport.abort()
        return response
    await response.write_eof()
    return response


async def _pages(store: EventStore, session_id: str, page: list[Event]) -> Pages:
    while page:
        yield page
        page = await store.tones_after(session_id, page[-1].seq, _PAGE_EVENTS)
