"""The bounded inbox of one source: audio that has arrived and not yet been analysed.

Audio may run ahead of real time by ``buffer_s`` seconds, and so much may wait; a message beyond
either is refused as ``overrun``, never queued. Counted in samples. Knows neither sockets nor
classifiers.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from classifier.frames import SAMPLE_RATE_HZ
from server.clock import Clock
from server.errors import AudioRefusedError

SAMPLE_BYTES: Final = 2
MESSAGE_MAX_SAMPLES: Final = SAMPLE_RATE_HZ
"""One second: the most a single message may hold."""

_JOIN_BYTES: Final = 3_200
"""Messages smaller than 100 ms are kept joined up to this: a client that sends single samples
costs no more memory than one that sends the usual size."""

_ARRIVALS_MAX: Final = 2_048
"""Arrival times remembered for latency; the oldest go first."""


class TakenAudio(NamedTuple):
    """Audio given out for analysis."""

    pcm: NDArray[np.int16]
    """Shape ``(samples,)``, mono, 16 kHz."""

    arrived_s: float
    """When there was enough of it to be given out, on the monotonic clock."""


class AudioInbox:
    """Accepts messages of PCM from a socket, gives them out in order to the classifier's lane."""

    def __init__(self, clock: Clock, *, buffer_s: float) -> None:
        self._clock = clock
        self._buffer_samples = int(buffer_s * SAMPLE_RATE_HZ)
        self._messages: deque[tuple[bytearray, float]] = deque()
        self._waiting_samples = 0
        self._enough_samples = 1
        """As many as must wait for :meth:`take` to go on."""
        self._room = asyncio.Event()
        self._allowance = float(self._buffer_samples)
        self._allowance_at_s = clock.monotonic_s()
        self._arrivals: deque[tuple[int, float]] = deque()
        self._arrivals_lost_to = -1
        self._closed = False
        self.accepted_samples = 0
        """The clock of the source: samples received so far."""
        self._heard_samples = 0

    def offer(self, message: bytes) -> None:
        """Accept one binary message, or raise and leave everything as it was.

        Args:
            message: little-endian Int16 samples, mono, 16 kHz; 1 sample to 1 s.

        Raises:
            AudioRefusedError: ``empty``, ``odd_length``, ``too_long`` or ``overrun``.
        """
        samples, odd = divmod(len(message), SAMPLE_BYTES)
        if not message:
            raise AudioRefusedError("empty", "The message holds no audio.")
        if odd:
            raise AudioRefusedError(
                "odd_length",
                f"{len(message)} bytes are not whole 16-bit samples; the message was dropped.",
            )
        if samples > MESSAGE_MAX_SAMPLES:
            raise AudioRefusedError(
                "too_long",
                f"{samples} samples are more than one second "
                f"({MESSAGE_MAX_SAMPLES}); send shorter messages.",
            )
        now_s = self._clock.monotonic_s()
        self._refill(now_s)
        if samples > self._allowance or self._waiting_samples + samples > self._buffer_samples:
            raise AudioRefusedError(
                "overrun",
                "Audio arrives faster than real time and the buffer of "
                f"{self._buffer_samples / SAMPLE_RATE_HZ:g} s is full; the message was dropped.",
            )
        self._allowance -= samples
        if self._messages and len(self._messages[-1][0]) + len(message) <= _JOIN_BYTES:
            self._messages[-1][0].extend(message)
        else:
            self._messages.append((bytearray(message), now_s))
        self._waiting_samples += samples
        self.accepted_samples += samples
        self._arrivals.append((self.accepted_samples, now_s))
        if len(self._arrivals) > _ARRIVALS_MAX:
            self._arrivals_lost_to, _ = self._arrivals.popleft()
        if self._waiting_samples >= self._enough_samples:
            self._room.set()

    async def take(self, max_s: float, block_s: float = 0.0) -> TakenAudio | None:
        """The next audio, up to ``max_s`` seconds of it (at least one message, or small ones
        joined to 100 ms).

        Args:
            max_s: the most that is of use at once.
            block_s: waits until what is given out completes a block of so many seconds, counted
                from the source's first sample: less would only wait elsewhere. A closed inbox
                gives out what it holds.

        Returns:
            None once the inbox is closed and empty.
        """
        self._enough_samples = self._missing(block_s)
        while self._waiting_samples < self._enough_samples and not self._closed:
            self._room.clear()
            await self._room.wait()
        if not self._messages:
            return None
        budget = int(max_s * SAMPLE_RATE_HZ)
        first, arrived_s = self._messages.popleft()
        taken = [first]
        count = len(first) // SAMPLE_BYTES
        while self._messages and count + len(self._messages[0][0]) // SAMPLE_BYTES <= budget:
            message, came_s = self._messages.popleft()
            if count < self._enough_samples:
                arrived_s = came_s
            count += len(message) // SAMPLE_BYTES
            taken.append(message)
        self._waiting_samples -= count
        pcm = np.frombuffer(b"".join(taken), dtype="<i2").astype(np.int16, copy=False)
        return TakenAudio(pcm, arrived_s)

    def heard(self, samples: int) -> None:
        """So much of what was given out has been analysed."""
        self._heard_samples += samples

    @property
    def unheard_s(self) -> float:
        """Seconds of what was accepted that have not been analysed."""
        return (self.accepted_samples - self._heard_samples) / SAMPLE_RATE_HZ

    def close(self) -> None:
        """Take nothing more; :meth:`take` ends after what waits."""
        self._closed = True
        self._room.set()

    def arrived_s(self, timestamp_s: float) -> float | None:
        """When the audio up to ``timestamp_s`` had arrived (monotonic); None when long ago.

        Forgets everything before that moment: ask in order.
        """
        sample = round(timestamp_s * SAMPLE_RATE_HZ)
        while self._arrivals and self._arrivals[0][0] < sample:
            self._arrivals.popleft()
        if sample <= self._arrivals_lost_to:
            return None
        return self._arrivals[0][1] if self._arrivals else None

    def _missing(self, block_s: float) -> int:
        """Samples that complete the block under way; no more than half of what may wait."""
        block = round(block_s * SAMPLE_RATE_HZ)
        if block <= 1:
            return 1
        given = self.accepted_samples - self._waiting_samples
        return min(block - given % block, max(1, self._buffer_samples // 2))

    def _refill(self, now_s: float) -> None:
        grown = self._allowance + (now_s - self._allowance_at_s) * SAMPLE_RATE_HZ
        self._allowance = min(grown, float(self._buffer_samples))
        self._allowance_at_s = now_s
