"""What every export format is given."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from server.log.base import Event, Gap

SCHEMA_VERSION: Final = 1
"""Of the documents made here; a field that changes its meaning raises it, a new one does not."""

Pages = AsyncIterator[list[Event]]
"""A session's tone events, in order, a page at a time; each knows its correction."""


@dataclass(frozen=True, slots=True)
class ExportHead:
    """What stands above the events."""

    session_id: str
    elcor: bool
    started_at_s: float = 0.0
    """Wall clock, seconds since 1970: where timestamp 0 of the session lies."""

    ended_at_s: float | None = None
    """None while it runs."""

    model_id: str = ""
    """What listened; empty for a session of an older log."""

    model_sha256: str = ""
    settings: Mapping[str, object] = field(default_factory=dict)
    """What the session was started with, as JSON values."""

    gaps: tuple[Gap, ...] = ()
    """Events that were sent but could not be kept, of every kind."""

    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """One format: how it is named, served and made."""

    name: str
    """As in ``?format=``."""

    content_type: str
    extension: str
    paid: bool
    write: Callable[[ExportHead, Pages], AsyncIterator[bytes]]
