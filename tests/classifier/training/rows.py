"""Stand-ins for examples."""

import numpy as np

from classifier.acoustic.contour import CONTOUR_WIDTH
from classifier.acoustic.functionals import WIDTH
from classifier.acoustic.layout import ANALYSIS_FRAMES
from classifier.training.material.examples import Examples
from classifier.training.material.hearing import MASK_BYTES


def empty_examples(clips: int) -> Examples:
    """One silent window of each clip."""
    count = np.arange(clips, dtype=np.int32)
    nothing, ones = np.zeros((clips, WIDTH), np.float32), np.ones(clips, np.float32)
    masks = np.zeros((clips, MASK_BYTES), np.uint8)
    return Examples(
        nothing,
        nothing,
        count,
        0 * count,
        ones,
        ones,
        ones,
        np.zeros((ANALYSIS_FRAMES, CONTOUR_WIDTH), np.float16),
        np.zeros(clips, np.int64),
        masks,
        masks,
    )


def spoken_examples(clips: int, voices: int = 1, windows: int = 3, seed: int = 1) -> Examples:
    """Some windows of each clip, of random measures, heard in each way."""
    rng = np.random.default_rng(seed)
    rows = clips * voices * windows
    clip = np.repeat(np.arange(clips, dtype=np.int32), voices * windows)
    voice = np.tile(np.repeat(np.arange(voices, dtype=np.int32), windows), clips)
    speech = rng.random((rows, ANALYSIS_FRAMES)) < 0.7
    voiced = speech & (rng.random((rows, ANALYSIS_FRAMES)) < 0.6)
    frames = rng.normal(3.0, 2.0, ((rows + 1) * ANALYSIS_FRAMES, CONTOUR_WIDTH))
    return Examples(
        vectors=rng.normal(size=(rows, WIDTH)).astype(np.float32),
        recent=rng.normal(size=(rows, WIDTH)).astype(np.float32),
        clip=clip,
        voice=voice,
        new_speech_s=np.full(rows, 0.4, np.float32),
        speech_s=np.full(rows, 2.0, np.float32),
        recent_speech_s=np.full(rows, 0.7, np.float32),
        frames=frames.astype(np.float16),
        begin=(1 + np.arange(rows, dtype=np.int64)) * ANALYSIS_FRAMES,
        speech=np.packbits(speech, axis=1),
        voiced=np.packbits(voiced, axis=1),
    )
