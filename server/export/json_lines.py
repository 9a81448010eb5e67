"""JSON Lines: the whole log, an object on each line."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import orjson

from server.export.base import ExportFormat, ExportHead, SessionEvents
from server.export.json_document import provenance


async def write_jsonl(head: ExportHead, events: SessionEvents) -> AsyncGenerator[bytes, None]:
    """First what the session is (``event_type`` ``session``), then every event of every kind, as
    the stream sent it, with its ``seq`` and, where there is one, its ``correction``."""
    first = {"event_type": "session", "session_id": head.session_id, "elcor": head.elcor}
    yield orjson.dumps(first | provenance(head)) + b"\n"
    async for page in events.everything():
        yield b"".join([event.numbered_json() + b"\n" for event in page])


JSONL = ExportFormat("jsonl", "application/x-ndjson", "jsonl", paid=True, write=write_jsonl)
