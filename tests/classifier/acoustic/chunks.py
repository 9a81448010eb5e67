"""Whole contours as the network is given them: nothing heard before, every chunk heard anew."""

import numpy as np

from classifier.acoustic.contour import CHANNELS, SPEECH_CHANNEL
from classifier.acoustic.layout import ANALYSIS_BLOCKS, ANALYSIS_FRAMES, BLOCK_FRAMES, Floats
from classifier.acoustic.steps import (
    CHUNK_FRAMES,
    CHUNK_STEPS,
    CONTEXT_FRAMES,
    RECENT_STEPS,
    STEP,
    STEPS,
    Steps,
)

BEFORE = CONTEXT_FRAMES
"""Frames of silence before a contour, so that its first step has all that it is made of."""


def chunked(contours: Floats, width: int) -> Steps:
    """The steps of windows that begin with the stream.

    Args:
        contours: ``(windows, CHANNELS, ANALYSIS_FRAMES)``.
        width: of a step.
    """
    windows = len(contours)
    line = np.pad(contours, ((0, 0), (0, 0), (BEFORE, STEP)))
    ends = [-(-block * BLOCK_FRAMES // STEP) for block in range(1, ANALYSIS_BLOCKS + 1)]
    chunks = [line[:, :, BEFORE + end * STEP - CHUNK_FRAMES :][:, :, :CHUNK_FRAMES] for end in ends]
    taken, place = [], []
    for window in range(windows):
        for step in range(STEPS):
            # The last chunk that has it.
            chunk = max(i for i, end in enumerate(ends) if end - CHUNK_STEPS <= step < end)
            of_chunk = step - (ends[chunk] - CHUNK_STEPS)
            taken.append((chunk * windows + window) * CHUNK_STEPS + of_chunk)
            place.append(window * STEPS + step)
    assert contours.shape[1:] == (CHANNELS, ANALYSIS_FRAMES)
    spoken = contours[:, SPEECH_CHANNEL].reshape(windows, STEPS, STEP).max(axis=2)
    recent = spoken * (np.arange(STEPS) >= STEPS - RECENT_STEPS)
    return Steps(
        np.concatenate(chunks),
        np.zeros((windows, STEPS, width), np.float16),
        np.array(taken),
        np.array(place),
        np.stack([spoken, recent], axis=1).astype(np.float32),
    )
