"""The synthetic backend: a made-up conversation in place of a listener (``CF_VOICE_MOCK=1``).

Owns the timing and the settings; the story is :class:`classifier.conversation.Conversation`.
Audio is accepted and ignored, so that a front end can be built and shown without a microphone.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final
from weakref import WeakSet

from classifier.backend import PLAIN, Backend, Listener, ListenOptions, PcmInt16
from classifier.conversation import Conversation
from classifier.errors import BackendError, ConfigError
from classifier.frames import SAMPLE_RATE_HZ, Source, VoiceFrame

DEFAULT_RATE_HZ: Final = 1.0
MAX_RATE_HZ: Final = 1000.0

CATCH_UP_S: Final = 2.0
"""How far the stream may lag behind its clock and still make up for it. A reader that was away
for longer (a machine that slept) gets the present, not a flood of the past."""

_READER_S: Final = 60.0
"""How long audio that has been fed waits for its readings to be read."""

_TOLERANCE_S: Final = 1e-6
"""Less than a sample: sums of periods are not exact."""

Clock = Callable[[], float]
"""Seconds, monotonic."""

Sleep = Callable[[float, asyncio.Event], Awaitable[None]]
"""Waits for so many seconds, or less: until the event is set."""


async def sleep_or_stop(duration_s: float, stopped: asyncio.Event) -> None:
    """Sleep on the event loop's clock; see :data:`Sleep`."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(duration_s):
            await stopped.wait()


class AudioTime:
    """A clock that audio moves on: it stands still until there is more of it, and whoever brings
    more waits until the reader has come to where it stands."""

    def __init__(self, stopped: asyncio.Event) -> None:
        self._stopped = stopped
        self._samples: dict[Source, int] = {}
        self._moved = asyncio.Event()
        self._read = asyncio.Event()
        self._now_s = 0.0

    def now_s(self) -> float:
        """Seconds up to which the reader has come."""
        return self._now_s

    async def advance(self, source: Source, samples: int) -> None:
        """So many more samples of a source; returns when the reader has come to their end."""
        self._samples[source] = self._samples.get(source, 0) + samples
        self._read.clear()
        self._moved.set()
        if not await _first_of(self._read, self._stopped, deadline_s=_READER_S):
            raise BackendError("nobody reads the conversation")

    async def wait(self, duration_s: float, stopped: asyncio.Event) -> None:
        """See :data:`Sleep`: until there is so much more audio."""
        until_s = self._now_s + duration_s
        while not stopped.is_set():
            if until_s <= self._heard_s() + _TOLERANCE_S:
                self._now_s = until_s
                return
            self._moved.clear()
            self._read.set()
            await _first_of(self._moved, stopped, deadline_s=None)

    def _heard_s(self) -> float:
        return max(self._samples.values(), default=0) / SAMPLE_RATE_HZ


async def _first_of(*events: asyncio.Event, deadline_s: float | None) -> bool:
    """Wait until one of the events is set; says whether one was."""
    waits = [asyncio.create_task(event.wait(), name="mock-wait") for event in events]
    try:
        done, _ = await asyncio.wait(waits, timeout=deadline_s, return_when=asyncio.FIRST_COMPLETED)
        return bool(done)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


class MockBackend(Backend):
    """Makes up conversations; sessions share nothing but the settings."""

    @property
    def name(self) -> str:
        """``mock``."""
        return "mock"

    def __init__(
        self,
        *,
        rate_hz: float = DEFAULT_RATE_HZ,
        seed: int | None = None,
        clock: Clock = time.monotonic,
        sleep: Sleep = sleep_or_stop,
    ) -> None:
        """A backend whose sessions give ``rate_hz`` readings a second.

        Args:
            rate_hz: above 0, at most 1000.
            seed: the conversation of every session that brings no seed of its own; without one
                each session draws its own.
            clock: what time it is, seconds.
            sleep: how to wait, seconds.

        Raises:
            ValueError: the rate is out of range.
        """
        if not 0 < rate_hz <= MAX_RATE_HZ:
            raise ValueError(f"rate_hz must be above 0 and at most {MAX_RATE_HZ:g}")
        self.rate_hz = rate_hz
        self.seed = seed
        self._clock = clock
        self._sleep = sleep
        self._sessions: WeakSet[MockListener] = WeakSet()
        self._closed = False

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> MockBackend:
        """The backend that ``CF_VOICE_RATE_HZ`` and ``CF_VOICE_SEED`` ask for.

        Raises:
            ConfigError: a setting makes no sense; the message names it.
        """
        return cls(rate_hz=_rate_hz(env), seed=_seed(env))

    async def load(self) -> None:
        """Nothing to make ready."""

    def open(self, options: ListenOptions = PLAIN) -> MockListener:
        """A conversation for one session.

        Args:
            options: its seed; otherwise the backend's, otherwise one is drawn.

        Raises:
            BackendError: the backend is closed.
        """
        if self._closed:
            raise BackendError("the mock backend is closed")
        seed = self.seed if options.seed is None else options.seed
        if seed is None:
            seed = secrets.randbits(63)
        session = MockListener(
            Conversation(seed),
            rate_hz=self.rate_hz,
            seed=seed,
            clock=self._clock,
            sleep=self._sleep,
        )
        self._sessions.add(session)
        return session

    async def aclose(self) -> None:
        """End the backend; sessions still open fail with BackendError."""
        self._closed = True
        for session in list(self._sessions):
            session.fail()
        self._sessions.clear()


class MockListener(Listener):
    """One session's made-up conversation. Made by :meth:`MockBackend.open`."""

    def __init__(
        self,
        conversation: Conversation,
        *,
        rate_hz: float,
        seed: int,
        clock: Clock,
        sleep: Sleep,
    ) -> None:
        """Tell ``conversation`` at ``rate_hz``."""
        self.seed: Final = seed
        """What makes this conversation again."""
        self._conversation = conversation
        self._period_s = 1.0 / rate_hz
        self._clock = clock
        self._sleep = sleep
        self._stopped = asyncio.Event()
        self._failed = False
        self._reading = False
        self._audio: AudioTime | None = None

    def follow_audio(self) -> None:
        """See :meth:`Listener.follow_audio`: a reading for every period of audio that is fed."""
        self._audio = AudioTime(self._stopped)
        self._clock, self._sleep = self._audio.now_s, self._audio.wait

    async def feed(self, pcm: PcmInt16, source: Source = Source.MIC) -> None:
        """Accept audio and ignore it, but for its length where it is what time goes by.

        Raises:
            BackendError: the backend was closed under the session.
        """
        if self._failed:
            raise BackendError("the mock backend was closed")
        if self._audio is not None:
            await self._audio.advance(source, pcm.size)

    async def stream(self) -> AsyncIterator[VoiceFrame]:
        """A reading every period from the start of the stream on, until :meth:`stop`.

        Readings keep to their deadlines and carry them as ``timestamp_s``, so that the same seed
        gives the same sequence and nothing drifts. A reader slower than the rate by more than
        ``CATCH_UP_S`` misses readings.

        Raises:
            BackendError: the backend was closed under the session.
            RuntimeError: the conversation is, or was, already being read.
        """
        if self._reading:
            raise RuntimeError("a conversation has one reader")
        self._reading = True
        began_s = self._clock()
        count = 0
        while not self._ended():
            count += 1
            wait_s = count * self._period_s - (self._clock() - began_s)
            if wait_s < -CATCH_UP_S:
                count = math.floor((self._clock() - began_s) / self._period_s)
            elif wait_s > 0:
                await self._sleep(wait_s, self._stopped)
            if not self._ended():
                yield self._conversation.next(count * self._period_s)

    async def stop(self) -> None:
        """End :meth:`stream` at once, also while it waits for its next deadline."""
        self._stopped.set()

    def fail(self) -> None:
        """The backend is gone: a session still open ends with BackendError."""
        if not self._stopped.is_set():
            self._failed = True
            self._stopped.set()

    def _ended(self) -> bool:
        if self._failed:
            raise BackendError("the mock backend was closed")
        return self._stopped.is_set()


def _rate_hz(env: Mapping[str, str]) -> float:
    text = env.get("CF_VOICE_RATE_HZ", "").strip()
    if not text:
        return DEFAULT_RATE_HZ
    try:
        rate_hz = float(text)
    except ValueError:
        rate_hz = math.nan
    if not 0 < rate_hz <= MAX_RATE_HZ:
        raise ConfigError(
            f"CF_VOICE_RATE_HZ must be a number above 0 and at most {MAX_RATE_HZ:g}, not {text!r}"
        )
    return rate_hz


def _seed(env: Mapping[str, str]) -> int | None:
    text = env.get("CF_VOICE_SEED", "").strip()
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise ConfigError(f"CF_VOICE_SEED must be a whole number, not {text!r}") from None
