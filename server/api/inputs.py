"""Reading requests: bodies, queries and headers into validated models."""

from __future__ import annotations

from typing import TypeVar

import orjson
from aiohttp import web
from pydantic import BaseModel, ValidationError

from classifier.frames import Source
from server.api.problems import invalid
from server.errors import InvalidInputError

M = TypeVar("M", bound=BaseModel)


async def read_body(request: web.Request, model: type[M]) -> M:
    """The JSON body as ``model``; an absent body is an empty object.

    Raises:
        InvalidInputError: not JSON, not an object, or a field that is ill-typed or out of range.
    """
    try:
        raw = await request.read()
    except web.RequestPayloadError:
        raise InvalidInputError("body: cannot be read as its encoding says.") from None
    try:
        data = orjson.loads(raw) if raw.strip() else {}
    except orjson.JSONDecodeError as exc:
        raise InvalidInputError(f"body: not valid JSON ({exc.msg}).") from None
    if not isinstance(data, dict):
        raise InvalidInputError("body: must be a JSON object.")
    return _validated(model, data)


def read_query(request: web.Request, model: type[M]) -> M:
    """The query string as ``model``.

    Raises:
        InvalidInputError: a filter that is ill-typed or out of range.
    """
    return _validated(model, dict(request.query))


def read_source(request: web.Request) -> Source:
    """``?source=mic`` (default) or ``tab``.

    Raises:
        InvalidInputError: anything else.
    """
    value = request.query.get("source", Source.MIC.value)
    try:
        return Source(value)
    except ValueError:
        raise InvalidInputError("source: must be mic or tab.") from None


def read_seq(request: web.Request) -> int:
    """The number of an event, from the path.

    Raises:
        InvalidInputError: not a whole number from 1 on.
    """
    value = request.match_info["seq"]
    if not (value.isascii() and value.isdigit() and len(value) <= 18) or int(value) < 1:
        raise InvalidInputError("seq: must be a whole number from 1 on.")
    return int(value)


def read_last_event_id(request: web.Request) -> int | None:
    """Where a stream is to go on: the ``Last-Event-ID`` header, else ``?last_event_id=``.

    Raises:
        InvalidInputError: not a whole number from 0 on.
    """
    value = request.headers.get("Last-Event-ID") or request.query.get("last_event_id")
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 18):
        raise InvalidInputError("last_event_id: must be a whole number from 0 on.")
    return int(value)


def _validated(model: type[M], data: dict[str, object]) -> M:
    try:
        return model.model_validate(data)
    except ValidationError as exc:
        raise invalid(exc) from None
