"""Speech for the audio measurement: the recordings that ship with the tests, one after another."""

from __future__ import annotations

import numpy as np
import soundfile
from numpy.typing import NDArray

from tests.bench.process import PROJECT_ROOT, BenchError

RATE_HZ = 16_000


def speech_pcm() -> tuple[NDArray[np.int16], str]:
    """Mono PCM at 16 kHz, shape ``(samples,)``, and the names of the recordings.

    Raises:
        BenchError: there are none.
    """
    parts: list[NDArray[np.int16]] = []
    names: list[str] = []
    for path in sorted((PROJECT_ROOT / "tests" / "data").glob("*.flac")):
        samples, rate_hz = soundfile.read(path, dtype="int16", always_2d=True)
        if rate_hz == RATE_HZ and samples.shape[1] == 1:
            parts.append(samples[:, 0])
            names.append(path.stem)
    if not parts:
        raise BenchError("tests/data holds no recording at 16 kHz")
    return np.concatenate(parts), ", ".join(names)
