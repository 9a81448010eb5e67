"""The one table of routes: what the router, the OpenAPI document and the docs page are made of."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from server.api import audio, docs, export, history, service, sessions, stream
from server.api.endpoint import Endpoint
from server.api.guard import LICENSE_HEADER
from server.api.middleware import preflight
from server.errors import (
    CapacityError,
    CredentialsError,
    ForbiddenInModeError,
    InvalidInputError,
    NotAllowedError,
    PaymentRequiredError,
    StoreError,
    UnknownSessionError,
)
from server.models import (
    ExportDocument,
    ExportQuery,
    Health,
    HistoryAnswer,
    HistoryQuery,
    SessionInfo,
    SessionList,
    SessionsQuery,
    SessionStopped,
    StartRequest,
)

_OWNED: Final = (UnknownSessionError, CredentialsError, StoreError)
_TEXT: Final = "text/plain"
_KEY: Final = {LICENSE_HEADER: "a licence key, for what is paid"}

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint(
        "POST",
        "/session/start",
        sessions.start_session,
        "Start a session",
        answers={200: SessionInfo},
        body=StartRequest,
        headers=_KEY,
        errors=(InvalidInputError, CredentialsError, NotAllowedError, CapacityError, StoreError),
    ),
    Endpoint(
        "GET",
        "/session/{id}",
        sessions.get_session,
        "Ask for a session, running or ended",
        answers={200: SessionInfo},
        errors=_OWNED,
    ),
    Endpoint(
        "DELETE",
        "/session/{id}/end",
        sessions.end_session,
        "End a session",
        answers={200: SessionStopped},
        errors=(*_OWNED, NotAllowedError),
    ),
    Endpoint(
        "GET",
        "/session/{id}/audio",
        audio.audio,
        "Audio in: a WebSocket of Int16 PCM, 16 kHz, mono",
        answers={101: _TEXT},
        parameters={"source": "mic (default) or tab: which side of the conversation this is"},
        errors=(InvalidInputError,),
    ),
    Endpoint(
        "GET",
        "/session/{id}/stream",
        stream.stream,
        "Events out: Server-Sent Events",
        answers={200: "text/event-stream", 204: "The session has ended; nothing is left to send"},
        parameters={"last_event_id": "the same, for clients that cannot send the header"},
        headers={"Last-Event-ID": "replay everything after this number, then follow"},
        errors=(*_OWNED, InvalidInputError, CapacityError),
    ),
    Endpoint(
        "GET",
        "/session/{id}/history",
        history.history,
        "The last tone events that match",
        answers={200: HistoryAnswer},
        query=HistoryQuery,
        errors=(*_OWNED, InvalidInputError),
    ),
    Endpoint(
        "GET",
        "/session/{id}/export",
        export.export,
        "The whole session as a file",
        answers={200: ExportDocument},
        query=ExportQuery,
        headers=_KEY,
        errors=(*_OWNED, InvalidInputError, PaymentRequiredError, ForbiddenInModeError),
    ),
    Endpoint(
        "GET",
        "/sessions/history",
        sessions.past_sessions,
        "Past sessions (paid)",
        answers={200: SessionList},
        query=SessionsQuery,
        headers=_KEY,
        errors=(CredentialsError, InvalidInputError, PaymentRequiredError, StoreError),
    ),
    Endpoint("GET", "/health", service.health, "State of the process", answers={200: Health}),
    Endpoint(
        "GET",
        "/health/ready",
        service.ready,
        "Whether it can hear yet",
        answers={200: Health, 503: Health},
    ),
    Endpoint("GET", "/metrics", service.metrics, "Counters (Prometheus)", answers={200: _TEXT}),
    Endpoint(
        "GET",
        "/openapi.json",
        docs.openapi_document,
        "This interface as an OpenAPI 3.1 document",
        answers={200: "application/json"},
    ),
    Endpoint(
        "GET", "/docs", docs.docs_page, "This interface as a page", answers={200: "text/html"}
    ),
    Endpoint("GET", "/", docs.front_page, "The front page", answers={200: "text/html"}),
)


def add_routes(app: web.Application) -> None:
    """Put the table into the router; every route also answers a browser's preflight."""
    for endpoint in ENDPOINTS:
        resource = app.router.add_resource(endpoint.path)
        resource.add_route(endpoint.method, endpoint.handler)
        resource.add_route("OPTIONS", preflight)
    app[docs.ENDPOINTS] = ENDPOINTS
