"""Answers in JSON, encoded once."""

from __future__ import annotations

from aiohttp import web

from server.models import WireModel


def json_answer(model: WireModel) -> web.Response:
    """A wire model as the body."""
    return json_bytes(model.to_json())


def json_bytes(body: bytes) -> web.Response:
    """Ready JSON as the body."""
    return web.Response(body=body, content_type="application/json", charset="utf-8")
