"""The child process that decodes one recording: standard input is the file, standard output speaks
:mod:`server.recordings.messages`.

A process of its own, because decoders are written in C and given files of strangers: one that
crashes, hangs or swells takes nobody with it. It can write no file, dumps no core, and has a bound
on memory and on time.

    python -m server.recordings.child MAX_S mix|split
"""

from __future__ import annotations

import contextlib
import resource
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import BinaryIO, Final

import numpy as np
import orjson

from classifier.frames import SAMPLE_RATE_HZ
from server.errors import LinnetError, UnreadableRecordingError
from server.recordings.converter import Converter, Pcm
from server.recordings.decoder import Decoder
from server.recordings.messages import Kind, pack

_MEMORY_MAX_BYTES: Final = 2 * 1024**3
_CPU_MAX_S: Final = 900
"""A day of audio takes less."""

_SEND_SAMPLES: Final = SAMPLE_RATE_HZ
"""Sent in one message: a second."""


def confine() -> None:
    """Set the bounds; those that a system does not know are let go."""
    bounds = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CPU: _CPU_MAX_S,
        resource.RLIMIT_AS: _MEMORY_MAX_BYTES,
    }
    for name, bound in bounds.items():
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(name, (bound, bound))


def messages(fd: int, *, max_s: float, split: bool) -> Iterator[bytes]:
    """Everything the child has to say of one file."""
    try:
        decoder = Decoder(fd, max_s=max_s)
        if split and decoder.info.channels != 2:
            raise UnreadableRecordingError(
                "channels=split needs a recording of two channels; this one has "
                f"{decoder.info.channels}."
            )
        yield pack(Kind.INFO, orjson.dumps(asdict(decoder.info)))
        yield from _audio(decoder, Converter(decoder.info.rate_hz, split=split))
    except LinnetError as error:
        yield pack(Kind.ERROR, orjson.dumps({"code": error.code, "detail": error.detail}))
    else:
        yield pack(Kind.END)


def _audio(decoder: Decoder, converter: Converter) -> Iterator[bytes]:
    waiting: list[Pcm] = []
    count = 0
    try:
        for block in decoder.blocks():
            waiting.append(converter.push(block))
            count += len(waiting[-1])
            if count >= _SEND_SAMPLES:
                yield from _packed(waiting)
                waiting, count = [], 0
    except LinnetError:
        # What could be read before the damage is worth hearing.
        yield from _packed([*waiting, converter.finish()])
        raise
    yield from _packed([*waiting, converter.finish()])


def _packed(parts: list[Pcm]) -> Iterator[bytes]:
    pcm = np.concatenate(parts).astype("<i2", copy=False)
    for start in range(0, len(pcm), _SEND_SAMPLES):
        yield pack(Kind.PCM, pcm[start : start + _SEND_SAMPLES].tobytes())


def run(arguments: list[str], fd: int, out: BinaryIO) -> None:
    """Decode and say so; ends quietly when nobody listens any more."""
    max_s, channels = arguments
    with contextlib.suppress(BrokenPipeError):
        for message in messages(fd, max_s=float(max_s), split=channels == "split"):
            out.write(message)
            out.flush()


if __name__ == "__main__":
    confine()
    run(sys.argv[1:], sys.stdin.fileno(), sys.stdout.buffer)
