"""The conditions under which weights are judged: who is tested, where, and what is asked.

Owns the questions and the places in which they are asked. Speakers, and in the last conditions
whole corpora, are never shared between training and test.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from classifier.training.judging.folds import Fold
from classifier.training.judging.judgements import FOUR, Answer, Figures, figures
from classifier.training.judging.protocol import Pcm
from classifier.training.judging.recordings import (
    Recording,
    Treatment,
    frames_of,
    record,
    replay,
    untreated,
)
from classifier.training.material.augment import (
    Signal,
    Surroundings,
    Voice,
    heard_as,
    through_telephone,
)
from classifier.training.material.corpora import EMODB_CLASSES, Corpora
from classifier.training.material.examples import Progress
from classifier.training.material.hearing import as_pcm, as_signal
from classifier.training.material.meaning import class_of
from classifier.training.material.rooms import ordinary_rooms

RAVDESS_CLASSES: Final = (
    "anger", "calm", "disgust", "fear", "happiness", "neutral", "sadness", "surprise",
)  # fmt: skip
SNR_DB: Final = 10.0

ROOM: Final = "an ordinary room"
ROOMS: Final = 12
ROOMS_SEED: Final = 1979

Place = Callable[[int], Treatment]
"""Where a speaker is heard: what becomes of the clips, by the speaker's number."""


def _anywhere(number: int) -> Treatment:
    """Where the clips were recorded."""
    return untreated


@dataclass(frozen=True, slots=True)
class Played:
    """A corpus, recorded clip by clip and in sessions, as it is or treated."""

    clips: dict[int, Recording]
    """Each clip alone, by its index in the corpus."""

    sessions: dict[tuple[str, int], Recording]
    """By speaker and order; clips by their index in the corpus."""


def play(
    corpora: Corpora,
    corpus: str,
    orders: int,
    progress: Progress,
    where: Place = _anywhere,
    every: int = 1,
) -> Played:
    """Record a corpus, or every second, third... speaker of it."""
    all_clips = corpora.speech(corpus)
    speakers = sorted({clip.speaker for clip in all_clips})
    alone: dict[int, Recording] = {}
    sessions: dict[tuple[str, int], Recording] = {}
    for number, speaker in list(enumerate(speakers))[::every]:
        progress(f"playing {corpus}", number, len(speakers))
        own = [i for i, clip in enumerate(all_clips) if clip.speaker == speaker]
        frames = frames_of([corpora.pcm(all_clips[i].name) for i in own], where(number))
        for place, index in enumerate(own):
            alone[index] = _renamed(record(frames, [place]), own)
        for order in range(orders):
            shuffled = np.random.default_rng([number, order]).permutation(len(own))
            sessions[speaker, order] = _renamed(record(frames, shuffled), own)
    return Played(alone, sessions)


def _renamed(recording: Recording, names: Sequence[int]) -> Recording:
    spans = tuple((names[place], first, last) for place, first, last in recording.spans)
    return Recording(recording.windows, spans)


def ask(corpora: Corpora, folds: Sequence[Fold], played: dict[str, Played]) -> list[list[Answer]]:
    """The answers of all folds: those to clips alone, then those of each order of sessions."""
    orders = 1 + max((order for one in played.values() for _, order in one.sessions), default=-1)
    runs: list[list[Answer]] = [[] for _ in range(1 + orders)]
    for fold in folds:
        clips = corpora.speech(fold.corpus)
        one = played[fold.corpus]
        met = [s for s in fold.speakers if (s, 0) in one.sessions]
        if not met:
            continue
        alone = [one.clips[i] for i, clip in enumerate(clips) if clip.speaker in met]
        batches = [alone] + [
            [one.sessions[speaker, order] for speaker in met] for order in range(orders)
        ]
        card = fold.network.card
        for run, batch in zip(runs, batches, strict=True):
            for judged in replay(fold.network, batch):
                for index, answer in judged.items():
                    truth = class_of(clips[index].emotion)
                    run.append(
                        Answer(clips[index].speaker, truth, answer, card.classes, card.floor)
                    )
    return runs


@dataclass(frozen=True, slots=True)
class Outcome:
    """Both protocols under one condition."""

    clip: Figures
    session: Figures


def outcome(runs: Sequence[Sequence[Answer]], among: Sequence[str]) -> Outcome:
    """The figures of one run of clips and of all orders of sessions together."""
    pooled = [answer for run in runs[1:] for answer in run]
    return Outcome(figures(runs[0], among), figures(pooled, among))


def treatments(corpora: Corpora) -> dict[str, Place]:
    """Babble and noise at 10 dB, from recordings that are no background in training, a telephone
    band, and rooms that are in no training either.

    A session is in one place, with one noise under all of it; once more with another noise under
    every clip, which is harder than life: no habit can follow.
    """
    babble = [n for n, kind in corpora.names("noise_open") if kind.startswith("babble")]
    steady = [
        n for n, kind in corpora.names("noise") if kind in {"rain", "helicopter", "sea_waves"}
    ]
    murmurs = [as_signal(corpora.pcm(n)) for n in babble]
    noises = [as_signal(corpora.pcm(n)) for n in steady]
    rooms = Surroundings(rooms=ordinary_rooms(ROOMS, ROOMS_SEED))

    def one_place(number: int) -> Treatment:
        return _noisy([noises[int(np.random.default_rng(number).integers(len(noises)))]])

    return {
        "babble, 10 dB": lambda number: _noisy(murmurs),
        "noise, 10 dB": one_place,
        "noise, 10 dB, another with every clip": lambda number: _noisy(noises),
        "telephone band": lambda number: _telephone,
        ROOM: lambda number: _in_room(rooms, number % ROOMS),
    }


def _telephone(pcm: Pcm, clip_samples: int) -> Pcm:
    return as_pcm(through_telephone(as_signal(pcm)))


def _in_room(rooms: Surroundings, number: int) -> Treatment:
    def treat(pcm: Pcm, clip_samples: int) -> Pcm:
        """The room rings on in the pause."""
        rng = np.random.default_rng(number)  # a room leaves nothing to chance
        return as_pcm(heard_as(as_signal(pcm), Voice(room=number), rooms, rng))

    return treat


def _noisy(noises: Sequence[Signal]) -> Treatment:
    def treat(pcm: Pcm, clip_samples: int) -> Pcm:
        """The noise goes on through the pause; its power is measured against the clip's."""
        signal = as_signal(pcm)
        rng = np.random.default_rng([clip_samples, int(np.abs(pcm[:1000].astype(int)).sum())])
        noise = noises[int(rng.integers(len(noises)))]
        bed = np.resize(np.roll(noise, -int(rng.integers(noise.size))), signal.size)
        power = float(np.mean(signal[:clip_samples] ** 2))
        scale = np.sqrt(power / max(float(np.mean(bed**2)), 1e-12) * 10 ** (-SNR_DB / 10))
        mixed = signal + np.float32(scale) * bed
        return as_pcm(np.asarray(mixed / max(1.0, float(np.abs(mixed).max())), np.float32))

    return treat


ASKED: Final = {"emodb": EMODB_CLASSES, "ravdess": RAVDESS_CLASSES, "nemo": FOUR}
"""Classes asked for when a corpus is tested on its own."""
