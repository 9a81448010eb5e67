"""What hears: one backend per process, one listener per session.

A :class:`Backend` holds what sessions share (a loaded model, a worker thread). A
:class:`Listener` belongs to one session: audio goes in by :meth:`~Listener.feed`, readings come
out of :meth:`~Listener.stream`. How each kind listens is its own affair.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.frames import DEFAULT_WINDOW_MS, Source, VoiceFrame

PcmInt16 = NDArray[np.int16]
"""Mono PCM at 16 kHz, shape ``(samples,)``."""


def check_pcm(pcm: PcmInt16) -> None:
    """Refuse what is no PCM.

    Raises:
        ValueError: not one-dimensional, or not of 16 bits.
    """
    if pcm.ndim != 1 or pcm.dtype.kind != "i" or pcm.dtype.itemsize != 2:
        raise ValueError("pcm must be one-dimensional int16")


@dataclass(frozen=True, slots=True)
class ListenOptions:
    """How one session wishes to be heard. Who cannot do what is wished for leaves it."""

    seed: int | None = None
    """Makes a synthetic session repeatable."""

    num_speakers: int = 0
    """How many people speak in the whole session; 0: nobody knows."""

    window_ms: int = DEFAULT_WINDOW_MS
    """How much speech a word rests on, milliseconds: shorter is quicker, longer is steadier."""

    known_voices: str = ""
    """What an earlier listener knew of the voices that will be heard, as its
    :meth:`Listener.known_voices` gave it. Who learnt otherwise begins anew."""


PLAIN: Final = ListenOptions()


class Listener(ABC):
    """One session's ears. Used from one event loop; never computes on it."""

    @abstractmethod
    async def feed(self, pcm: PcmInt16, source: Source = Source.MIC) -> None:
        """Take audio of one source, in order; any chunking gives the same frames.

        Returns when the audio has been analysed and its frames wait in :meth:`stream`: who
        feeds faster than that waits here.

        Raises:
            BackendError: the backend failed; nothing more can be fed.
        """

    @abstractmethod
    def stream(self) -> AsyncIterator[VoiceFrame]:
        """The readings of all sources as they are made, until :meth:`stop`. One reader.

        Raises:
            BackendError: the backend failed, after the frames made before it.
        """

    @property
    def block_s(self) -> float:
        """Seconds of audio that are analysed at once, counted from a source's first sample: who
        feeds a whole block, or what completes one, loses no time and saves calls. 0: any amount."""
        return 0.0

    def follow_audio(self) -> None:  # noqa: B027 - most need do nothing
        """The audio that will come is a recording: its time counts, not the clock's. To be called
        before anything is fed; those that listen go by the audio in any case."""

    def take_notices(self) -> Sequence[str]:
        """What the session should be told about who is listening; each is given out once."""
        return ()

    async def known_voices(self) -> str:
        """What has been learnt of the voices so far, for :class:`ListenOptions` of a later one;
        empty where nothing was. Waits for the feeds under way; not to be asked once stopped.

        Raises:
            BackendError: the backend failed.
        """
        return ""

    @abstractmethod
    async def stop(self) -> None:
        """End :meth:`stream` after what is already made. Harmless when called twice."""


class Backend(ABC):
    """What the sessions of one process share."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What the process says is listening: ``acoustic``, ``onnx:`` and a file's name,
        ``mock``."""

    @property
    def model_id(self) -> str:
        """Which model it is, with its version where it has one; its name until it is loaded."""
        return self.name

    @property
    def model_sha256(self) -> str:
        """Of the network's file, in hexadecimal; empty without a network and until it is loaded."""
        return ""

    @property
    def pids(self) -> Sequence[int]:
        """Of the processes of its own that run: none where it hears in the one that asks."""
        return ()

    @abstractmethod
    async def load(self) -> None:
        """Make ready, off the event loop. Idempotent.

        Raises:
            ModelError: the model cannot be used.
        """

    @abstractmethod
    def open(self, options: ListenOptions = PLAIN) -> Listener:
        """A listener for one session."""

    @abstractmethod
    async def aclose(self) -> None:
        """Let go of threads and model. Sessions still open fail with BackendError."""
