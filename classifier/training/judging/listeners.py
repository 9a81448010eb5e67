"""Arousal and valence against what listeners heard in the same clips.

Owns the comparison with the rated clips of EMO-DB, each heard by a network that never met its
speaker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifier.training.judging.folds import Fold
from classifier.training.judging.protocol import clip_protocol
from classifier.training.material.corpora import Corpora


@dataclass(frozen=True, slots=True)
class Agreement:
    """Correlation (Pearson) over clips."""

    clips: int
    arousal: float
    valence: float


def measure_agreement(corpora: Corpora, folds: Sequence[Fold]) -> Agreement:
    """Compare mean readings of the rated clips, each alone, with the listeners' means."""
    rated = {path: (arousal, valence) for path, arousal, valence in corpora.rated()}
    heard: list[tuple[float, float]] = []
    told: list[tuple[float, float]] = []
    for fold in folds:
        own = [
            clip.name
            for clip in corpora.speech(fold.corpus)
            if clip.speaker in fold.speakers and clip.name in rated
        ]
        for name, judged in zip(
            own, clip_protocol(fold.network, [corpora.pcm(name) for name in own]), strict=True
        ):
            places = [
                (r.frame.arousal, r.frame.valence)
                for r in judged.readings
                if r.frame.arousal is not None and r.frame.valence is not None
            ]
            if places:
                arousal, valence = np.mean(places, axis=0)
                heard.append((float(arousal), float(valence)))
                told.append(rated[name])
    ours, theirs = np.array(heard), np.array(told)
    return Agreement(
        clips=len(heard),
        arousal=float(np.corrcoef(ours[:, 0], theirs[:, 0])[0, 1]),
        valence=float(np.corrcoef(ours[:, 1], theirs[:, 1])[0, 1]),
    )
