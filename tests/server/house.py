"""A session manager whose clock, classifier and failures are in the test's hands."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson

from server.log.base import Event, EventStore, SessionRow
from server.log.sqlite import SqliteStore
from server.metrics import Metrics
from server.models import StartRequest, Tier
from server.sessions.manager import SessionManager
from server.sessions.session import Session
from server.settings import Settings
from tests.server.log.subscriber import Subscriber, until
from tests.support.classifier import ScriptedBackend, ScriptedListener
from tests.support.clock import FakeClock
from tests.support.store import FailingStore

IDLE_TTL_S = 0.04
"""On the fake clock; the reaper looks every quarter of it on the real one."""

PAID_TTL_S = 0.08
LOOK_S = 0.05
"""Real seconds in which the reaper has looked at least twice."""


class House:
    """See the module."""

    def __init__(self, store: EventStore, clock: FakeClock, **settings: Any) -> None:
        self.store = FailingStore(store)
        self.clock = clock
        self.backend = ScriptedBackend()
        self.metrics = Metrics()
        chosen = {"session_idle_ttl_s": IDLE_TTL_S, "session_paid_ttl_s": PAID_TTL_S, **settings}
        self.manager = SessionManager(
            Settings(_env_file=None, **chosen),
            store=self.store,
            backend=self.backend,
            clock=clock,
            metrics=self.metrics,
        )

    async def start(
        self, *, tier: Tier = Tier.FREE, owner: str = "", elcor: bool = False
    ) -> tuple[Session, ScriptedListener]:
        """A session, and what listens to it."""
        session = await self.manager.start(StartRequest(elcor=elcor), tier=tier, owner=owner)
        return session, self.backend.last

    def follow(self, session: Session) -> Guest:
        """A subscriber from the first event on, as a stream would be."""
        return Guest(self.manager, session)

    async def row(self, session: Session) -> SessionRow:
        """What the store says of a session."""
        row = await self.store.inner.session(session.session_id)
        assert row is not None
        return row

    async def stored(self, session: Session) -> list[Event]:
        """What the store holds of a session."""
        return await self.store.inner.read_after(session.session_id, 0, 100_000)

    async def ended(self, session: Session) -> None:
        """Wait until a session is no longer of this house."""
        running = self.manager.running
        await until(lambda: session.channel.ended is not None)
        await until(lambda: self.manager.running < running or self.manager.running == 0)

    def count(self, name: str, **labels: str) -> float:
        """A metric as it stands."""
        return self.metrics.registry.get_sample_value(name, labels) or 0.0


async def opened(folder: Path, **settings: Any) -> House:
    """A house with other settings, whose log is in this folder; the test closes it."""
    clock = FakeClock()
    house = House(SqliteStore(folder, clock), clock, **settings)
    await house.manager.open()
    return house


class Guest:
    """A subscriber that the manager knows of."""

    def __init__(self, manager: SessionManager, session: Session) -> None:
        manager.subscribe(session, 0)
        self._manager, self._session = manager, session
        self._reader = Subscriber(session.channel, 0)
        self._run = asyncio.create_task(self._reader.run())

    @property
    def events(self) -> list[dict[str, Any]]:
        """What has come so far."""
        lines = self._reader.got.split(b"\n")
        return [orjson.loads(line[6:]) for line in lines if line.startswith(b"data: ")]

    def said(self, event_type: str) -> list[dict[str, Any]]:
        """What has come so far of one type."""
        return [event for event in self.events if event["event_type"] == event_type]

    @property
    def statuses(self) -> list[str]:
        """What the service has said of itself."""
        return [event["status"] for event in self.said("service")]

    async def to_the_end(self) -> None:
        """Read until the session has ended, then go."""
        async with asyncio.timeout(10):
            await self._run
        self._manager.unsubscribe(self._session)

    async def leave(self) -> None:
        """Go while the session goes on."""
        self._run.cancel()
        await asyncio.wait([self._run])
        self._manager.unsubscribe(self._session)
