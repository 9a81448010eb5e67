"""How soon a change of tone is shown: two clips of one speaker, one right after the other.

Owns the joins and their measure, with voices that were never heard before and with voices that
were listened to for a while, as in a conversation that goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from classifier.acoustic.layout import BLOCK_S
from classifier.acoustic.model import Network
from classifier.frames import SAMPLE_RATE_HZ
from classifier.training.judging.folds import Fold
from classifier.training.judging.judgements import KNOWN_S, SOON_S
from classifier.training.judging.protocol import Judged, Pcm, clip_protocol, session_protocol
from classifier.training.material.corpora import Clip, Corpora
from classifier.training.material.meaning import AFFECTS, class_of

PAIRS: Final = 12
"""Joins for each speaker."""

WARMING: Final = 24
"""Clips that a voice is listened to for before its joins are counted: with half of them it is
heard for :data:`~classifier.training.judging.judgements.KNOWN_S` as a rule."""


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
    that knows the voice as little or as well: more cannot be asked of a join."""


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Joins of one speaker."""

    first: list[Pcm]
    second: list[Pcm]
    after: list[Clip]
    """The second clips."""

    before: list[Pcm]
    """Other clips of the speaker."""

    @property
    def joined(self) -> list[Pcm]:
        return [np.concatenate(two) for two in zip(self.first, self.second, strict=True)]


def measure_joins(corpora: Corpora, folds: Sequence[Fold]) -> Joins:
    """Join clips of speakers that the networks never met, each pair heard by itself."""
    tally = _Tally()
    for network, pairs in _pairs(corpora, folds):
        alone = clip_protocol(network, pairs.second)
        tally.count(pairs, clip_protocol(network, pairs.joined), alone)
    return tally.sum_up()


def measure_joins_known(corpora: Corpora, folds: Sequence[Fold]) -> Joins:
    """The same joins, with pauses between them, in a session in which the voice is known."""
    tally = _Tally()
    for network, pairs in _pairs(corpora, folds):
        heard = len(pairs.before)
        joined, alone = (
            session_protocol(network, pairs.before + clips)[heard:]
            for clips in (pairs.joined, pairs.second)
        )
        tally.count(pairs, joined, alone, KNOWN_S)
    return tally.sum_up()


def _pairs(corpora: Corpora, folds: Sequence[Fold]) -> Iterator[tuple[Network, _Pairs]]:
    """The joins of each speaker, and the network that never met them."""
    made = 0
    for fold in folds:
        for number, speaker in enumerate(fold.speakers):
            own = [c for c in corpora.speech(fold.corpus) if c.speaker == speaker]
            rng = np.random.default_rng([made, number])
            pairs = rng.integers(len(own), size=(PAIRS * 4, 2))
            wanted = [
                (own[a], own[b])
                for a, b in pairs
                if AFFECTS[class_of(own[a].emotion)] != AFFECTS[class_of(own[b].emotion)]
            ][:PAIRS]
            made += len(wanted)
            joined = {clip.name for pair in wanted for clip in pair}
            others = [clip for clip in own if clip.name not in joined]
            yield (
                fold.network,
                _Pairs(
                    [corpora.pcm(a.name) for a, _ in wanted],
                    [corpora.pcm(b.name) for _, b in wanted],
                    [b for _, b in wanted],
                    [corpora.pcm(others[i].name) for i in rng.permutation(len(others))[:WARMING]],
                ),
            )


class _Tally:
    def __init__(self) -> None:
        self._delays: list[float] = []
        self._joins = self._audible = 0

    def count(
        self,
        pairs: _Pairs,
        joined: Sequence[Judged],
        alone: Sequence[Judged],
        known_s: float = 0.0,
    ) -> None:
        """Look at a speaker's joins; those before a voice was heard for so long do not count."""
        for first, after, both, single in zip(pairs.first, pairs.after, joined, alone, strict=True):
            begin = both.readings[0].frame
            if begin.heard_s < known_s:
                continue
            wanted = AFFECTS[class_of(after.emotion)]
            self._joins += 1
            self._audible += any(r.frame.affect is wanted for r in single.readings)
            join_s = begin.timestamp_s - BLOCK_S + first.size / SAMPLE_RATE_HZ
            shown = [
                r.frame.timestamp_s - join_s
                for r in both.readings
                if r.frame.affect is wanted and r.frame.timestamp_s >= join_s + BLOCK_S / 2
            ]
            self._delays += shown[:1]

    def sum_up(self) -> Joins:
        delays, joins = self._delays, max(1, self._joins)
        return Joins(
            joins=self._joins,
            shown=len(delays) / joins,
            median_s=float(np.median(delays)) if delays else None,
            p95_s=float(np.percentile(delays, 95)) if delays else None,
            in_time=float(np.mean([delay <= SOON_S for delay in delays])) if delays else 0.0,
            audible=self._audible / joins,
        )
