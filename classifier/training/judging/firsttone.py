"""How soon after speech begins a tone is named: clips of voices that were never heard before.

Owns the measure. The clips begin with the voice, so their beginning is that of the speech.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifier.acoustic.layout import BLOCK
from classifier.frames import SAMPLE_RATE_HZ
from classifier.training.judging.folds import Fold
from classifier.training.judging.protocol import clip_protocol
from classifier.training.material.corpora import Corpora


@dataclass(frozen=True, slots=True)
class FirstTone:
    """When the first tone came."""

    clips: int
    named: float
    """Share of the clips in which a tone was named at all."""

    median_s: float | None
    """From the beginning of the speech, of those named."""

    p95_s: float | None


def measure_first_tone(corpora: Corpora, folds: Sequence[Fold]) -> FirstTone:
    """Play every clip of the folds' speakers alone, after a silence of any length."""
    delays: list[float] = []
    clips = 0
    for number, fold in enumerate(folds):
        own = [c for c in corpora.speech(fold.corpus) if c.speaker in fold.speakers]
        leads = np.random.default_rng([number, len(own)]).integers(BLOCK, size=len(own))
        played = [
            np.concatenate([np.zeros(int(lead), np.int16), corpora.pcm(clip.name)])
            for clip, lead in zip(own, leads, strict=True)
        ]
        for lead, judged in zip(leads, clip_protocol(fold.network, played), strict=True):
            clips += 1
            named = [r.frame.timestamp_s for r in judged.readings if r.frame.affect is not None]
            if named:
                delays.append(named[0] - float(lead) / SAMPLE_RATE_HZ)
    return FirstTone(
        clips=clips,
        named=len(delays) / max(1, clips),
        median_s=float(np.median(delays)) if delays else None,
        p95_s=float(np.percentile(delays, 95)) if delays else None,
    )
