"""What it is worth to know a voice from an earlier session, and what it costs to be mistaken.

Owns the measure. Half of a speaker's clips are heard in one session; each of the other half is then
heard alone (and the reverse): by a lane that was told what that session knew, by one that was told
what it would know had it been held in another place, by one that was told of somebody else, and by
one that was told nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from classifier.acoustic.analysis import analyse
from classifier.acoustic.card import Card
from classifier.acoustic.known import KnownVoice
from classifier.acoustic.lane import Lane
from classifier.acoustic.model import Network
from classifier.frames import Source
from classifier.training.judging.firsttone import FirstTone, after_silence, first_tone
from classifier.training.judging.folds import Fold
from classifier.training.judging.judgements import FOUR, Answer, figures
from classifier.training.judging.protocol import PAUSE_BLOCKS, Judged, with_pause
from classifier.training.material.augment import AS_RECORDED, Surroundings, Voice, heard_as
from classifier.training.material.corpora import Clip, Corpora
from classifier.training.material.examples import Progress, surroundings
from classifier.training.material.hearing import as_pcm, as_signal
from classifier.training.material.meaning import class_of
from classifier.training.material.places import TELEPHONE as THROUGH_TELEPHONE
from classifier.training.material.places import other_place

STRANGER: Final = "a stranger"
OWN: Final = "known from another session"
ELSEWHERE: Final = "known from another microphone and room"
TELEPHONE: Final = "known from a telephone"
MISTAKEN: Final = "taken for somebody else"
KINDS: Final = (STRANGER, OWN, ELSEWHERE, TELEPHONE, MISTAKEN)

PLACES_SEED: Final = 7

Known = tuple[KnownVoice, ...]


@dataclass(frozen=True, slots=True)
class Acquainted:
    """Clips that were each heard alone, of voices that were known in one way."""

    clips: int
    uar: float
    """Of the four classes."""

    arousal: float
    """UAR of high against low."""

    named: float
    """Share of readings on speech that name an affect."""

    named_right: float
    first: FirstTone
    """Of clips of all classes."""


def measure_acquaintance(
    corpora: Corpora, folds: Sequence[Fold], progress: Progress
) -> dict[str, Acquainted]:
    """Play every speaker of the folds, each kind of acquaintance on the same clips."""
    answers: dict[str, list[Answer]] = {kind: [] for kind in KINDS}
    delays: dict[str, list[float | None]] = {kind: [] for kind in KINDS}
    around = surroundings(corpora, [])
    for fold in folds:
        parts = {speaker: _halves(corpora, fold, speaker) for speaker in fold.speakers}
        known: dict[str, list[Known]] = {}
        for number, (speaker, halves) in enumerate(parts.items()):
            progress(f"getting acquainted with {fold.corpus}", number, len(parts))
            known[speaker] = [_learnt(fold.network, corpora, half, around) for half in halves]
        for number, (speaker, halves) in enumerate(parts.items()):
            progress(f"playing {fold.corpus} to who knows it", number, len(parts))
            # The next in order; in RAVDESS of the other gender, in nEMO as it comes.
            other = fold.speakers[(number + 1) % len(fold.speakers)]
            place = other_place(np.random.default_rng([PLACES_SEED, number]), around)
            for half, clips in enumerate(halves):
                heard = halves[1 - half]
                told = {
                    STRANGER: (),
                    OWN: known[speaker][1 - half],
                    ELSEWHERE: _learnt(fold.network, corpora, heard, around, place),
                    TELEPHONE: _learnt(fold.network, corpora, heard, around, THROUGH_TELEPHONE),
                    MISTAKEN: known[other][1 - half],
                }
                pcms = [corpora.pcm(clip.name) for clip in clips]
                for kind in KINDS:
                    rng = np.random.default_rng(len(clips))  # the same silences for each kind
                    for clip, (judged, delay_s) in zip(
                        clips, after_silence(fold.network, pcms, rng, told[kind]), strict=True
                    ):
                        answers[kind].append(_answer(fold.network.card, clip, judged))
                        delays[kind].append(delay_s)
    return {kind: _summed_up(answers[kind], delays[kind]) for kind in KINDS if answers[kind]}


def _halves(corpora: Corpora, fold: Fold, speaker: str) -> tuple[list[Clip], list[Clip]]:
    """A speaker's clips in two random halves, each in random order."""
    own = [clip for clip in corpora.speech(fold.corpus) if clip.speaker == speaker]
    drawn = np.random.default_rng(len(own)).permutation(len(own))
    half = len(own) // 2
    return [own[i] for i in drawn[:half]], [own[i] for i in drawn[half:]]


def _learnt(
    network: Network,
    corpora: Corpora,
    clips: Sequence[Clip],
    around: Surroundings,
    place: Voice = AS_RECORDED,
) -> Known:
    """What a session of these clips, held in some place, leaves."""
    lane = Lane(Source.MIC, network.card)
    for number, clip in enumerate(clips):
        pcm = corpora.pcm(clip.name)
        if place != AS_RECORDED:
            rng = np.random.default_rng([PLACES_SEED, number])
            pcm = as_pcm(heard_as(as_signal(pcm), place, around, rng))
        lane.push(with_pause(pcm, PAUSE_BLOCKS))
    analyse([lane], network)
    return lane.known


def _answer(card: Card, clip: Clip, judged: Judged) -> Answer:
    return Answer(clip.speaker, class_of(clip.emotion), judged, card.classes, card.floor)


def _summed_up(answers: Sequence[Answer], delays: Sequence[float | None]) -> Acquainted:
    found = figures(answers, FOUR)
    return Acquainted(
        found.clips, found.uar, found.arousal, found.named, found.named_right, first_tone(delays)
    )
