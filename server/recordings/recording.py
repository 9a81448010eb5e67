"""A recording being decoded in a process of its own, given out in stretches of a few seconds.

Owns that process from :meth:`Recording.open` to :meth:`Recording.aclose`. The pipe between is the
only queue: a decoder that is ahead waits there.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import numpy as np
import orjson
from numpy.typing import NDArray

from classifier.frames import SAMPLE_RATE_HZ, Source
from server.errors import (
    LinnetError,
    TooLargeError,
    UnreadableRecordingError,
    UnsupportedRecordingError,
)
from server.recordings.decoder import FileInfo
from server.recordings.messages import HEADER, PAYLOAD_MAX_BYTES, Kind

STRETCH_S: Final = 5.0
"""Given out at once: long enough that the windows of one recording share the price of a call,
short enough (some 20 ms of work) that live sessions are not kept waiting behind it."""

SHORTEST_S: Final = 0.5
"""What the shortest analysis rests on: of less, nothing can be said."""

_MESSAGE_S: Final = 30.0
"""How long the decoder may be silent before it is given up."""

_END_S: Final = 5.0
"""How long a process that has been killed may take to be gone."""

_SAMPLE_BYTES: Final = 2
_ROOT: Final = Path(__file__).resolve().parents[2]
_ERRORS: Final = {
    error.code: error
    for error in (UnsupportedRecordingError, UnreadableRecordingError, TooLargeError)
}

Stretch = Mapping[Source, NDArray[np.int16]]
"""The next samples of each source, equally many of each: shape ``(samples,)``, 16 kHz."""


class Recording:
    """One recording. Made by :func:`open_recording`."""

    def __init__(self, process: asyncio.subprocess.Process, sources: tuple[Source, ...]) -> None:
        self.sources = sources
        """Which voices there are: one, or two when the channels are kept apart."""
        self._process = process
        self._info: FileInfo | None = None
        self._waiting = bytearray()
        self._failure: LinnetError | None = None
        self._all_read = False
        self._has_finished = False

    @property
    def info(self) -> FileInfo:
        """What the file says of itself."""
        assert self._info is not None, "open_recording() reads it"
        return self._info

    async def begin(self) -> None:
        """Read what the file says of itself and the first stretch, so that one that cannot be
        heard at all is refused before anything else is done.

        Raises:
            LinnetError: unsupported, unreadable, too large, empty or too short.
        """
        kind, payload = await self._message()
        if kind is not Kind.INFO:
            raise self._failure or _died()
        self._info = FileInfo(**orjson.loads(payload))
        await self._fill(SHORTEST_S)
        waiting_s = len(self._waiting) / self._bytes_per_s
        if waiting_s < SHORTEST_S:
            if self._failure is not None:
                raise self._failure
            raise UnreadableRecordingError(
                f"The recording is too short: it lasts {waiting_s:.2f} s, and less than "
                f"{SHORTEST_S:g} s says nothing about a voice."
            )

    async def stretch(self) -> Stretch | None:
        """The next :data:`STRETCH_S` seconds, fewer at the end; None after the last.

        Raises:
            UnreadableRecordingError: damaged or cut off, after the stretches before.
            TooLargeError: longer than is taken, likewise.
        """
        await self._fill(STRETCH_S)
        if not self._waiting:
            if self._failure is not None:
                raise self._failure
            return None
        size = int(STRETCH_S * SAMPLE_RATE_HZ) * len(self.sources) * _SAMPLE_BYTES
        pcm = np.frombuffer(bytes(self._waiting[:size]), dtype="<i2").reshape(-1, len(self.sources))
        del self._waiting[:size]
        return {
            source: np.ascontiguousarray(pcm[:, lane], dtype=np.int16)
            for lane, source in enumerate(self.sources)
        }

    async def aclose(self) -> None:
        """End the process, however far it is."""
        # One that has said its last ends by itself: to kill it at that moment would take its end
        # away from whoever waits for it in the event loop.
        if not (self._has_finished and await self._gone()):
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._gone()

    async def _gone(self) -> bool:
        try:
            async with asyncio.timeout(_END_S):
                # Reads what is left in the pipe, which is what closes it, and waits.
                await self._process.communicate()
        except TimeoutError:
            return False
        return True

    @property
    def _bytes_per_s(self) -> int:
        return SAMPLE_RATE_HZ * len(self.sources) * _SAMPLE_BYTES

    async def _fill(self, wanted_s: float) -> None:
        """Have at least so much waiting, or all that is left."""
        while len(self._waiting) < wanted_s * self._bytes_per_s and not self._all_read:
            kind, payload = await self._message()
            if kind is Kind.PCM:
                self._waiting += payload

    async def _message(self) -> tuple[Kind, bytes]:
        """The next message. After the last of them :attr:`_all_read` holds."""
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(_MESSAGE_S):
                letter, size = HEADER.unpack(await self._process.stdout.readexactly(HEADER.size))
                if size > PAYLOAD_MAX_BYTES:
                    raise ValueError(size)
                payload = await self._process.stdout.readexactly(size)
            kind = Kind(letter)
        except (asyncio.IncompleteReadError, TimeoutError, ValueError):
            kind, payload = Kind.ERROR, b""
            self._failure = _died()
        if kind is Kind.ERROR and payload:
            said = orjson.loads(payload)
            self._failure = _ERRORS[said["code"]](said["detail"])
        self._all_read = kind in (Kind.END, Kind.ERROR)
        self._has_finished = kind is Kind.END or (kind is Kind.ERROR and bool(payload))
        return kind, payload


def _died() -> LinnetError:
    return UnreadableRecordingError(
        "The recording is damaged: the decoder could not go on with it and was stopped."
    )


@asynccontextmanager
async def open_recording(
    file: int, *, split: bool = False, max_s: float
) -> AsyncIterator[Recording]:
    """Begin to decode a file; the decoder is gone afterwards, whatever happened.

    Args:
        file: descriptor of a regular file that is open for reading; not closed here.
        split: the left channel is ``mic`` (``speaker_a``), the right ``tab`` (``speaker_b``);
            otherwise all channels are mixed into ``mic``.
        max_s: the longest recording that is taken.

    Raises:
        LinnetError: it cannot be heard at all; see :meth:`Recording.begin`.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "server.recordings.child",
        repr(max_s),
        "split" if split else "mix",
        stdin=file,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=_environment(),
        # Ctrl-C in a terminal is for us, who end it then, and not for all who belong to us.
        start_new_session=True,
    )
    recording = Recording(process, (Source.MIC, Source.TAB) if split else (Source.MIC,))
    try:
        await recording.begin()
        yield recording
    finally:
        await recording.aclose()


def _environment() -> dict[str, str]:
    """What a decoder needs to know: no settings, no keys."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": str(_ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
