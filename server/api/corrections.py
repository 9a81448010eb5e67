"""What a person says an event should have been."""

from __future__ import annotations

from aiohttp import web

from server.api.guard import owner_of
from server.api.inputs import read_body, read_seq
from server.api.keys import MANAGER
from server.api.respond import json_answer
from server.models import CorrectionAnswer, CorrectionRequest


async def correct_event(request: web.Request) -> web.StreamResponse:
    """A label or an affect, and a note. It stands beside the tone event, whose own words stay, and
    appears as ``correction`` in history and exports; a later one takes its place."""
    return await _correct(request, await read_body(request, CorrectionRequest))


async def uncorrect_event(request: web.Request) -> web.StreamResponse:
    """Harmless where there is none."""
    return await _correct(request, None)


async def _correct(
    request: web.Request, correction: CorrectionRequest | None
) -> web.StreamResponse:
    session_id, seq = request.match_info["id"], read_seq(request)
    mark = await request.app[MANAGER].archive.correct(
        session_id, seq, correction, owner=owner_of(request)
    )
    return json_answer(CorrectionAnswer(session_id=session_id, seq=seq, correction=mark))
