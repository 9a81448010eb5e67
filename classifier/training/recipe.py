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
from classifier.acoustic.model import pool, temper, temperature_at
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
"""Groups of speakers, held out in turn to find the temperature."""

_TEMPERATURES: Final = tuple(round(0.4 * 1.1**i, 3) for i in range(24))
_LITTLE_EVIDENCE_S: Final = (0.0, 0.2, 0.4, 0.8)
_STRANGENESS: Final = (0.0, 0.3, 0.6, 1.0, 1.5)

SPEECH_THRESHOLD: Final = 0.5

Mask = NDArray[np.bool_]
"""Clips that are meant, ``(clips,)``."""


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
    folds: int = FOLDS,
    caution: float = 1.0,
) -> tuple[Card, bytes]:
    """Train on all speakers but some, and on all noises but some.

    Args:
        material: what there is.
        leave_out: speakers that nothing is learnt from.
        progress: told how far it is.
        leave_out_noises: indices of noises that are not shown as what is not speech.
        kind: name, licence and floors of the weights.
        certainty: found on what is held out of what is left, if not given.
        folds: how many of the groups are held out for that, see :func:`calibrate`.
        caution: factor of the temperature beyond what is found.

    Returns:
        The card, without measurements, and the weights.
    """
    kept = np.array([clip.speaker not in leave_out for clip in material.clips])
    population = _population(material, kept)
    emotion = _fit_emotion(material, kept, population, progress)
    speech = _fit_speech(material, kept, leave_out_noises, population, progress)
    sure = certainty or calibrate(material, kept, progress, folds)
    weights = build_graph(emotion, speech)
    classes = material.classes
    affects = {name: str(AFFECTS[name]) for name in classes}
    card = Card(
        name=kind.name,
        version="3",
        functionals_sha256=functionals_digest(),
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        classes=classes,
        affects=affects,
        coordinates={name: COORDINATES[name] for name in classes},
        mean=_written(population.mean),
        scale=_written(population.scale),
        recent_mean=_written(population.recent_mean),
        recent_scale=_written(population.recent_scale),
        clip=CLIP,
        baseline_weight_s=BASELINE_WEIGHT_S,
        temperature=round(sure.temperature * caution, 4),
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


@dataclass(frozen=True, slots=True)
class _Population:
    """Mean and deviation of each functional, of whole windows and of their newest second."""

    mean: Floats
    scale: Floats
    recent_mean: Floats
    recent_scale: Floats

    def standardise(self, vectors: Floats, *, recent: bool = False) -> Floats:
        """In deviations; what is not a number stays so."""
        mean, scale = (self.recent_mean, self.recent_scale) if recent else (self.mean, self.scale)
        return np.asarray(np.clip((vectors - mean) / scale, -CLIP, CLIP), dtype=np.float32)


def _written(values: Floats) -> tuple[float, ...]:
    return tuple(round(float(v), 6) for v in values)


def _population(material: Material, kept: Mask) -> _Population:
    """Every corpus weighs the same."""
    corpora = np.array(material.corpora)
    parts: list[tuple[Floats, Floats]] = []
    for corpus in sorted(set(corpora[kept].tolist())):
        rows = (kept & (corpora == corpus))[material.speech.clip]
        recent = material.speech.recent[rows]
        parts.append((material.speech.vectors[rows], recent[np.isfinite(recent[:, 0])]))
    return _Population(*_moments([p[0] for p in parts]), *_moments([p[1] for p in parts]))


def _moments(parts: Sequence[Floats]) -> tuple[Floats, Floats]:
    mean = np.mean([part.mean(axis=0) for part in parts], axis=0)
    square = np.mean([((part - mean) ** 2).mean(axis=0) for part in parts], axis=0)
    return mean.astype(np.float32), np.maximum(np.sqrt(square), 1e-3).astype(np.float32)


def _sessions(
    material: Material, kept: Mask, population: _Population, passes: int
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Simulated sessions of all kept clips, heard in every way.

    Returns:
        Network inputs of the whole windows and of their newest seconds (not a number where that
        held too little), ``(n, 2 * WIDTH)`` each, and the row that each comes from.
    """
    examples = material.speech
    rows = Rows(
        population.standardise(examples.vectors),
        population.standardise(examples.recent, recent=True),
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
        simulate(rows, clips, voice, rng)
        for _ in range(passes)
        for speaker, clips in sorted(of_speaker.items())
        for voice in voices[corpus_of(speaker)]
    ]
    whole, recent, picked = zip(*made, strict=True)
    return np.concatenate(whole), np.concatenate(recent), np.concatenate(picked)


def _fit_emotion(
    material: Material, kept: Mask, population: _Population, progress: Progress
) -> list[network.Layers]:
    whole, recent, picked = _sessions(material, kept, population, PASSES)
    heard = np.isfinite(recent[:, 0])
    # One network for both lengths: each is standardised, and compared with its own habit.
    inputs = np.concatenate([whole, recent[heard]])
    of_clip = material.speech.clip[np.concatenate([picked, picked[heard]])]
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
    kept: Mask,
    leave_out_noises: Sequence[int],
    population: _Population,
    progress: Progress,
) -> network.Layers:
    examples = material.speech
    voices = population.standardise(examples.vectors[kept[examples.clip]])
    shown = ~np.isin(material.noise.clip, np.asarray(leave_out_noises, np.int32))
    speakers = {clip.speaker for clip, keep in zip(material.clips, kept, strict=True) if keep}
    talking = np.array([speaker in speakers for speaker in material.speakers])
    others = population.standardise(
        np.concatenate(
            [
                material.noise.vectors[shown],
                material.murmurs.vectors[talking[material.murmurs.clip]],
            ]
        )
    )
    labels = np.concatenate([np.ones(len(voices), np.int64), np.zeros(len(others), np.int64)])
    return network.fit(
        np.concatenate([voices, others]),
        labels,
        2,
        network.SPEECH,
        SEED,
        lambda done, total: progress("training on speech", done, total),
    )[0]


def held_out(material: Material, kept: Mask, folds: int) -> list[tuple[Mask, Mask]]:
    """What to learn from and what to calibrate on: nearest to strangers that the data allow.

    Whole corpora in turn where there are several. In one corpus, speakers in groups, and of them
    only the sentences that the others are not heard with: another voice that says something else
    is as strange as it gets there.

    Args:
        material: what there is.
        kept: clips to share out, ``(clips,)``.
        folds: at most so many of the groups.

    Returns:
        Two masks of clips for each group.
    """
    speakers = sorted(
        {clip.speaker for clip, keep in zip(material.clips, kept, strict=True) if keep}
    )
    of_clip = np.array([clip.speaker for clip in material.clips])
    corpora = np.array(material.corpora)
    present = sorted({corpus_of(speaker) for speaker in speakers})
    if len(present) > 1:
        return [(kept & (corpora != c), kept & (corpora == c)) for c in present]
    utterances = np.array([clip.utterance for clip in material.clips])
    known = sorted(set(utterances[kept].tolist()))
    pairs: list[tuple[Mask, Mask]] = []
    for fold in range(folds):
        strange = np.isin(of_clip, speakers[fold::FOLDS])
        unsaid = np.isin(utterances, known[fold % 2 :: 2])
        pairs.append((kept & ~strange & ~unsaid, kept & strange & unsaid))
    return pairs


def calibrate(material: Material, kept: Mask, progress: Progress, folds: int = FOLDS) -> Certainty:
    """The certainty at which what was held out surprises least, reading by reading."""
    surprises: list[Floats] = []
    for learnt, tried in held_out(material, kept, folds):
        population = _population(material, learnt)
        members = _fit_emotion(material, learnt, population, progress)
        whole, recent, picked = _sessions(material, tried, population, 1)
        heard = np.isfinite(recent[:, 0])
        late = np.full((len(recent), len(material.classes)), np.nan, np.float32)
        late[heard] = network.predict(members, recent[heard])
        predicted = network.predict(members, whole)
        surprises.append(_surprises(material, predicted, late, picked))
    return _GRID[int(np.argmin(np.mean(surprises, axis=0)))]


_GRID: Final = tuple(
    Certainty(t, e, s) for t in _TEMPERATURES for e in _LITTLE_EVIDENCE_S for s in _STRANGENESS
)


def _surprises(
    material: Material, whole: Floats, recent: Floats, picked: NDArray[np.int64]
) -> Floats:
    """Weighted surprise by each certainty of the grid, ``(len(_GRID),)``."""
    examples = material.speech
    of_clip = examples.clip[picked]
    wanted = material.labels[of_clip]
    weight, allowed = _balance(material, of_clip)
    heard_s = np.cumsum(examples.new_speech_s[picked])  # of the whole session: a fair middle
    # Sessions follow each other in the rows; each begins anew where the speaker changes.
    speakers = np.array([material.clips[i].speaker for i in of_clip])
    voices = examples.voice[picked]
    begins = np.flatnonzero((speakers[1:] != speakers[:-1]) | (voices[1:] != voices[:-1])) + 1
    offset = np.zeros(len(picked))
    for begin in begins:
        offset[begin:] = heard_s[begin - 1]
    unknown = np.asarray(
        BASELINE_WEIGHT_S / (BASELINE_WEIGHT_S + heard_s - offset), dtype=np.float32
    )
    heard = np.isfinite(recent[:, 0])
    found: list[float] = []
    for sure in _GRID:

        def tempered(
            predicted: Floats, rows: Mask, speech_s: Floats, sure: Certainty = sure
        ) -> Floats:
            possible = np.where(allowed[rows], predicted[rows], 0.0)
            possible = (possible / possible.sum(axis=1, keepdims=True)).astype(np.float32)
            temperature = temperature_at(
                speech_s[picked][rows],
                unknown[rows],
                sure.temperature,
                sure.little_evidence_s,
                sure.strangeness,
            )
            return temper(possible, temperature)

        said = tempered(whole, np.ones_like(heard), examples.speech_s)
        said[heard] = pool(said[heard], tempered(recent, heard, examples.recent_speech_s))
        right = said[np.arange(len(wanted)), wanted]
        found.append(float(-np.average(np.log(right + 1e-9), weights=weight)))
    return np.asarray(found, dtype=np.float32)
