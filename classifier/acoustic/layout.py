"""The grid that all acoustic analysis lies on, and the names of the columns of a frame.

Owns sizes and names only; computes nothing. Weights are made for one layout: change anything
here and :data:`LAYOUT_VERSION` must change with it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.frames import SAMPLE_RATE_HZ

Floats = NDArray[np.float32]
"""Any array of 32-bit floats; each use states its shape."""

LAYOUT_VERSION: Final = 4
"""Goes up whenever a frame's columns, the window, its functionals or its contour change meaning."""

HOP: Final = 160
"""Samples from one frame to the next: 10 ms."""

WINDOW: Final = 640
"""Samples in a frame's window: 40 ms, three periods of a 75 Hz voice."""

FFT: Final = 1024
"""Transform length of a frame."""

BLOCK_FRAMES: Final = 50
"""Frames computed at once: 0.5 s. Always exactly this many, so that every chunking of the same
PCM runs the same arithmetic on the same shapes and gives the same bits."""

BLOCK: Final = BLOCK_FRAMES * HOP
"""Samples in a block."""

CARRY: Final = WINDOW - HOP
"""Samples of the past that a block's first window reaches back to."""

BLOCK_S: Final = BLOCK / SAMPLE_RATE_HZ
"""Seconds in a block: how often a reading is made."""

ANALYSIS_BLOCKS: Final = 6
"""Blocks in the analysed window: 3 s."""

ANALYSIS_FRAMES: Final = ANALYSIS_BLOCKS * BLOCK_FRAMES
"""Frames in the analysed window."""

FRAME_RATE_HZ: Final = SAMPLE_RATE_HZ // HOP
"""Frames in a second."""

MEL_BANDS: Final = 26
MFCCS: Final = 12

SCALARS: Final = (
    "energy_db",  # mean power of the window, dB re full scale
    "pitch_st",  # semitones above 27.5 Hz; 0 where unvoiced
    "voicing",  # height of the normalised autocorrelation peak, 0..1
    "hnr_db",  # harmonics-to-noise ratio (Boersma 1993), dB
    "alpha_db",  # 50-1000 Hz over 1-5 kHz (alpha ratio), dB
    "hammarberg_db",  # strongest below 2 kHz over strongest in 2-5 kHz, dB
    "slope_low_db",  # regression slope of the log spectrum 50-500 Hz, dB per kHz
    "slope_mid_db",  # the same for 500-1500 Hz
    "centroid_st",  # centre of gravity of the magnitude spectrum, semitones above 27.5 Hz
    "flatness_db",  # geometric over arithmetic mean of the power spectrum, dB
    "h1_h2_db",  # first over second harmonic, dB; 0 where unvoiced
    "h1_a3_db",  # first harmonic over the strongest near the third formant, dB; 0 where unvoiced
)
"""Per-frame measures, in column order."""

COLUMNS: Final = (
    *SCALARS,
    *(f"mfcc_{i}" for i in range(1, MFCCS + 1)),
    *(f"mel_{i}_db" for i in range(MEL_BANDS)),
)
"""Every column of a frame, in order."""

COLUMN: Final = {name: i for i, name in enumerate(COLUMNS)}
"""Column index by name."""

FIRST_MFCC: Final = COLUMN["mfcc_1"]
FIRST_MEL: Final = COLUMN["mel_0_db"]
FRAME_WIDTH: Final = len(COLUMNS)
