"""A whole session as a file, from its first event, also after it has ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from aiohttp import web

from server.api.guard import owner_of, request_tier
from server.api.inputs import read_query
from server.api.keys import MANAGER, SETTINGS
from server.errors import ForbiddenInModeError, InvalidInputError
from server.export.base import ExportFormat, ExportHead
from server.export.formats import FORMATS
from server.log.base import Event, EventStore
from server.models import ExportQuery, Tier
from server.tiers import require_paid

_PAGE_EVENTS: Final = 1_000


async def export(request: web.Request) -> web.StreamResponse:
    """The session as a file; JSON is free, other formats are paid."""
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
    return await _send(request, chosen, head, manager.store)


async def _send(
    request: web.Request, chosen: ExportFormat, head: ExportHead, store: EventStore
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
    pieces = chosen.write(head, _pages(store, head.session_id))
    # The first piece before the headers: what fails at once is still an ordinary problem answer.
    first = await anext(pieces)
    await response.prepare(request)
    await response.write(first)
    async for piece in pieces:
        await response.write(piece)
    await response.write_eof()
    return response


async def _pages(store: EventStore, session_id: str) -> AsyncIterator[list[Event]]:
    after = 0
    while page := await store.tones_after(session_id, after, _PAGE_EVENTS):
        yield page
        after = page[-1].seq
