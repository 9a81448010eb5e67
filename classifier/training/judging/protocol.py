"""How an unseen speaker is put to the test: through the lanes of the real stream.

Owns the two protocols. *Clip*: every clip alone, each through a lane that never heard the speaker.
*Session*: all clips of the speaker in random order through one lane, with pauses between them, so
that the baseline grows as it would in life.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.acoustic.analysis import analyse
from classifier.acoustic.known import KnownVoice
from classifier.acoustic.lane import Lane, Reading
from classifier.acoustic.layout import BLOCK, BLOCK_S, Floats
from classifier.acoustic.model import Network
from classifier.frames import SAMPLE_RATE_HZ, Source

PAUSE_BLOCKS: Final = 6
"""Silence between clips, 3 s: a window never holds two of them."""

Pcm = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Judged:
    """What was heard in one clip."""

    emotion: Floats | None
    """Mean log-probability per class over the readings on it; None without any."""

    readings: tuple[Reading, ...]


def judge(readings: Sequence[Reading]) -> Judged:
    """Sum up the readings made on a clip."""
    heard = [reading.emotion for reading in readings if reading.emotion is not None]
    mean = np.log(np.maximum(np.stack(heard), 1e-6)).mean(axis=0) if heard else None
    return Judged(mean, tuple(readings))


def clip_protocol(
    network: Network, clips: Sequence[Pcm], known: Sequence[KnownVoice] = ()
) -> list[Judged]:
    """Each clip through a lane of its own.

    Args:
        network: what hears.
        clips: of one voice, where it is known.
        known: what every lane is told of it.
    """
    lanes = [Lane(Source.MIC, network.card) for _ in clips]
    for lane, pcm in zip(lanes, clips, strict=True):
        lane.expect(known)
        lane.push(with_pause(pcm, 2))
    return [judge(readings) for readings in analyse(lanes, network)]


def session_protocol(
    network: Network, clips: Sequence[Pcm], rng: np.random.Generator | None = None
) -> list[Judged]:
    """All clips through one lane, in random order or as they come; answers in their order."""
    lane = Lane(Source.MIC, network.card)
    order = np.arange(len(clips)) if rng is None else rng.permutation(len(clips))
    judged: list[Judged | None] = [None] * len(clips)
    start = 0
    readings: list[Reading] = []
    spans: list[tuple[int, float, float]] = []
    for index in order:
        pcm = with_pause(clips[index], PAUSE_BLOCKS)
        lane.push(pcm)
        spans.append((int(index), start / SAMPLE_RATE_HZ, (start + pcm.size) / SAMPLE_RATE_HZ))
        start += pcm.size
    readings = analyse([lane], network)[0]
    for index, from_s, to_s in spans:
        first, last = round(from_s / BLOCK_S), round(to_s / BLOCK_S)
        judged[index] = judge(readings[first:last])
    return [answer for answer in judged if answer is not None]


def with_pause(pcm: Pcm, blocks: int) -> Pcm:
    """The clip, filled up to whole blocks, and a pause."""
    pause = np.zeros((-pcm.size) % BLOCK + blocks * BLOCK, np.int16)
    return np.concatenate([pcm, pause])
