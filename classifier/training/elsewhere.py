"""How the shipped weights do on speech of another kind than they were made of.

Owns the comparison with corpora in other languages. Nothing is learnt from them: their licence
(CC BY-NC-SA) would pass on to weights that were.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from classifier.acoustic.model import Network
from classifier.training.corpora import EMODB_CLASSES, Clip, Corpora
from classifier.training.examples import Progress
from classifier.training.metrics import confusion, unweighted_average_recall
from classifier.training.protocol import Judged, clip_protocol, session_protocol

SAME_WORDS: Final = {
    "ravdess": {
        "angry": "anger",
        "disgust": "disgust",
        "fearful": "fear",
        "happy": "happiness",
        "neutral": "neutral",
        "sad": "sadness",
    },
    "nemo": {name: name for name in ("anger", "fear", "happiness", "neutral", "sadness")},
}
"""Emotions that a corpus shares with EMO-DB; its other clips are left out."""

LANGUAGES: Final = {"ravdess": "RAVDESS, English", "nemo": "nEMO, Polish"}


@dataclass(frozen=True, slots=True)
class Abroad:
    """Figures of one corpus."""

    what: str
    classes: int
    """Emotions shared with EMO-DB; the network still chooses among all of its own."""

    clip_uar: float
    session_uar: float
    arousal_gap: float
    """Mean arousal of anger less that of sadness, over all clips alone."""


def go_abroad(corpora: Corpora, network: Network, progress: Progress) -> list[Abroad]:
    """Judge the clips of other corpora, as far as they are there."""
    return [
        _judge_corpus(corpora, corpus, network, progress)
        for corpus in SAME_WORDS
        if (corpora.root / f"{corpus}.csv").is_file()
    ]


def _judge_corpus(corpora: Corpora, corpus: str, network: Network, progress: Progress) -> Abroad:
    words = SAME_WORDS[corpus]
    clips = [clip for clip in corpora.speech(corpus) if clip.emotion in words]
    speakers = sorted({clip.speaker for clip in clips})
    alone: list[tuple[Clip, Judged]] = []
    together: list[tuple[Clip, Judged]] = []
    for number, speaker in enumerate(speakers):
        progress(f"listening to {LANGUAGES[corpus]}", number, len(speakers))
        own = [clip for clip in clips if clip.speaker == speaker]
        pcm = [corpora.pcm(clip.name) for clip in own]
        alone += zip(own, clip_protocol(network, pcm), strict=True)
        order = np.random.default_rng(number)
        together += zip(own, session_protocol(network, pcm, order), strict=True)
    arousal = {name: _mean_arousal(alone, words, name) for name in ("anger", "sadness")}
    return Abroad(
        what=LANGUAGES[corpus],
        classes=len(words),
        clip_uar=_recall(alone, words),
        session_uar=_recall(together, words),
        arousal_gap=arousal["anger"] - arousal["sadness"],
    )


def _recall(judged: list[tuple[Clip, Judged]], words: dict[str, str]) -> float:
    truth = np.array([EMODB_CLASSES.index(words[clip.emotion]) for clip, _ in judged], np.int64)
    # A clip that was not heard is an error: a class beside its own.
    said = np.array(
        [
            int(np.argmax(answer.emotion)) if answer.emotion is not None else len(EMODB_CLASSES)
            for _, answer in judged
        ],
        np.int64,
    )
    return unweighted_average_recall(confusion(truth, said, len(EMODB_CLASSES) + 1))


def _mean_arousal(judged: list[tuple[Clip, Judged]], words: dict[str, str], name: str) -> float:
    values = [
        reading.frame.arousal
        for clip, answer in judged
        for reading in answer.readings
        if words[clip.emotion] == name and reading.frame.arousal is not None
    ]
    return float(np.mean(values)) if values else 0.0
