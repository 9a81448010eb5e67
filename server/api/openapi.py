"""The OpenAPI 3.1 document, made from the table of routes and the wire models."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from server import __version__
from server.api.endpoint import Access, Endpoint
from server.api.problems import STATUS
from server.models import (
    AffectEvent,
    AudioAck,
    AudioRefusal,
    EnvironEvent,
    Problem,
    QueueEvent,
    ServiceEvent,
    SessionEndEvent,
    SpeakerEvent,
    ToneEvent,
)
from server.recordings.documents import DoneEvent, ErrorEvent, ProgressEvent, RecordingSession

_REF: Final = "#/components/schemas/{model}"

_ON_THE_WIRE: Final[tuple[type[BaseModel], ...]] = (
    ToneEvent,
    AffectEvent,
    EnvironEvent,
    QueueEvent,
    SpeakerEvent,
    ServiceEvent,
    SessionEndEvent,
    AudioAck,
    AudioRefusal,
    RecordingSession,
    ProgressEvent,
    DoneEvent,
    ErrorEvent,
)
"""What travels inside streams and sockets, which OpenAPI cannot tie to a path."""

_SECURITY: Final = {
    "token": {"type": "http", "scheme": "bearer", "description": "Where LINNET_API_TOKEN is set."},
    "login": {
        "type": "apiKey",
        "in": "cookie",
        "name": "linnet-login-PORT",
        "description": "From POST /login; PORT is that of the page.",
    },
}

_BINARY: Final = {"type": "string", "format": "binary"}
_FORM_FIELDS: Final = {"elcor": "boolean", "num_speakers": "integer"} | dict.fromkeys(
    ("channels", "file_name", "license_key"), "string"
)
_RECORDING: Final = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": _BINARY}
                | {name: {"type": kind} for name, kind in _FORM_FIELDS.items()},
            }
        },
        **{
            media: {"schema": _BINARY}
            for media in ("audio/wav", "audio/flac", "audio/ogg", "audio/mpeg", "audio/aiff")
        },
    },
}
"""A recording, as the body or in a form."""

_DESCRIPTION: Final = (
    "Speech in over a WebSocket, tone in plain words out over Server-Sent Events. "
    "Event names on the stream: tone-event, affect-event, environ-event, queue-event, "
    "speaker-event, service-event, session-end; their data is the schema of the same name."
)


def build_openapi(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """The document as plain data."""
    endpoints = tuple(endpoints)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Linnet",
            "version": __version__,
            "description": _DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {"schemas": _schemas(endpoints), "securitySchemes": _SECURITY},
        # Nothing, a token, or a browser's login: which of them, /health says.
        "security": [{}, *({name: []} for name in _SECURITY)],
    }


def _schemas(endpoints: tuple[Endpoint, ...]) -> dict[str, Any]:
    models: dict[type[BaseModel], None] = dict.fromkeys((Problem, *_ON_THE_WIRE))
    for endpoint in endpoints:
        for answer in endpoint.answers.values():
            if not isinstance(answer, str):
                models[answer] = None
        if endpoint.body is not None:
            models[endpoint.body] = None
    _, definitions = models_json_schema(
        [(model, "validation") for model in models], ref_template=_REF
    )
    return dict(definitions["$defs"])


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": endpoint.handler.__name__,
        "summary": endpoint.summary,
        "description": _first_paragraph(endpoint.handler.__doc__),
        "parameters": [*_path_parameters(endpoint), *_other_parameters(endpoint)],
        "responses": _responses(endpoint),
    }
    if endpoint.access is Access.OPEN:
        operation["security"] = []
    if endpoint.body is not None:
        operation["requestBody"] = {
            "required": False,
            "content": {"application/json": {"schema": _ref(endpoint.body)}},
        }
    if endpoint.takes_recording:
        operation["requestBody"] = _RECORDING
    return operation


def _path_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", endpoint.path)
    ]


def _other_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    parameters = [
        {"name": name, "in": place, "description": text, "schema": {"type": "string"}}
        for place, named in (("header", endpoint.headers), ("query", endpoint.parameters))
        for name, text in named.items()
    ]
    if endpoint.query is not None:
        model = endpoint.query.model_json_schema(ref_template=_REF)
        definitions = model.get("$defs", {})
        for name, field in model["properties"].items():
            schema = _given(_inline(field, definitions))
            parameters.append({"name": name, "in": "query", "schema": schema})
    return parameters


def _inline(schema: Any, definitions: dict[str, Any]) -> Any:
    """A schema with its references replaced by what they point to."""
    if isinstance(schema, list):
        return [_inline(part, definitions) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inline(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions)
    return {key: _inline(part, definitions) for key, part in schema.items()}


def _given(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter when it is given: a query string has no null."""
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) != 1:
        return schema
    return {key: part for key, part in choices[0].items() if key not in {"title", "description"}}


def _responses(endpoint: Endpoint) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, answer in endpoint.answers.items():
        if not isinstance(answer, str):
            media: dict[str, Any] = {"application/json": {"schema": _ref(answer)}}
            if status == 200:
                media |= {further: {} for further in endpoint.media}
            responses[str(status)] = {"description": endpoint.summary, "content": media}
        elif "/" in answer and " " not in answer:
            responses[str(status)] = {"description": endpoint.summary, "content": {answer: {}}}
        else:
            responses[str(status)] = {"description": answer}
    by_status: dict[int, list[str]] = {}
    for error in endpoint.errors:
        by_status.setdefault(int(STATUS[error]), []).append(error.title)
    for status, titles in sorted(by_status.items()):
        responses[str(status)] = {
            "description": "; ".join(titles),
            "content": {"application/problem+json": {"schema": _ref(Problem)}},
        }
    return responses


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}


def _first_paragraph(text: str | None) -> str:
    return " ".join((text or "").strip().split("\n\n")[0].split())
