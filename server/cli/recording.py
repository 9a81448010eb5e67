"""Any audio file as the wire wants it: 16 kHz mono Int16, in chunks of 100 ms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from classifier import SAMPLE_RATE_HZ

CHUNK_SAMPLES: Final = SAMPLE_RATE_HZ // 10


class RecordingError(Exception):
    """A file cannot be read as audio; the message says why."""


def read_recording(path: Path) -> NDArray[np.int16]:
    """Decode, mix to mono, resample.

    Returns:
        Shape ``(samples,)`` at 16 kHz.

    Raises:
        RecordingError: no such file, or not audio that libsndfile knows.
    """
    if not path.is_file():
        raise RecordingError(f"There is no file {path}.")
    try:
        samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.SoundFileError as exc:
        known = "WAV, FLAC, OGG, Opus, MP3, AIFF"
        raise RecordingError(f"{path} cannot be read as audio ({known}): {exc}") from None
    mono = samples.mean(axis=1)
    if rate_hz != SAMPLE_RATE_HZ:
        mono = soxr.resample(mono, rate_hz, SAMPLE_RATE_HZ)
    pcm: NDArray[np.int16] = np.clip(np.rint(mono * 32767.0), -32768, 32767).astype(np.int16)
    return pcm


def chunks(pcm: NDArray[np.int16]) -> Iterator[bytes]:
    """Messages for the socket; the last one may be shorter."""
    for start in range(0, len(pcm), CHUNK_SAMPLES):
        yield pcm[start : start + CHUNK_SAMPLES].astype("<i2").tobytes()
