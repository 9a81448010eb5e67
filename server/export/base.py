"""What every export format is given, and what it is.

Knows no format and no store: :mod:`server.export.stored` reads events from one.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from server.log.base import Event, Gap

SCHEMA_VERSION: Final = 1
"""Of the documents made here; a field that changes its meaning raises it, a new one does not."""

Pages = AsyncIterator[list[Event]]
"""A session's events, in order, a page at a time; each tone knows its correction."""


class SessionEvents(Protocol):
    """A session's events, to be read from the first on as often as a format needs.

    Every reading ends with the same event, also while the session runs: what a format counts in
    one reading it finds in the next.
    """

    def tones(self) -> Pages:
        """The tone events."""
        ...

    def everything(self) -> Pages:
        """Events of every kind."""
        ...


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
    title: str = ""
    """What a person calls it, such as the name of a recording; may be empty."""


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """One format: how it is named, served and made."""

    name: str
    """As in ``?format=``."""

    content_type: str
    extension: str
    paid: bool
    write: Callable[[ExportHead, SessionEvents], AsyncGenerator[bytes, None]]
    """The file in pieces, none of them empty; memory does not grow with the session."""

    @property
    def media_type(self) -> str:
        """What a ``Content-Type`` header says: text with its encoding."""
        if self.content_type.startswith("text/"):
            return f"{self.content_type}; charset=utf-8"
        return self.content_type
