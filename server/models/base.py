"""What all wire models share: the base class, bounds on numbers, and the words for a session's
life."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import orjson
from pydantic import BaseModel, ConfigDict, Field

Unit = Annotated[float, Field(ge=0, le=1)]

Signed = Annotated[float, Field(ge=-1, le=1)]

Seconds = Annotated[float, Field(ge=0)]

SEQ_MAX: Final = 2**63 - 1
"""The largest number that the log can be asked for (a signed 64-bit integer)."""


class WireModel(BaseModel):
    """Frozen; what a client sent beyond the known fields is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    def to_json(self) -> bytes:
        """UTF-8 JSON, keys in the order of the fields."""
        # A copy: what orjson gives out holds on to its whole buffer of 4 KB, and events are kept.
        return memoryview(orjson.dumps(self.model_dump(mode="python"))).tobytes()


class Tier(StrEnum):
    """What a licence key buys."""

    FREE = "free"
    PAID = "paid"


class SessionState(StrEnum):
    """As clients of the original know it."""

    RUNNING = "running"
    STOPPED = "stopped"


class EndReason(StrEnum):
    """Why a session ended."""

    CLIENT = "client"
    IDLE = "idle"
    SHUTDOWN = "shutdown"
    INTERRUPTED = "interrupted"
    ERROR = "error"
    COMPLETE = "complete"
    """A recording was heard to its end."""
    ABANDONED = "abandoned"
    """Whoever sent the recording left before its end."""
