"""The one table of routes: what the router, the OpenAPI document and the docs page are made of."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from server.api import (
    analyze,
    audio,
    corrections,
    docs,
    export,
    history,
    login,
    pin,
    resume,
    service,
    sessions,
    stream,
)
from server.api.endpoint import Access, Endpoint
from server.api.guard import LICENSE_HEADER
from server.api.keys import ACCESS
from server.api.middleware import preflight
from server.errors import (
    CapacityError,
    ClassifierFailedError,
    CredentialsError,
    ForbiddenInModeError,
    InvalidInputError,
    NotAllowedError,
    PaymentRequiredError,
    SessionRunningError,
    StoreError,
    TooLargeError,
    UnknownEventError,
    UnknownSessionError,
    UnreadableRecordingError,
    UnsupportedRecordingError,
    UploadStalledError,
)
from server.export.formats import FORMATS
from server.models import (
    CorrectionAnswer,
    CorrectionRequest,
    ExportDocument,
    ExportQuery,
    Health,
    HistoryAnswer,
    HistoryQuery,
    ResumeRequest,
    SessionErased,
    SessionInfo,
    SessionList,
    SessionPinned,
    SessionResumed,
    SessionsQuery,
    SessionStopped,
    StartRequest,
    Ticket,
)
from server.recordings.documents import AnalysisAnswer

_OWNED: Final = (UnknownSessionError, CredentialsError, StoreError)
_TEXT: Final = "text/plain"
_TICKET: Final = "where a token is asked for and no header can be sent: from POST /ticket"
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
        "POST",
        "/session/resume",
        resume.resume_session,
        "Go on with a past session (paid)",
        answers={200: SessionResumed},
        body=ResumeRequest,
        headers=_KEY,
        errors=(
            *_OWNED,
            InvalidInputError,
            NotAllowedError,
            PaymentRequiredError,
            SessionRunningError,
            CapacityError,
        ),
    ),
    Endpoint(
        "DELETE",
        "/session/{id}",
        pin.erase_session,
        "Erase a session and all it left",
        answers={200: SessionErased},
        errors=(*_OWNED, NotAllowedError),
    ),
    Endpoint(
        "POST",
        "/session/{id}/pin",
        pin.pin_session,
        "Keep a session for good (paid)",
        answers={200: SessionPinned},
        headers=_KEY,
        errors=(*_OWNED, NotAllowedError, PaymentRequiredError),
    ),
    Endpoint(
        "DELETE",
        "/session/{id}/pin",
        pin.unpin_session,
        "Keep it no longer than others (paid)",
        answers={200: SessionPinned},
        headers=_KEY,
        errors=(*_OWNED, NotAllowedError, PaymentRequiredError),
    ),
    Endpoint(
        "PUT",
        "/session/{id}/events/{seq}/correction",
        corrections.correct_event,
        "Say what a tone event should have been",
        answers={200: CorrectionAnswer},
        body=CorrectionRequest,
        errors=(*_OWNED, UnknownEventError, InvalidInputError, NotAllowedError),
    ),
    Endpoint(
        "DELETE",
        "/session/{id}/events/{seq}/correction",
        corrections.uncorrect_event,
        "Take a correction away",
        answers={200: CorrectionAnswer},
        errors=(*_OWNED, UnknownEventError, InvalidInputError, NotAllowedError),
    ),
    Endpoint(
        "GET",
        "/session/{id}/audio",
        audio.audio,
        "Audio in: a WebSocket of Int16 PCM, 16 kHz, mono",
        answers={101: _TEXT},
        parameters={
            "source": "mic (default) or tab: which side of the conversation this is",
            "ticket": _TICKET,
        },
        errors=(InvalidInputError,),
        access=Access.SOCKET,
    ),
    Endpoint(
        "POST",
        "/analyze",
        analyze.analyze,
        "Hear a whole recording",
        answers={200: AnalysisAnswer},
        media=("text/event-stream",),
        takes_recording=True,
        parameters={
            "channels": "mix (default) or split: left is speaker_a, right speaker_b",
            "elcor": "subtext in the bracketed spoken-tone form",
            "num_speakers": "as when a session is started",
            "file_name": "what a person calls it, for display",
        },
        headers={**_KEY, "Accept": "text/event-stream for events as they come"},
        errors=(
            InvalidInputError,
            CredentialsError,
            NotAllowedError,
            UploadStalledError,
            TooLargeError,
            UnsupportedRecordingError,
            UnreadableRecordingError,
            CapacityError,
            ClassifierFailedError,
            StoreError,
        ),
    ),
    Endpoint(
        "GET",
        "/session/{id}/stream",
        stream.stream,
        "Events out: Server-Sent Events",
        answers={200: "text/event-stream", 204: "The session has ended; nothing is left to send"},
        parameters={
            "last_event_id": "the same, for clients that cannot send the header",
            "ticket": _TICKET,
        },
        headers={"Last-Event-ID": "replay everything after this number, then follow"},
        errors=(*_OWNED, InvalidInputError, CapacityError),
        access=Access.TICKET,
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
        media=tuple(dict.fromkeys(fmt.content_type for fmt in FORMATS.values() if fmt.paid)),
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
        errors=(
            CredentialsError,
            InvalidInputError,
            PaymentRequiredError,
            ForbiddenInModeError,
            StoreError,
        ),
    ),
    Endpoint(
        "POST",
        "/ticket",
        login.issue_ticket,
        "A one-time ticket for a stream or an audio socket",
        answers={200: Ticket},
        errors=(CredentialsError, NotAllowedError),
    ),
    Endpoint(
        "POST",
        "/login",
        login.log_in,
        "Exchange the token for a browser's cookie",
        answers={204: "The cookie is set, or none is needed"},
        errors=(CredentialsError, NotAllowedError),
        access=Access.OPEN,
    ),
    Endpoint(
        "DELETE",
        "/login",
        login.log_out,
        "Give the cookie back",
        answers={204: "The cookie is void"},
        errors=(NotAllowedError,),
        access=Access.OPEN,
    ),
    Endpoint(
        "GET",
        "/health",
        service.health,
        "State of the process",
        answers={200: Health},
        access=Access.OPEN,
    ),
    Endpoint(
        "GET",
        "/health/ready",
        service.ready,
        "Whether it can hear yet",
        answers={200: Health, 503: Health},
        access=Access.OPEN,
    ),
    Endpoint(
        "GET",
        "/metrics",
        service.metrics,
        "Counters (Prometheus)",
        answers={200: _TEXT},
        errors=(CredentialsError,),
    ),
    Endpoint(
        "GET",
        "/openapi.json",
        docs.openapi_document,
        "This interface as an OpenAPI 3.1 document",
        answers={200: "application/json"},
        access=Access.OPEN,
    ),
    Endpoint(
        "GET",
        "/docs",
        docs.docs_page,
        "This interface as a page",
        answers={200: "text/html"},
        access=Access.OPEN,
    ),
    Endpoint(
        "GET",
        "/",
        docs.front_page,
        "The front page",
        answers={200: "text/html"},
        access=Access.OPEN,
    ),
)


def add_routes(app: web.Application) -> None:
    """Put the table into the router; every route also answers a browser's preflight."""
    resources: dict[str, web.Resource] = {}
    for endpoint in ENDPOINTS:
        if endpoint.path not in resources:
            resources[endpoint.path] = app.router.add_resource(endpoint.path)
            resources[endpoint.path].add_route("OPTIONS", preflight)
        resources[endpoint.path].add_route(endpoint.method, endpoint.handler)
    app[docs.ENDPOINTS] = ENDPOINTS
    app[ACCESS] = {(endpoint.method, endpoint.path): endpoint.access for endpoint in ENDPOINTS}
