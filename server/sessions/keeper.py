"""Keeps the log whole in the background: what could not be stored, what is too old, what is erased.

Owns what ended sessions still owe to the store. Its turns are the manager's to call; knows
nothing of who is listening.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

import structlog

from classifier import Backend
from server.clock import Clock
from server.errors import StoreError
from server.log.base import EventStore, SessionRow
from server.log.channel import Channel
from server.models import EndReason, SessionState

_OWED_MAX: Final = 1_000
"""Ended sessions that wait for a store which fails; over it the oldest is given up."""

END_STORED_S: Final = 5.0
"""How long the store may take to note that a session has ended. Without the note it is found
running at the next start and marked interrupted then."""

TURN_EVERY_S: Final = 1.0
_EXPIRE_EVERY_S: Final = 3_600.0
_DAY_S: Final = 86_400.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a session ended."""

    channel: Channel
    reason: EndReason
    ended_at_s: float


class Description:
    """Which model listens to a session, kept whenever it has changed."""

    def __init__(self, store: EventStore, backend: Backend, session_id: str) -> None:
        self._store = store
        self._backend = backend
        self._session_id = session_id
        self._told = (backend.model_id, backend.model_sha256)

    async def tell(self) -> None:
        """Keep what has changed; an export without it is better than no session."""
        model_id, model_sha256 = now = (self._backend.model_id, self._backend.model_sha256)
        if now == self._told:
            return
        self._told = now
        try:
            await self._store.describe(
                self._session_id, model_id=model_id, model_sha256=model_sha256
            )
        except StoreError as exc:
            _log.warning("model not noted", session=self._session_id[:6], error=exc.detail)


class Keeper:
    """See the module."""

    def __init__(self, store: EventStore, clock: Clock, *, retention_days: float) -> None:
        """
        Args:
            store: which log.
            clock: the age of a session is a matter of the wall clock.
            retention_days: ended sessions are erased after so many; 0 keeps them.
        """
        self._store = store
        self._clock = clock
        self._retention_s = retention_days * _DAY_S
        self._owed: dict[str, Ending] = {}
        self._expire_at_s = clock.monotonic_s()

    # -- endings --------------------------------------------------------------------------------

    async def settle(self, ending: Ending, deadline_s: float) -> bool:
        """Note in the store how a session ended; whether all of it is stored now."""
        try:
            async with asyncio.timeout(deadline_s):
                await self._store.end_session(
                    ending.channel.session_id,
                    reason=ending.reason,
                    ended_at_s=ending.ended_at_s,
                    last_seq=ending.channel.last_seq,
                )
        except (StoreError, TimeoutError) as exc:
            name = ending.channel.session_id[:6]
            _log.error("session end not stored", session=name, error=repr(exc))
            return False
        return ending.channel.unstored is None

    async def owe(self, ending: Ending) -> None:
        """Take over a session that has ended and is not stored as a whole."""
        self._owed[ending.channel.session_id] = ending
        if len(self._owed) > _OWED_MAX:
            await self.forget(next(iter(self._owed)))

    async def forget(self, session_id: str) -> None:
        """Owe no more of a session: what is not stored never will be."""
        ending = self._owed.pop(session_id, None)
        if ending is not None:
            await ending.channel.give_up()

    def as_ended(self, row: SessionRow) -> SessionRow:
        """The row as it will be once the store has taken what it is owed."""
        ending = self._owed.get(row.session_id)
        if ending is None:
            return row
        return replace(
            row,
            state=SessionState.STOPPED,
            reason=ending.reason,
            ended_at_s=ending.ended_at_s,
            last_seq=ending.channel.last_seq,
        )

    async def aclose(self) -> None:
        """Give up what is still owed."""
        for session_id in tuple(self._owed):
            await self.forget(session_id)

    # -- its turn -------------------------------------------------------------------------------

    async def run(self, channels: Callable[[], Iterable[Channel]]) -> None:
        """Take a turn every second; does not end by itself.

        Args:
            channels: those of the sessions that run now.
        """
        while True:
            await asyncio.sleep(TURN_EVERY_S)
            try:
                await self.turn(channels())
            except Exception:
                # A fault of ours: recorded, and the next turn comes all the same.
                _log.exception("log not looked after")

    async def turn(self, running: Iterable[Channel]) -> None:
        """Do what is due. Failures of the store are logged; the next turn tries again.

        Args:
            running: the logs of the sessions that run now.
        """
        channels = list(running)
        await self._retry([channel for channel in channels if channel.unstored is not None])
        await self._pay()
        try:
            await self._expire()
            if not channels:
                await self._store.tidy(quiet=True)
        except StoreError as exc:
            _log.warning("log not tidied", error=exc.detail)

    async def _retry(self, channels: list[Channel]) -> None:
        await asyncio.gather(*(channel.retry() for channel in channels))

    async def _pay(self) -> None:
        await self._retry([ending.channel for ending in self._owed.values()])
        for session_id, ending in tuple(self._owed.items()):
            if ending.channel.unstored is not None:
                continue
            if not await self.settle(ending, END_STORED_S):
                return
            self._owed.pop(session_id, None)
            _log.info("session end stored late", session=session_id[:6])

    async def _expire(self) -> None:
        now_s = self._clock.monotonic_s()
        if self._retention_s <= 0 or now_s < self._expire_at_s:
            return
        self._expire_at_s = now_s + _EXPIRE_EVERY_S
        while count := await self._store.expire(self._clock.wall_s() - self._retention_s):
            _log.info("old sessions erased", count=count)
