"""Answers on the wire: the fields that were promised."""

from __future__ import annotations

import orjson
import pytest

from server.models import (
    AudioAck,
    AudioRefusal,
    EndReason,
    ExportDocument,
    ExportModel,
    HistoryAnswer,
    ServiceEvent,
    ServiceStatus,
    SessionEndEvent,
    SessionInfo,
    SessionState,
    SessionStopped,
    Tier,
    WireModel,
)


@pytest.mark.parametrize(
    ("model", "keys"),
    [
        (
            SessionInfo(session_id="i", state=SessionState.RUNNING, elcor=False, tier=Tier.FREE),
            {"session_id": "i", "state": "running", "elcor": False, "tier": "free"},
        ),
        (SessionStopped(session_id="i"), {"session_id": "i", "state": "stopped"}),
        (HistoryAnswer(session_id="i", count=0, events=[]), {"session_id", "count", "events"}),
        (
            ExportDocument(
                session_id="i",
                elcor=True,
                events=[],
                schema_version=1,
                started_at=0,
                ended_at=None,
                model=ExportModel(id="m", sha256=""),
                settings={},
                gaps=[],
            ),
            {
                "session_id",
                "elcor",
                "events",
                "schema_version",
                "started_at",
                "ended_at",
                "model",
                "settings",
                "gaps",
            },
        ),
        (AudioAck(bytes=3200), {"ok": True, "bytes": 3200}),
        (
            AudioRefusal(error="overrun", detail="d"),
            {"ok": False, "error": "overrun", "detail": "d"},
        ),
        (
            SessionEndEvent(session_id="i", reason=EndReason.IDLE, last_seq=3),
            {"event_type": "session_end", "session_id": "i", "reason": "idle", "last_seq": 3},
        ),
        (
            ServiceEvent(session_id="i", status=ServiceStatus.READY, detail="d"),
            {"event_type": "service", "session_id": "i", "status": "ready", "detail": "d"},
        ),
    ],
)
def test_answers_hold_what_the_wire_promises(
    model: WireModel, keys: dict[str, object] | set[str]
) -> None:
    """The fields of WIRE, and no others."""
    data = orjson.loads(model.to_json())
    assert (set(data) if isinstance(keys, set) else data) == keys
