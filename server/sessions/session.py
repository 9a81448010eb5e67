"""One live session: its sources, its classifier, its log, and the tasks between them.

    AudioInbox -> lane task -> classifier -> frames task -> annotate -> Channel

Owns those tasks from :meth:`Session.open` to :meth:`Session.close`. Knows neither sockets nor
who else is listening on this server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import structlog

from classifier import Backend, ClassifierError, Listener, Source
from classifier.backend import PcmInt16
from server.clock import Clock
from server.errors import (
    ClassifierFailedError,
    GoingAwayError,
    LinnetError,
    SessionEndedError,
    SourceTakenError,
)
from server.log.base import Event
from server.log.channel import Channel, Cursor
from server.metrics import Metrics
from server.models import EndReason, ServiceStatus, SessionInfo, SessionState, Tier
from server.sessions.annotate import Annotator
from server.sessions.feed import AudioFeed
from server.sessions.inbox import AudioInbox
from server.sessions.lag import Lag, unheard
from server.sessions.remembering import ANSWER_S, Remembering
from server.sessions.voices import Acquaintance, Voices

_FEED_S: Final = 5.0
"""Most audio given to the classifier in one go when it has fallen behind."""

_DRAIN_S: Final = 1.0
"""How long a session that ends may still analyse what it has been sent."""

_DRAIN_COMPLETE_S: Final = 30.0
"""The same at the end of a recording, of which all has been heard and only the writing is left."""

_DRAIN_SHUTDOWN_S: Final = 0.3
"""The same when the whole server goes: it has two seconds for everything."""

_DRAINS_S: Final = {
    EndReason.SHUTDOWN: _DRAIN_SHUTDOWN_S,
    EndReason.COMPLETE: _DRAIN_COMPLETE_S,
}

_LOOK_AT_LAG_S: Final = 1.0
"""How often a session looks whether the classifier keeps up."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SessionParts:
    """What a session is made of; the manager puts it together."""

    channel: Channel
    classifier: Listener
    annotator: Annotator
    backend: Backend
    clock: Clock
    metrics: Metrics
    audio_buffer_s: float
    describe: Callable[[], Awaitable[None]]
    """Told when the classifier is ready and when another took its place."""
    voices: Voices
    """Where what was learnt of its voices is kept."""
    acquaintance: Acquaintance | None
    """What was known of them before."""


class Session:
    """A running session. Made by the manager, ended by the manager."""

    def __init__(
        self,
        session_id: str,
        *,
        elcor: bool,
        tier: Tier,
        owner: str,
        parts: SessionParts,
        on_failure: Callable[[Session], None],
    ) -> None:
        self.session_id = session_id
        self.elcor = elcor
        self.tier = tier
        self.owner = owner
        self.channel = parts.channel
        self.ended = asyncio.Event()
        """Set as soon as the session begins to end."""
        self.end_reason: EndReason | None = None
        self.ready = asyncio.Event()
        """Set as soon as the classifier listens."""
        self._parts = parts
        self._on_failure = on_failure
        self._inboxes: dict[Source, AudioInbox] = {}
        self._fed: set[Source] = set()
        self._subscribers = 0
        self._heard_anything = False
        self._lag = Lag()
        self._remembering = Remembering(
            session_id,
            parts.voices,
            parts.classifier.known_voices,
            lambda: parts.backend.model_sha256,
            parts.acquaintance,
        )
        self._failed = False
        self._lanes: set[asyncio.Task[None]] = set()
        self._frames: asyncio.Task[None] | None = None
        self._preparation: asyncio.Task[None] | None = None
        now_s = parts.clock.monotonic_s()
        self._left_s = now_s
        self._active_s = now_s

    def info(self) -> SessionInfo:
        """As the wire shows it."""
        state = SessionState.STOPPED if self.ended.is_set() else SessionState.RUNNING
        return SessionInfo(
            session_id=self.session_id, state=state, elcor=self.elcor, tier=self.tier
        )

    # -- who is here ----------------------------------------------------------------------------

    def feed(self, source: Source) -> AudioFeed:
        """Take hold of a source; give it back with :meth:`unfeed`. Its clock goes on.

        Raises:
            SourceTakenError: another socket holds it.
            SessionEndedError: the session ended.
        """
        if self.ended.is_set():
            raise SessionEndedError
        if source in self._fed:
            raise SourceTakenError(
                f"Another connection is already sending audio as source={source.value}."
            )
        inbox = self._inboxes.get(source)
        if inbox is None:
            inbox = AudioInbox(self._parts.clock, buffer_s=self._parts.audio_buffer_s)
            self._inboxes[source] = inbox
            self._lanes.add(self._task(self._run_lane(source, inbox), f"lane-{source.value}"))
        self._fed.add(source)
        self._parts.metrics.audio_sockets.inc()
        return AudioFeed(inbox, ended=self.ended, farewell=self.farewell, on_audio=self._on_audio)

    def unfeed(self, source: Source) -> None:
        """The socket of this source has gone."""
        self._fed.discard(source)
        self._parts.metrics.audio_sockets.dec()
        self._note_leaving()

    def farewell(self) -> LinnetError:
        """Why a session that has ended takes nothing more."""
        if self.end_reason is EndReason.SHUTDOWN:
            return GoingAwayError()
        if self.end_reason is EndReason.ERROR:
            return ClassifierFailedError("The classifier failed; the session has ended.")
        return SessionEndedError()

    # -- a recording ----------------------------------------------------------------------------

    @contextmanager
    def hold(self, sources: Collection[Source]) -> Iterator[None]:
        """Keep these sources for a recording, which is fed by :meth:`hear`
        (:mod:`server.recordings.feed` is what does it).

        Raises:
            SourceTakenError: a socket holds one of them.
        """
        if self._fed.intersection(sources):
            raise SourceTakenError("Another connection is already sending audio.")
        self._fed.update(sources)
        try:
            yield
        finally:
            self._fed.difference_update(sources)
            self._note_leaving()

    async def hear(self, stretch: Mapping[Source, PcmInt16]) -> None:
        """Analyse the next stretch of a recording, of each source it has; returns when it has
        been analysed. Not held to real time: who feeds faster than the classifier takes it waits
        here.

        Raises:
            LinnetError: the session has ended, by itself or because the classifier failed.
        """
        if self.ended.is_set():
            raise self.farewell()
        self._on_audio()
        try:
            for source, pcm in stretch.items():
                await self._parts.classifier.feed(pcm, source)
            await self._tell_notices()
        except ClassifierError as exc:
            await self._fail("The classifier failed; this session ends.", exc)
            raise ClassifierFailedError("The classifier failed; the session has ended.") from exc
        if self.ended.is_set():
            raise self.farewell()

    async def say(self, status: ServiceStatus, detail: str) -> None:
        """Put a sentence about the service into the log."""
        await self.channel.append([self._parts.annotator.service(status, detail)])

    async def known_voices(self) -> Acquaintance:
        """What is known of the voices by now."""
        return await self._remembering.now()

    # -- who listens ----------------------------------------------------------------------------

    def subscribe(self, after: int | None) -> Cursor:
        """A cursor on the session's log; give it back with :meth:`unsubscribe`."""
        self._subscribers += 1
        self.touch()
        return self.channel.subscribe(after)

    def unsubscribe(self) -> None:
        """A subscriber has gone."""
        self._subscribers -= 1
        self._note_leaving()

    def touch(self) -> None:
        """Somebody did something with this session."""
        self._active_s = self._parts.clock.monotonic_s()

    def idle_s(self) -> float:
        """Seconds since the last activity of anybody; what nobody hears is no activity."""
        last_s = self._active_s
        if self._subscribers or self._fed:
            last_s = max(last_s, self.channel.published_s)
        return self._parts.clock.monotonic_s() - last_s

    def abandoned_s(self) -> float:
        """Seconds since the last subscriber and audio socket left; 0 while one is here."""
        if self._subscribers or self._fed:
            return 0.0
        return self._parts.clock.monotonic_s() - self._left_s

    # -- its life -------------------------------------------------------------------------------

    def open(self) -> None:
        """Begin: make the classifier ready, then listen."""
        self._preparation = self._task(self._prepare(), "prepare")
        self._frames = self._task(self._run_frames(), "frames")

    def go_on_after(self, events: Sequence[Event], at_s: float) -> None:
        """Before :meth:`open`: go on after events that are stored already.

        Args:
            events: the last of them.
            at_s: where the session's clock stands when the first audio comes.
        """
        self.channel.continue_from(events)
        self._parts.annotator.starts_at_s = at_s

    async def close(self, reason: EndReason) -> None:
        """End: analyse what has arrived while there is time, log it, then close the log."""
        self.end_reason = reason
        self.ended.set()
        drain_s = _DRAINS_S.get(reason, _DRAIN_S)
        for inbox in self._inboxes.values():
            inbox.close()
        try:
            await _finish(self._lanes, drain_s)
            if self._inboxes:
                await _finish({self._task(self._tell_unheard(), "unheard")}, drain_s)
            if self._heard_anything or self._parts.acquaintance is not None:
                keeping = self._task(self._remembering.keep(), "voices")
                await _finish({keeping}, min(drain_s, ANSWER_S))
            rest = {task for task in (self._frames, self._preparation) if task is not None}
            # Stopping ends the stream of frames; should it hang, it has the same deadline.
            rest.add(self._task(self._stop_classifier(), "stop"))
            await _finish(rest, drain_s)
        finally:
            await self.channel.end(reason)

    async def _stop_classifier(self) -> None:
        try:
            await self._parts.classifier.stop()
        except ClassifierError as exc:
            _log.warning("classifier not stopped", session=self.session_id[:6], error=repr(exc))

    async def _prepare(self) -> None:
        note = self._parts.annotator.service
        try:
            await self.channel.append(
                [note(ServiceStatus.LOADING, "The classifier is being made ready.")]
            )
            await self._parts.backend.load()
            await self._tell_notices()
            await self._parts.describe()
            await self._tell_who_is_missing()
        except ClassifierError as exc:
            await self._fail("The classifier could not be made ready.", exc)
            return
        kind = (
            "Ready: a synthetic conversation is played; audio is not listened to."
            if self._parts.backend.name == "mock"
            else "Ready to listen."
        )
        await self.channel.append([note(ServiceStatus.READY, kind)])
        self.ready.set()

    async def _run_lane(self, source: Source, inbox: AudioInbox) -> None:
        await self.ready.wait()
        lag = self._parts.metrics.classifier_lag_seconds
        classifier = self._parts.classifier
        while (audio := await inbox.take(_FEED_S, classifier.block_s)) is not None:
            self._lag.begin(source, audio.arrived_s)
            try:
                await classifier.feed(audio.pcm, source)
                await self._tell_notices()
            except ClassifierError as exc:
                await self._fail("The classifier failed; this session ends.", exc)
                return
            self._lag.end(source)
            inbox.heard(len(audio.pcm))
            lag.observe(self._parts.clock.monotonic_s() - audio.arrived_s)
            del audio  # Waiting for more, a session holds on to none.

    async def _run_frames(self) -> None:
        await self.ready.wait()
        annotator, channel = self._parts.annotator, self.channel
        try:
            async for frame in self._parts.classifier.stream():
                await channel.append(annotator.drafts(frame))
                inbox = self._inboxes.get(frame.source)
                arrived_s = inbox.arrived_s(frame.timestamp_s) if inbox is not None else None
                if arrived_s is not None and frame.affect is not None:
                    self._parts.metrics.event_latency_seconds.observe(
                        self._parts.clock.monotonic_s() - arrived_s
                    )
        except ClassifierError as exc:
            await self._fail("The classifier failed; this session ends.", exc)

    async def _tell_who_is_missing(self) -> None:
        """Say where voices that were to be known are not."""
        before = self._parts.acquaintance
        missing = None if before is None else before.missing(self._parts.backend.model_sha256)
        if missing is not None:
            await self.say(ServiceStatus.WARNING, missing)

    async def _tell_notices(self) -> None:
        """Say which classifiers were passed over, and who is listening instead."""
        note = self._parts.annotator.service
        notices = self._parts.classifier.take_notices()
        if notices:
            await self.channel.append([note(ServiceStatus.WARNING, text) for text in notices])
            await self._parts.describe()

    async def _fail(self, detail: str, exc: Exception) -> None:
        if self._failed or self.ended.is_set():
            return
        self._failed = True  # Lane and frames fail together; it is said once.
        _log.error("classifier failed", session=self.session_id[:6], error=repr(exc))
        await self.channel.append([self._parts.annotator.service(ServiceStatus.ERROR, detail)])
        self._on_failure(self)

    def _on_audio(self) -> None:
        self._active_s = self._parts.clock.monotonic_s()
        if not self._heard_anything:
            self._heard_anything = True
            self._lanes.add(self._task(self._tell_listening(), "listening"))
            self._lanes.add(self._task(self._watch_lag(), "lag"))
            self._lanes.add(self._task(self._remembering.keep_on(self.ended), "remembering"))

    async def _tell_listening(self) -> None:
        await self.ready.wait()
        draft = self._parts.annotator.service(ServiceStatus.LISTENING, "Audio is arriving.")
        await self.channel.append([draft])

    async def _watch_lag(self) -> None:
        """Say when the classifier falls behind, and when it has caught up."""
        while not self.ended.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_AT_LAG_S):
                    await self.ended.wait()
            if (news := self._lag.news(self._parts.clock.monotonic_s())) is not None:
                await self.say(*news)

    async def _tell_unheard(self) -> None:
        """Say at the end what arrived and was not heard."""
        for source, inbox in self._inboxes.items():
            if (detail := unheard(source, inbox.unheard_s)) is not None:
                await self.say(ServiceStatus.WARNING, detail)

    def _note_leaving(self) -> None:
        self._left_s = self._active_s = self._parts.clock.monotonic_s()

    def _task(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=f"session-{self.session_id[:6]}-{name}")
        task.add_done_callback(self._note_crash)
        return task

    def _note_crash(self, task: asyncio.Task[None]) -> None:
        """A fault of ours in a task: recorded, and the session does not linger half dead."""
        if task.cancelled() or (exc := task.exception()) is None:
            return
        if not self.ended.is_set():
            self._on_failure(self)
        _log.error("session task crashed", task=task.get_name(), exc_info=exc)


async def _finish(tasks: set[asyncio.Task[None]], deadline_s: float) -> None:
    """Wait for tasks to end by themselves; cancel and join those that do not."""
    others = tasks - {asyncio.current_task()}
    if not others:
        return
    _, late = await asyncio.wait(others, timeout=deadline_s)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late)
