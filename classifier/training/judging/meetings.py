"""What is said to people who just talk: meetings, in which nobody plays an emotion.

Owns the playing and the count of the words. There is no truth to compare with, but most of what is
said in a meeting is said in no particular tone: a word that stands over half of it is a mistake.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from classifier.acoustic.model import Network
from classifier.training.judging.protocol import clip_protocol
from classifier.training.material.corpora import Corpora

MEETINGS: Final = "diarization/ami_*.flac"
"""Excerpts of half a minute of the AMI meeting corpus."""


@dataclass(frozen=True, slots=True)
class Meetings:
    """What was said to meetings."""

    excerpts: int
    readings: int
    """On speech."""

    named: float
    """Share of these that name an affect."""

    words: Mapping[str, float]
    """Share of the named ones that each affect has, the most frequent first."""


def measure_meetings(corpora: Corpora, network: Network) -> Meetings:
    """Play every excerpt to a lane of its own, and count the words."""
    names = sorted(str(file.relative_to(corpora.root)) for file in corpora.root.glob(MEETINGS))
    heard = clip_protocol(network, [corpora.pcm(name) for name in names])
    spoken = [r.frame for judged in heard for r in judged.readings if r.emotion is not None]
    words = Counter(str(frame.affect) for frame in spoken if frame.affect is not None)
    return Meetings(
        excerpts=len(names),
        readings=len(spoken),
        named=words.total() / max(1, len(spoken)),
        words={word: count / words.total() for word, count in words.most_common()},
    )
