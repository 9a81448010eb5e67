"""How weights are made: from corpora to a network and its card.

Owns the recipe, which is the same for the weights that ship and for every fold of the evaluation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np

from classifier.acoustic.baseline import BASELINE_WEIGHT_S
from classifier.acoustic.card import Card, functionals_digest
from classifier.acoustic.gate import Mask
from classifier.acoustic.layout import Floats
from classifier.frames import Affect
from classifier.training.learning import network
from classifier.training.learning.calibration import DIRECTIONS, Certainty, calibrate
from classifier.training.learning.contour_network import CONTOURS, ContourSettings
from classifier.training.learning.emotion import fit_emotion
from classifier.training.learning.graph import build_graph
from classifier.training.learning.kinds import OPEN, Kind
from classifier.training.learning.population import CLIP, Population, population_of
from classifier.training.material.examples import Progress
from classifier.training.material.gathering import SEED, Material
from classifier.training.material.meaning import AFFECTS, COORDINATES, odds_of

SPEECH_THRESHOLD: Final = 0.5


def make_weights(
    material: Material,
    leave_out: Sequence[str],
    progress: Progress,
    *,
    leave_out_noises: Sequence[int] = (),
    kind: Kind = OPEN,
    certainty: Certainty | None = None,
    folds: int = DIRECTIONS,
    contours: ContourSettings = CONTOURS,
) -> tuple[Card, bytes]:
    """Train on all speakers but some, and on all noises but some.

    Args:
        material: what there is.
        leave_out: speakers that nothing is learnt from.
        progress: told how far it is.
        leave_out_noises: indices of noises that are not shown as what is not speech.
        kind: name, licence and floors of the weights.
        certainty: found on what is held out of what is left, if not given.
        folds: how many directions are tried for that, see :func:`held_out`.
        contours: how contour networks are trained.

    Returns:
        The card, without measurements, and the weights.
    """
    kept = np.array([clip.speaker not in leave_out for clip in material.clips])
    population = population_of(material, kept)
    emotion = fit_emotion(material, kept, population, progress, contours)
    speech = _fit_speech(material, kept, leave_out_noises, population, progress)
    sure = certainty or calibrate(material, kept, progress, folds, contours)
    weights = build_graph(emotion.perceptrons, emotion.contours, speech)
    classes = material.classes
    affects = {name: str(AFFECTS[name]) for name in classes}
    card = Card(
        name=kind.name,
        version="7",
        functionals_sha256=functionals_digest(),
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        classes=classes,
        affects=affects,
        coordinates={name: COORDINATES[name] for name in classes},
        odds=odds_of(classes),
        mean=_written(population.mean),
        scale=_written(population.scale),
        recent_mean=_written(population.recent_mean),
        recent_scale=_written(population.recent_scale),
        frame_mean=_written(population.frame_mean),
        frame_scale=_written(population.frame_scale),
        clip=CLIP,
        baseline_weight_s=BASELINE_WEIGHT_S,
        temperature=sure.temperature,
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


def _written(values: Floats) -> tuple[float, ...]:
    return tuple(round(float(v), 6) for v in values)


def _fit_speech(
    material: Material,
    kept: Mask,
    leave_out_noises: Sequence[int],
    population: Population,
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
