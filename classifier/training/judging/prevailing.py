"""What is said where one tone prevails: the balanced session is no session that anybody lives.

Owns the making of such sessions out of a corpus and their figures. People are at rest for most of a
day; and somebody can be angry for most of a call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from classifier.frames import Affect
from classifier.training.judging.folds import Fold
from classifier.training.judging.judgements import FOUR, Answer, figures
from classifier.training.judging.protocol import session_protocol
from classifier.training.material.corpora import Clip, Corpora
from classifier.training.material.examples import Progress
from classifier.training.material.meaning import AFFECTS, class_of

REST: Final = "neutral"
MOST: Final = 0.6
"""Share of the clips that have the prevailing tone."""


@dataclass(frozen=True, slots=True)
class Prevailing:
    """What was said in sessions of one kind."""

    clips: int
    named: float
    """Share of readings on speech that name an affect."""

    named_right: float
    uar: float | None
    """Of the four classes; None where there is one alone."""

    arousal: float | None
    """UAR of high against low."""


def measure_prevailing(
    corpora: Corpora, folds: Sequence[Fold], progress: Progress
) -> dict[str, Prevailing]:
    """Play sessions at rest alone, and sessions in which each of the four classes prevails.

    Returns:
        By kind of session; without those of a class that nobody has.
    """
    kinds = [("at rest alone", REST, 1.0), *((f"mostly {name}", name, MOST) for name in FOUR)]
    found: dict[str, Prevailing] = {}
    for kind, prevailing, share in kinds:
        answers: list[Answer] = []
        for fold in folds:
            for number, speaker in enumerate(fold.speakers):
                progress(f"playing {fold.corpus}, {kind}", number, len(fold.speakers))
                own = [clip for clip in corpora.speech(fold.corpus) if clip.speaker == speaker]
                rng = np.random.default_rng([number, len(own)])
                answers += _session(corpora, fold, chosen(own, prevailing, share, rng), rng)
        if not answers:
            continue
        one = figures(answers, FOUR)
        alone = share == 1.0
        found[kind] = Prevailing(
            one.clips,
            one.named,
            one.named_right,
            uar=None if alone else one.uar,
            arousal=None if alone else one.arousal,
        )
    return found


def truth_of(clip: Clip) -> str:
    """The clip's class; whatever has the word of a voice at rest counts as that."""
    name = class_of(clip.emotion)
    return REST if AFFECTS[name] is Affect.NEUTRAL else name


def chosen(
    clips: Sequence[Clip], prevailing: str, share: float, rng: np.random.Generator
) -> list[Clip]:
    """All clips of one class, and of the others in turn so many that it has that share.

    Args:
        clips: of one speaker.
        prevailing: the class.
        share: above 0, to 1.
        rng: draws the others.
    """
    of_class: dict[str, list[Clip]] = {}
    for clip in clips:
        of_class.setdefault(truth_of(clip), []).append(clip)
    lead = of_class.pop(prevailing, [])
    wanted = round(len(lead) * (1.0 - share) / share)
    shuffled = [[own[i] for i in rng.permutation(len(own))] for _, own in sorted(of_class.items())]
    longest = max(map(len, shuffled), default=0)
    in_turn = [own[turn] for turn in range(longest) for own in shuffled if turn < len(own)]
    return [*lead, *in_turn[:wanted]]


def _session(
    corpora: Corpora, fold: Fold, clips: Sequence[Clip], rng: np.random.Generator
) -> list[Answer]:
    """The answers to one session."""
    card = fold.network.card
    judged = session_protocol(fold.network, [corpora.pcm(clip.name) for clip in clips], rng)
    return [
        Answer(clip.speaker, truth_of(clip), one, card.classes, card.floor)
        for clip, one in zip(clips, judged, strict=True)
    ]
