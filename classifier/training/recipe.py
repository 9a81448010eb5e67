"""How weights are made: from corpora to a network and its card.

Owns the recipe, which is the same for the weights that ship and for every fold of the evaluation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.acoustic.baseline import BASELINE_WEIGHT_S
from classifier.acoustic.card import Card, functionals_digest
from classifier.acoustic.functionals import WIDTH
from classifier.acoustic.layout import Floats
from classifier.acoustic.model import temper, temperature_at
from classifier.frames import Affect
from classifier.training import network
from classifier.training.examples import Progress
from classifier.training.graph import build_graph
from classifier.training.kinds import OPEN, Kind
from classifier.training.material import SEED, Material, corpus_of
from classifier.training.meaning import AFFECTS, COORDINATES
from classifier.training.sessions import Rows, simulate

PASSES: Final = 1
"""Random orders of each speaker's clips."""

CLIP: Final = 5.0
FOLDS: Final = 3
"""Groups of speakers held out in turn to find the temperature."""

_TEMPERATURES: Final = tuple(round(0.4 * 1.1**i, 3) for i in range(24))
_LITTLE_EVIDENCE_S: Final = (0.0, 0.2, 0.4, 0.8)
_STRANGENESS: Final = (0.0, 0.3, 0.6, 1.0, 1.5)

SPEECH_THRESHOLD: Final = 0.5


@dataclass(frozen=True, slots=True)
class Certainty:
    """How sure the network may be, see :func:`classifier.acoustic.model.temperature_at`."""

    temperature: float
    little_evidence_s: float
    strangeness: float


def make_weights(
    material: Material,
    leave_out: Sequence[str],
    progress: Progress,
    *,
    leave_out_noises: Sequence[int] = (),
    kind: Kind = OPEN,
    certainty: Certainty | None = None,
) -> tuple[Card, bytes]:
    """Train on all speakers but some, and on all noises but some.

    Args:
        material: what there is.
        leave_out: speakers that nothing is learnt from.
        progress: told how far it is.
        leave_out_noises: indices of noises that are not shown as what is not speech.
        kind: name, licence and floors of the weights.
        certainty: found on held-out speakers of those that are left, if not given.

    Returns:
        The card, without measurements, and the weights.
    """
    kept = [s for s in material.speakers if s not in leave_out]
    mean, scale = _population(material, kept)
    emotion = _fit_emotion(material, kept, mean, scale, progress)
    speech = _fit_speech(material, kept, leave_out_noises, mean, scale, progress)
    sure = certainty or calibrate(material, kept, progress, kind)
    weights = build_graph(emotion, speech)
    classes = material.classes
    affects = {name: str(AFFECTS[name]) for name in classes}
    card = Card(
        name=kind.name,
        version="2",
        functionals_sha256=functionals_digest(),
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        classes=classes,
        affects=affects,
        coordinates={name: COORDINATES[name] for name in classes},
        mean=tuple(round(float(v), 6) for v in mean),
        scale=tuple(round(float(v), 6) for v in scale),
        clip=CLIP,
        baseline_weight_s=BASELINE_WEIGHT_S,
        temperature=round(sure.temperature, 4),
        little_evidence_s=sure.little_evidence_s,
        strangeness=sure.strangeness,
        floor=kind.floor,
        floor_unknown=kind.floor_unknown,
        speech_threshold=SPEECH_THRESHOLD,
        data=kind.data,
        licence=kind.licence,
        limits=kind.limits,
        never=tuple(sorted(str(a) for a in set(Affect) - {AFFECTS[n] for n in classes})),
    )
    return card, weights


def _rows_of(material: Material, speakers: Sequence[str]) -> NDArray[np.bool_]:
    spoken_by = np.array([clip.speaker in speakers for clip in material.clips])
    return np.asarray(spoken_by[material.speech.clip], dtype=np.bool_)


def _population(material: Material, speakers: Sequence[str]) -> tuple[Floats, Floats]:
    """Mean and deviation of each functional; every corpus weighs the same."""
    parts = [
        material.speech.vectors[_rows_of(material, [s for s in speakers if corpus_of(s) == corpus])]
        for corpus in sorted({corpus_of(s) for s in speakers})
    ]
    mean = np.mean([part.mean(axis=0) for part in parts], axis=0)
    square = np.mean([((part - mean) ** 2).mean(axis=0) for part in parts], axis=0)
    return mean.astype(np.float32), np.maximum(np.sqrt(square), 1e-3).astype(np.float32)


def _standardise(vectors: Floats, mean: Floats, scale: Floats) -> Floats:
    return np.asarray(np.clip((vectors - mean) / scale, -CLIP, CLIP), dtype=np.float32)


def _sessions(
    material: Material,
    speakers: Sequence[str],
    standardised: Floats,
    passes: int,
) -> tuple[Floats, NDArray[np.int64]]:
    """Simulated sessions of these speakers, heard in every way: inputs and their rows."""
    examples = material.speech
    rows = Rows(standardised, examples.clip, examples.voice, examples.new_speech_s)
    corpora = np.array(material.corpora)[examples.clip]
    voices = {c: np.unique(examples.voice[corpora == c]) for c in sorted(set(corpora.tolist()))}
    rng = np.random.default_rng(SEED)
    inputs: list[Floats] = []
    picked: list[NDArray[np.int64]] = []
    for _ in range(passes):
        for speaker in speakers:
            clips = [i for i, clip in enumerate(material.clips) if clip.speaker == speaker]
            for voice in voices[corpus_of(speaker)]:
                made, of_rows = simulate(rows, clips, voice, rng)
                inputs.append(made)
                picked.append(of_rows)
    return np.concatenate(inputs), np.concatenate(picked)


def _fit_emotion(
    material: Material, speakers: Sequence[str], mean: Floats, scale: Floats, progress: Progress
) -> list[network.Layers]:
    standardised = _standardise(material.speech.vectors, mean, scale)
    inputs, picked = _sessions(material, speakers, standardised, PASSES)
    of_clip = material.speech.clip[picked]
    weight, allowed = _balance(material, of_clip)
    # Absolute values are properties of recordings as much as of voices: most members see only what
    # differs from the voice's own habit. One sees both, for voices that have no habit yet.
    views = ((inputs[:, WIDTH:], network.AGAINST_HABIT), (inputs, network.AMONG_VOICES))
    members: list[network.Layers] = []
    for number, (view, settings) in enumerate(views):
        members += network.fit(
            view,
            material.labels[of_clip],
            len(material.classes),
            settings,
            SEED + number,
            lambda done, total: progress("training on emotion", done, total),
            weight=weight,
            allowed=allowed,
        )
    return members


def _balance(material: Material, of_clip: NDArray[np.int32]) -> tuple[Floats, NDArray[np.bool_]]:
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


def _fit_speech(
    material: Material,
    speakers: Sequence[str],
    leave_out_noises: Sequence[int],
    mean: Floats,
    scale: Floats,
    progress: Progress,
) -> network.Layers:
    voices = _standardise(material.speech.vectors[_rows_of(material, speakers)], mean, scale)
    shown = ~np.isin(material.noise.clip, np.asarray(leave_out_noises, np.int32))
    others = _standardise(material.noise.vectors[shown], mean, scale)
    labels = np.concatenate([np.ones(len(voices), np.int64), np.zeros(len(others), np.int64)])
    return network.fit(
        np.concatenate([voices, others]),
        labels,
        2,
        network.SPEECH,
        SEED,
        lambda done, total: progress("training on speech", done, total),
    )[0]


def calibrate(
    material: Material, speakers: Sequence[str], progress: Progress, kind: Kind
) -> Certainty:
    """The certainty at which what was held out surprises least, window by window.

    What is held out in turn are whole corpora where there are several, else groups of speakers.
    With one corpus no other room, language or way of acting is ever held out: the temperature is
    raised by the kind's caution.
    """
    corpora = sorted({corpus_of(s) for s in speakers})
    groups = [[s for i, s in enumerate(speakers) if i % FOLDS == fold] for fold in range(FOLDS)]
    if len(corpora) > 1:
        groups = [[s for s in speakers if corpus_of(s) == corpus] for corpus in corpora]
    rights: list[Floats] = []
    for held_out in groups:
        kept = [s for s in speakers if s not in held_out]
        mean, scale = _population(material, kept)
        members = _fit_emotion(material, kept, mean, scale, progress)
        inputs, picked = _sessions(
            material, held_out, _standardise(material.speech.vectors, mean, scale), 1
        )
        rights.append(_surprises(material, network.predict(members, inputs), picked))
    surprise = np.concatenate(rights).mean(axis=0)
    best = _GRID[int(np.argmin(surprise))]
    return Certainty(best.temperature * kind.caution, best.little_evidence_s, best.strangeness)


_GRID: Final = tuple(
    Certainty(t, e, s) for t in _TEMPERATURES for e in _LITTLE_EVIDENCE_S for s in _STRANGENESS
)


def _surprises(material: Material, predicted: Floats, picked: NDArray[np.int64]) -> Floats:
    """Weighted surprise by each certainty of the grid, ``(1, len(_GRID))``."""
    examples = material.speech
    of_clip = examples.clip[picked]
    wanted = material.labels[of_clip]
    weight, allowed = _balance(material, of_clip)
    possible = np.where(allowed, predicted, 0.0)
    possible = (possible / possible.sum(axis=1, keepdims=True)).astype(np.float32)
    heard_s = np.cumsum(examples.new_speech_s[picked])  # of the whole session: a fair middle
    # Sessions follow each other in the rows; each begins anew where the speaker changes.
    speakers = np.array([material.clips[i].speaker for i in of_clip])
    voices = examples.voice[picked]
    begins = np.flatnonzero((speakers[1:] != speakers[:-1]) | (voices[1:] != voices[:-1])) + 1
    offset = np.zeros(len(picked))
    for begin in begins:
        offset[begin:] = heard_s[begin - 1]
    unknown = BASELINE_WEIGHT_S / (BASELINE_WEIGHT_S + heard_s - offset)
    found: list[float] = []
    for sure in _GRID:
        temperature = temperature_at(
            examples.speech_s[picked],
            np.asarray(unknown, np.float32),
            sure.temperature,
            sure.little_evidence_s,
            sure.strangeness,
        )
        right = temper(possible, temperature)[np.arange(len(wanted)), wanted]
        found.append(float(-np.average(np.log(right + 1e-9), weights=weight)))
    return np.asarray([found], dtype=np.float32)
