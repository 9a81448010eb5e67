"""Several backends in an order of preference, as ``LINNET_CLASSIFIER`` lists them.

Owns the two rules of the chain. A backend that fails before its first reading, when it is loaded
or when it is first fed, is passed over for the next, and whoever listens is told. One that fails
later fails its sessions: what a voice is said to sound like never changes its author in silence.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Final

from classifier.backend import PLAIN, Backend, Listener, ListenOptions, PcmInt16
from classifier.errors import ClassifierError, ModelError
from classifier.frames import SAMPLE_RATE_HZ, Source, VoiceFrame

logger = logging.getLogger(__name__)

PROVEN: Final = SAMPLE_RATE_HZ // 2
"""Samples of one source that a backend takes without failing before it counts as proven: from so
much every backend has made a reading. Until then they are kept, to be given to the next."""


class ChainBackend(Backend):
    """The first of several that works."""

    def __init__(self, members: Sequence[Backend]) -> None:
        """Nothing loaded yet.

        Args:
            members: at least one, the most wanted first; closed with the chain.
        """
        if not members:
            raise ValueError("a chain has at least one backend")
        self._members = tuple(members)
        self._at = 0
        self._ready = False
        self._proven = False
        self._turn = asyncio.Lock()
        self._spent: ModelError | None = None
        self.notices: list[str] = []
        """What was passed over and why, one sentence each, in order."""

    @property
    def name(self) -> str:
        """Of the member that is listening, or is about to be tried."""
        return self._members[self._at].name

    @property
    def model_id(self) -> str:
        """Of the same member."""
        return self._members[self._at].model_id

    @property
    def model_sha256(self) -> str:
        """Of the same member."""
        return self._members[self._at].model_sha256

    @property
    def pids(self) -> Sequence[int]:
        """Of all members: one that was passed over may still run."""
        return [pid for member in self._members for pid in member.pids]

    @property
    def place(self) -> int:
        """Which member is listening, from 0."""
        return self._at

    async def load(self) -> None:
        """Make the first member ready that can be. Idempotent.

        Raises:
            ModelError: none can; the message says why not.
        """
        async with self._turn:
            await self._settle()

    def open(self, options: ListenOptions = PLAIN) -> ChainListener:
        """A listener for one session; which backend it is on is settled at its first audio."""
        return ChainListener(self, options)

    async def aclose(self) -> None:
        """Close every member, also those passed over."""
        for member in self._members:
            await member.aclose()

    def prove(self, place: int) -> None:
        """That member has made its first reading: from now on its failures are final."""
        if place == self._at:
            self._proven = True

    def may_leave(self, place: int) -> bool:
        """Whether a failure of that member is one before its first reading."""
        return place < self._at or (not self._proven and place + 1 < len(self._members))

    @property
    def proven(self) -> bool:
        """Whether the member that is listening has made its first reading."""
        return self._proven

    async def leave(self, place: int, error: ClassifierError) -> None:
        """Pass over that member, unless another session already has.

        Raises:
            ModelError: none that comes after it can be made ready.
        """
        async with self._turn:
            if place == self._at:
                self._pass_over(error)
            await self._settle()

    def open_current(self, options: ListenOptions) -> tuple[int, Listener]:
        """A listener of the member that is listening, and its place."""
        return self._at, self._members[self._at].open(options)

    async def _settle(self) -> None:
        while not self._ready:
            if self._spent is not None:
                raise self._spent
            try:
                await self._members[self._at].load()
            except ClassifierError as error:
                self._pass_over(error)
            else:
                self._ready = True
                for notice in self.notices:
                    logger.warning("%s Listening now: %s.", notice, self.name)

    def _pass_over(self, error: ClassifierError) -> None:
        self.notices.append(f"The classifier {self.name} could not be used ({error}).")
        self._ready = False
        if self._at + 1 < len(self._members):
            self._at += 1
        else:
            self._spent = ModelError(" ".join(self.notices))


class ChainListener(Listener):
    """One session's ears, whoever of the chain they belong to."""

    def __init__(self, chain: ChainBackend, options: ListenOptions) -> None:
        self._chain = chain
        self._options = options
        self._inner: Listener | None = None
        self._place = 0
        self._kept: deque[tuple[PcmInt16, Source]] = deque()
        self._taken: dict[Source, int] = {}
        self._turn = asyncio.Lock()
        self._stopped = False
        self._told = 0
        self._follows_audio = False

    @property
    def block_s(self) -> float:
        """Of who is listening; 0 before anybody is."""
        return 0.0 if self._inner is None else self._inner.block_s

    def follow_audio(self) -> None:
        """See :meth:`Listener.follow_audio`."""
        self._follows_audio = True
        if self._inner is not None:
            self._inner.follow_audio()

    async def feed(self, pcm: PcmInt16, source: Source = Source.MIC) -> None:
        """See :meth:`Listener.feed`. Audio that a failing backend took goes to the next too."""
        inner = await self._current()
        keep = self._chain.may_leave(self._place)
        if keep:
            self._kept.append((pcm.copy(), source))
        else:
            self._kept.clear()
        try:
            await inner.feed(pcm, source)
        except ClassifierError as error:
            await self._move_on(inner, error)
            return  # What was kept, this audio with it, has been fed again.
        if keep:
            self._taken[source] = self._taken.get(source, 0) + pcm.size
            if self._taken[source] >= PROVEN and inner is self._inner:
                self._chain.prove(self._place)

    async def stream(self) -> AsyncIterator[VoiceFrame]:
        """See :meth:`Listener.stream`."""
        while True:
            if self._stopped and self._inner is None:
                return
            inner = await self._current()
            place = self._place
            try:
                async for frame in inner.stream():
                    self._chain.prove(place)
                    yield frame
            except ClassifierError as error:
                await self._move_on(inner, error)
            if inner is self._inner:
                return

    async def known_voices(self) -> str:
        """See :meth:`Listener.known_voices`."""
        return "" if self._inner is None else await self._inner.known_voices()

    async def stop(self) -> None:
        """See :meth:`Listener.stop`."""
        self._stopped = True
        if self._inner is not None:
            await self._inner.stop()

    def take_notices(self) -> Sequence[str]:
        """What was passed over since last asked, the last with who is listening now."""
        new = self._chain.notices[self._told :]
        self._told += len(new)
        if new:
            new[-1] += f" Listening now: {self._chain.name}."
        return new

    async def _current(self) -> Listener:
        async with self._turn:
            if self._inner is None:
                await self._chain.load()
                await self._open()
            assert self._inner is not None
            return self._inner

    async def _open(self) -> None:
        self._place, self._inner = self._chain.open_current(self._options)
        if self._follows_audio:
            self._inner.follow_audio()
        if self._stopped:
            await self._inner.stop()

    async def _move_on(self, failed: Listener, error: ClassifierError) -> None:
        """Go to the backend that comes after, with all audio so far; or raise the error."""
        async with self._turn:
            while self._inner is failed:
                if not self._chain.may_leave(self._place):
                    raise error
                await self._chain.leave(self._place, error)
                await self._open()
                self._taken.clear()
                # Only what had no reading yet is kept, so nothing is heard twice.
                kept = tuple(self._kept)
                await failed.stop()
                try:
                    for pcm, source in kept:
                        await self._inner.feed(pcm, source)
                except ClassifierError as next_error:
                    failed, error = self._inner, next_error
