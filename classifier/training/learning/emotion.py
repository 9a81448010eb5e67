"""The networks that hear the emotion: made of simulated sessions, and asked like the graph.

Owns who learns from what: perceptrons from functionals, the contour network from frames and
functionals, every corpus and every class of it with the same weight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from classifier.acoustic.functionals import WIDTH
from classifier.acoustic.gate import Mask
from classifier.acoustic.layout import Floats
from classifier.training.learning import network
from classifier.training.learning.contour_network import (
    CONTOURS,
    ContourLayers,
    ContourSettings,
    fit_contours,
    predict_contours,
)
from classifier.training.learning.contour_rows import ContourRows
from classifier.training.learning.device import DEVICE
from classifier.training.learning.population import AS_IT_IS, AT_ONCE, Population, newest_of
from classifier.training.learning.sessions import Rows, Simulated, joined, simulate
from classifier.training.material.examples import Progress
from classifier.training.material.gathering import SEED, Material, corpus_of

PASSES: Final = 1
"""Random orders of each speaker's clips, for each way of hearing."""

RECORDED_PASSES: Final = 5
"""The same for the recording as it is: it is seen as often as several of the others."""

RECORDED_SHARE: Final = 0.4
"""Of what the networks see, how much is a recording as it is: three in four of the other ways lie
in noise, and what is learnt only there is lost where it is quiet."""


def sessions_of(
    material: Material, kept: Mask, population: Population, recorded_passes: int
) -> Simulated:
    """Simulated sessions of all kept clips, heard in every way."""
    examples = material.speech
    rows = Rows(
        population.standardise(examples.vectors),
        population.standardise(examples.recent, recent=True),
        newest_of(examples, np.arange(len(examples.clip)), population),
        examples.clip,
        examples.voice,
        examples.new_speech_s,
    )
    corpora = np.array(material.corpora)[examples.clip]
    voices = {c: np.unique(examples.voice[corpora == c]) for c in sorted(set(corpora.tolist()))}
    of_speaker: dict[str, list[int]] = {}
    for index in np.flatnonzero(kept):
        of_speaker.setdefault(material.clips[index].speaker, []).append(int(index))
    rng = np.random.default_rng(SEED)
    made = [
        simulate(rows, clips, int(voice), rng)
        for speaker, clips in sorted(of_speaker.items())
        for voice in voices[corpus_of(speaker)]
        for _ in range(recorded_passes if voice == AS_IT_IS else PASSES)
    ]
    return joined([session for session in made if session is not None])


@dataclass(frozen=True, slots=True)
class Emotion:
    """The trained networks."""

    perceptrons: list[network.Layers]
    contours: list[ContourLayers]

    def predict(
        self, material: Material, population: Population, sessions: Simulated
    ) -> tuple[Floats, Floats]:
        """Probabilities by the windows and by their newest seconds (not a number where that held
        too little), ``(n, classes)`` each: what the graph computes."""
        parts = ContourRows(material.speech, population, sessions)
        rows = torch.arange(len(sessions.picked), device=DEVICE)
        moving = [predict_contours(self.contours, parts(some)) for some in rows.split(AT_ONCE)]
        whole = network.predict(self.perceptrons, sessions.whole)
        whole = (whole + np.concatenate([one for one, _ in moving])) / 2
        heard = sessions.has_recent
        recent = np.full_like(whole, np.nan)
        recent[heard] = network.predict(self.perceptrons, sessions.recent[heard])
        recent = (recent + np.concatenate([one for _, one in moving])) / 2
        return whole, recent


def fit_emotion(
    material: Material,
    kept: Mask,
    population: Population,
    progress: Progress,
    settings: ContourSettings = CONTOURS,
) -> Emotion:
    """Train all members.

    Args:
        material: what there is.
        kept: clips to learn from, ``(clips,)``.
        population: what is average among these.
        progress: told how far it is.
        settings: of the contour network.
    """
    sessions = sessions_of(material, kept, population, RECORDED_PASSES)
    heard = sessions.has_recent
    # One network for both lengths: each is standardised, and compared with its own habit.
    inputs = np.concatenate([sessions.whole, sessions.recent[heard]])
    of_clip = material.speech.clip[np.concatenate([sessions.picked, sessions.picked[heard]])]
    weight, allowed = balance(material, of_clip)
    recorded = material.speech.voice[sessions.picked] == AS_IT_IS
    weight = drawn(weight, np.concatenate([recorded, recorded[heard]]))
    # Absolute values are properties of recordings as much as of voices: most members see only what
    # differs from the voice's own habit. One sees both, for voices that have no habit yet.
    views = ((inputs[:, WIDTH:], network.AGAINST_HABIT), (inputs, network.AMONG_VOICES))
    perceptrons: list[network.Layers] = []
    for number, (view, of_view) in enumerate(views):
        perceptrons += network.fit(
            view,
            material.labels[of_clip],
            len(material.classes),
            of_view,
            SEED + number,
            lambda done, total: progress("training on functionals", done, total),
            weight=weight,
            allowed=allowed,
        )
    of_window = of_clip[: len(sessions.picked)]
    weight, allowed = balance(material, of_window)
    contours = fit_contours(
        ContourRows(material.speech, population, sessions),
        material.labels[of_window],
        allowed,
        drawn(weight, recorded),
        settings,
        SEED,
        lambda done, total: progress("training on contours", done, total),
    )
    return Emotion(perceptrons, contours)


def drawn(weight: Floats, recorded: NDArray[np.bool_]) -> Floats:
    """What each row weighs, where recordings as they are have their share.

    Args:
        weight: of each row otherwise, ``(rows,)``.
        recorded: which rows are of recordings as they are, the same shape.
    """
    found = weight.copy()
    for rows, share in ((recorded, RECORDED_SHARE), (~recorded, 1.0 - RECORDED_SHARE)):
        found[rows] *= share * len(weight) / max(float(weight[rows].sum()), 1e-9)
    return found


def balance(material: Material, of_clip: NDArray[np.int32]) -> tuple[Floats, NDArray[np.bool_]]:
    """Weight of each row, corpora and classes in a corpus alike, and its possible classes."""
    labels = material.labels
    corpora = np.array(material.corpora)
    present = sorted(set(corpora[of_clip].tolist()))
    weight = np.zeros(len(of_clip), np.float32)
    allowed = np.zeros((len(of_clip), len(material.classes)), np.bool_)
    for corpus in present:
        rows = np.flatnonzero(corpora[of_clip] == corpus)
        counts = np.bincount(labels[of_clip[rows]], minlength=len(material.classes))
        share = len(of_clip) / (len(present) * np.count_nonzero(counts))
        weight[rows] = (share / np.maximum(counts, 1))[labels[of_clip[rows]]]
        allowed[rows] = counts > 0
    return weight, allowed
