"""The interface described: as an OpenAPI document, as a page, and the front page.

Pages are made here from the document, need no script and ask no other host for anything.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from string import Template
from typing import Any, Final

import orjson
from aiohttp import web

from server import __version__
from server.api.endpoint import Endpoint
from server.api.keys import MANAGER, SETTINGS
from server.api.openapi import build_openapi
from server.api.page import FRONT, send
from server.api.problems import CLOSE_CODE, STATUS
from server.api.respond import json_bytes

ENDPOINTS: Final = web.AppKey("endpoints", tuple[Endpoint, ...])

_STATIC: Final = Path(__file__).with_name("static")
_TEMPLATES: Final = {
    # Read once, before anything is served: never on the event loop.
    name: Template((_STATIC / name).read_text(encoding="utf-8"))
    for name in ("docs.html", "front.html")
}
_PAGE_HEADERS: Final = {
    # Nothing but what is in the page itself: it works offline and can leak nothing.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
}


async def openapi_document(request: web.Request) -> web.StreamResponse:
    """For programs: clients and validators can be made from it."""
    endpoints = request.app[ENDPOINTS]
    return json_bytes(orjson.dumps(build_openapi(endpoints)))


async def docs_page(request: web.Request) -> web.StreamResponse:
    """For people. It needs no network and no script."""
    endpoints = request.app[ENDPOINTS]
    document = build_openapi(endpoints)
    rows = "".join(
        _operation(path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    )
    schemas = "".join(
        f'<h3 id="{escape(name)}">{escape(name)}</h3><pre>{_pretty(schema)}</pre>'
        for name, schema in sorted(document["components"]["schemas"].items())
    )
    return _page(
        "docs.html",
        version=__version__,
        intro=escape(document["info"]["description"]),
        operations=rows,
        problems=_problems(),
        schemas=schemas,
    )


async def front_page(request: web.Request) -> web.StreamResponse:
    """The page; where it was not built, what runs here and where to go from here."""
    if (file := request.app.get(FRONT)) is not None:
        return send(request, file)
    settings = request.app[SETTINGS]
    backend = request.app[MANAGER].backend.name
    hears = (
        "plays a synthetic conversation (CF_VOICE_MOCK=1); it does not listen to audio"
        if backend == "mock"
        else "listens with the acoustic classifier"
    )
    return _page(
        "front.html",
        version=__version__,
        hears=hears,
        mode=settings.mode,
        address=escape(f"{request.scheme}://{request.host}"),
    )


def _page(name: str, **values: str) -> web.Response:
    text = _TEMPLATES[name].substitute(values)
    return web.Response(text=text, content_type="text/html", headers=_PAGE_HEADERS)


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    parameters = "".join(
        f"<li><code>{escape(parameter['name'])}</code> ({escape(parameter['in'])}) "
        f"{escape(parameter.get('description', ''))} "
        f"<small>{escape(_brief(parameter['schema']))}</small></li>"
        for parameter in operation["parameters"]
    )
    answers = "".join(
        f"<li><b>{status}</b> {escape(answer['description'])}{_models(answer)}</li>"
        for status, answer in operation["responses"].items()
    )
    body = operation.get("requestBody")
    return (
        f'<section id="{escape(operation["operationId"])}">'
        f"<h3><code>{method.upper()} {escape(path)}</code></h3>"
        f"<p><b>{escape(operation['summary'])}.</b> {_prose(operation['description'])}</p>"
        + (f"<h4>Parameters</h4><ul>{parameters}</ul>" if parameters else "")
        + (f"<h4>Body</h4><ul><li>JSON{_models(body)}</li></ul>" if body else "")
        + f"<h4>Answers</h4><ul>{answers}</ul></section>"
    )


def _models(part: dict[str, Any]) -> str:
    """Links to the schemas that a body or an answer is made of, where it has any."""
    names = [
        media["schema"]["$ref"].rsplit("/", 1)[1]
        for media in part.get("content", {}).values()
        if "$ref" in media.get("schema", {})
    ]
    return "".join(f' <a href="#{escape(name)}">{escape(name)}</a>' for name in names)


def _prose(text: str) -> str:
    """A docstring as HTML: what stands between double backticks is code."""
    return re.sub(r"``(.+?)``", r"<code>\1</code>", escape(text))


def _problems() -> str:
    rows = [
        f'<tr id="{error.code}"><td><code>{error.code}</code></td><td>{escape(error.title)}</td>'
        f"<td>{int(status)}</td><td>{CLOSE_CODE.get(error, '')}</td></tr>"
        for error, status in STATUS.items()
    ]
    return "".join(rows)


def _brief(schema: dict[str, Any]) -> str:
    shown = {key: value for key, value in schema.items() if key not in {"title", "description"}}
    return ", ".join(f"{key} {_plain(value)}" for key, value in shown.items())


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _pretty(schema: Any) -> str:
    return escape(orjson.dumps(schema, option=orjson.OPT_INDENT_2).decode())
