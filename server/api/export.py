"""A whole session as a file, from its first event, also after it has ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from aiohttp import web

from server.api.guard import owner_of, request_tier
from server.api.inputs import read_query
from server.api.keys import MANAGER, SETTINGS
from server.errors import ForbiddenInModeError, InvalidInputError
from server.export.base import ExportFormat, ExportHead
from server.export.formats import FORMATS
from server.export.stored import StoredEvents, head_of
from server.models import ExportQuery, Tier
from server.tiers import require_paid


async def export(request: web.Request) -> web.StreamResponse:
    """From its first event to the last so far, also after it has ended. JSON is free, other
    formats are paid."""
    settings = request.app[SETTINGS]
    if settings.demo_mode:
        raise ForbiddenInModeError("The demo does not export; Linnet on your own machine does.")
    chosen = _format(read_query(request, ExportQuery).format)
    manager = request.app[MANAGER]
    info = await manager.info(request.match_info["id"], owner=owner_of(request))
    paid = Tier.PAID in (info.tier, request_tier(request))
    if chosen.paid:
        require_paid(Tier.PAID if paid else Tier.FREE, f"Export as {chosen.name}")
    row, gaps = await manager.stored(info.session_id, owner=owner_of(request))
    # A recording has a name that a person gave it.
    head = head_of(row, gaps=gaps, title=str(row.settings.get("file_name") or ""))
    events = StoredEvents(manager.store, info.session_id, row.last_seq)
    async with aclosing(chosen.write(head, events)) as pieces:
        return await _send(request, chosen, head, pieces)


def _format(name: str) -> ExportFormat:
    chosen = FORMATS.get(name.lower())
    if chosen is None:
        raise InvalidInputError(f"format: {name!r} is not one of {', '.join(FORMATS)}.")
    return chosen


async def _send(
    request: web.Request,
    chosen: ExportFormat,
    head: ExportHead,
    pieces: AsyncGenerator[bytes, None],
) -> web.StreamResponse:
    # The first piece before the headers: what fails at once is still an ordinary problem answer.
    piece = await anext(pieces, b"")
    response = web.StreamResponse(
        headers={
            "Content-Type": chosen.media_type,
            "Content-Disposition": (
                f'attachment; filename="linnet-session-{head.session_id}.{chosen.extension}"'
            ),
        }
    )
    stall_s = request.app[SETTINGS].stall_s
    await response.prepare(request)
    while piece:
        try:
            async with asyncio.timeout(stall_s):
                await response.write(piece)
        except TimeoutError:
            # Nothing is taken any more: what is cut off must not look complete.
            if request.transport is not None:
                request.transport.abort()
            return response
        piece = await anext(pieces, b"")
    await response.write_eof()
    return response
