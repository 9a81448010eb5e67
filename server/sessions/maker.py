"""Puts a session together out of what the process shares, and writes its first row.

Knows what a session is made of; knows neither bounds nor who else is here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from classifier import Backend, Listener, ListenOptions
from server.clock import Clock
from server.log.base import EventStore, SessionRow
from server.log.channel import Channel
from server.metrics import Metrics
from server.models import SessionState, StartRequest, Tier
from server.sessions.annotate import Annotator
from server.sessions.keeper import Description
from server.sessions.session import Session, SessionParts
from server.sessions.voices import Acquaintance, Voices

TONE_INTERVAL_S: Final = 1.0
"""An unchanged tone is repeated once a second while it lasts, the pace front ends expect."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """How a session begins."""

    request: StartRequest
    tier: Tier
    owner: str
    wrap_listener: Callable[[Listener], Listener] = lambda listener: listener
    """What hears it, made of the backend's own."""

    resumed_from: str | None = None

    acquaintance: Acquaintance | None = None
    """What is known of its voices from before; None where nobody says so."""


class SessionMaker:
    """See the module."""

    def __init__(
        self,
        *,
        store: EventStore,
        backend: Backend,
        clock: Clock,
        metrics: Metrics,
        audio_buffer_s: float,
        voices: Voices,
    ) -> None:
        self._store = store
        self._backend = backend
        self._clock = clock
        self._metrics = metrics
        self._audio_buffer_s = audio_buffer_s
        self._voices = voices

    def make(
        self, session_id: str, beginning: Beginning, on_failure: Callable[[Session], None]
    ) -> Session:
        """A session that the store does not know yet."""
        request = beginning.request
        synthetic = self._backend.name == "mock"
        acquaintance = beginning.acquaintance
        parts = SessionParts(
            channel=Channel(session_id, self._store, self._clock, self._metrics),
            classifier=beginning.wrap_listener(
                self._backend.open(
                    ListenOptions(
                        num_speakers=request.num_speakers,
                        window_ms=request.window_ms,
                        known_voices="" if acquaintance is None else acquaintance.known,
                    )
                )
            ),
            annotator=Annotator(
                session_id,
                elcor=request.elcor,
                # The synthetic conversation is paced by its own rate already.
                tone_interval_s=0.0 if synthetic else TONE_INTERVAL_S,
            ),
            backend=self._backend,
            clock=self._clock,
            metrics=self._metrics,
            audio_buffer_s=self._audio_buffer_s,
            describe=Description(self._store, self._backend, session_id).tell,
            voices=self._voices,
            acquaintance=acquaintance,
        )
        return Session(
            session_id,
            elcor=request.elcor,
            tier=beginning.tier,
            owner=beginning.owner,
            parts=parts,
            on_failure=on_failure,
        )

    def first_row(self, session: Session, beginning: Beginning) -> SessionRow:
        """What the store is to keep of a session that begins now."""
        return SessionRow(
            session_id=session.session_id,
            state=SessionState.RUNNING,
            elcor=session.elcor,
            tier=session.tier,
            owner=session.owner,
            started_at_s=self._clock.wall_s(),
            model_id=self._backend.model_id,
            model_sha256=self._backend.model_sha256,
            settings=beginning.request.model_dump(
                mode="json", exclude={"license_key", "voices_from"}
            ),
            resumed_from=beginning.resumed_from,
        )
