"""How soon a change of tone is shown: two clips of one speaker, one right after the other.

Owns the joins and their measure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from classifier.acoustic.layout import BLOCK_S
from classifier.frames import SAMPLE_RATE_HZ
from classifier.training.conditions import Fold
from classifier.training.corpora import Corpora
from classifier.training.judgements import SOON_S
from classifier.training.meaning import AFFECTS, class_of
from classifier.training.protocol import clip_protocol

PAIRS: Final = 12
"""Joins for each speaker."""


@dataclass(frozen=True, slots=True)
class Joins:
    """What was shown after joins of two emotions."""

    joins: int
    shown: float
    """Share in which the second affect was named at all before the clip ended."""

    median_s: float | None
    """From the join to the second affect, of those shown."""

    p95_s: float | None

    in_time: float
    """Of those shown, the share that was within :data:`SOON_S`."""

    audible: float
    """Share of the second clips in which the affect is named when they are heard alone, by a lane
    that knows the voice as little: more cannot be asked of a join."""


def measure_joins(corpora: Corpora, folds: Sequence[Fold]) -> Joins:
    """Join clips of speakers that the networks never met."""
    delays: list[float] = []
    joins = audible = 0
    for fold in folds:
        for number, speaker in enumerate(fold.speakers):
            own = [c for c in corpora.speech(fold.corpus) if c.speaker == speaker]
            rng = np.random.default_rng([joins, number])
            pairs = rng.integers(len(own), size=(PAIRS * 4, 2))
            wanted = [
                (own[a], own[b])
                for a, b in pairs
                if AFFECTS[class_of(own[a].emotion)] != AFFECTS[class_of(own[b].emotion)]
            ][:PAIRS]
            first = [corpora.pcm(a.name) for a, _ in wanted]
            joined = [
                np.concatenate([pcm, corpora.pcm(b.name)])
                for pcm, (_, b) in zip(first, wanted, strict=True)
            ]
            judged = clip_protocol(fold.network, joined)
            alone = clip_protocol(fold.network, [corpora.pcm(b.name) for _, b in wanted])
            audible += sum(
                any(r.frame.affect is AFFECTS[class_of(b.emotion)] for r in answer.readings)
                for answer, (_, b) in zip(alone, wanted, strict=True)
            )
            for pcm, (_, after), answer in zip(first, wanted, judged, strict=True):
                joins += 1
                join_s = pcm.size / SAMPLE_RATE_HZ
                shown = [
                    r.frame.timestamp_s - join_s
                    for r in answer.readings
                    if r.frame.affect is AFFECTS[class_of(after.emotion)]
                    and r.frame.timestamp_s >= join_s + BLOCK_S / 2
                ]
                if shown:
                    delays.append(shown[0])
    return Joins(
        joins=joins,
        shown=len(delays) / max(1, joins),
        median_s=float(np.median(delays)) if delays else None,
        p95_s=float(np.percentile(delays, 95)) if delays else None,
        in_time=float(np.mean([delay <= SOON_S for delay in delays])) if delays else 0.0,
        audible=audible / max(1, joins),
    )
