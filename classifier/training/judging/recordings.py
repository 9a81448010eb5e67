"""Sessions recorded as windows, so that many networks can be tried on the same audio.

Owns the recording and its replay. Both are the stream's own code: extractor, gate, windows and
lanes. Only the frames of a clip are computed once for all orders, with its pause behind it; no
frame of the next clip reaches back over three seconds of pause.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from classifier.acoustic.analysis import hear
from classifier.acoustic.contour import CONTOUR_WIDTH
from classifier.acoustic.extractor import FrameExtractor
from classifier.acoustic.lane import Lane, Reading
from classifier.acoustic.layout import ANALYSIS_FRAMES, BLOCK_FRAMES, Floats
from classifier.acoustic.model import Network
from classifier.acoustic.window import SlidingWindow, Voices, Window
from classifier.frames import Source
from classifier.training.judging.protocol import PAUSE_BLOCKS, Judged, Pcm, judge, with_pause

Treatment = Callable[[Pcm, int], Pcm]
"""What becomes of a clip with its pause; the second argument is the length of the clip."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One session: windows in a row, and which of them belong to which clip."""

    windows: tuple[Window, ...]
    spans: tuple[tuple[int, int, int], ...]
    """Index of the clip, its first window and the one after its last."""


def untreated(pcm: Pcm, clip_samples: int) -> Pcm:
    """The clip as it was recorded."""
    return pcm


def frames_of(clips: Sequence[Pcm], treat: Treatment = untreated) -> list[Floats]:
    """Frames of each clip and the pause behind it."""
    return [FrameExtractor().push(treat(with_pause(c, PAUSE_BLOCKS), c.size)) for c in clips]


def record(
    frames: Sequence[Floats],
    order: Sequence[int] | NDArray[np.int64],
    voices: Voices | None = None,
) -> Recording:
    """A session of these clips in this order.

    Args:
        frames: of each clip, see :func:`frames_of`.
        order: indices of the clips.
        voices: tells the voices apart; without it they are one.
    """
    window = SlidingWindow(voices)
    windows: list[Window] = []
    spans: list[tuple[int, int, int]] = []
    for index in order:
        first = len(windows)
        clip = frames[int(index)]
        starts = range(0, len(clip), BLOCK_FRAMES)
        windows += [window.advance(clip[at : at + BLOCK_FRAMES]) for at in starts]
        spans.append((int(index), first, len(windows)))
    return Recording(_sharing_frames(windows, [frames[int(i)] for i in order]), tuple(spans))


def _sharing_frames(windows: Sequence[Window], clips: Sequence[Floats]) -> tuple[Window, ...]:
    """The same windows with contours that lie in one array: six of them share each frame."""
    before = np.zeros((ANALYSIS_FRAMES - BLOCK_FRAMES, CONTOUR_WIDTH), np.float16)
    kept = [clip[:, :CONTOUR_WIDTH].astype(np.float16) for clip in clips]
    frames = np.concatenate([before, *kept])
    shared: list[Window] = []
    for number, window in enumerate(windows):
        contour = window.contour
        if contour is not None:
            begin = number * BLOCK_FRAMES
            contour = replace(contour, frames=frames[begin : begin + ANALYSIS_FRAMES])
        shared.append(replace(window, contour=contour))
    return tuple(shared)


def replay(network: Network, recordings: Sequence[Recording]) -> list[dict[int, Judged]]:
    """What the network says to each session: the judgement of each clip by its index."""
    lanes = [Lane(Source.MIC, network.card) for _ in recordings]
    readings: list[list[Reading]] = [[] for _ in recordings]
    for step in range(max(len(one.windows) for one in recordings)):
        ready = [i for i, one in enumerate(recordings) if step < len(one.windows)]
        hear(lanes, network, ready, [recordings[i].windows[step] for i in ready], readings)
    return [
        {clip: judge(said[first:last]) for clip, first, last in one.spans}
        for one, said in zip(recordings, readings, strict=True)
    ]
