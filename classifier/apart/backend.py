"""Any backend, heard with in processes of its own. What its listeners say is what it says.

Owns which process a listener belongs to. With analysis in the server's own process both share one
interpreter, and whichever of the two is busy keeps the other waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

from classifier.apart.hearer import Ear, Hearer, start_hearer
from classifier.apart.messages import (
    About,
    Kind,
    Message,
    error_of,
    frames_of,
    packed_audio,
    packed_options,
)
from classifier.backend import PLAIN, Backend, Listener, ListenOptions, PcmInt16, check_pcm
from classifier.errors import BackendError, ClassifierError
from classifier.frames import Source, VoiceFrame

logger = logging.getLogger(__name__)

MAX_UNREAD: Final = 256
"""Frames that wait for the reader of a stream (two minutes of one voice). When it is full, feed
waits: nothing is dropped."""

DEADLINE_S: Final = 70.0
"""How long one feed waits for its analysis before it gives the backend up: longer than the backend
itself, which knows better what went wrong."""

END_S: Final = 10.0
"""How long a stream that was stopped waits for its last frames."""


ENOUGH: Final = 100
"""Listeners of one process from which another is started, where there may be more."""


class ApartBackend(Backend):
    """A backend in one process of its own, or in several that share the sessions."""

    def __init__(
        self, word: str, name: str, env: Mapping[str, str], processes: int, enough: int = ENOUGH
    ) -> None:
        """Not loaded yet.

        Args:
            word: the backend as ``LINNET_CLASSIFIER`` names it.
            name: what it says is listening.
            env: the classifier's settings.
            processes: how many there may be, above 0.
            enough: listeners of one from which the next is started.
        """
        if processes < 1:
            raise ValueError("processes must be above 0")
        self._word = word
        self._name = name
        self._env = env
        self._most = processes
        self._enough = enough
        self._hearers: list[Hearer] = []
        self._last: About | None = None
        self._loading = asyncio.Lock()
        self._closed = False

    @property
    def name(self) -> str:
        """Of the backend that hears."""
        return self._name

    @property
    def model_id(self) -> str:
        """Of the same."""
        return self._name if self._last is None else self._last.model_id

    @property
    def model_sha256(self) -> str:
        """Of the same."""
        return "" if self._last is None else self._last.model_sha256

    @property
    def block_s(self) -> float:
        """Of its listeners; 0 before it is loaded."""
        return 0.0 if self._last is None else self._last.block_s

    @property
    def pids(self) -> Sequence[int]:
        """See :attr:`Backend.pids`."""
        return [hearer.pid for hearer in self._hearers if hearer.alive]

    async def load(self) -> None:
        """Start a process, where none runs. Idempotent."""
        async with self._loading:
            await self._have_one()

    def open(self, options: ListenOptions = PLAIN) -> ApartListener:
        """A listener for one session; its first audio settles which process hears it."""
        return ApartListener(self, options)

    async def aclose(self) -> None:
        """End the processes. Sessions still open fail with BackendError."""
        async with self._loading:
            self._closed = True
            await asyncio.gather(*(hearer.aclose() for hearer in self._hearers))

    async def join(self, ear: Ear) -> tuple[Hearer, int]:
        """The process that a new listener is heard in, and its number there: the one with the
        fewest, or another where all have enough.

        Raises:
            ClassifierError: none can be had.
        """
        async with self._loading:
            await self._have_one()
            hearer = min(self._hearers, key=lambda one: one.listeners)
            if hearer.listeners >= self._enough and len(self._hearers) < self._most:
                try:
                    hearer = await self._start()
                except ClassifierError as error:
                    # Heard more slowly is better than not at all.
                    logger.warning("no further process for the classifier: %s", error)
            return hearer, hearer.join(ear)

    async def _have_one(self) -> None:
        if self._closed:
            raise BackendError("the classifier is closed")
        for hearer in self._hearers:
            if hearer.hung:  # whoever asked may have gone before it was noticed
                await hearer.give_up()
        self._hearers = [hearer for hearer in self._hearers if hearer.alive]
        if not self._hearers:
            await self._start()

    async def _start(self) -> Hearer:
        hearer = await start_hearer(self._word, self._env)
        self._hearers.append(hearer)
        self._last = hearer.about
        return hearer


class ApartListener(Listener):
    """One session's listener, in another process."""

    def __init__(self, backend: ApartBackend, options: ListenOptions) -> None:
        """
        Args:
            backend: whose process hears.
            options: how the session wishes to be heard.
        """
        self._backend = backend
        self._options = options
        self._hearer: Hearer | None = None
        self._number = 0
        self._opening = asyncio.Lock()
        self._asked: dict[int, asyncio.Future[bytes]] = {}
        """What is owed an answer, by its number."""
        self._count = 0
        self._unread: deque[VoiceFrame] = deque()
        self._news = asyncio.Event()
        """Set when the reader of the stream should look again."""
        self._room = asyncio.Event()
        self._room.set()
        self._stopped = False
        self._ended = False
        self._failure: ClassifierError | None = None

    @property
    def block_s(self) -> float:
        """Of the backend that hears."""
        return self._backend.block_s

    async def feed(self, pcm: PcmInt16, source: Source = Source.MIC) -> None:
        """See :meth:`Listener.feed`. After :meth:`stop`, audio is let go unheard."""
        check_pcm(pcm)
        await self._room.wait()
        if self._stopped:
            return
        if self._failure is not None:
            raise self._failure
        try:
            hearer = await self._open()
            if hearer is None or self._stopped:
                return
            await self._ask(hearer, Kind.AUDIO, packed_audio(source, pcm))
        except ClassifierError as error:
            self.fail(error)
            raise

    async def stream(self) -> AsyncIterator[VoiceFrame]:
        """See :meth:`Listener.stream`."""
        while True:
            while self._unread:
                frame = self._unread.popleft()
                if len(self._unread) < MAX_UNREAD:
                    self._room.set()
                yield frame
            if self._failure is not None and not self._stopped:
                raise self._failure
            if self._ended or self._failure is not None:
                return
            self._news.clear()
            if not self._stopped:
                await self._news.wait()
                continue
            try:
                async with asyncio.timeout(END_S):
                    await self._news.wait()
            except TimeoutError:
                return

    async def known_voices(self) -> str:
        """See :meth:`Listener.known_voices`. Once stopped, nobody knows any more."""
        if self._hearer is None or self._stopped or self._failure is not None:
            return ""
        return (await self._ask(self._hearer, Kind.VOICES)).decode()

    async def stop(self) -> None:
        """See :meth:`Listener.stop`. Never waits for a reader or a feeder."""
        if self._stopped:
            return
        self._stopped = True
        self._ended = self._hearer is None or not self._hearer.alive
        self._news.set()
        self._room.set()
        if self._hearer is not None and not self._ended:
            with contextlib.suppress(BackendError):  # whoever waits hears of it as well
                await self._hearer.send(Message(Kind.STOP, self._number))

    def hear(self, message: Message) -> None:
        """Take what the process says."""
        if message.kind is Kind.FRAMES:
            self._unread.extend(frames_of(message.payload))
            if len(self._unread) >= MAX_UNREAD and not self._stopped:
                self._room.clear()
        elif message.kind is Kind.DONE:
            self._answer(message.number)
        elif message.kind is Kind.VOICES:
            self._answer(message.number, message.payload)
        elif message.kind is Kind.FAILED:
            self.fail(error_of(message.payload))
        elif message.kind is Kind.ENDED:
            self._ended = True
            # Nothing comes after it: what is under way still is let go unheard.
            for number in tuple(self._asked):
                self._answer(number)
        self._news.set()

    async def _ask(self, hearer: Hearer, kind: Kind, payload: bytes = b"") -> bytes:
        """Ask the process something, and wait for what it answers.

        Raises:
            ClassifierError: it is gone or does not answer.
        """
        self._count += 1
        number = self._count
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        try:
            async with asyncio.timeout(DEADLINE_S):
                await hearer.send(Message(kind, self._number, number, payload))
                return await answer
        except TimeoutError as error:
            if hearer.hung:
                # Not this listener's trouble only: all others wait for it in vain as well.
                await hearer.give_up()
            raise BackendError("the classifier does not answer") from error
        finally:
            self._asked.pop(number, None)

    def _answer(self, number: int, payload: bytes = b"") -> None:
        answer = self._asked.get(number)
        if answer is not None and not answer.done():
            answer.set_result(payload)

    def fail(self, error: ClassifierError) -> None:
        """Nothing more can be fed, and who waits is told."""
        self._failure = self._failure or error
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(self._failure)
        self._news.set()
        self._room.set()

    async def _open(self) -> Hearer | None:
        """The process that hears; None where this was stopped before there was one."""
        async with self._opening:
            if self._hearer is None:
                hearer, number = await self._backend.join(self)
                if self._stopped:
                    hearer.leave(number)
                    return None
                self._hearer, self._number = hearer, number
                # Written at once: should whoever waits for it be cancelled, it is opened still.
                await hearer.send(Message(Kind.OPEN, number, payload=packed_options(self._options)))
            return self._hearer
