"""What sessions leave to later ones: what the classifier has learnt of their voices.

Owns whether that is kept, and how it is found again. What it says only the classifier knows.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from server.errors import StoreError
from server.log.base import EventStore, SessionRow

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """What a session knew of its voices."""

    known: str
    """As the classifier told it; empty where it had learnt nothing."""

    model_sha256: str
    """Which model learnt it: to another it says nothing."""

    def missing(self, model_sha256: str) -> str | None:
        """Why a session that this model hears begins anew, in a sentence; None if it need not."""
        if not self.known:
            return "Nothing is kept of the voices of that session: they are learnt anew."
        if self.model_sha256 != model_sha256:
            return "Another model knew the voices of that session: they are learnt anew."
        return None


class Voices:
    """See the module."""

    def __init__(self, store: EventStore, *, keep: bool) -> None:
        """
        Args:
            store: where it is kept, as long as the session is.
            keep: whether anything is to be kept, or handed from one session to another.
        """
        self._store = store
        self.kept = keep

    async def keep(self, session_id: str, known: str) -> bool:
        """Keep what a session knows; one without it is better than none.

        Returns:
            Whether it is kept now.
        """
        if not (self.kept and known):
            return False
        try:
            await self._store.keep_voices(session_id, known)
        except StoreError as exc:
            _log.warning("voices not kept", session=session_id[:6], error=exc.detail)
            return False
        return True

    async def of(self, row: SessionRow) -> Acquaintance:
        """What an ended session knew; nothing where nothing is to be kept, whatever once was.

        Raises:
            StoreError: the log cannot be read.
        """
        known = await self._store.voices(row.session_id) if self.kept else ""
        return Acquaintance(known, row.model_sha256)
