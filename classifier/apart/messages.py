"""What goes over the pipe between the server's process and one that hears.

A letter, the number of a listener, a number that an answer repeats, a length, and so many bytes:
PCM, or JSON. Both ends are of one installation and are started together, so there are no versions.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import numpy as np
import orjson

from classifier import errors
from classifier.backend import ListenOptions, PcmInt16
from classifier.errors import BackendError, ClassifierError
from classifier.frames import (
    Affect,
    EnvironLabel,
    ProsodyFlag,
    QueueLabel,
    ShiftDirection,
    Sound,
    Source,
    VoiceFrame,
)

_HEADER: Final = struct.Struct("<cIII")
_READ_BYTES: Final = 256 * 1024
PAYLOAD_MAX_BYTES: Final = 256 * 1024 * 1024
"""More than any message has: a process gone mad does not make the other hold what it says."""


class Kind(Enum):
    """The letter of a message."""

    OPEN = b"O"
    """Begin to listen, with :class:`ListenOptions`."""

    AUDIO = b"A"
    """PCM of a source."""

    VOICES = b"V"
    """Ask what is known of the voices, and from the child what is."""

    STOP = b"S"
    """End the stream of a listener."""

    READY = b"R"
    """From the child, first: what it is, :class:`About`."""

    FRAMES = b"F"
    """From the child: readings, as they are made."""

    DONE = b"D"
    """From the child: the audio of that number is analysed."""

    FAILED = b"X"
    """From the child: why not. Listener 0 is the backend itself."""

    ENDED = b"Z"
    """From the child: a listener's stream has ended."""


_AFFECTS: Final = {word.value: word for word in Affect}
_SOURCES: Final = {word.value: word for word in Source}
_BY_NUMBER: Final = tuple(Source)
_NUMBER_OF: Final = {source: bytes([number]) for number, source in enumerate(_BY_NUMBER)}
_DIRECTIONS: Final = {word.value: word for word in ShiftDirection}
_SOUNDS: Final = {label.value: label for label in (*EnvironLabel, *QueueLabel)}

_LETTERS: Final = frozenset(kind.value for kind in Kind)


@dataclass(frozen=True, slots=True)
class About:
    """What a child says of its backend."""

    name: str
    model_id: str
    model_sha256: str
    block_s: float


@dataclass(frozen=True, slots=True)
class Message:
    """One message."""

    kind: Kind
    listener: int = 0
    number: int = 0
    payload: bytes = b""

    def packed(self) -> bytes:
        """As bytes."""
        header = _HEADER.pack(self.kind.value, self.listener, self.number, len(self.payload))
        return header + self.payload


async def read_messages(reader: asyncio.StreamReader) -> AsyncIterator[Message]:
    """Every message until the pipe ends; what comes together is waited for once.

    Raises:
        BackendError: what comes is no message.
    """
    waiting = bytearray()
    while more := await _more(reader):
        waiting += more
        at = 0
        while len(waiting) - at >= _HEADER.size:
            letter, listener, number, size = _HEADER.unpack_from(waiting, at)
            if letter not in _LETTERS or size > PAYLOAD_MAX_BYTES:
                raise BackendError("what comes over the pipe is no message")
            end = at + _HEADER.size + size
            if len(waiting) < end:
                break
            payload = bytes(memoryview(waiting)[at + _HEADER.size : end])
            yield Message(Kind(letter), listener, number, payload)
            at = end
        del waiting[:at]


async def _more(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(_READ_BYTES)
    except ConnectionError:
        return b""


def packed_options(options: ListenOptions) -> bytes:
    """Payload of :attr:`Kind.OPEN`."""
    return orjson.dumps(options)


def options_of(payload: bytes) -> ListenOptions:
    """What :func:`packed_options` packed."""
    return ListenOptions(**orjson.loads(payload))


def packed_about(about: About) -> bytes:
    """Payload of :attr:`Kind.READY`."""
    return orjson.dumps(about)


def about_of(payload: bytes) -> About:
    """What :func:`packed_about` packed."""
    return About(**orjson.loads(payload))


def packed_audio(source: Source, pcm: PcmInt16) -> bytes:
    """Payload of :attr:`Kind.AUDIO`."""
    return _NUMBER_OF[source] + pcm.astype("<i2", copy=False).tobytes()


def audio_of(payload: bytes) -> tuple[Source, PcmInt16]:
    """What :func:`packed_audio` packed."""
    return _BY_NUMBER[payload[0]], np.frombuffer(payload, "<i2", offset=1)


def packed_frames(frames: Sequence[VoiceFrame]) -> bytes:
    """Payload of :attr:`Kind.FRAMES`."""
    return orjson.dumps(frames, option=orjson.OPT_NON_STR_KEYS)


def frames_of(payload: bytes) -> list[VoiceFrame]:
    """What :func:`packed_frames` packed."""
    return [_frame(fields) for fields in orjson.loads(payload)]


def _frame(fields: dict[str, Any]) -> VoiceFrame:
    """A frame of its fields by name, those that are words as the words of the vocabulary."""
    fields["source"] = _SOURCES[fields["source"]]
    fields["shift_direction"] = _DIRECTIONS[fields["shift_direction"]]
    if fields["affect"] is not None:
        fields["affect"] = _AFFECTS[fields["affect"]]
    fields["distribution"] = {_AFFECTS[name]: p for name, p in fields["distribution"].items()}
    fields["prosody_flags"] = tuple(map(ProsodyFlag, fields["prosody_flags"]))
    fields["sounds"] = tuple(
        Sound(_SOUNDS[sound["label"]], sound["confidence"], sound["timestamp_s"])
        for sound in fields["sounds"]
    )
    return VoiceFrame(**fields)


def packed_error(error: ClassifierError) -> bytes:
    """Payload of :attr:`Kind.FAILED`."""
    return orjson.dumps([type(error).__name__, str(error)])


def error_of(payload: bytes) -> ClassifierError:
    """What :func:`packed_error` packed."""
    name, text = orjson.loads(payload)
    kind = getattr(errors, name, BackendError)
    error: ClassifierError = kind(text)
    return error
