"""How the ``open`` weights are made: from corpora to a network and its card.

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
from classifier.acoustic.layout import Floats
from classifier.acoustic.model import temper, temperature_at
from classifier.frames import Affect
from classifier.training import network
from classifier.training.augment import AS_RECORDED, random_voice
from classifier.training.corpora import EMODB_CLASSES, Clip, Corpora
from classifier.training.examples import Examples, Progress, make_examples, surroundings
from classifier.training.graph import build_graph
from classifier.training.meaning import EMODB_AFFECTS, EMODB_COORDINATES, LIMITS
from classifier.training.sessions import Rows, simulate

SEED: Final = 1
VOICES: Final = 8
"""Ways of hearing each speaker besides the recording itself."""

NOISE_VOICES: Final = 2
PASSES: Final = 2
"""Random orders of each speaker's clips."""

CLIP: Final = 5.0
FOLDS: Final = 3
"""Groups of speakers held out in turn to find the temperature."""

_TEMPERATURES: Final = tuple(round(0.3 * 1.06**i, 3) for i in range(36))
_LITTLE_EVIDENCE_S: Final = (0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8)

FLOOR: Final = 0.5
SPEECH_THRESHOLD: Final = 0.5
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

    @property
    def labels(self) -> NDArray[np.int64]:
        """Class of each clip."""
        return np.array([EMODB_CLASSES.index(clip.emotion) for clip in self.clips], np.int64)

    @property
    def speakers(self) -> tuple[str, ...]:
        """Every speaker, once, in order."""
        return tuple(sorted({clip.speaker for clip in self.clips}))


def gather(
    corpora: Corpora,
    progress: Progress,
    *,
    voices: int = VOICES,
    noise_voices: int = NOISE_VOICES,
) -> Material:
    """Read the corpora and compute their examples, or take them from the cache.

    Args:
        corpora: where they are.
        progress: told how far it is.
        voices: ways of hearing each speaker besides the recording itself.
        noise_voices: the same for noises.
    """
    clips = tuple(corpora.speech("emodb"))
    quiet = [
        name
        for corpus in NO_SPEECH
        for name, kind in corpora.names(corpus)
        if not kind.startswith(_HOLDS_VOICES)
    ]
    beds = [name for name in quiet if name.startswith("noise_open")]
    around = surroundings(corpora, beds)
    rng = np.random.default_rng(SEED)
    of_speaker = {
        speaker: (AS_RECORDED, *(random_voice(rng, around) for _ in range(voices)))
        for speaker in sorted({clip.speaker for clip in clips})
    }
    heard = [of_speaker[clip.speaker] for clip in clips]
    speech = make_examples(corpora, [clip.name for clip in clips], heard, around, progress)
    ways = [(AS_RECORDED, *(random_voice(rng, around) for _ in range(noise_voices))) for _ in quiet]
    noise = make_examples(corpora, quiet, ways, around, progress)
    return Material(clips, tuple(quiet), speech, noise)


def make_weights(
    material: Material,
    leave_out: Sequence[str],
    progress: Progress,
    *,
    leave_out_noises: Sequence[int] = (),
) -> tuple[Card, bytes]:
    """Train on all speakers but some, and on all noises but some.

    Args:
        material: what there is.
        leave_out: speakers that nothing is learnt from.
        progress: told how far it is.
        leave_out_noises: indices of noises that are not shown as what is not speech.

    Returns:
        The card, without measurements, and the weights.
    """
    kept = [s for s in material.speakers if s not in leave_out]
    mean, scale = _population(material, kept)
    emotion = _fit_emotion(material, kept, mean, scale, progress)
    speech = _fit_speech(material, kept, leave_out_noises, mean, scale, progress)
    temperature, little_evidence_s = _calibrate(material, kept, progress)
    weights = build_graph(emotion, speech)
    affects = {name: str(EMODB_AFFECTS[name]) for name in EMODB_CLASSES}
    card = Card(
        name="open",
        version="1",
        functionals_sha256=functionals_digest(),
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        classes=EMODB_CLASSES,
        affects=affects,
        coordinates=EMODB_COORDINATES,
        mean=tuple(round(float(v), 6) for v in mean),
        scale=tuple(round(float(v), 6) for v in scale),
        clip=CLIP,
        baseline_weight_s=BASELINE_WEIGHT_S,
        temperature=temperature,
        little_evidence_s=little_evidence_s,
        floor=FLOOR,
        speech_threshold=SPEECH_THRESHOLD,
        data=(
            "EMO-DB, Berlin Database of Emotional Speech (Burkhardt et al. 2005), CC0-1.0",
            "ESC-10 (Piczak 2015), CC BY 3.0, as what is not speech",
            "noises of Blanket and of Speech Commands' background set, CC0, public domain, "
            "CC BY 3.0 and CC BY 4.0, as background and as what is not speech",
            "room responses of OpenAIR (University of York), CC BY 4.0 and CC0, as rooms",
        ),
        licence="CC-BY-4.0",
        limits=LIMITS,
        never=tuple(sorted(str(a) for a in set(Affect) - set(EMODB_AFFECTS.values()))),
    )
    return card, weights


def _rows_of(material: Material, speakers: Sequence[str]) -> NDArray[np.bool_]:
    spoken_by = np.array([clip.speaker in speakers for clip in material.clips])
    return np.asarray(spoken_by[material.speech.clip], dtype=np.bool_)


def _population(material: Material, speakers: Sequence[str]) -> tuple[Floats, Floats]:
    vectors = material.speech.vectors[_rows_of(material, speakers)]
    return vectors.mean(axis=0), np.maximum(vectors.std(axis=0), 1e-3)


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
    rng = np.random.default_rng(SEED)
    inputs: list[Floats] = []
    picked: list[NDArray[np.int64]] = []
    for _ in range(passes):
        for speaker in speakers:
            clips = [i for i, clip in enumerate(material.clips) if clip.speaker == speaker]
            for voice in range(int(examples.voice.max()) + 1):
                made, of_rows = simulate(rows, clips, voice, rng)
                inputs.append(made)
                picked.append(of_rows)
    return np.concatenate(inputs), np.concatenate(picked)


def _fit_emotion(
    material: Material, speakers: Sequence[str], mean: Floats, scale: Floats, progress: Progress
) -> list[network.Layers]:
    standardised = _standardise(material.speech.vectors, mean, scale)
    inputs, picked = _sessions(material, speakers, standardised, PASSES)
    return network.fit(
        inputs,
        material.labels[material.speech.clip[picked]],
        len(EMODB_CLASSES),
        network.EMOTION,
        SEED,
        lambda done, total: progress("training on emotion", done, total),
    )


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


def _calibrate(
    material: Material, speakers: Sequence[str], progress: Progress
) -> tuple[float, float]:
    """Temperature and its growth at which held-out speakers surprise least, window by window."""
    probabilities: list[Floats] = []
    rows: list[NDArray[np.int64]] = []
    for fold in range(FOLDS):
        held_out = [s for i, s in enumerate(speakers) if i % FOLDS == fold]
        kept = [s for s in speakers if s not in held_out]
        mean, scale = _population(material, kept)
        members = _fit_emotion(material, kept, mean, scale, progress)
        standardised = _standardise(material.speech.vectors, mean, scale)
        inputs, picked = _sessions(material, held_out, standardised, 1)
        probabilities.append(network.predict(members, inputs))
        rows.append(picked)
    predicted, picked = np.concatenate(probabilities), np.concatenate(rows)
    wanted = material.labels[material.speech.clip[picked]]
    speech_s = material.speech.speech_s[picked]
    weight = 1.0 / np.bincount(wanted, minlength=len(EMODB_CLASSES))[wanted]

    def surprise(pair: tuple[float, float]) -> float:
        tempered = temper(predicted, temperature_at(speech_s, *pair))
        right = tempered[np.arange(len(wanted)), wanted]
        return float(-np.average(np.log(right + 1e-9), weights=weight))

    return min(((t, e) for t in _TEMPERATURES for e in _LITTLE_EVIDENCE_S), key=surprise)
