"""The process that hears: standard input and output speak :mod:`classifier.apart.messages`.

Ends when its standard input does, so it never outlives who started it. Signals of a terminal or of
a service's end are not for it: whoever started it may still want to hear what was said.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import IO, Final

import uvloop

from classifier.apart.messages import (
    About,
    Kind,
    Message,
    audio_of,
    options_of,
    packed_about,
    packed_error,
    packed_frames,
    read_messages,
)
from classifier.backend import Backend, Listener
from classifier.errors import BackendError, ClassifierError
from classifier.pages import keep_pages

logger = logging.getLogger(__name__)

_PIPE_BYTES: Final = 1024 * 1024
"""Read ahead from the pipe: some seconds of audio of many sessions."""


class Answers:
    """Where messages go, whole and in order. Those of many sessions that come at the same moment,
    as the readings of a batch do, are written at once."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._waiting: list[bytes] = []
        self._draining = asyncio.Lock()
        """A stream knows of one who waits for room only."""

    async def send(self, message: Message) -> None:
        """Send one message; waits while the pipe is full, and is let go where nobody reads."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._write)
        self._waiting.append(message.packed())
        await self._room()

    async def flush(self) -> None:
        """Wait until all is written."""
        self._write()
        await self._room()

    async def _room(self) -> None:
        with contextlib.suppress(ConnectionError):
            async with self._draining:
                await self._writer.drain()

    def _write(self) -> None:
        together, self._waiting = b"".join(self._waiting), []
        if together:
            self._writer.write(together)


class HeardListener:
    """One listener of the other process."""

    def __init__(self, number: int, inner: Listener, answers: Answers) -> None:
        self._number = number
        self._inner = inner
        self._answers = answers
        self._stream = asyncio.create_task(self._pass_on(), name=f"listener-{number}-stream")
        self._tasks: set[asyncio.Task[None]] = set()

    def feed(self, message: Message) -> None:
        """Begin to hear the audio of a message. The inner listener keeps the order."""
        self._begin(self._feed(message), "feed")

    def tell_voices(self, message: Message) -> None:
        """Begin to tell what is known of the voices."""
        self._begin(self._tell_voices(message), "voices")

    async def stop(self) -> None:
        """End the stream after what is already made."""
        await self._inner.stop()
        await self._stream
        await self._answers.send(Message(Kind.ENDED, self._number))
        await asyncio.gather(*self._tasks)

    def _begin(self, work: Coroutine[None, None, None], what: str) -> None:
        task = asyncio.create_task(work, name=f"listener-{self._number}-{what}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell_voices(self, message: Message) -> None:
        async with self._told():
            known = (await self._inner.known_voices()).encode()
            await self._answers.send(Message(Kind.VOICES, self._number, message.number, known))

    async def _feed(self, message: Message) -> None:
        source, pcm = audio_of(message.payload)
        async with self._told():
            await self._inner.feed(pcm, source)
            await self._answers.send(Message(Kind.DONE, self._number, message.number))

    async def _pass_on(self) -> None:
        async with self._told():
            async for frame in self._inner.stream():
                await self._answers.send(
                    Message(Kind.FRAMES, self._number, payload=packed_frames([frame]))
                )

    @contextlib.asynccontextmanager
    async def _told(self) -> AsyncIterator[None]:
        """Whatever goes wrong is told to whoever waits for it, who would wait in vain."""
        try:
            yield
        except ClassifierError as error:
            failure = error
        except Exception as error:  # a fault of ours in a task that nobody else looks at
            logger.exception("the classifier failed")
            failure = BackendError(f"the classifier failed: {type(error).__name__}")
        else:
            return
        await self._answers.send(Message(Kind.FAILED, self._number, payload=packed_error(failure)))


async def hear(backend: Backend, reader: asyncio.StreamReader, answers: Answers) -> None:
    """Load a backend and do what is asked of it, until nobody asks any more."""
    try:
        await backend.load()
    except ClassifierError as error:
        await answers.send(Message(Kind.FAILED, payload=packed_error(error)))
        return
    about = About(backend.name, backend.model_id, backend.model_sha256, backend.open().block_s)
    await answers.send(Message(Kind.READY, payload=packed_about(about)))
    listeners: dict[int, HeardListener] = {}
    stopping: set[asyncio.Task[None]] = set()
    async for message in read_messages(reader):
        number = message.listener
        if message.kind is Kind.OPEN:
            inner = backend.open(options_of(message.payload))
            listeners[number] = HeardListener(number, inner, answers)
        elif number not in listeners:
            # It was stopped: what comes after is let go unheard, but nobody waits in vain.
            await answers.send(Message(Kind.DONE, number, message.number))
        elif message.kind is Kind.AUDIO:
            listeners[number].feed(message)
        elif message.kind is Kind.VOICES:
            listeners[number].tell_voices(message)
        elif message.kind is Kind.STOP:
            task = asyncio.create_task(listeners.pop(number).stop(), name=f"listener-{number}-stop")
            stopping.add(task)
            task.add_done_callback(stopping.discard)
    await backend.aclose()


async def _run(make: Callable[[], Backend], own_out: IO[bytes]) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_PIPE_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    transport, protocol = await loop.connect_write_pipe(
        lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), own_out
    )
    answers = Answers(asyncio.StreamWriter(transport, protocol, None, loop))
    try:
        await hear(make(), reader, answers)
    except ClassifierError as error:
        await answers.send(Message(Kind.FAILED, payload=packed_error(error)))
    except Exception as error:  # the root of the process: whoever started it is told
        told = BackendError(f"the classifier's process failed: {error!r}")
        await answers.send(Message(Kind.FAILED, payload=packed_error(told)))
        raise
    finally:
        await answers.flush()


def run(make: Callable[[], Backend]) -> None:
    """Be the process that hears, until standard input ends.

    Args:
        make: gives the backend; a ClassifierError that it raises is told like one of loading.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    keep_pages()
    # What anything prints by mistake must not get among the messages.
    own_out = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # What was imported stays: to look through it time and again would hold up every voice.
    gc.freeze()
    uvloop.run(_run(make, own_out))
