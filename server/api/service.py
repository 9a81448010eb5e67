"""The service about itself: health, metrics."""

from __future__ import annotations

import asyncio

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from server import __version__
from server.api.keys import CLOCK, CREDENTIALS, MANAGER, METRICS, SETTINGS, STARTED_S
from server.api.respond import json_answer
from server.models import Health


async def health(request: web.Request) -> web.StreamResponse:
    """200 as long as it lives; ``ready`` says whether the classifier is loaded."""
    return json_answer(_health(request))


async def ready(request: web.Request) -> web.StreamResponse:
    """503 until the classifier is loaded: for whoever decides where to send people."""
    state = _health(request)
    answer = json_answer(state)
    if not state.ready:
        answer.set_status(503)
    return answer


async def metrics(request: web.Request) -> web.StreamResponse:
    """In the Prometheus text format; nothing in it says who spoke or how."""
    # In a thread: what the process knows of itself is read from files.
    body = await asyncio.to_thread(generate_latest, request.app[METRICS].registry)
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


def _health(request: web.Request) -> Health:
    app = request.app
    manager = app[MANAGER]
    return Health(
        mode=app[SETTINGS].mode,
        version=__version__,
        ready=manager.ready,
        classifier=manager.backend.name,
        sessions=manager.running,
        uptime_s=round(app[CLOCK].monotonic_s() - app[STARTED_S], 1),
        token_needed=app[CREDENTIALS].needed,
        voices_kept=app[SETTINGS].voices_kept,
    )
