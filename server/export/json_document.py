"""One JSON object: the locked export, and after it what the session was made with."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import orjson

from server.export.base import ExportFormat, ExportHead, SessionEvents


async def write_json(head: ExportHead, events: SessionEvents) -> AsyncGenerator[bytes, None]:
    """``{"session_id", "elcor", "events": [...], ...}``, the tone events in pieces."""
    opening = orjson.dumps({"session_id": head.session_id, "elcor": head.elcor})
    yield opening[:-1] + b',"events":['
    separator = b""
    async for page in events.tones():
        yield separator + b",".join([event.numbered_json() for event in page])
        separator = b","
    yield b"]," + orjson.dumps(provenance(head))[1:]


def provenance(head: ExportHead) -> dict[str, Any]:
    """What a session was made with, under the names of the JSON exports."""
    return {
        "schema_version": head.schema_version,
        "started_at": head.started_at_s,
        "ended_at": head.ended_at_s,
        "model": {"id": head.model_id, "sha256": head.model_sha256},
        "settings": dict(head.settings),
        "gaps": [{"first_seq": gap.first_seq, "last_seq": gap.last_seq} for gap in head.gaps],
    }


JSON = ExportFormat("json", "application/json", "json", paid=False, write=write_json)
