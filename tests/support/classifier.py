"""A classifier that says what a test tells it to, and fails when the test says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from classifier.backend import PLAIN, Backend, Listener, ListenOptions, PcmInt16
from classifier.errors import BackendError, ClassifierError
from classifier.frames import Affect, Source, VoiceFrame


def voice_frame(
    timestamp_s: float,
    affect: Affect | None = Affect.FRUSTRATED,
    *,
    source: Source = Source.MIC,
    confidence: float = 0.8,
) -> VoiceFrame:
    """A reading that names ``affect``, or one of which nothing can be said when it is None."""
    return VoiceFrame(
        timestamp_s=timestamp_s,
        source=source,
        speech=0.9 if affect is not None else 0.1,
        affect=affect,
        confidence=confidence if affect is not None else 0.0,
        arousal=0.5 if affect is not None else None,
        valence=-0.25 if affect is not None else None,
        dominance=0.0 if affect is not None else None,
    )


class ScriptedListener(Listener):
    """One session's listener: readings come out of it by :meth:`emit`, not from the audio."""

    def __init__(self) -> None:
        self.fed: list[tuple[PcmInt16, Source]] = []
        """Audio taken so far, in the order it was given."""
        self.feed_gate = asyncio.Event()
        """Clear it, and whoever feeds waits, as with a classifier that has fallen behind."""
        self.feed_gate.set()
        self.stop_gate = asyncio.Event()
        """Clear it, and :meth:`stop` hangs."""
        self.stop_gate.set()
        self.feed_error: Exception | None = None
        """Raised by the next feed."""
        self.stop_error: Exception | None = None
        """Raised by :meth:`stop`."""
        self.frame_per_feed: Affect | None = None
        """Set it, and every feed makes a reading of this affect at the end of its audio."""
        self.notices: list[str] = []
        """Given out by the next :meth:`take_notices`."""
        self.knows = ""
        """What it has learnt of the voices."""
        self.knows_gate = asyncio.Event()
        """Clear it, and :meth:`known_voices` hangs."""
        self.knows_gate.set()
        self.stopped = False
        self._samples: dict[Source, int] = {}
        self._out: asyncio.Queue[VoiceFrame | Exception | None] = asyncio.Queue()

    def emit(self, *frames: VoiceFrame) -> None:
        """Readings to come out of :meth:`stream`."""
        for frame in frames:
            self._out.put_nowait(frame)

    def fail(self, error: Exception | None = None) -> None:
        """The backend breaks: :meth:`stream` raises after the readings already emitted."""
        self._out.put_nowait(error or BackendError("the scripted backend was told to fail"))

    async def feed(self, pcm: PcmInt16, source: Source = Source.MIC) -> None:
        """Note the audio; wait while :attr:`feed_gate` is clear."""
        await self.feed_gate.wait()
        if self.feed_error is not None:
            raise self.feed_error
        self.fed.append((pcm, source))
        total = self._samples.get(source, 0) + len(pcm)
        self._samples[source] = total
        if self.frame_per_feed is not None:
            self.emit(voice_frame(total / 16_000, self.frame_per_feed, source=source))

    async def stream(self) -> AsyncIterator[VoiceFrame]:
        """What was emitted, in order, until :meth:`stop` or :meth:`fail`."""
        while (item := await self._out.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item

    def take_notices(self) -> list[str]:
        """What the test wrote down, once."""
        notices, self.notices = self.notices, []
        return notices

    async def known_voices(self) -> str:
        """What the test wrote down; wait while :attr:`knows_gate` is clear."""
        await self.knows_gate.wait()
        if self.feed_error is not None:
            raise self.feed_error
        return self.knows

    async def stop(self) -> None:
        """End :meth:`stream` after what was emitted."""
        await self.stop_gate.wait()
        self.stopped = True
        self._out.put_nowait(None)
        if self.stop_error is not None:
            raise self.stop_error


class ScriptedBackend(Backend):
    """What sessions of a test share; :attr:`opened` holds their listeners."""

    name = "scripted"

    def __init__(self) -> None:
        self.opened: list[ScriptedListener] = []
        """Every session's listener, the newest last."""
        self.load_gate = asyncio.Event()
        """Clear it, and loading does not end."""
        self.load_gate.set()
        self.load_error: ClassifierError | None = None
        """Raised by loading."""
        self.closed = False
        self.asked_for: list[ListenOptions] = []
        """How each session wished to be heard, in the order they were started."""

    @property
    def last(self) -> ScriptedListener:
        """The listener of the session started last."""
        return self.opened[-1]

    async def load(self) -> None:
        """Ready when :attr:`load_gate` is set."""
        await self.load_gate.wait()
        if self.load_error is not None:
            raise self.load_error

    def open(self, options: ListenOptions = PLAIN) -> ScriptedListener:
        """A listener for one session; it says nothing by itself."""
        self.asked_for.append(options)
        listener = ScriptedListener()
        self.opened.append(listener)
        return listener

    async def aclose(self) -> None:
        """Note it."""
        self.closed = True
