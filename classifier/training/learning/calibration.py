"""How sure the networks may be: the temperature at which strangers surprise least.

Owns who is held out for that, and the search.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.acoustic.baseline import BASELINE_WEIGHT_S
from classifier.acoustic.gate import Mask
from classifier.acoustic.layout import Floats
from classifier.acoustic.model import pool, temper, temperature_at
from classifier.errors import ConfigError
from classifier.training.learning.contour_network import CONTOURS, ContourSettings
from classifier.training.learning.emotion import PASSES, balance, fit_emotion, sessions_of
from classifier.training.learning.population import population_of
from classifier.training.material.examples import Progress
from classifier.training.material.gathering import Material

DIRECTIONS: Final = 2
"""Women after men, and men after women."""

_TEMPERATURES: Final = tuple(round(0.4 * 1.1**i, 3) for i in range(24))
_LITTLE_EVIDENCE_S: Final = (0.0, 0.2, 0.4, 0.8)
_STRANGENESS: Final = (0.0, 0.3, 0.6, 1.0, 1.5)


@dataclass(frozen=True, slots=True)
class Certainty:
    """How sure the network may be, see :func:`classifier.acoustic.model.temperature_at`."""

    temperature: float
    little_evidence_s: float
    strangeness: float


def held_out(material: Material, kept: Mask, folds: int = DIRECTIONS) -> list[tuple[Mask, Mask]]:
    """What to learn from and what to calibrate on: nearest to strangers that the data allow.

    Whole corpora in turn where there are several. In one corpus, men where only women were heard
    and women where only men were, and of them only the sentences that the others are not heard
    with: other throats that say something else are as strange as it gets there.

    Args:
        material: what there is.
        kept: clips to share out, ``(clips,)``.
        folds: in one corpus, at most so many of the two directions.

    Returns:
        Two masks of clips for each group.

    Raises:
        ConfigError: all speakers are of one corpus and of one gender.
    """
    corpora = np.array(material.corpora)
    present = sorted(set(corpora[kept].tolist()))
    if len(present) > 1:
        return [(kept & (corpora != c), kept & (corpora == c)) for c in present]
    genders = np.array([clip.gender for clip in material.clips])
    heard = sorted(set(genders[kept].tolist()))
    if len(heard) < DIRECTIONS:
        raise ConfigError("there are no strangers to calibrate on: speakers of one gender only")
    utterances = np.array([clip.utterance for clip in material.clips])
    unsaid = np.isin(utterances, sorted(set(utterances[kept].tolist()))[::2])
    pairs = [(kept & (genders != g) & ~unsaid, kept & (genders == g) & unsaid) for g in heard]
    return pairs[:folds]


def calibrate(
    material: Material,
    kept: Mask,
    progress: Progress,
    folds: int = DIRECTIONS,
    contours: ContourSettings = CONTOURS,
) -> Certainty:
    """The certainty at which what was held out surprises least, reading by reading.

    Args:
        material: what there is.
        kept: clips to share out, ``(clips,)``.
        progress: told how far it is.
        folds: see :func:`held_out`.
        contours: how contour networks are trained; one is enough here, and half the passes, as
            there is less to learn from.
    """
    one = replace(contours, members=1, epochs=max(1, contours.epochs // 2))
    surprises: list[Floats] = []
    for learnt, tried in held_out(material, kept, folds):
        population = population_of(material, learnt)
        emotion = fit_emotion(material, learnt, population, progress, one)
        sessions = sessions_of(material, tried, population, PASSES)
        whole, recent = emotion.predict(material, population, sessions)
        surprises.append(_surprises(material, whole, recent, sessions.picked))
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
    weight, allowed = balance(material, of_clip)
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
