"""Stand-ins for examples, where only their number matters."""

import numpy as np

from classifier.acoustic.contour import CONTOUR_WIDTH
from classifier.acoustic.functionals import WIDTH
from classifier.acoustic.layout import ANALYSIS_FRAMES
from classifier.training.examples import MASK_BYTES, Examples


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
