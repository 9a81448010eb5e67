"""Many lanes at once: features, habits and network in one pass each.

Owns the order of the steps of a round. The state of each lane stays its own; what is shared is the
price of a call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from classifier.acoustic.baseline import Baseline, Moments, network_input, usual_of
from classifier.acoustic.contour import Contour, newest_moments, usual_frames_of
from classifier.acoustic.extractor import block_frames
from classifier.acoustic.lane import Lane, Reading
from classifier.acoustic.layout import BLOCK, BLOCK_FRAMES, BLOCK_S, Floats
from classifier.acoustic.model import Batch, Network
from classifier.acoustic.signals.meter import listen
from classifier.acoustic.steps import StepBatch
from classifier.acoustic.window import Window, advance_together

TOGETHER: Final = 20
"""Lanes whose blocks go through in one pass: they share the price of each call. With many more,
what lies between the steps takes more memory than all that the lanes keep."""


def analyse(lanes: Sequence[Lane], network: Network) -> list[list[Reading]]:
    """Analyse every whole block that the lanes hold.

    Each round takes one block of every lane that has one, of a few lanes at a time: features in one
    pass, then one call of the network for all windows with speech. A lane's own blocks follow each
    other, because its baseline must know the earlier before the later.

    Args:
        lanes: distinct lanes.
        network: the weights.

    Returns:
        The new readings of each lane, in order.
    """
    readings: list[list[Reading]] = [[] for _ in lanes]
    while True:
        ready = [i for i, lane in enumerate(lanes) if lane.reader.blocks_ready]
        if not ready:
            return readings
        for first in range(0, len(ready), TOGETHER):
            _take_block(lanes, network, ready[first : first + TOGETHER], readings)


def _take_block(
    lanes: Sequence[Lane],
    network: Network,
    ready: Sequence[int],
    readings: list[list[Reading]],
) -> None:
    """Analyse one block of each ready lane."""
    segments = np.array([lanes[i].reader.take() for i in ready])
    memory = np.array([lanes[i].pitch_memory for i in ready])
    frames, memory = block_frames(segments, memory)
    for row, i in enumerate(ready):
        lanes[i].pitch_memory = memory[row]
    windows = advance_together([lanes[i].window for i in ready], frames)
    speech = [window.new_speech_s / BLOCK_S for window in windows]
    beside = listen([lanes[i].meter for i in ready], segments[:, -BLOCK:], speech)
    for i, sounds in zip(ready, beside, strict=True):
        lanes[i].sounds = sounds
    hear(lanes, network, ready, windows, readings)


def hear(
    lanes: Sequence[Lane],
    network: Network,
    ready: Sequence[int],
    windows: Sequence[Window],
    readings: list[list[Reading]],
) -> None:
    """Put one window of each ready lane through the network, and its reading in its place."""
    batch = _gather(lanes, network, ready, windows)
    heard = network.hear(batch.inputs) if batch is not None else None
    if heard is not None and batch is not None:
        batch.steps.keep(heard.steps)
    row = late = 0
    for i, window in zip(ready, windows, strict=True):
        if window.vector is None or heard is None or batch is None:
            readings[i].append(lanes[i].no_voice(window))
            continue
        recent = None
        if window.recent is not None:
            recent = (batch.newest[late], heard.emotion[len(batch.whole) + late])
            late += 1
        readings[i].append(
            lanes[i].voice(
                window,
                batch.whole[row],
                heard.emotion[row],
                float(heard.speech[row]),
                batch.frames[row],
                recent,
            )
        )
        row += 1


@dataclass(frozen=True, slots=True)
class _Gathered:
    """The windows with speech of one round, and what becomes of them."""

    inputs: Batch
    whole: Floats
    """Standardised functionals of each window, ``(windows, WIDTH)``."""

    newest: Floats
    """The same of the newest seconds, where there are any, ``(rows, WIDTH)``."""

    frames: list[Moments]
    """What the newest frames of each add to a habit."""

    steps: StepBatch
    """Where the steps of their contours come from, and are kept."""


def _gather(
    lanes: Sequence[Lane], network: Network, ready: Sequence[int], windows: Sequence[Window]
) -> _Gathered | None:
    """Measure the windows with speech against the habits of their lanes; None without any."""
    spoken: list[tuple[Lane, Window]] = []
    vectors: list[Floats] = []
    moving: list[Contour] = []
    late: list[tuple[int, Floats]] = []
    for i, window in zip(ready, windows, strict=True):
        lanes[i].turn_to(window.voice)
        if window.vector is None or window.contour is None:
            continue
        if window.recent is not None:
            late.append((len(spoken), window.recent))
        spoken.append((lanes[i], window))
        vectors.append(window.vector)
        moving.append(window.contour)
    if not spoken:
        return None
    newest_frames = slice(-BLOCK_FRAMES, None)
    moments = newest_moments(
        network.standardise_frames(np.array([one.frames[newest_frames] for one in moving])),
        np.array([one.speech[newest_frames] for one in moving]),
        np.array([one.voiced[newest_frames] for one in moving]),
    )
    for (lane, _), new in zip(spoken, moments.each(), strict=True):
        lane.recognise(new)
    own, of_late, of_frames = zip(*(lane.habits for lane, _ in spoken), strict=True)
    steps = StepBatch(
        [lane.steps for lane, _ in spoken],
        [window for _, window in spoken],
        network.in_own_units(usual_frames_of(of_frames, moments)),
        network.loudness_step,
        network.step_width,
    )
    heard_s = np.array([lane.heard_s for lane, _ in spoken], np.float32)
    new_s = np.array([window.new_speech_s for _, window in spoken])
    speech_s = np.array([window.speech_s for _, window in spoken], np.float32)
    recent_speech_s = np.array([window.recent_speech_s for _, window in spoken], np.float32)
    whole = network.standardise(np.array(vectors))
    voices = [_against(own, whole, new_s)]
    newest = whole[:0]
    newest_of = np.array([row for row, _ in late], np.int64)
    if late:
        newest = network.standardise(np.array([recent for _, recent in late]), recent=True)
        voices.append(_against([of_late[row] for row in newest_of], newest, new_s[newest_of]))
    return _Gathered(
        Batch(
            voices=np.concatenate(voices),
            steps=steps.steps,
            newest_of=newest_of,
            speech_s=np.concatenate([speech_s, recent_speech_s[newest_of]]),
            heard_s=np.concatenate([heard_s, heard_s[newest_of]]),
        ),
        whole,
        newest,
        moments.each(),
        steps,
    )


def _against(habits: Sequence[Baseline], standardised: Floats, new_s: Floats) -> Floats:
    """Functionals as the network sees them, ``(rows, 2 * WIDTH)``."""
    usual = usual_of(habits, standardised, new_s)
    return network_input(standardised, usual.mean, usual.deviation)
