"""One process that hears, seen from the server's: started, asked, told apart by listener, ended.

Owns the child process, its pipe and the task that reads it. When the process is gone, whoever waits
for it is told, and a new one is somebody else's decision.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final, Protocol

from classifier.apart.messages import About, Kind, Message, about_of, error_of, read_messages
from classifier.errors import BackendError, ClassifierError

logger = logging.getLogger(__name__)

LOAD_S: Final = 60.0
"""How long a process may take to load its backend."""

HUNG_S: Final = 65.0
"""How long it may say nothing to anybody when it was asked something: longer than a backend takes
to give up by itself."""

END_S: Final = 5.0
"""How long it may take to end when its pipe has; then it is killed."""

_PIPE_BYTES: Final = 1024 * 1024
_ROOT: Final = Path(__file__).resolve().parents[2]
_KEPT: Final = ("PATH", "LANG", "LC_ALL", "HOME", "TMPDIR")
"""Of the environment: no keys, and no settings but the classifier's own."""


class Ear(Protocol):
    """Who is told what a process says to one listener."""

    def hear(self, message: Message) -> None:
        """Take a message."""

    def fail(self, error: ClassifierError) -> None:
        """The process is gone."""


class Hearer:
    """A running process. Used from one event loop."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        about: About,
        messages: AsyncIterator[Message],
    ) -> None:
        """Of a process that has said what it is, and what else it will say."""
        self.about = about
        self._process = process
        self._messages = messages
        self._ears: dict[int, Ear] = {}
        self._count = 0
        self._gone = False
        self._asked_s: float | None = None
        """Since when an answer is owed; None where all is quiet."""
        self._draining = asyncio.Lock()
        """A stream knows of one who waits for room only."""
        self._reading = asyncio.create_task(self._read(), name="hearer-read")

    @property
    def alive(self) -> bool:
        """Whether it can be asked anything."""
        return not self._gone

    @property
    def listeners(self) -> int:
        """How many it has."""
        return len(self._ears)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def hung(self) -> bool:
        """Whether it was asked something long ago and has said nothing since."""
        return self._asked_s is not None and time.monotonic() - self._asked_s >= HUNG_S

    async def give_up(self) -> None:
        """Kill it: whoever waits for it is told, and nobody asks it again."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._read_out()

    def join(self, ear: Ear) -> int:
        """A number for a new listener, whose messages go to ``ear`` from now on."""
        self._count += 1
        self._ears[self._count] = ear
        return self._count

    def leave(self, number: int) -> None:
        """Forget a listener that was never opened."""
        self._ears.pop(number, None)

    async def send(self, message: Message) -> None:
        """Write a message at once; waits while the process has not read those before.

        Raises:
            BackendError: the process is gone.
        """
        stdin = self._process.stdin
        if self._gone or stdin is None:
            raise _lost()
        if message.kind is not Kind.OPEN and self._asked_s is None:
            self._asked_s = time.monotonic()
        try:
            stdin.write(message.packed())
            async with self._draining:
                await stdin.drain()
        except ConnectionError as error:
            raise _lost() from error

    async def aclose(self) -> None:
        """End the process, kindly and then not. Harmless when called twice."""
        self._gone = True
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(END_S):
                await self._process.wait()
        except TimeoutError:
            logger.warning("the classifier's process %d did not end and is killed", self.pid)
            await _kill(self._process)
        await self._read_out()

    async def _read_out(self) -> None:
        """Wait until all are told; they are also where whoever waits here is cancelled."""
        await asyncio.wait([self._reading])

    async def _read(self) -> None:
        failure: ClassifierError = _lost()
        try:
            async for message in self._messages:
                self._asked_s = None
                if message.kind is Kind.FAILED and not message.listener:
                    failure = error_of(message.payload)
                ear = self._ears.get(message.listener)
                if ear is not None:
                    ear.hear(message)
                if message.kind is Kind.ENDED:
                    self._ears.pop(message.listener, None)
        except ClassifierError as error:
            failure = error
        except Exception as error:  # a fault of ours: nobody else looks at this task
            logger.exception("what the classifier's process %d said makes no sense", self.pid)
            failure = BackendError(f"the classifier's process failed: {type(error).__name__}")
        if not self._gone:
            self._gone = True
            await _kill(self._process)
            logger.error(
                "the classifier's process %d is gone (status %s)",
                self.pid,
                self._process.returncode,
            )
        ears, self._ears = self._ears, {}
        for ear in ears.values():
            ear.fail(failure)


async def start_hearer(word: str, env: Mapping[str, str]) -> Hearer:
    """Start a process that hears with the backend of that name, and wait until it can.

    Args:
        word: as in ``LINNET_CLASSIFIER``.
        env: the classifier's settings.

    Raises:
        ClassifierError: it cannot; the same as the backend would raise here.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "classifier",
            word,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=_environment(env),
            limit=_PIPE_BYTES,
            # Ctrl-C in a terminal is for the server, which may still want to hear the last words.
            start_new_session=True,
        )
    except OSError as error:
        raise BackendError("the classifier's process cannot be started") from error
    assert process.stdout is not None
    messages = read_messages(process.stdout)
    try:
        async with asyncio.timeout(LOAD_S):
            message = await anext(messages, None)
        if message is None:
            raise BackendError("the classifier's process ended before it was ready")
        if message.kind is Kind.FAILED:
            raise error_of(message.payload)
        return Hearer(process, about_of(message.payload), messages)
    except TimeoutError as error:
        await _kill(process)
        raise BackendError(f"the classifier was not loaded within {LOAD_S:.0f} s") from error
    except BaseException:
        await _kill(process)
        raise


async def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()


def _lost() -> BackendError:
    return BackendError("the classifier's process ended")


def _environment(env: Mapping[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {
        **kept,
        **env,
        "PYTHONPATH": str(_ROOT),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "VECLIB_MAXIMUM_THREADS": "1",
    }
