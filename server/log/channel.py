"""One live session's log: numbers events, stores them, then fans them out.

A subscriber is a :class:`Cursor`. While it keeps up, each new burst of events is handed to it
the moment it is stored, as bytes shared by all. When it cannot take one, it is set aside and
reads on from the ring or the store at its own pace: nobody waits for it, nothing is kept for it,
and nothing is skipped. Knows nothing of HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final

from server.clock import Clock
from server.errors import StoreError
from server.log.base import Draft, Event, EventStore, Gap
from server.log.ring import Ring
from server.metrics import Metrics
from server.models import EndReason, ServiceEvent, ServiceStatus, SessionEndEvent

Offer = Callable[[bytes], bool]
"""Hands bytes to a subscriber without waiting; False when it has no room (nothing was taken)."""

STORE_DEADLINE_S: Final = 2.0
"""An event waits so long to be stored; then it is sent all the same, with a warning."""

_FAILING_DEADLINE_S: Final = 0.1
"""The same once the store is known to fail: what is said must not be held up again and again."""

_OFFER_EVENTS: Final = 1_000
"""Events that are offered to the store again in one go."""

_LAST_TRY_S: Final = 0.3
"""The same for what is still unstored when the session ends: a shutdown has two seconds for all."""

_UNSTORED_MAX: Final = 5_000
"""Events kept for another try while the store fails; over it the oldest is given up, counted."""

_READ_EVENTS: Final = 256
"""Events a subscriber that is behind reads at a time: bounds what it holds in memory."""


class Cursor:
    """One subscriber's place in a channel."""

    __slots__ = ("_channel", "_offer", "_wake", "seq")

    def __init__(self, channel: Channel, seq: int) -> None:
        self._channel = channel
        self._offer: Offer | None = None
        self._wake: asyncio.Future[None] | None = None
        self.seq = seq
        """Number of the last event handed over."""

    async def read(self) -> bytes:
        """The next events after the cursor as one run of bytes; empty when it has caught up.

        Raises:
            StoreError: the events are no longer in the ring and the store cannot be read.
        """
        events = await self._channel.read_after(self.seq)
        if not events:
            return b""
        self.seq = events[-1].seq
        return b"".join([event.block for event in events])

    async def follow(self, offer: Offer) -> None:
        """Be handed live events until one does not fit or the session has ended.

        Returns at once when the cursor is behind. Afterwards :meth:`read` goes on from where
        the last accepted event left off.
        """
        channel = self._channel
        if self.seq < channel.last_seq or channel.ended is not None:
            return
        self._offer = offer
        self._wake = asyncio.get_running_loop().create_future()
        channel.following.add(self)
        try:
            await self._wake
        finally:
            channel.following.discard(self)
            self._offer = None
            self._wake = None

    def hand(self, data: bytes, last_seq: int) -> bool:
        """Called by the channel: take live events, or fall behind."""
        if self._offer is not None and self._offer(data):
            self.seq = last_seq
            return True
        self.wake()
        return False

    def wake(self) -> None:
        """Called by the channel: there is something to look at."""
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)


class Channel:
    """The log of one running session."""

    def __init__(self, session_id: str, store: EventStore, clock: Clock, metrics: Metrics) -> None:
        self.session_id = session_id
        self.last_seq = 0
        self.ended: SessionEndEvent | None = None
        self.published_s = clock.monotonic_s()
        """When the last burst was fanned out, on the monotonic clock."""
        self.following: set[Cursor] = set()
        """Cursors that have caught up and take live events; kept by :class:`Cursor`."""
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._ring = Ring()
        self._turn = asyncio.Lock()
        self._unstored: list[Event] = []
        """What the store is to be offered again: always the last events, without gaps."""
        self._offering: asyncio.Task[None] | None = None
        """Offers them, one write at a time, while nobody waits for it; joined by :meth:`end`."""
        self._failing = False
        """Whether the store refused when it was last asked."""
        self._told_failing = False
        """Whether subscribers have been told so."""

    def continue_from(self, events: Sequence[Event]) -> None:
        """Go on after events that the store has already: before anything else is said."""
        if events:
            self._ring.extend(events)
            self.last_seq = events[-1].seq

    def subscribe(self, after: int | None) -> Cursor:
        """A cursor behind event number ``after``; behind the newest when None."""
        return Cursor(self, self.last_seq if after is None else min(after, self.last_seq))

    async def append(self, drafts: Sequence[Draft]) -> list[Event]:
        """Number, store and fan out events as one burst. Returns once they are fanned out.

        An event that the store will not take is fanned out all the same, followed by a
        ``warning``; it is offered to the store again with the next one.
        """
        async with self._turn:
            if self.ended is not None or not drafts:
                return []
            started_s = self._clock.monotonic_s()
            events = self._number(drafts)
            try:
                await self._store_events(events)
            finally:
                # Also when the wait was cancelled: the numbers are given, the write under way.
                self._publish(events)
                self._metrics.append_seconds.observe(self._clock.monotonic_s() - started_s)
            if self._failing != self._told_failing:
                await self._tell_storing()
            return events

    @property
    def unstored(self) -> Gap | None:
        """The events that the store has yet to keep, while it fails."""
        if not self._unstored:
            return None
        return Gap(self._unstored[0].seq, self._unstored[-1].seq)

    async def retry(self) -> None:
        """Offer the store again what it refused, and tell subscribers when all is well.

        For whoever looks after a session in which nothing is being said; also after its end.
        """
        async with self._turn:
            await self._store_again(_FAILING_DEADLINE_S)
            if self.ended is None and self._failing != self._told_failing:
                await self._tell_storing()

    async def give_up(self) -> None:
        """Events that are still not stored never will be: let go of them, and count them."""
        await self._stop_offering()
        if (lost := len(self._unstored)) > 0:
            self._unstored.clear()
            self._metrics.events_unstored.dec(lost)
            self._metrics.events_lost.inc(lost)

    async def end(self, reason: EndReason) -> None:
        """Take no more events and let every follower come to its end.

        What could not be stored is kept: :meth:`retry` it, or :meth:`give_up`.
        """
        async with self._turn:
            if self.ended is not None:
                return
            try:
                await self._store_again(_LAST_TRY_S)
            finally:
                self._conclude(reason)
                await self._stop_offering()

    def _conclude(self, reason: EndReason) -> None:
        self.ended = SessionEndEvent(
            session_id=self.session_id, reason=reason, last_seq=self.last_seq
        )
        for cursor in tuple(self.following):
            cursor.wake()

    async def read_after(self, seq: int) -> list[Event]:
        """The next events above ``seq``, from the ring or else from the store.

        Raises:
            StoreError: they are in the store only, and it cannot be read.
        """
        last_seq = self.last_seq
        if seq >= last_seq:
            return []
        events = self._ring.after(seq, _READ_EVENTS)
        if events is not None:
            return events
        unstored = self._unstored_after(seq)
        if unstored and unstored[0].seq == seq + 1:
            return unstored
        events = await self._store.read_after(self.session_id, seq, _READ_EVENTS)
        # One that is stored but was not fanned out when we asked will come by itself.
        events = [event for event in events if event.seq <= last_seq]
        # Nothing: what lies between was given up (it was sent with a warning at the time).
        return events or unstored or self._ring.first(_READ_EVENTS)

    def _unstored_after(self, seq: int) -> list[Event]:
        if not self._unstored:
            return []
        first = self._unstored[0].seq
        skip = max(0, seq + 1 - first)
        # What is offered to the store at this moment has yet to be fanned out, and will come so.
        published = self.last_seq + 1 - first
        return list(islice(self._unstored, skip, max(skip, min(skip + _READ_EVENTS, published))))

    def _number(self, drafts: Sequence[Draft]) -> list[Event]:
        first = self.last_seq + 1
        return [
            Event(seq, draft.kind, draft.data, draft.keys)
            for seq, draft in enumerate(drafts, start=first)
        ]

    async def _store_events(self, events: list[Event]) -> None:
        if self._failing:
            self._keep_unstored(events)
            try:
                await self._store_again(_FAILING_DEADLINE_S)
            finally:
                self._bound_unstored()
            return
        try:
            async with asyncio.timeout(STORE_DEADLINE_S):
                await self._store.append(self.session_id, [*self._unstored, *events])
        except asyncio.CancelledError:
            # Written or not, nobody knows: they are offered again, which harms nothing.
            self._keep_unstored(events)
            raise
        except (StoreError, TimeoutError):
            self._metrics.store_failures.inc()
            self._failing = True
            self._keep_unstored(events)
            self._bound_unstored()
        else:
            self._forget_unstored(self.last_seq)

    async def _store_again(self, deadline_s: float) -> None:
        """Offer the store what it refused, and wait a little for what it says."""
        if self._offering is not None and self._offering.done():
            # Nobody waited for its end. What the store said then is no answer to be had now.
            before, self._offering = self._offering, None
            before.result()
        if self._unstored and self._offering is None:
            self._offering = asyncio.create_task(
                self._offer_unstored(), name=f"session-{self.session_id[:6]}-store"
            )
        offering = self._offering
        if offering is None:
            return
        await asyncio.wait([offering], timeout=deadline_s)
        if offering.done() and offering is self._offering:
            self._offering = None
            offering.result()

    async def _offer_unstored(self) -> None:
        try:
            while self._unstored:
                batch = self._unstored[:_OFFER_EVENTS]
                await self._store.append(self.session_id, batch)
                self._forget_unstored(batch[-1].seq)
        except StoreError:
            self._metrics.store_failures.inc()
            self._failing = True
        else:
            self._failing = False

    async def _stop_offering(self) -> None:
        if self._offering is not None:
            offering, self._offering = self._offering, None
            offering.cancel()
            await asyncio.wait([offering])

    def _keep_unstored(self, events: list[Event]) -> None:
        self._metrics.events_unstored.inc(len(events))
        self._unstored.extend(events)

    def _bound_unstored(self) -> None:
        if (surplus := len(self._unstored) - _UNSTORED_MAX) > 0:
            del self._unstored[:surplus]
            self._metrics.events_unstored.dec(surplus)
            self._metrics.events_lost.inc(surplus)

    def _forget_unstored(self, last_seq: int) -> None:
        """Those up to a number are stored."""
        if not self._unstored:
            return
        stored = max(0, last_seq + 1 - self._unstored[0].seq)
        self._metrics.events_unstored.dec(min(stored, len(self._unstored)))
        del self._unstored[:stored]

    def _publish(self, events: list[Event]) -> None:
        self._ring.extend(events)
        self.last_seq = events[-1].seq
        self.published_s = self._clock.monotonic_s()
        if self.following:
            self._hand_out(b"".join([event.block for event in events]))
        for event in events:
            self._metrics.events.labels(event.kind).inc()

    def _hand_out(self, data: bytes) -> None:
        """Give every follower the same bytes; who has no room is set aside."""
        last_seq = self.last_seq
        behind = [cursor for cursor in self.following if not cursor.hand(data, last_seq)]
        if behind:
            self.following.difference_update(behind)
            self._metrics.subscribers_fell_behind.inc(len(behind))

    async def _tell_storing(self) -> None:
        failing = self._told_failing = self._failing
        if failing:
            status = ServiceStatus.WARNING
            detail = "Events are shown but cannot be stored at the moment."
        else:
            status = ServiceStatus.LISTENING
            detail = "Events are being stored again."
        notice = ServiceEvent(session_id=self.session_id, status=status, detail=detail)
        events = self._number([Draft("service-event", notice.to_json())])
        if failing:
            # The store has just refused: waiting for it again would only hold the warning up.
            self._keep_unstored(events)
            self._bound_unstored()
            self._publish(events)
            return
        try:
            await self._store_events(events)
        finally:
            self._publish(events)
