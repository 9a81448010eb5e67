"""A session's log on a real store that fails when told to, for the tests of the channel."""

from __future__ import annotations

import orjson

from server.log.base import Draft, Event
from server.log.channel import Channel
from server.log.sqlite import SqliteStore
from server.metrics import Metrics
from tests.support.clock import FakeClock
from tests.support.events import SESSION_ID, tone_draft
from tests.support.store import FailingStore


class Log:
    """A channel on a real store that fails when told to, and what was counted."""

    def __init__(self, store: SqliteStore, clock: FakeClock) -> None:
        self.store = FailingStore(store)
        self.metrics = Metrics()
        self.channel = Channel(SESSION_ID, self.store, clock, self.metrics)

    def count(self, name: str, **labels: str) -> float:
        """A metric as it stands."""
        return self.metrics.registry.get_sample_value(name, labels) or 0.0

    async def stored(self) -> list[Event]:
        """All that the store holds."""
        return await self.store.inner.read_after(SESSION_ID, 0, 100_000)


def drafts(count: int) -> list[Draft]:
    """Some events to append."""
    return [tone_draft(float(n)) for n in range(count)]


def statuses(events: list[Event]) -> list[str]:
    """What the service events among them say."""
    data = [orjson.loads(event.data) for event in events]
    return [event["status"] for event in data if event["event_type"] == "service"]
