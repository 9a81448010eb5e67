"""What every export format is given."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from server.log.base import Event

Pages = AsyncIterator[list[Event]]
"""A session's tone events, in order, a page at a time."""


@dataclass(frozen=True, slots=True)
class ExportHead:
    """What stands above the events."""

    session_id: str
    elcor: bool


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """One format: how it is named, served and made."""

    name: str
    """As in ``?format=``."""

    content_type: str
    extension: str
    paid: bool
    write: Callable[[ExportHead, Pages], AsyncIterator[bytes]]
