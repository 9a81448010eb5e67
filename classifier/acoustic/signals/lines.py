"""Spectral lines of a signal: where steady tones lie, and how much of the sound they are.

Owns the carry-over between blocks; the spectra of several lanes are computed at once. A line is a
maximum of the spectrum of a tenth of a second, ten hertz to a bin: fine enough to keep 440 and
480 Hz apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.acoustic.layout import BLOCK, Floats
from classifier.acoustic.spectrum import square, transform
from classifier.frames import SAMPLE_RATE_HZ

STEP: Final = 800
"""Samples from one spectrum to the next: 50 ms."""

STEP_S: Final = STEP / SAMPLE_RATE_HZ
STEPS: Final = BLOCK // STEP
"""Spectra in a block."""

BIN_HZ: Final = 10.0
TOP_HZ: Final = 3000.0
"""Spectra are kept up to here."""

LINES_HZ: Final = 1720.0
"""The two strongest lines are looked for below this: all telephone tones are."""

_SIZE: Final = 2 * STEP
_BINS: Final = round(TOP_HZ / BIN_HZ)
_SOUGHT: Final = round(LINES_HZ / BIN_HZ)
_LOWEST: Final = 8
"""80 Hz: below lie mains hum and rumble."""
_HANN: Final = np.hanning(_SIZE + 1)[:-1].astype(np.float32)
_HANN_POWER: Final = float(np.sum(_HANN.astype(np.float64) ** 2))
_TAPER: Final = (_HANN * np.sqrt(2.0 * _SIZE / _HANN_POWER)).astype(np.float32)
"""The window, scaled so that the squares of a transform are power."""
_AROUND: Final = np.arange(-2, 3)
"""Bins that hold a line."""
_TINY: Final = np.float32(1e-14)


@dataclass(frozen=True, slots=True)
class Lines:
    """The steps of one block."""

    level_db: Floats
    """``(STEPS,)``, dB re full scale."""

    hz: Floats
    """``(STEPS, 2)``: the strongest line and the strongest other one."""

    share: Floats
    """``(STEPS, 2)``: their share of the step's power, 0..1."""

    spectrum: Floats
    """``(STEPS, bins)``: power by bin of 10 Hz up to 3 kHz."""


class LineReader:
    """Keeps what the first spectrum of a block reaches back to."""

    def __init__(self) -> None:
        self._past = np.zeros(STEP, np.float32)

    def extend(self, block: Floats) -> Floats:
        """The block, ``(BLOCK,)`` of -1..1, behind the end of the last: ``(STEP + BLOCK,)``."""
        if block.shape != (BLOCK,):
            raise ValueError(f"a block is {(BLOCK,)}, not {block.shape}")
        signal = np.concatenate([self._past, block])
        self._past = block[-STEP:].copy()
        return signal


def find_lines(signals: Floats) -> list[Lines]:
    """The lines of one block of each lane, ``(lanes, STEP + BLOCK)`` of :meth:`LineReader.extend`.

    Each step covers 100 ms and ends at its time. A lane's lines do not depend on those beside it.
    """
    halves = signals.reshape(len(signals), -1, STEP)
    energy = np.einsum("ijk,ijk->ij", halves, halves)
    level_db = 10.0 * np.log10((energy[:, :-1] + energy[:, 1:]) / _SIZE + _TINY)
    rows = np.concatenate([halves[:, :-1], halves[:, 1:]], axis=-1)
    rows *= _TAPER
    whole = square(transform(rows))
    # What lies below the voice band is neither a tone nor evidence against one.
    total = np.add.reduce(whole[..., _LOWEST:], axis=-1) + _TINY
    power = whole[..., :_BINS]
    hz, share = _two_strongest(power[..., :_SOUGHT].reshape(-1, _SOUGHT), total.ravel())
    lanes = (level_db, hz.reshape(*total.shape, 2), share.reshape(*total.shape, 2), power)
    return [Lines(*lane) for lane in zip(*lanes, strict=True)]


def _two_strongest(power: Floats, total: Floats) -> tuple[Floats, Floats]:
    rest = power.copy()
    rest[:, :_LOWEST] = 0.0
    rest[:, -2:] = 0.0
    every = np.arange(len(power))
    near = np.empty((2, len(power), len(_AROUND)), np.intp)
    share = np.empty((len(power), 2), np.float32)
    for order in range(2):
        at = np.minimum(np.maximum(rest.argmax(axis=-1), _LOWEST), power.shape[1] - 3)
        near[order] = at[:, None] + _AROUND
        own = every[:, None], near[order]
        share[:, order] = np.add.reduce(rest[own], axis=-1) / total
        rest[own] = 0.0
    vertex = _vertex(power[every[None, :, None], near[..., 1:4]])
    hz = np.asarray((near[..., 2] + vertex) * BIN_HZ, dtype=np.float32).T
    return hz, share


def _vertex(around: Floats) -> NDArray[np.float32]:
    """Where the maximum lies between bins, by a parabola through the logarithms of three,
    ``(..., 3) -> (...)``."""
    left, middle, right = np.moveaxis(np.log(around + _TINY), -1, 0)
    bend = left - 2.0 * middle + right
    shift = 0.5 * (left - right) / np.where(bend < -1e-6, bend, np.float32(-1e-6))
    return np.asarray(np.minimum(np.maximum(shift, -0.5), 0.5), dtype=np.float32)
