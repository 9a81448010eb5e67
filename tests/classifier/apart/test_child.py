"""classifier.apart.child, in this process: what the other end is told when a backend fails."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace

import numpy as np
import pytest

from classifier import Backend, BackendError, ClassifierError, Listener, Source, VoiceFrame
from classifier.apart.child import Answers, hear
from classifier.apart.messages import (
    Kind,
    Message,
    error_of,
    packed_audio,
    packed_options,
    read_messages,
)
from classifier.backend import PLAIN, ListenOptions, PcmInt16

AUDIO = packed_audio(Source.MIC, np.zeros(8000, np.int16))


class Frail(Backend, Listener):
    """A backend and its one listener, which fail where they are told to."""

    def __init__(self, failing: str, error: Exception) -> None:
        self._failing = failing
        self._error = error
        self._fed = asyncio.Event()
        self.closed = False

    @property
    def name(self) -> str:
        return "frail"

    def _fail(self, where: str) -> None:
        if where == self._failing:
            raise self._error

    async def load(self) -> None:
        self._fail("load")

    def open(self, options: ListenOptions = PLAIN) -> Listener:
        return self

    async def feed(self, pcm: PcmInt16, source: Source = Source.MIC) -> None:
        self._fed.set()
        self._fail("feed")

    async def stream(self) -> AsyncIterator[VoiceFrame]:
        await self._fed.wait()
        yield VoiceFrame(0.5, Source.MIC, 0.0)
        self._fail("stream")

    async def known_voices(self) -> str:
        self._fail("voices")
        return "everybody ü"

    async def stop(self) -> None:
        self._fed.set()

    async def aclose(self) -> None:
        self.closed = True


async def answers_of(backend: Backend, *messages: Message) -> list[Message]:
    """All that a child with that backend answers to these messages, over a real pipe."""
    loop = asyncio.get_running_loop()
    asked, answered = asyncio.StreamReader(), asyncio.StreamReader()
    out, into = os.pipe()
    reading, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(answered), os.fdopen(out, "rb", buffering=0)
    )
    writing, protocol = await loop.connect_write_pipe(
        lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()),
        os.fdopen(into, "wb", buffering=0),
    )
    writer = asyncio.StreamWriter(writing, protocol, None, loop)
    answers = Answers(writer)
    hearing = asyncio.create_task(hear(backend, asked, answers))
    for message in messages:
        asked.feed_data(message.packed())
        for _ in range(5):
            await asyncio.sleep(0)
    asked.feed_eof()
    await asyncio.wait_for(hearing, 5)
    await answers.flush()
    writer.close()
    found = [message async for message in read_messages(answered)]
    reading.close()
    return found


SESSION = (
    Message(Kind.OPEN, 7, payload=packed_options(PLAIN)),
    Message(Kind.AUDIO, 7, 1, AUDIO),
    Message(Kind.STOP, 7),
)


async def test_a_session_is_answered_in_order() -> None:
    """Ready, what was heard, the end; then the backend is closed."""
    backend = Frail("nowhere", ZeroDivisionError())
    kinds = [message.kind for message in await answers_of(backend, *SESSION)]
    assert kinds[0] is Kind.READY
    assert sorted(kinds[1:3], key=str) == [Kind.DONE, Kind.FRAMES]
    assert kinds[3:] == [Kind.ENDED]
    assert backend.closed


async def test_what_comes_after_the_end_is_let_go() -> None:
    """Audio that crossed with the end, or an end said twice, harms nobody; who waits is told."""
    late = Message(Kind.AUDIO, 7, 2, AUDIO)
    said = await answers_of(Frail("nowhere", ZeroDivisionError()), *SESSION, late, SESSION[-1])
    assert Message(Kind.DONE, 7, 2) in said
    assert [message.kind for message in said].count(Kind.ENDED) == 1


async def test_a_backend_that_cannot_be_loaded_says_why() -> None:
    """And nothing else is said."""
    [message] = await answers_of(Frail("load", BackendError("no room")), *SESSION)
    assert (message.kind, message.listener) == (Kind.FAILED, 0)
    assert str(error_of(message.payload)) == "no room"


async def test_what_is_known_of_the_voices_is_told_while_it_listens() -> None:
    """By the number of who asked; once stopped it is nothing, and nobody waits in vain."""
    ask = Message(Kind.VOICES, 7, 2)
    said = await answers_of(
        Frail("nowhere", ZeroDivisionError()), *SESSION[:2], ask, SESSION[2], replace(ask, number=3)
    )
    assert replace(ask, payload="everybody ü".encode()) in said
    assert Message(Kind.DONE, 7, 3) in said


@pytest.mark.parametrize("where", ["feed", "stream", "voices"])
@pytest.mark.parametrize("error", [BackendError("it broke"), ZeroDivisionError("ours")])
async def test_whoever_waits_for_a_listener_that_fails_is_told(
    where: str, error: Exception
) -> None:
    """What a backend says of its failure; of a fault of ours its kind."""
    ask = Message(Kind.VOICES, 7, 2)
    said = await answers_of(Frail(where, error), *SESSION[:2], ask, SESSION[2])
    [failed] = [message for message in said if message.kind is Kind.FAILED]
    assert failed.listener == 7
    told = error_of(failed.payload)
    assert isinstance(told, BackendError)
    known = isinstance(error, ClassifierError)
    assert str(told) == ("it broke" if known else "the classifier failed: ZeroDivisionError")
    assert said[-1].kind is Kind.ENDED
