"""Samples of any rate and channel count as the classifier wants them: 16 kHz, Int16, one lane per
voice.

Any split of the same samples into blocks gives the same PCM, to the bit.
"""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray

from classifier.frames import SAMPLE_RATE_HZ
from server.recordings.decoder import Samples

Pcm = NDArray[np.int16]
"""Shape ``(samples, lanes)`` at 16 kHz."""

_FULL_SCALE = np.float32(32768.0)


class Converter:
    """One recording's way from its own rate and channels."""

    def __init__(self, rate_hz: int, *, split: bool) -> None:
        """
        Args:
            rate_hz: of the samples that come.
            split: the first two channels become two lanes; otherwise all are mixed into one.
        """
        self._split = split
        self.lanes = 2 if split else 1
        self._resampler = (
            None
            if rate_hz == SAMPLE_RATE_HZ
            else soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, self.lanes, dtype="float32")
        )

    def push(self, block: Samples) -> Pcm:
        """The PCM that these samples complete; may be empty."""
        return self._convert(block, last=False)

    def finish(self) -> Pcm:
        """What was still on its way through the resampler."""
        return self._convert(np.zeros((0, self.lanes), np.float32), last=True)

    def _convert(self, block: Samples, *, last: bool) -> Pcm:
        # A file may hold anything that fits into a float: what is no number is silence.
        sound = np.nan_to_num(block, nan=0.0, posinf=1.0, neginf=-1.0).clip(-1.0, 1.0)
        lanes = sound[:, :2] if self._split else sound.mean(axis=1, keepdims=True, dtype=np.float32)
        if self._resampler is not None:
            lanes = self._resampler.resample_chunk(np.ascontiguousarray(lanes), last=last)
            lanes = lanes.reshape(-1, self.lanes)
        return np.rint(lanes * _FULL_SCALE).clip(-32768, 32767).astype(np.int16)
