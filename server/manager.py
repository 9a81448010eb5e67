"""All sessions of this server: starts them, finds them, ends them, and owns every task they run.

Knows tiers, modes and bounds; knows nothing of HTTP. A session that is not live is looked up in
the store, where another owner's session is the same as none.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Final

import structlog

from classifier import Backend, Listener
from server.annotate import Annotator
from server.clock import Clock
from server.errors import (
    CapacityError,
    GoingAwayError,
    SessionEndedError,
    StoreError,
    UnknownSessionError,
)
from server.log.base import EventStore, SessionRow
from server.log.channel import Channel, Cursor
from server.metrics import Metrics
from server.models import EndReason, SessionInfo, SessionState, StartRequest, Tier
from server.session import Session, SessionParts
from server.settings import Settings

ID_BYTES: Final = 24
"""192 random bits: knowing a session id is being allowed in."""

TONE_INTERVAL_S: Final = 1.0
"""An unchanged tone is repeated once a second while it lasts, the pace front ends expect."""

_REAP_EVERY_S: Final = 1.0

_END_STORED_S: Final = 5.0
"""How long the store may take to note that a session has ended. Without the note it is found
running at the next start and marked interrupted then."""

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
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._sessions: dict[str, Session] = {}
        self._endings: dict[str, asyncio.Task[None]] = {}
        self._subscribers = 0
        self._reaper: asyncio.Task[None] | None = None
        self._loading: asyncio.Task[None] | None = None
        self._closing = False

    @property
    def running(self) -> int:
        """How many sessions run now."""
        return len(self._sessions)

    @property
    def ready(self) -> bool:
        """Whether the classifier is loaded."""
        return self._loading is not None and self._loading.done() and not self._load_failed()

    async def open(self) -> None:
        """Open the log, begin to load the classifier and to end sessions that nobody uses.

        Raises:
            StoreError: the log cannot be opened.
        """
        if found := await self.store.open():
            _log.warning("sessions found running were marked interrupted", count=found)
        self._loading = asyncio.create_task(self.backend.load(), name="classifier-load")
        self._loading.add_done_callback(self._tell_loaded)
        self._reaper = asyncio.create_task(self._reap(), name="session-reaper")

    async def loaded(self) -> None:
        """Wait for the classifier.

        Raises:
            ClassifierError: it cannot be loaded.
        """
        assert self._loading is not None, "open() comes first"
        await asyncio.shield(self._loading)

    async def end_all(self) -> None:
        """End every session with reason ``shutdown``; their streams and sockets are told."""
        self._closing = True
        for session in tuple(self._sessions.values()):
            self._begin_ending(session, EndReason.SHUTDOWN)
        await asyncio.gather(*self._endings.values(), return_exceptions=True)

    async def aclose(self) -> None:
        """End every session, then let go of classifier and log."""
        await self.end_all()
        for task in (self._reaper, self._loading):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        try:
            await self.backend.aclose()
        finally:
            await self.store.aclose()

    def _load_failed(self) -> bool:
        loading = self._loading
        return loading is not None and (loading.cancelled() or loading.exception() is not None)

    def _tell_loaded(self, loading: asyncio.Task[None]) -> None:
        if loading.cancelled():
            return
        if (error := loading.exception()) is not None:
            _log.error("classifier not ready", error=str(error))
        else:
            _log.info("classifier ready", classifier=self.backend.name)

    # -- starting and ending --------------------------------------------------------------------

    async def start(
        self,
        request: StartRequest,
        *,
        tier: Tier,
        owner: str,
        open_listener: Callable[[Backend], Listener] = lambda backend: backend.open(),
    ) -> Session:
        """Start a session.

        Args:
            request: how it is to listen.
            tier: what the caller has paid for.
            owner: whose session it is.
            open_listener: what hears it, made of the backend.

        Raises:
            CapacityError: as many sessions run as may.
            GoingAwayError: the server is shutting down.
            StoreError: the log cannot keep the session.
        """
        if self._closing:
            raise GoingAwayError
        self._check_room()
        session_id = secrets.token_urlsafe(ID_BYTES)
        listener = open_listener(self.backend)
        session = self._make(session_id, request, tier, owner, listener)
        # In the table before the wait, so that a rush of starts cannot pass the bound together.
        self._sessions[session_id] = session
        self._metrics.sessions.inc()
        try:
            await self.store.create_session(
                SessionRow(
                    session_id=session_id,
                    state=SessionState.RUNNING,
                    elcor=session.elcor,
                    tier=tier,
                    owner=owner,
                    started_at_s=self._clock.wall_s(),
                )
            )
        except BaseException as exc:
            # When whoever started it has left, it may be kept all the same: its end is noted, too.
            failed = isinstance(exc, StoreError)
            self._begin_ending(session, EndReason.ERROR if failed else EndReason.CLIENT)
            raise
        if session.ended.is_set():
            if self._closing:
                raise GoingAwayError
            raise StoreError("The log took so long to keep the session that it is over.")
        session.open()
        _log.info("session started", session=session_id[:6], tier=tier.value)
        return session

    async def end(self, session_id: str, *, owner: str) -> None:
        """End a session; one that has ended stays ended.

        Raises:
            UnknownSessionError: no such session of this owner.
        """
        session = self._sessions.get(session_id)
        if session is None:
            await self._row(session_id, owner)
            return
        self._check_owner(session.owner, owner)
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
        try:
            await session.close(reason)
            shutdown = reason is EndReason.SHUTDOWN
            async with asyncio.timeout(_END_STORED_SHUTDOWN_S if shutdown else _END_STORED_S):
                await self.store.end_session(
                    session_id,
                    reason=reason,
                    ended_at_s=self._clock.wall_s(),
                    last_seq=session.channel.last_seq,
                )
        except (StoreError, TimeoutError) as exc:
            _log.error("session end not stored", session=session_id[:6], error=repr(exc))
        finally:
            self._sessions.pop(session_id, None)
            self._endings.pop(session_id, None)
            self._metrics.sessions.dec()
            self._metrics.sessions_ended.labels(reason.value).inc()
        _log.info("session ended", session=session_id[:6], reason=reason.value)

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
            await self._row(session_id, owner)
            raise SessionEndedError
        self._check_owner(session.owner, owner)
        session.touch()
        return session

    async def info(self, session_id: str, *, owner: str) -> SessionInfo:
        """A session, running or ended, as the wire shows it.

        Raises:
            UnknownSessionError: no such session of this owner.
        """
        session = self._sessions.get(session_id)
        if session is not None:
            self._check_owner(session.owner, owner)
            session.touch()
            return session.info()
        row = await self._row(session_id, owner)
        return SessionInfo(
            session_id=row.session_id, state=SessionState.STOPPED, elcor=row.elcor, tier=row.tier
        )

    async def ended_row(self, session_id: str, *, owner: str) -> SessionRow:
        """What the store keeps of a session that has ended.

        Raises:
            UnknownSessionError: no such session of this owner.
        """
        return await self._row(session_id, owner)

    async def past(self, owner: str, *, limit: int, before_s: float | None) -> list[SessionRow]:
        """This owner's ended sessions, the newest first."""
        return await self.store.ended_sessions(owner, limit=limit, before_s=before_s)

    # -- subscribers ----------------------------------------------------------------------------

    def subscribe(self, session: Session, after: int | None) -> Cursor:
        """A place on a session's stream; give it back with :meth:`unsubscribe`.

        Raises:
            CapacityError: as many streams are open on this server as may be.
        """
        if self._subscribers >= self._settings.max_subscribers:
            raise CapacityError("Too many streams are open on this server; try again later.")
        self._subscribers += 1
        self._metrics.subscribers.inc()
        return session.subscribe(after)

    def unsubscribe(self, session: Session) -> None:
        """A stream has closed."""
        self._subscribers -= 1
        self._metrics.subscribers.dec()
        session.unsubscribe()

    # -- inside ---------------------------------------------------------------------------------

    def _make(
        self, session_id: str, request: StartRequest, tier: Tier, owner: str, listener: Listener
    ) -> Session:
        synthetic = self.backend.name == "mock"
        parts = SessionParts(
            channel=Channel(session_id, self.store, self._clock, self._metrics),
            classifier=listener,
            annotator=Annotator(
                session_id,
                elcor=request.elcor,
                # The synthetic conversation is paced by its own rate already.
                tone_interval_s=0.0 if synthetic else TONE_INTERVAL_S,
            ),
            backend=self.backend,
            clock=self._clock,
            metrics=self._metrics,
            audio_buffer_s=self._settings.audio_buffer_s,
        )
        return Session(
            session_id,
            elcor=request.elcor,
            tier=tier,
            owner=owner,
            parts=parts,
            on_failure=lambda session: self._ignore(self._begin_ending(session, EndReason.ERROR)),
        )

    def _check_room(self) -> None:
        if self._settings.demo_mode and self.running >= self._settings.demo_max_sessions:
            raise CapacityError(
                f"The demo runs {self._settings.demo_max_sessions} sessions at a time and all are "
                "taken; try again in a minute, or run Linnet on your own machine."
            )
        if self.running >= self._settings.max_sessions:
            raise CapacityError(
                f"{self._settings.max_sessions} sessions run already, as many as this server "
                "takes (LINNET_MAX_SESSIONS)."
            )

    async def _row(self, session_id: str, owner: str) -> SessionRow:
        row = await self.store.session(session_id)
        if row is None:
            raise UnknownSessionError
        self._check_owner(row.owner, owner)
        return row

    @staticmethod
    def _check_owner(owner: str, asking: str) -> None:
        if not secrets.compare_digest(owner.encode(), asking.encode()):
            raise UnknownSessionError

    @staticmethod
    def _ignore(_: object) -> None:
        """The ending is owned by ``_endings``; whoever noticed the failure need not wait."""

    async def _reap(self) -> None:
        idle_ttl_s = self._settings.session_idle_ttl_s
        paid_ttl_s = self._settings.session_paid_ttl_s
        while True:
            await asyncio.sleep(min(_REAP_EVERY_S, idle_ttl_s / 4, paid_ttl_s / 4))
            for session in tuple(self._sessions.values()):
                if session.tier is Tier.PAID:
                    over = session.idle_s() > paid_ttl_s
                else:
                    over = session.abandoned_s() > idle_ttl_s
                if over:
                    self._begin_ending(session, EndReason.IDLE)
