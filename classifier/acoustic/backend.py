"""The acoustic classifier behind the common interface: one engine and one network per process.

Owns the way between the event loop and the worker thread. The loop only copies samples and moves
finished frames; everything that computes runs in the engine.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Final

from classifier.acoustic.analysis import TOGETHER, analyse
from classifier.acoustic.known import KnownVoice, dump, parse
from classifier.acoustic.lane import Lane, Reading
from classifier.acoustic.layout import BLOCK_S
from classifier.acoustic.model import Network, load_network
from classifier.acoustic.settings import floor_from_env, weights_from_env
from classifier.acoustic.voices import VoiceTracker, shipped_voice_model
from classifier.backend import PLAIN, Backend, Listener, ListenOptions, PcmInt16, check_pcm
from classifier.engine import BatchEngine
from classifier.errors import BackendError, ClassifierError
from classifier.frames import DEFAULT_WINDOW_MS, Affect, Source, VoiceFrame
from classifier.speakers import SpeakerNames

MAX_UNREAD: Final = 256
"""Frames that wait for the reader of a stream (two minutes of one voice). When it is full, feed
waits: nothing is dropped."""

GATHER_S: Final = 0.02
"""How long a window waits for those of other sessions, for each that was in the last batch: alone,
hardly at all; where there are a hundred, they share each call, each commit and each change of
threads."""

DEADLINE_S: Final = 60.0
"""How long one feed waits for its analysis before it gives the backend up."""


class AcousticBackend(Backend):
    """Hears how a voice sounds, from the audio itself."""

    @property
    def name(self) -> str:
        """``acoustic``."""
        return "acoustic"

    @property
    def model_id(self) -> str:
        """Such as ``acoustic:open@2``; with ``,floor=0.7`` where that was set."""
        if self._network is None:
            return self.name
        card = self._network.card
        floor = "" if self._floor is None else f",floor={self._floor:g}"
        return f"{self.name}:{card.name}@{card.version}{floor}"

    @property
    def model_sha256(self) -> str:
        """Of the weights."""
        return "" if self._network is None else self._network.card.weights_sha256

    def __init__(self, weights: str = "open", floor: float | None = None) -> None:
        """Not loaded yet.

        Args:
            weights: name of shipped weights, or path of an ``.onnx`` file with its card beside it.
            floor: how sure a word must be to be named, instead of what the card says.
        """
        self._weights = weights
        self._floor = floor
        self._network: Network | None = None
        self._loading = asyncio.Lock()
        # No more than go through a round together: of two rounds in a call the first would wait for
        # the second, and the few in it would cost nearly as much as many.
        self._engine: BatchEngine[Lane, list[Reading]] = BatchEngine(
            self._analyse, name="linnet-acoustic", max_batch=TOGETHER, gather_s=GATHER_S
        )

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> AcousticBackend:
        """The backend with the weights named by ``LINNET_WEIGHTS`` (default ``open``), and the
        floor of ``LINNET_FLOOR`` (default: that of the weights).

        Raises:
            ConfigError: one of them cannot be.
        """
        return cls(weights_from_env(env), floor_from_env(env))

    async def load(self) -> None:
        """Load the network off the event loop and start the engine. Idempotent."""
        async with self._loading:
            if self._network is None:
                network = await asyncio.to_thread(load_network, self._weights)
                if self._floor is not None:
                    network.card = network.card.with_floor(self._floor)
                self._network = network
                await asyncio.to_thread(shipped_voice_model)
        self._engine.start()

    @property
    def possible_affects(self) -> frozenset[Affect]:
        """The affects that the loaded weights can name.

        Raises:
            BackendError: nothing is loaded yet.
        """
        return self.network.card.possible_affects

    @property
    def network(self) -> Network:
        """The loaded network.

        Raises:
            BackendError: nothing is loaded yet.
        """
        if self._network is None:
            raise BackendError("the acoustic backend is not loaded")
        return self._network

    def open(self, options: ListenOptions = PLAIN) -> AcousticListener:
        """A listener for one session; the first audio loads the backend if nobody did.

        Args:
            options: with ``num_speakers`` from 2 up the voices of one source are told apart; with
                1, and with 0 for not known, a source is one voice (``docs/speakers.md`` says why).
        """
        return AcousticListener(self, options)

    async def aclose(self) -> None:
        """End the engine. Sessions still open fail with BackendError when they are fed."""
        await self._engine.aclose()

    def make_lane(
        self,
        source: Source,
        voices: VoiceTracker | None = None,
        window_ms: int = DEFAULT_WINDOW_MS,
    ) -> Lane:
        """A lane for one source of one session.

        Args:
            source: where its audio comes from.
            voices: tells several voices of it apart.
            window_ms: how much speech a word rests on.

        Raises:
            BackendError: nothing is loaded yet.
        """
        return Lane(source, self.network.card, voices, window_ms)

    def submit(self, lane: Lane) -> Future[list[Reading]]:
        """Have a lane's whole blocks analysed. The lane is the engine's until the future is done.

        Raises:
            BackendError: the backend is closed or overfull.
        """
        return self._engine.submit(lane)

    def _analyse(self, lanes: Sequence[Lane]) -> Sequence[list[Reading]]:
        return analyse(lanes, self.network)


class _Feeder:
    """What the event loop keeps for one lane."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.turn = asyncio.Lock()
        """Held by the one feed of this source that may touch the lane."""
        self.in_flight: Future[list[Reading]] | None = None
        self.undelivered: deque[VoiceFrame] = deque()


class AcousticListener(Listener):
    """One session's listener, with a lane per source."""

    def __init__(self, backend: AcousticBackend, options: ListenOptions = PLAIN) -> None:
        """
        Args:
            backend: what analyses.
            options: how the session wishes to be heard.
        """
        self._backend = backend
        self._options = options
        self._names = SpeakerNames()
        self._feeders: dict[Source, _Feeder] = {}
        self._unread: deque[VoiceFrame] = deque()
        self._changed = asyncio.Condition()
        self._stopped = False
        self._failure: ClassifierError | None = None
        self._known: dict[Source, tuple[KnownVoice, ...]] | None = None

    @property
    def block_s(self) -> float:
        """How often a reading is made."""
        return BLOCK_S

    async def feed(self, pcm: PcmInt16, source: Source = Source.MIC) -> None:
        """See :meth:`Listener.feed`. After :meth:`stop`, audio is let go unheard."""
        check_pcm(pcm)
        if self._stopped:
            return
        if self._failure is not None:
            raise self._failure
        try:
            feeder = self._feeders.get(source)
            if feeder is None:
                await self._backend.load()
                voices = VoiceTracker(1) if self._options.num_speakers > 1 else None
                lane = self._backend.make_lane(source, voices, self._options.window_ms)
                feeder = self._feeders.setdefault(source, _Feeder(lane))
                if feeder.lane is lane:
                    self._expect(source, lane)
            async with feeder.turn:
                await self._settle(feeder)
                if feeder.lane.voices is not None:
                    feeder.lane.voices.most = self._names.room(source, self._options.num_speakers)
                if feeder.lane.push(pcm):
                    feeder.in_flight = self._backend.submit(feeder.lane)
                    await self._settle(feeder)
        except ClassifierError as error:
            await self._fail(error)
            raise

    async def stream(self) -> AsyncIterator[VoiceFrame]:
        """See :meth:`Listener.stream`."""
        while True:
            async with self._changed:
                await self._changed.wait_for(
                    lambda: self._unread or self._stopped or self._failure is not None
                )
                if not self._unread:
                    if self._failure is not None and not self._stopped:
                        raise self._failure
                    return
                frame = self._unread.popleft()
                self._changed.notify_all()
            yield frame

    async def known_voices(self) -> str:
        """See :meth:`Listener.known_voices`. A source that was not heard stays as it was known."""
        known = dict(self._known or {})
        for source, feeder in self._feeders.items():
            async with feeder.turn:
                if feeder.in_flight is not None and not feeder.in_flight.done():
                    continue  # of a feed that was cancelled: the lane is the engine's still
                voices = feeder.lane.known
            if voices:
                known[source] = tuple(
                    replace(voice, name=self._names.name(source, number))
                    for number, voice in enumerate(voices)
                )
        return dump(known, self._backend.network.card.weights_sha256) if known else ""

    async def stop(self) -> None:
        """See :meth:`Listener.stop`. Never waits for a reader or a feeder."""
        async with self._changed:
            self._stopped = True
            self._changed.notify_all()

    async def _settle(self, feeder: _Feeder) -> None:
        """Wait for the lane's analysis, and put its frames where the stream finds them.

        A feed that was cancelled left its work behind: the next one starts by finishing it.
        """
        future = feeder.in_flight
        if future is not None:
            answer = asyncio.wrap_future(future)
            # When the session has gone meanwhile, nobody asks what became of it.
            answer.add_done_callback(lambda gone: gone.cancelled() or gone.exception())
            # Waited for without being cancelled: the engine works on the lane whether or not this
            # feed still waits.
            done, _ = await asyncio.wait([answer], timeout=DEADLINE_S)
            if not done:
                raise BackendError("the classifier does not answer")
            readings = answer.result()
            feeder.in_flight = None
            feeder.undelivered.extend(self._with_name(reading.frame) for reading in readings)
        while feeder.undelivered:
            async with self._changed:
                await self._changed.wait_for(
                    lambda: len(self._unread) < MAX_UNREAD or self._stopped or self._failure
                )
                if self._stopped or self._failure is not None:
                    feeder.undelivered.clear()
                    return
                self._unread.append(feeder.undelivered.popleft())
                self._changed.notify_all()

    def _expect(self, source: Source, lane: Lane) -> None:
        """Audio of a source has come: its voices have the names, and the habits, they had."""
        if self._known is None:
            self._known = parse(self._options.known_voices, self._backend.network.card)
            # Where voices are not told apart each source is one voice, with the name of the source.
            apart = self._known.items() if self._options.num_speakers > 1 else ()
            for known_source, voices in apart:
                self._names.keep(known_source, [voice.name for voice in voices])
        self._names.open(source)
        lane.expect(self._known.get(source, ()))

    def _with_name(self, frame: VoiceFrame) -> VoiceFrame:
        name = self._names.name(frame.source, frame.voice)
        return frame if name == frame.speaker_id else replace(frame, named=name)

    async def _fail(self, error: ClassifierError) -> None:
        async with self._changed:
            self._failure = self._failure or error
            self._changed.notify_all()
