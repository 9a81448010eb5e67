"""The subscribers, in a process of their own, so that their work is not the server's.

Run as ``python -m tests.bench.load SPEC`` (a :class:`FanoutSpec` as JSON): opens the streams,
takes its marks when every subscriber has the same event, reads the server's processor clock at
the marks, and prints JSON lines: ``{"progress": ...}`` while it works, ``{"result": ...}`` at
the end.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, cast

import uvloop

from tests.bench.process import HOST, cpu_s, memory_bytes, raise_file_limit
from tests.bench.wire import Event, EventStream, Ledger, WireError

_CONNECT_AT_ONCE = 50
_PATIENCE_S = 30.0


@dataclass(frozen=True)
class FanoutSpec:
    """What to measure."""

    port: int
    pid: int
    path: str
    subscribers: int
    alone_s: float
    """How long the server is watched with no subscriber at all."""
    warm_up_s: float
    measure_s: float


@dataclass
class FanoutResult:
    """What was measured between two marks at which every subscriber had the same event."""

    subscribers: int
    events: int = 0
    deliveries: int = 0
    cpu_s: float = 0.0
    wall_s: float = 0.0
    alone_cpu_share: float = 0.0
    """Server's processor time per second of wall time with the session but no subscriber."""
    load_cpu_share: float = 0.0
    """The same for the subscribers' own process: near 1 it is the bottleneck."""
    event_bytes: float = 0.0
    events_per_burst: float = 0.0
    """Events that reach a subscriber in one piece, on average."""
    kinds: dict[str, int] = field(default_factory=dict)
    spread_ms: list[float] = field(default_factory=list)
    """Per event, from its first subscriber to its last."""
    memory_before: int = 0
    memory_after: int = 0
    faults: list[str] = field(default_factory=list)
    """Why the figures are void; empty when every subscriber received every event."""


def say(**what: Any) -> None:
    """One JSON line to the benchmark, however long."""
    # An event loop may have left the pipe non-blocking: a line longer than the pipe would be cut.
    os.set_blocking(sys.stdout.fileno(), True)
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Subscriber(asyncio.Protocol):
    """One open stream: keeps its ledger, hands its events on."""

    def __init__(self, path: str, on_events: Callable[[Subscriber, list[Event]], None]) -> None:
        self._request = (
            f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nAccept: text/event-stream\r\n\r\n".encode()
        )
        self._on_events = on_events
        self._transport: asyncio.Transport | None = None
        self.stream = EventStream()
        self.ledger = Ledger()
        self.fault: str | None = None
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of asyncio.Transport, but not its type.
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        try:
            events = self.stream.feed(data)
        except WireError as exc:
            self.fault = str(exc)
            self.close()
            return
        if self.stream.open and not self.answered.done():
            self.answered.set_result(None)
        numbered = [event for event in events if event.id is not None]
        for event in numbered:
            self.ledger.take(event.id or 0)
        if numbered:
            self._on_events(self, numbered)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.answered.done():
            self.fault = self.fault or f"closed before it was answered ({exc})"
            self.answered.set_result(None)
        if not self.closed.done():
            self.closed.set_result(None)

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


async def subscribe(
    port: int, path: str, on_events: Callable[[Subscriber, list[Event]], None]
) -> Subscriber:
    """A stream that has been answered (or has a ``fault``)."""
    loop = asyncio.get_running_loop()
    _, subscriber = await loop.create_connection(lambda: Subscriber(path, on_events), HOST, port)
    await asyncio.wait_for(subscriber.answered, _PATIENCE_S)
    return subscriber


@dataclass
class Mark:
    """The moment at which all subscribers had ``event_id``."""

    event_id: int
    server_cpu_s: float
    load_cpu_s: float
    at_s: float


class Audience:
    """All subscribers of one session."""

    def __init__(self, spec: FanoutSpec) -> None:
        self._spec = spec
        self.members: list[Subscriber] = []
        self._newest = 0
        self._target = 0
        self._reached = 0
        self._mark: asyncio.Future[Mark] | None = None
        self._first_seen_s: dict[int, float] = {}
        self._last_seen_s: dict[int, float] = {}
        self.kinds: Counter[str] = Counter()
        self.reads = 0

    async def join(self, how_many: int) -> None:
        """Open streams, some at a time."""
        while len(self.members) < how_many:
            batch = min(_CONNECT_AT_ONCE, how_many - len(self.members))
            self.members += await asyncio.gather(
                *(subscribe(self._spec.port, self._spec.path, self._take) for _ in range(batch))
            )
            say(progress=f"{len(self.members)} of {how_many} subscribers")

    async def mark(self) -> Mark:
        """When everybody has the next event that nobody has yet."""
        self._mark = asyncio.get_running_loop().create_future()
        self._reached = 0
        self._target = self._newest + 1
        return await asyncio.wait_for(self._mark, _PATIENCE_S)

    def _take(self, subscriber: Subscriber, events: list[Event]) -> None:
        now_s = time.monotonic()
        if subscriber is self.members[0] if self.members else True:
            self.reads += 1
            self.kinds.update(event.kind for event in events)
        for event in events:
            number = event.id or 0
            self._newest = max(self._newest, number)
            self._first_seen_s.setdefault(number, now_s)
            self._last_seen_s[number] = now_s
            if number == self._target:
                self._reached += 1
        if self._mark is not None and not self._mark.done() and self._reached == len(self.members):
            self._mark.set_result(
                Mark(self._target, cpu_s(self._spec.pid), time.process_time(), now_s)
            )

    def spread_ms(self, first: int, last: int) -> list[float]:
        """Per event after ``first`` up to ``last``: from its first subscriber to its last."""
        return [
            1000 * (self._last_seen_s[number] - self._first_seen_s[number])
            for number in range(first + 1, last + 1)
            if number in self._first_seen_s
        ]

    def faults(self, first: Mark, last: Mark) -> list[str]:
        """What keeps the figures from counting."""
        found: list[str] = []
        for index, member in enumerate(self.members):
            ledger = member.ledger
            if member.fault or member.closed.done():
                found.append(f"subscriber {index}: {member.fault or 'closed by the server'}")
            elif not ledger.whole:
                found.append(f"subscriber {index}: {ledger.lost} lost, {ledger.repeated} repeated")
            elif ledger.first_id > first.event_id or ledger.last_id < last.event_id:
                found.append(
                    f"subscriber {index}: has {ledger.first_id} to {ledger.last_id}, "
                    f"not {first.event_id} to {last.event_id}"
                )
        return found


async def measure(spec: FanoutSpec) -> FanoutResult:
    """One session, ``spec.subscribers`` streams of it."""
    result = FanoutResult(spec.subscribers)

    # One subscriber comes and goes first: what is loaded on first use is nobody's share.
    first = await subscribe(spec.port, spec.path, lambda _subscriber, _events: None)
    await asyncio.sleep(0.5)
    first.close()
    await first.closed
    await asyncio.sleep(0.2)
    alone_cpu_s, alone_at_s = cpu_s(spec.pid), time.monotonic()
    await asyncio.sleep(spec.alone_s)
    result.alone_cpu_share = (cpu_s(spec.pid) - alone_cpu_s) / (time.monotonic() - alone_at_s)
    result.memory_before = memory_bytes(spec.pid)

    audience = Audience(spec)
    await audience.join(spec.subscribers)
    say(progress="warming up")
    await asyncio.sleep(spec.warm_up_s)
    try:
        begin = await audience.mark()
        audience.reads, before = 0, audience.kinds.copy()
        body_bytes = sum(member.stream.body_bytes for member in audience.members)
        say(progress="measuring")
        await asyncio.sleep(spec.measure_s)
        end = await audience.mark()
    except TimeoutError:
        lasts = sorted(member.ledger.last_id for member in audience.members)
        result.faults.append(f"no common event; subscribers have reached {lasts[0]} to {lasts[-1]}")
        return result
    body_bytes = sum(member.stream.body_bytes for member in audience.members) - body_bytes
    result.memory_after = memory_bytes(spec.pid)
    result.faults = audience.faults(begin, end)
    result.events = end.event_id - begin.event_id
    result.deliveries = result.events * spec.subscribers
    result.cpu_s = end.server_cpu_s - begin.server_cpu_s
    result.wall_s = end.at_s - begin.at_s
    result.load_cpu_share = (end.load_cpu_s - begin.load_cpu_s) / result.wall_s
    result.event_bytes = body_bytes / result.deliveries
    result.kinds = dict(audience.kinds - before)
    result.events_per_burst = sum(result.kinds.values()) / max(1, audience.reads)
    result.spread_ms = audience.spread_ms(begin.event_id, end.event_id)
    for member in audience.members:
        member.close()
    await asyncio.wait([member.closed for member in audience.members], timeout=5)
    return result


def main() -> None:
    """Run the specification on the command line."""
    raise_file_limit()
    say(result=asdict(uvloop.run(measure(FanoutSpec(**json.loads(sys.argv[1]))))))


if __name__ == "__main__":
    main()
