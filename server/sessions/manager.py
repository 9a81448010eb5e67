"""All sessions of this server: starts them, finds them, ends them, and owns every task they run.

Knows tiers, modes and bounds; knows nothing of HTTP. A session that is not live is looked up in
the archive, where another owner's session is the same as none.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Final

import structlog

from classifier import Backend, Listener
from server.clock import Clock
from server.errors import (
    GoingAwayError,
    InvalidInputError,
    SessionEndedError,
    SessionRunningError,
    StoreError,
    UnknownSessionError,
)
from server.log.base import EventStore, Gap, SessionRow
from server.log.channel import Cursor
from server.metrics import Metrics
from server.models import (
    EndReason,
    ResumeRequest,
    SessionInfo,
    SessionState,
    StartRequest,
    Tier,
)
from server.sessions.archive import Archive, check_owner
from server.sessions.keeper import END_STORED_S, Ending, Keeper
from server.sessions.loading import Loading
from server.sessions.maker import Beginning, SessionMaker
from server.sessions.reaper import Reaper
from server.sessions.room import Room
from server.sessions.session import Session
from server.sessions.voices import Acquaintance, Voices
from server.settings import Settings

ID_BYTES: Final = 24
"""192 random bits: knowing a session id is being allowed in."""

_END_STORED_SHUTDOWN_S: Final = 0.4
"""The same when the whole server goes: it has two seconds for everything."""

_log = structlog.get_logger(__name__)


class SessionManager:
    """The one owner of sessions."""

    def __init__(
        self,
        settings: Settings,
        *,
        store: EventStore,
        backend: Backend,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self.store = store
        self.backend = backend
        self._keeper = Keeper(store, clock, retention_days=settings.retention_days)
        self.archive = Archive(store, clock, self._keeper)
        """Sessions in the store: to be read, pinned, corrected."""
        self._clock = clock
        self._metrics = metrics
        self._voices = Voices(store, keep=settings.voices_kept)
        self._maker = SessionMaker(
            store=store,
            backend=backend,
            clock=clock,
            metrics=metrics,
            audio_buffer_s=settings.audio_buffer_s,
            voices=self._voices,
        )
        self._sessions: dict[str, Session] = {}
        self._endings: dict[str, asyncio.Task[None]] = {}
        self._unwanted: set[str] = set()
        """Sessions to be erased once they have ended."""
        self._room = Room(settings, metrics)
        self._loading = Loading(backend)
        self._reaper = Reaper(settings)
        self._reaping: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._closing = False

    @property
    def running(self) -> int:
        """How many sessions run now."""
        return len(self._sessions)

    @property
    def ready(self) -> bool:
        """Whether the classifier is loaded."""
        return self._loading.ready

    async def open(self) -> None:
        """Open the log, begin to load the classifier and to end sessions that nobody uses.

        Raises:
            StoreError: the log cannot be opened.
        """
        if found := await self.store.open():
            _log.warning("sessions found running were marked interrupted", count=found)
        self._loading.begin()
        self._reaping = asyncio.create_task(
            self._reaper.run(
                self._sessions.values, lambda session: self._begin_ending(session, EndReason.IDLE)
            ),
            name="session-reaper",
        )
        self._keeping = asyncio.create_task(
            self._keeper.run(lambda: [session.channel for session in self._sessions.values()]),
            name="log-keeper",
        )

    async def loaded(self) -> None:
        """Wait for the classifier.

        Raises:
            ClassifierError: it cannot be loaded.
        """
        await self._loading.wait()

    async def end_all(self) -> None:
        """End every session with reason ``shutdown``; their streams and sockets are told."""
        self._closing = True
        for session in tuple(self._sessions.values()):
            self._begin_ending(session, EndReason.SHUTDOWN)
        await asyncio.gather(*self._endings.values(), return_exceptions=True)

    async def aclose(self) -> None:
        """End every session, then let go of classifier and log."""
        await self.end_all()
        for task in (self._reaping, self._keeping):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        await self._loading.aclose()
        await self._keeper.aclose()
        try:
            await self.backend.aclose()
        finally:
            await self.store.aclose()

    # -- starting and ending --------------------------------------------------------------------

    async def start(
        self,
        request: StartRequest,
        *,
        tier: Tier,
        owner: str,
        wrap_listener: Callable[[Listener], Listener] = lambda listener: listener,
    ) -> Session:
        """Start a session.

        Args:
            request: how it is to listen.
            tier: what the caller has paid for.
            owner: whose session it is.
            wrap_listener: what hears it, made of the backend's own.

        Raises:
            CapacityError: as many sessions run as may.
            GoingAwayError: the server is shutting down.
            InvalidInputError: there is no session whose voices could be known.
            StoreError: the log cannot keep the session.
        """
        acquaintance = await self._acquaintance(request.voices_from, owner)
        session = await self._begin(
            Beginning(request, tier, owner, wrap_listener, acquaintance=acquaintance)
        )
        session.open()
        return session

    async def resume(
        self, request: ResumeRequest, *, tier: Tier, owner: str
    ) -> tuple[Session, int]:
        """Start a session that goes on where an ended one left off: its log begins with that one's
        events, numbered from 1, and its clock after their last timestamp.

        Returns:
            The session, and how many events it began with.

        Raises:
            UnknownSessionError: no such session of this owner.
            SessionRunningError: it has not ended.
            CapacityError, GoingAwayError, StoreError: as for :meth:`start`.
        """
        old = await self.archive.row(request.snapshot_id, owner=owner)
        if old.session_id in self._sessions:
            raise SessionRunningError
        asked = request.model_dump(exclude_unset=True)
        start = StartRequest.model_validate({"elcor": old.elcor, **old.settings, **asked})
        acquaintance = await self._acquaintance(request.voices_from, owner)
        if acquaintance is None and (own := await self._voices.of(old)).known:
            acquaintance = own
        session = await self._begin(
            Beginning(start, tier, owner, resumed_from=old.session_id, acquaintance=acquaintance)
        )
        try:
            copied = await self.archive.copy(old, session.session_id)
            if session.ended.is_set():
                raise GoingAwayError if self._closing else SessionEndedError
        except BaseException:
            # Half a copy is nothing that anybody asked for.
            self._unwanted.add(session.session_id)
            self._begin_ending(session, EndReason.ERROR)
            raise
        session.go_on_after(copied.last_events, copied.last_s)
        count = session.channel.last_seq
        session.open()
        return session, count

    async def _acquaintance(self, session_id: str | None, owner: str) -> Acquaintance | None:
        """What a session knows of its voices, also while it runs; None where none is asked for."""
        if session_id is None:
            return None
        try:
            row = await self.archive.row(session_id, owner=owner)
        except UnknownSessionError:
            raise InvalidInputError("voices_from: there is no session with this id.") from None
        running = self._sessions.get(session_id) if self._voices.kept else None
        return await (self._voices.of(row) if running is None else running.known_voices())

    async def _begin(self, beginning: Beginning) -> Session:
        """A session that the store knows of and that has yet to be opened."""
        if self._closing:
            raise GoingAwayError
        self._room.check_session(self.running)
        session_id = secrets.token_urlsafe(ID_BYTES)
        session = self._maker.make(session_id, beginning, self._on_failure)
        # In the table before the wait, so that a rush of starts cannot pass the bound together.
        self._sessions[session_id] = session
        self._metrics.sessions.inc()
        try:
            await self.store.create_session(self._maker.first_row(session, beginning))
        except BaseException as exc:
            # When whoever started it has left, it may be kept all the same: its end is noted, too.
            failed = isinstance(exc, StoreError)
            self._begin_ending(session, EndReason.ERROR if failed else EndReason.CLIENT)
            raise
        if session.ended.is_set():
            if self._closing:
                raise GoingAwayError
            raise StoreError("The log took so long to keep the session that it is over.")
        _log.info("session started", session=session_id[:6], tier=session.tier.value)
        return session

    async def end(self, session_id: str, *, owner: str) -> None:
        """End a session; one that has ended stays ended.

        Raises:
            UnknownSessionError: no such session of this owner.
        """
        session = self._sessions.get(session_id)
        if session is None:
            await self.archive.row(session_id, owner=owner)
            return
        check_owner(session.owner, owner)
        ending = self._begin_ending(session, EndReason.CLIENT)
        # The ending goes on when the one who asked for it leaves.
        await asyncio.shield(ending)

    async def finish(self, session: Session, reason: EndReason) -> None:
        """End a session for a reason of one's own; one that has ended stays as it is."""
        if self._sessions.get(session.session_id) is not session:
            return
        await asyncio.shield(self._begin_ending(session, reason))

    def _begin_ending(self, session: Session, reason: EndReason) -> asyncio.Task[None]:
        ending = self._endings.get(session.session_id)
        if ending is None:
            ending = asyncio.create_task(
                self._end(session, reason), name=f"session-{session.session_id[:6]}-end"
            )
            self._endings[session.session_id] = ending
        return ending

    async def _end(self, session: Session, reason: EndReason) -> None:
        session_id = session.session_id
        ending = Ending(session.channel, reason, self._clock.wall_s())
        stored = False
        try:
            await session.close(reason)
            shutdown = reason is EndReason.SHUTDOWN
            ending = Ending(session.channel, reason, self._clock.wall_s())
            stored = await self._keeper.settle(
                ending, _END_STORED_SHUTDOWN_S if shutdown else END_STORED_S
            )
        finally:
            self._sessions.pop(session_id, None)
            self._endings.pop(session_id, None)
            self._metrics.sessions.dec()
            self._metrics.sessions_ended.labels(reason.value).inc()
        if not stored:
            await self._keeper.owe(ending)
        if session_id in self._unwanted:
            await self._discard(session_id)
        _log.info("session ended", session=session_id[:6], reason=reason.value)

    async def _discard(self, session_id: str) -> None:
        self._unwanted.discard(session_id)
        await self._keeper.forget(session_id)
        try:
            await self.store.erase(session_id)
        except StoreError as exc:
            _log.error("session not erased", session=session_id[:6], error=exc.detail)

    async def erase(self, session_id: str, *, owner: str) -> None:
        """End a session if it runs, then erase it and all it left.

        Raises:
            UnknownSessionError: no such session of this owner.
            StoreError: the log failed; what is left can be erased again.
        """
        await self.end(session_id, owner=owner)
        await self._keeper.forget(session_id)
        if not await self.store.erase(session_id):
            raise UnknownSessionError
        _log.info("session erased", session=session_id[:6])

    # -- finding --------------------------------------------------------------------------------

    async def live(self, session_id: str, *, owner: str) -> Session:
        """A running session.

        Raises:
            UnknownSessionError: no such session of this owner.
            SessionEndedError: it has ended.
        """
        session = await self.followed(session_id, owner=owner)
        if session.ended.is_set():
            raise SessionEndedError
        return session

    async def followed(self, session_id: str, *, owner: str) -> Session:
        """A session whose log can still be followed: it runs, or is ending and has yet to say so.

        Raises:
            UnknownSessionError: no such session of this owner.
            SessionEndedError: it has ended, and the store has all of it.
        """
        session = self._sessions.get(session_id)
        if session is None:
            await self.archive.row(session_id, owner=owner)
            raise SessionEndedError
        check_owner(session.owner, owner)
        session.touch()
        return session

    async def info(self, session_id: str, *, owner: str) -> SessionInfo:
        """A session, running or ended, as the wire shows it.

        Raises:
            UnknownSessionError: no such session of this owner.
        """
        session = self._sessions.get(session_id)
        if session is not None:
            check_owner(session.owner, owner)
            session.touch()
            return session.info()
        row = await self.archive.row(session_id, owner=owner)
        return SessionInfo(
            session_id=row.session_id, state=SessionState.STOPPED, elcor=row.elcor, tier=row.tier
        )

    async def stored(self, session_id: str, *, owner: str) -> tuple[SessionRow, list[Gap]]:
        """What is kept of a session, running or ended, and which of its events are not.

        Raises:
            UnknownSessionError: no such session of this owner.
        """
        row = await self.archive.row(session_id, owner=owner)
        session = self._sessions.get(session_id)
        return row, await self.archive.gaps(row, None if session is None else session.channel)

    # -- subscribers ----------------------------------------------------------------------------

    def subscribe(self, session: Session, after: int | None) -> Cursor:
        """A place on a session's stream; give it back with :meth:`unsubscribe`.

        Raises:
            CapacityError: as many streams are open on this server as may be.
        """
        self._room.take_stream()
        return session.subscribe(after)

    def unsubscribe(self, session: Session) -> None:
        """A stream has closed."""
        self._room.give_back_stream()
        session.unsubscribe()

    # -- inside ---------------------------------------------------------------------------------

    def _on_failure(self, session: Session) -> None:
        # The ending is owned by ``_endings``; whoever noticed the failure need not wait.
        self._begin_ending(session, EndReason.ERROR)
