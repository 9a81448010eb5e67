"""One JSON object: the locked export."""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson

from server.export.base import ExportFormat, ExportHead, Pages


async def write_json(head: ExportHead, pages: Pages) -> AsyncIterator[bytes]:
    """``{"session_id", "elcor", "events": [...]}``, in pieces, for a session of any length."""
    opening = orjson.dumps({"session_id": head.session_id, "elcor": head.elcor})
    yield opening[:-1] + b',"events":['
    separator = b""
    async for page in pages:
        yield separator + b",".join([event.numbered_json() for event in page])
        separator = b","
    yield b"]}"


JSON = ExportFormat("json", "application/json", "json", paid=False, write=write_json)
