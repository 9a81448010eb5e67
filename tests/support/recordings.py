"""Recordings made for a test, as files of every kind."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import soundfile
from numpy.typing import NDArray

Floats = NDArray[np.float32]

KINDS = {
    "WAV": ("WAV", "PCM_16"),
    "FLAC": ("FLAC", "PCM_16"),
    "OGG": ("OGG", "VORBIS"),
    "OPUS": ("OGG", "OPUS"),
    "MP3": ("MP3", "MPEG_LAYER_III"),
    "AIFF": ("AIFF", "PCM_16"),
}
"""Name to the library's format and subtype."""

FLAC_LENGTH = slice(21, 26)
"""Where a FLAC file says how many samples it has: 36 bits, the first four in the first byte."""


def hiss(duration_s: float, *, rate_hz: int = 16_000, channels: int = 1, seed: int = 1) -> Floats:
    """Soft noise, different in each channel: ``(samples, channels)``."""
    shape = (round(duration_s * rate_hz), channels)
    noise = np.random.default_rng(seed).standard_normal(shape) * 0.1
    return noise.clip(-0.9, 0.9).astype(np.float32)


def encoded(samples: Floats, *, kind: str = "WAV", rate_hz: int = 16_000) -> bytes:
    """The samples as a file of this kind."""
    buffer = io.BytesIO()
    name, subtype = KINDS[kind]
    with soundfile.SoundFile(
        buffer, "w", rate_hz, samples.shape[1], format=name, subtype=subtype
    ) as file:
        for start in range(0, len(samples), rate_hz):  # the encoders dislike long pieces
            file.write(samples[start : start + rate_hz])
    return buffer.getvalue()


def claiming(flac: bytes, samples: int) -> bytes:
    """A FLAC file that says it has so many samples (0: it does not know)."""
    changed = bytearray(flac)
    high = changed[FLAC_LENGTH.start] & 0xF0 | samples >> 32 & 0x0F
    changed[FLAC_LENGTH] = bytes([high]) + (samples & 0xFFFFFFFF).to_bytes(4, "big")
    return bytes(changed)


@contextmanager
def opened(data: bytes) -> Iterator[int]:
    """A descriptor of a file that holds this and nothing else."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        yield file.fileno()
