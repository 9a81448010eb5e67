"""What every request passes through, outermost first: an id and a log line, CORS, errors, guard.

Log lines carry the route, never the path and its query: a session id is a capability, and so is a
ticket.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from server.api import problems
from server.api.endpoint import Access
from server.api.guard import (
    LICENSE_HEADER,
    check_credentials,
    check_host,
    check_origin,
    origin_allowed,
)
from server.api.keys import ACCESS, METRICS, REQUEST_ID, SETTINGS
from server.errors import LinnetError

REQUEST_ID_HEADER: Final = "X-Request-ID"
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PROBES: Final = frozenset({"/health", "/health/ready", "/metrics"})
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_log = structlog.get_logger(__name__)


@web.middleware
async def request_context(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id (or keep the caller's), count and log its answer."""
    given = request.headers.get(REQUEST_ID_HEADER, "")
    request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
    request[REQUEST_ID] = request_id
    started_s = time.monotonic()
    status = 499  # what is logged when the client leaves before an answer
    try:
        response = await handler(request)
        status = response.status
        return response
    finally:
        resource = request.match_info.route.resource
        route = resource.canonical if resource is not None else "-"
        request.app[METRICS].requests.labels(route, str(status)).inc()
        # Probes ask every few seconds: their answers are of interest only when they are not.
        tell = _log.debug if route in _PROBES and status < 400 else _log.info
        tell(
            "request",
            method=request.method,
            route=route,
            status=status,
            ms=round((time.monotonic() - started_s) * 1000, 1),
            request_id=request_id,
        )


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every failure into a problem answer, unless an answer is already on its way."""
    try:
        return await handler(request)
    except asyncio.CancelledError:
        raise
    except LinnetError as error:
        answer = problems.from_error(error, request[REQUEST_ID])
        failure: Exception = error
    except web.HTTPException as error:
        if error.status < 400:
            raise
        answer = problems.from_http(error, request[REQUEST_ID])
        failure = error
    except Exception as error:
        answer = problems.from_crash(request[REQUEST_ID])
        failure = error
        if not _connection_lost(error):
            _log.exception("request failed", request_id=request[REQUEST_ID])
    if request.writer.output_size > 0:
        # Headers are out: a second answer would land in the middle of the first.
        raise failure
    return answer


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Check the host of every request, the origin of those that change something, and credentials
    where a token is set.

    The audio socket checks its own origin and credentials: it answers with a close code.
    """
    check_host(request)
    if request.method not in _SAFE_METHODS:
        check_origin(request)
    access = _access(request)
    if access in (Access.TOKEN, Access.TICKET):
        await check_credentials(request, ticket=access is Access.TICKET)
    return await handler(request)


def _access(request: web.Request) -> Access:
    """What this request asks for; a route that nobody has thought of asks for the token."""
    resource = request.match_info.route.resource
    if resource is None or request.method == "OPTIONS":
        return Access.OPEN  # Nothing is there; or a browser asks before it sends.
    return request.app[ACCESS].get((request.method, resource.canonical), Access.TOKEN)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Signal handler: headers that every answer carries, streams included."""
    settings = request.app[SETTINGS]
    response.headers[REQUEST_ID_HEADER] = request.get(REQUEST_ID, "-")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Server"] = "Linnet"
    if settings.mode != "local":
        response.headers["X-Linnet-Mode"] = settings.mode
    origin = request.headers.get("Origin")
    if origin is not None:
        given = response.headers.get("Vary")
        response.headers["Vary"] = f"{given}, Origin" if given else "Origin"
        if origin_allowed(origin, request):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Allow-Credentials"] = "true"
            response.headers["Access-Control-Expose-Headers"] = (
                f"{REQUEST_ID_HEADER}, X-Linnet-Mode, Content-Disposition, Retry-After"
            )


async def preflight(request: web.Request) -> web.StreamResponse:
    """Answer a browser that asks before it sends (CORS)."""
    check_origin(request)
    headers = {
        "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE, OPTIONS",
        "Access-Control-Allow-Headers": ", ".join(
            (
                "Authorization",
                "Content-Type",
                "Last-Event-ID",
                LICENSE_HEADER,
                REQUEST_ID_HEADER,
                request.app[SETTINGS].cloud_session_header,
            )
        ),
        "Access-Control-Max-Age": "600",
    }
    return web.Response(status=204, headers=headers)


def _connection_lost(error: Exception) -> bool:
    return isinstance(error, ConnectionError)


MIDDLEWARES: Final[tuple[Middleware, ...]] = (request_context, errors, guard)
