"""How soon after speech begins a tone is named: clips of voices that were never heard before.

Owns the measure. The clips begin with the voice, so their beginning is that of the speech.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifier.acoustic.known import KnownVoice
from classifier.acoustic.layout import BLOCK
from classifier.acoustic.model import Network
from classifier.frames import SAMPLE_RATE_HZ
from classifier.training.judging.folds import Fold
from classifier.training.judging.protocol import Judged, Pcm, clip_protocol
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
    delays: list[float | None] = []
    for number, fold in enumerate(folds):
        own = [
            corpora.pcm(clip.name)
            for clip in corpora.speech(fold.corpus)
            if clip.speaker in fold.speakers
        ]
        rng = np.random.default_rng([number, len(own)])
        delays += [delay_s for _, delay_s in after_silence(fold.network, own, rng)]
    return first_tone(delays)


def after_silence(
    network: Network,
    clips: Sequence[Pcm],
    rng: np.random.Generator,
    known: Sequence[KnownVoice] = (),
) -> list[tuple[Judged, float | None]]:
    """Play clips alone, each after a silence of any length.

    Args:
        network: what hears.
        clips: of one voice, where it is known.
        rng: draws the silences.
        known: what every lane is told of the voice.

    Returns:
        What was heard in each, and how long after its beginning a tone was named, if any was.
    """
    leads = rng.integers(BLOCK, size=len(clips))
    played = [
        np.concatenate([np.zeros(int(lead), np.int16), clip])
        for lead, clip in zip(leads, clips, strict=True)
    ]
    found: list[tuple[Judged, float | None]] = []
    for lead, judged in zip(leads, clip_protocol(network, played, known), strict=True):
        named = [r.frame.timestamp_s for r in judged.readings if r.frame.affect is not None]
        delay_s = named[0] - float(lead) / SAMPLE_RATE_HZ if named else None
        found.append((judged, delay_s))
    return found


def first_tone(delays: Sequence[float | None]) -> FirstTone:
    """The figures of some clips; None where nothing was named."""
    came = [delay_s for delay_s in delays if delay_s is not None]
    return FirstTone(
        clips=len(delays),
        named=len(came) / max(1, len(delays)),
        median_s=float(np.median(came)) if came else None,
        p95_s=float(np.percentile(came, 95)) if came else None,
    )
