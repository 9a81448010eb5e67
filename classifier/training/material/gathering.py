"""What weights are made of: clips of one or several corpora, and noises, as examples.

Owns which clips are heard in how many ways. Knows nothing of networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.training.material.augment import AS_RECORDED, random_voice
from classifier.training.material.corpora import EMODB_CLASSES, Clip, Corpora
from classifier.training.material.examples import (
    Examples,
    Progress,
    make_examples,
    make_murmurs,
    surroundings,
)
from classifier.training.material.meaning import class_of

SEED: Final = 1
VOICES: Final = {"emodb": 24, "ravdess": 12, "nemo": 8}
"""Ways of hearing each speaker besides the recording itself; more where there are few."""

NOISE_VOICES: Final = 2

NO_SPEECH: Final = ("noise", "noise_open")
_HOLDS_VOICES: Final = ("babble", "voice")
"""Classes of the noise corpora with human voices in them: neither speech nor its absence."""


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that weights are made of."""

    clips: tuple[Clip, ...]
    noises: tuple[str, ...]
    """Names of the clips that hold no voice."""

    speech: Examples
    noise: Examples
    murmurs: Examples
    """Babble made of one speaker each, in the order of :attr:`speakers`."""

    classes: tuple[str, ...] = EMODB_CLASSES

    @property
    def labels(self) -> NDArray[np.int64]:
        """Class of each clip."""
        return np.array([self.classes.index(class_of(c.emotion)) for c in self.clips], np.int64)

    @property
    def speakers(self) -> tuple[str, ...]:
        """Every speaker, once, in order."""
        return tuple(sorted({clip.speaker for clip in self.clips}))

    @property
    def corpora(self) -> tuple[str, ...]:
        """Corpus of each clip."""
        return tuple(corpus_of(clip.speaker) for clip in self.clips)


def corpus_of(speaker: str) -> str:
    """The corpus that a speaker speaks in."""
    return speaker.split(":")[0]


def noise_names(corpora: Corpora) -> list[str]:
    """The clips that hold no voice."""
    return [
        name
        for corpus in NO_SPEECH
        for name, kind in corpora.names(corpus)
        if not kind.startswith(_HOLDS_VOICES)
    ]


def gather(
    corpora: Corpora,
    progress: Progress,
    *,
    of: Sequence[str] = ("emodb",),
    voices: int | None = None,
    noise_voices: int = NOISE_VOICES,
) -> Material:
    """Read the corpora and compute their examples, or take them from the cache.

    Args:
        corpora: where they are.
        progress: told how far it is.
        of: the corpora of emotional speech.
        voices: ways of hearing each speaker besides the recording itself; by corpus if not given.
        noise_voices: the same for noises.
    """
    quiet = noise_names(corpora)
    beds = [name for name in quiet if name.startswith("noise_open")]
    around = surroundings(corpora, beds)
    clips: list[Clip] = []
    parts: list[Examples] = []
    for corpus in of:
        own = corpora.speech(corpus)
        rng = np.random.default_rng(SEED)
        many = VOICES[corpus] if voices is None else voices
        of_speaker = {
            speaker: (AS_RECORDED, *(random_voice(rng, around, i) for i in range(many)))
            for speaker in sorted({clip.speaker for clip in own})
        }
        said = {
            speaker: tuple(clip.name for clip in own if clip.speaker == speaker)
            for speaker in of_speaker
        }
        heard = [of_speaker[clip.speaker] for clip in own]
        names = [clip.name for clip in own]
        beside = [said[clip.speaker] for clip in own]
        made = make_examples(corpora, names, heard, around, progress, beside)
        parts.append(moved(made, len(clips)))
        clips += own
    rng = np.random.default_rng(SEED)
    # Nothing lies under what is background itself: every one of these voices is a quiet one.
    ways = [(AS_RECORDED, *(random_voice(rng, around) for _ in range(noise_voices))) for _ in quiet]
    noise = make_examples(corpora, quiet, ways, around, progress)
    of_all: dict[str, list[str]] = {}
    for clip in clips:
        of_all.setdefault(clip.speaker, []).append(clip.name)
    murmurs = make_murmurs(corpora, [of_all[s] for s in sorted(of_all)], around, progress)
    present = {class_of(clip.emotion) for clip in clips}
    extra = sorted(present - set(EMODB_CLASSES))
    return Material(
        tuple(clips), tuple(quiet), joined(parts), noise, murmurs, (*EMODB_CLASSES, *extra)
    )


def moved(examples: Examples, by: int) -> Examples:
    """The same rows with clips counted from ``by``."""
    kept = {field.name: getattr(examples, field.name) for field in fields(Examples)}
    return Examples(**{**kept, "clip": examples.clip + np.int32(by)})


def joined(parts: Sequence[Examples]) -> Examples:
    """Rows of several, one after the other."""
    names = [field.name for field in fields(Examples)]
    rows = {n: np.concatenate([getattr(part, n) for part in parts]) for n in names}
    first = np.cumsum([0, *(len(part.frames) for part in parts[:-1])])
    begin = [part.begin + at for part, at in zip(parts, first, strict=True)]
    return Examples(**{**rows, "begin": np.concatenate(begin)})
