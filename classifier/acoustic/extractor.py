"""From PCM to frames: the streaming side of the features.

Owns the carry-over between blocks, so that any chunking of the same PCM gives the same frames,
bit for bit. Knows nothing of speech, sessions or models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.acoustic import pitch, spectrum
from classifier.acoustic.layout import (
    BLOCK,
    BLOCK_FRAMES,
    CARRY,
    COLUMN,
    FIRST_MEL,
    FIRST_MFCC,
    FRAME_WIDTH,
    MEL_BANDS,
    MFCCS,
    Floats,
)

AT_ONCE: Final = 8
"""Lanes whose spectra are computed at once. A spectrum takes ten times the memory of what is read
off it, and that of more lanes no longer stays in the processor's cache."""


@dataclass(slots=True)
class BlockReader:
    """PCM of one lane, cut into blocks that overlap by what a window reaches back."""

    _parts: list[NDArray[np.int16]] = field(default_factory=list)
    _waiting: int = 0
    _carry: Floats = field(default_factory=lambda: np.zeros(CARRY, np.float32))

    def push(self, pcm: NDArray[np.int16]) -> None:
        """Take more samples, ``(samples,)`` of int16."""
        if pcm.size:
            self._parts.append(np.array(pcm, dtype=np.int16))  # the caller may reuse its buffer
            self._waiting += pcm.size

    @property
    def blocks_ready(self) -> int:
        """Whole blocks waiting."""
        return self._waiting // BLOCK

    def take(self) -> Floats:
        """The next block with its past, ``(CARRY + BLOCK,)``, -1..1.

        Raises:
            ValueError: no whole block is waiting.
        """
        if self._waiting < BLOCK:
            raise ValueError("no whole block is waiting")
        joined = np.concatenate(self._parts) if len(self._parts) > 1 else self._parts[0]
        block = joined[:BLOCK].astype(np.float32) / np.float32(32768.0)
        # Copied: a part of an array holds on to the whole of it.
        self._parts = [joined[BLOCK:].copy()] if joined.size > BLOCK else []
        self._waiting -= BLOCK
        segment = np.concatenate([self._carry, block])
        self._carry = segment[-CARRY:].copy()
        return segment


def block_frames(segments: Floats, memory: Floats) -> tuple[Floats, Floats]:
    """Frames of one block of each lane.

    Args:
        segments: ``(lanes, CARRY + BLOCK)``, -1..1.
        memory: pitch memory of the lanes, from the block before.

    Returns:
        Frames ``(lanes, BLOCK_FRAMES, FRAME_WIDTH)`` in the order of
        :data:`classifier.acoustic.layout.COLUMNS`, and the new pitch memory. A lane's frames do
        not depend on the lanes beside it.
    """
    frames = np.empty((segments.shape[0], BLOCK_FRAMES, FRAME_WIDTH), np.float32)
    past = np.empty_like(memory)
    for first in range(0, len(segments), AT_ONCE):
        some = slice(first, first + AT_ONCE)
        past[some] = _measure(segments[some], memory[some], frames[some])
    return frames, past


def _measure(segments: Floats, memory: Floats, frames: Floats) -> Floats:
    """Write the frames of a few lanes; their new pitch memory."""
    power = spectrum.power_spectrum(spectrum.frame_signal(segments))
    found = pitch.track(power, memory)
    mel_db, measures = spectrum.shape_measures(power)
    measures |= spectrum.harmonic_measures(power, found.f0_hz)
    measures["pitch_st"] = np.where(
        found.f0_hz > 0, spectrum.semitones(found.f0_hz), np.float32(0.0)
    )
    measures["voicing"] = found.voicing
    noisy = np.minimum(np.maximum(found.voicing, 1e-3), 0.999)
    measures["hnr_db"] = (10.0 * np.log10(noisy / (1.0 - noisy))).astype(np.float32)
    for name, values in measures.items():
        frames[..., COLUMN[name]] = values
    frames[..., FIRST_MFCC : FIRST_MFCC + MFCCS] = spectrum.mfcc(mel_db)
    frames[..., FIRST_MEL : FIRST_MEL + MEL_BANDS] = mel_db
    return found.memory


class FrameExtractor:
    """Frames of one signal as it comes in."""

    def __init__(self) -> None:
        self._reader = BlockReader()
        self._memory = pitch.no_memory(1)

    def push(self, pcm: NDArray[np.int16]) -> Floats:
        """Take samples, give the frames of the blocks they complete.

        Args:
            pcm: ``(samples,)`` of int16 at 16 kHz.

        Returns:
            ``(n * BLOCK_FRAMES, FRAME_WIDTH)``, n from 0 up. Frame i of the signal ends at
            sample ``(i + 1) * HOP``.
        """
        self._reader.push(pcm)
        blocks: list[Floats] = []
        while self._reader.blocks_ready:
            frames, self._memory = block_frames(self._reader.take()[None], self._memory)
            blocks.append(frames[0])
        return join_frames(blocks)


def join_frames(blocks: Sequence[Floats]) -> Floats:
    """Blocks one after the other, ``(frames, FRAME_WIDTH)``."""
    if not blocks:
        return np.zeros((0, FRAME_WIDTH), np.float32)
    joined = np.concatenate(blocks)
    if joined.shape[0] % BLOCK_FRAMES:
        raise ValueError("blocks are whole")
    return joined
