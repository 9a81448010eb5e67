"""From a reason to a number: the only place that knows HTTP status and WebSocket close codes."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import orjson
from aiohttp import web
from pydantic import ValidationError

from server.errors import (
    AudioRefusedError,
    CapacityError,
    ClassifierFailedError,
    CredentialsError,
    ForbiddenInModeError,
    GoingAwayError,
    InvalidInputError,
    LinnetError,
    NotAllowedError,
    PaymentRequiredError,
    SessionEndedError,
    SessionRunningError,
    SourceTakenError,
    StoreError,
    TooLargeError,
    UnknownEventError,
    UnknownSessionError,
    UnreadableRecordingError,
    UnsupportedRecordingError,
    UploadStalledError,
)
from server.models import Problem

STATUS: Final[Mapping[type[LinnetError], HTTPStatus]] = {
    InvalidInputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnknownSessionError: HTTPStatus.NOT_FOUND,
    UnknownEventError: HTTPStatus.NOT_FOUND,
    SessionRunningError: HTTPStatus.CONFLICT,
    SessionEndedError: HTTPStatus.CONFLICT,
    NotAllowedError: HTTPStatus.FORBIDDEN,
    CredentialsError: HTTPStatus.UNAUTHORIZED,
    PaymentRequiredError: HTTPStatus.PAYMENT_REQUIRED,
    ForbiddenInModeError: HTTPStatus.FORBIDDEN,
    CapacityError: HTTPStatus.TOO_MANY_REQUESTS,
    UnsupportedRecordingError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    UnreadableRecordingError: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UploadStalledError: HTTPStatus.REQUEST_TIMEOUT,
    ClassifierFailedError: HTTPStatus.SERVICE_UNAVAILABLE,
    SourceTakenError: HTTPStatus.CONFLICT,
    AudioRefusedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    StoreError: HTTPStatus.SERVICE_UNAVAILABLE,
    GoingAwayError: HTTPStatus.SERVICE_UNAVAILABLE,
}

CLOSE_CODE: Final[Mapping[type[LinnetError], int]] = {
    UnknownSessionError: 4004,
    SessionEndedError: 4010,
    ClassifierFailedError: 4010,
    NotAllowedError: 4003,
    CredentialsError: 4003,
    SourceTakenError: 4009,
    GoingAwayError: 1001,
    InvalidInputError: 1008,
    StoreError: 1011,
}

_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="linnet"'}
"""What every 401 must say (RFC 9110): how one would be let in."""

_CLOSE_REASON_MAX_BYTES: Final = 123
"""What a WebSocket close frame has room for."""


def status_of(error: LinnetError) -> HTTPStatus:
    """The status that an error is answered with."""
    return STATUS.get(type(error), HTTPStatus.INTERNAL_SERVER_ERROR)


def close_of(error: LinnetError) -> tuple[int, bytes]:
    """The close code and reason that end a socket."""
    code = CLOSE_CODE.get(type(error), 1011)
    reason = error.detail.encode()[:_CLOSE_REASON_MAX_BYTES]
    return code, reason.decode(errors="ignore").encode()


def problem_response(
    *,
    status: int,
    code: str,
    title: str,
    detail: str,
    request_id: str,
    extra: Mapping[str, object] | None = None,
) -> web.Response:
    """An ``application/problem+json`` answer (RFC 9457), with ``extra`` members."""
    problem = Problem(
        type=f"/docs#{code}", title=title, status=status, detail=detail, request_id=request_id
    )
    return web.Response(
        status=status,
        body=orjson.dumps(problem.model_dump() | dict(extra or {})),
        content_type="application/problem+json",
        headers=_CHALLENGE if status == HTTPStatus.UNAUTHORIZED else None,
    )


def from_error(
    error: LinnetError, request_id: str, extra: Mapping[str, object] | None = None
) -> web.Response:
    """The answer to one of our own errors, with further members where there is more to say."""
    response = problem_response(
        status=status_of(error),
        code=error.code,
        title=error.title,
        detail=error.detail,
        request_id=request_id,
        extra=extra,
    )
    if isinstance(error, CapacityError) and error.retry_after_s is not None:
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def from_http(error: web.HTTPException, request_id: str) -> web.Response:
    """The answer to one of aiohttp's own refusals (no such route, body too large ...)."""
    status = HTTPStatus(error.status)
    details = {
        HTTPStatus.NOT_FOUND: "There is nothing at this address.",
        HTTPStatus.METHOD_NOT_ALLOWED: "This address does not answer to that method.",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than is taken here.",
    }
    response = problem_response(
        status=error.status,
        code=f"http_{error.status}",
        title=status.phrase,
        detail=details.get(status, f"{status.phrase}."),
        request_id=request_id,
    )
    if "Allow" in error.headers:
        response.headers["Allow"] = error.headers["Allow"]
    return response


def from_crash(request_id: str) -> web.Response:
    """The answer to a fault of ours: it says nothing of the inside."""
    return problem_response(
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        code="internal",
        title="A fault in the server",
        detail=f"Something went wrong on our side; the log has it under {request_id}.",
        request_id=request_id,
    )


def invalid(error: ValidationError) -> InvalidInputError:
    """The first thing that is wrong with an input, as a sentence that names the field."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"]) or "body"
    message = first["msg"].removeprefix("Value error, ")
    return InvalidInputError(f"{field}: {message[0].lower()}{message[1:]}.")
