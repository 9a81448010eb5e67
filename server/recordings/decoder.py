"""A recording as blocks of samples, in constant memory, whatever the file claims.

Runs in the child process (:mod:`server.recordings.child`): the libraries below it are written in C
and are given files of strangers. Knows nothing of sessions or of HTTP.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from server.errors import (
    LinnetError,
    TooLargeError,
    UnreadableRecordingError,
    UnsupportedRecordingError,
)
from server.recordings.kinds import HEAD_BYTES, KNOWN, kind_of

Samples = NDArray[np.float32]
"""Shape ``(frames, channels)``, full scale is -1..1."""

BLOCK_S: Final = 0.25
"""Decoded in one go. Of a damaged stretch the decoder gives nothing: shorter loses less."""

_BLOCK_MAX_SAMPLES: Final = 2**18
"""The same over all channels, for files of many channels or an absurd rate: 1 MiB."""

_RATE_MIN_HZ: Final = 1_000
_RATE_MAX_HZ: Final = 768_000
_UNKNOWN_FRAMES: Final = 2**62
"""A file that was written as it was recorded does not know its length; libsndfile says this."""

_SHORT_S: Final = 0.5
"""A length in a header may be a little wrong, by an encoder's padding, without a word."""


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What a recording says of itself."""

    kind: str
    rate_hz: int
    channels: int
    duration_s: float | None
    """None where the file does not say."""


class _ForwardFile(soundfile.SoundFile):  # type: ignore[misc]
    """Read from the first sample to the last: soundfile would otherwise seek after each block,
    which fails at the end of a file that claims more than it has."""

    def seekable(self) -> bool:
        """Never."""
        return False


class Decoder:
    """One file, from its beginning to its end."""

    def __init__(self, fd: int, *, max_s: float) -> None:
        """
        Args:
            fd: a regular file, open for reading; not closed here.
            max_s: the longest recording that is taken, in seconds of its own time.

        Raises:
            UnsupportedRecordingError: not a kind of recording that is read here.
            UnreadableRecordingError: one of those, but damaged from its beginning, or empty.
            TooLargeError: it claims to be longer than ``max_s``.
        """
        head = os.pread(fd, HEAD_BYTES, 0)
        if not head:
            raise UnreadableRecordingError("The recording is empty: it has no bytes at all.")
        kind = kind_of(head)
        if kind is None:
            raise UnsupportedRecordingError(f"This is not a recording: {KNOWN} are read.")
        os.lseek(fd, 0, os.SEEK_SET)
        try:
            self._file = _ForwardFile(fd, closefd=False)
        except (soundfile.SoundFileError, OSError) as exc:
            raise UnreadableRecordingError(
                f"It begins like {kind} but cannot be read: it is damaged, cut off, or a sort of "
                f"{kind} that is not known here."
            ) from exc
        self._max_s = max_s
        self.info = self._checked(kind)

    def _checked(self, kind: str) -> FileInfo:
        rate_hz, frames = int(self._file.samplerate), int(self._file.frames)
        if not _RATE_MIN_HZ <= rate_hz <= _RATE_MAX_HZ:
            raise UnreadableRecordingError(
                f"Its sampling rate of {rate_hz} Hz makes no sense "
                f"({_RATE_MIN_HZ} to {_RATE_MAX_HZ} Hz are read)."
            )
        if frames == 0:
            raise UnreadableRecordingError("The recording is empty: it holds no audio.")
        duration_s = None if frames >= _UNKNOWN_FRAMES else frames / rate_hz
        if duration_s is not None and duration_s > self._max_s:
            raise _too_long(duration_s, self._max_s)
        return FileInfo(kind, rate_hz, int(self._file.channels), duration_s)

    def blocks(self) -> Iterator[Samples]:
        """Every sample there is, in order.

        Raises:
            UnreadableRecordingError: damaged or cut off, after the blocks before.
            TooLargeError: longer than may be, after the blocks before.
        """
        rate_hz, channels = self.info.rate_hz, self.info.channels
        size = max(1, min(int(BLOCK_S * rate_hz), _BLOCK_MAX_SAMPLES // channels))
        read = 0
        while True:
            try:
                block = self._file.read(size, dtype="float32", always_2d=True)
            except (soundfile.SoundFileError, OSError) as exc:
                raise _broken(read / rate_hz, self.info) from exc
            if not len(block):
                break
            read += len(block)
            if read > self._max_s * rate_hz:
                raise _too_long(read / rate_hz, self._max_s)
            yield block
        claimed_s = self.info.duration_s
        if claimed_s is not None and read / rate_hz < claimed_s - _SHORT_S:
            raise _broken(read / rate_hz, self.info)

    def close(self) -> None:
        """Let go of the decoder's memory."""
        self._file.close()


def _too_long(duration_s: float, max_s: float) -> LinnetError:
    return TooLargeError(
        f"The recording lasts {_hours(duration_s)}; at most {_hours(max_s)} are taken "
        "(LINNET_MAX_RECORDING_MIN)."
    )


def _broken(read_s: float, info: FileInfo) -> LinnetError:
    of = "" if info.duration_s is None else f" of {info.duration_s:.1f} s"
    return UnreadableRecordingError(
        f"The recording is damaged or cut off: it can be read up to {read_s:.1f} s{of}."
    )


def _hours(duration_s: float) -> str:
    if duration_s < 3600:
        return f"{duration_s / 60:.3g} minutes"
    return f"{duration_s / 3600:,.1f} hours"
