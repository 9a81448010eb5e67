"""What is average: mean and deviation of everything measured, over the voices of the training.

Owns the arithmetic. A stranger is compared with these until something of its own was heard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.acoustic.baseline import Moments, Usual
from classifier.acoustic.contour import newest_moments
from classifier.acoustic.gate import Mask
from classifier.acoustic.layout import Floats
from classifier.training.material.examples import Examples
from classifier.training.material.gathering import Material

AS_IT_IS: Final = 0
"""Number of the way of hearing that is the recording itself."""

AT_ONCE: Final = 1024
"""Windows whose frames are looked at together."""

CLIP: Final = 5.0
"""Deviations beyond which a functional is not farther out."""


@dataclass(frozen=True, slots=True)
class Population:
    """Mean and deviation of each functional, of whole windows and of their newest second, and of
    each column of a contour."""

    mean: Floats
    scale: Floats
    recent_mean: Floats
    recent_scale: Floats
    frame_mean: Floats
    frame_scale: Floats

    def standardise(self, vectors: Floats, *, recent: bool = False) -> Floats:
        """In deviations; what is not a number stays so."""
        mean, scale = (self.recent_mean, self.recent_scale) if recent else (self.mean, self.scale)
        return np.asarray(np.clip((vectors - mean) / scale, -CLIP, CLIP), dtype=np.float32)

    def in_own_units(self, usual: Usual) -> Usual:
        """What is usual for frames, no longer in deviations of the population."""
        return Usual(
            self.frame_mean + self.frame_scale * usual.mean, self.frame_scale * usual.deviation
        )


def population_of(material: Material, kept: Mask) -> Population:
    """Of voices as they were recorded; every corpus weighs the same."""
    examples = material.speech
    corpora = np.array(material.corpora)
    whole: list[Floats] = []
    recent: list[Floats] = []
    frames: list[tuple[Floats, Floats]] = []
    for corpus in sorted(set(corpora[kept].tolist())):
        rows = np.flatnonzero(
            (kept & (corpora == corpus))[examples.clip] & (examples.voice == AS_IT_IS)
        )
        whole.append(examples.vectors[rows])
        heard = examples.recent[rows]
        recent.append(heard[np.isfinite(heard[:, 0])])
        moments = newest_of(examples, rows)
        seconds = moments.seconds.sum(axis=0, dtype=np.float64)
        frames.append(
            (
                moments.total.sum(axis=0, dtype=np.float64) / seconds,
                moments.squares.sum(axis=0, dtype=np.float64) / seconds,
            )
        )
    centre = np.mean([mean for mean, _ in frames], axis=0)
    square = np.mean([sq - 2 * centre * mean + centre**2 for mean, sq in frames], axis=0)
    return Population(
        *_moments(whole),
        *_moments(recent),
        centre.astype(np.float32),
        np.sqrt(square).astype(np.float32),
    )


def newest_of(
    examples: Examples, rows: NDArray[np.int64], population: Population | None = None
) -> Moments:
    """What the newest frames of windows add to a habit: in raw units without a population."""
    found: list[Moments] = []
    for part in np.array_split(rows, 1 + len(rows) // AT_ONCE):
        block, speech, voiced = examples.newest(part)
        frames = block.astype(np.float32)
        if population is not None:
            frames = (frames - population.frame_mean) / population.frame_scale
        found.append(newest_moments(frames, speech, voiced))
    return Moments(
        np.concatenate([one.total for one in found]),
        np.concatenate([one.squares for one in found]),
        np.concatenate([one.seconds for one in found]),
    )


def _moments(parts: Sequence[Floats]) -> tuple[Floats, Floats]:
    mean = np.mean([part.mean(axis=0) for part in parts], axis=0)
    square = np.mean([((part - mean) ** 2).mean(axis=0) for part in parts], axis=0)
    return mean.astype(np.float32), np.maximum(np.sqrt(square), 1e-3).astype(np.float32)
