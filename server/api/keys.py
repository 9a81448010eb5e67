"""Typed keys under which the application carries what handlers need."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from server.api.credentials import Credentials
from server.api.endpoint import Access
from server.clock import Clock
from server.metrics import Metrics
from server.recordings.places import Places
from server.sessions.manager import SessionManager
from server.settings import Settings

SETTINGS: Final = web.AppKey("settings", Settings)
MANAGER: Final = web.AppKey("manager", SessionManager)
METRICS: Final = web.AppKey("metrics", Metrics)
CLOCK: Final = web.AppKey("clock", Clock)
PLACES: Final = web.AppKey("places", Places)
"""For recordings that are heard at once."""
STARTED_S: Final = web.AppKey("started_s", float)
ACCESS: Final = web.AppKey("access", dict[tuple[str, str], Access])
"""By method and route."""
CREDENTIALS: Final = web.AppKey("credentials", Credentials)

REQUEST_ID: Final = web.RequestKey("request_id", str)
"""Key in the request, not in the application."""
