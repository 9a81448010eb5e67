"""Ends sessions that nobody uses any more.

A free session lives by its last subscriber and audio socket, a paid one by activity.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

import structlog

from server.models import Tier
from server.sessions.session import Session
from server.settings import Settings

_log = structlog.get_logger(__name__)

_LOOK_EVERY_S: Final = 1.0


class Reaper:
    """See the module."""

    def __init__(self, settings: Settings) -> None:
        self._idle_ttl_s = settings.session_idle_ttl_s
        self._paid_ttl_s = settings.session_paid_ttl_s
        self._look_every_s = min(_LOOK_EVERY_S, self._idle_ttl_s / 4, self._paid_ttl_s / 4)

    async def run(
        self, sessions: Callable[[], Iterable[Session]], end: Callable[[Session], object]
    ) -> None:
        """Look again and again; does not end by itself.

        Args:
            sessions: those that run now.
            end: begins to end one; must not wait, and may be called for it again.
        """
        said: set[str] = set()
        while True:
            await asyncio.sleep(self._look_every_s)
            running = tuple(sessions())
            said &= {session.session_id for session in running}
            for session in running:
                # One session that cannot be ended must not keep all others for ever.
                try:
                    if self._is_over(session):
                        end(session)
                except Exception as exc:
                    if session.session_id in said:
                        continue  # tried again every second, said once
                    said.add(session.session_id)
                    name = session.session_id[:6]
                    _log.error("session not looked after", session=name, error=repr(exc))

    def _is_over(self, session: Session) -> bool:
        if session.tier is Tier.PAID:
            return session.idle_s() > self._paid_ttl_s
        return session.abandoned_s() > self._idle_ttl_s
