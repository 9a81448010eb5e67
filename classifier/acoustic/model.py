"""The network: finds, checks and runs a set of weights.

Owns the model runtime. One call takes the windows of any number of lanes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from classifier.acoustic.baseline import Usual
from classifier.acoustic.card import Card, read_card
from classifier.acoustic.contour import CHANNELS, ENERGY
from classifier.acoustic.functionals import WIDTH
from classifier.acoustic.layout import Floats
from classifier.acoustic.steps import CHUNK_FRAMES, STEPS, Halves, Steps
from classifier.errors import ModelError

MODELS: Final = Path(__file__).resolve().parent.parent / "models"
"""Where the shipped weights lie."""

VOICE_INPUT: Final = "voice"
"""``(rows, 2 * WIDTH)``, see :func:`classifier.acoustic.baseline.network_input`."""

CHUNK_INPUT: Final = "chunks"
"""``(chunks, CHANNELS, CHUNK_FRAMES)``; this and the next see
:class:`classifier.acoustic.steps.Steps`."""

PAST_INPUT: Final = "past"
"""``(windows, STEPS, width)``, of half precision."""

TAKEN_INPUT: Final = "taken"
"""``(n,)``."""

PLACE_INPUT: Final = "place"
"""``(n,)``."""

SPOKEN_INPUT: Final = "spoken"
"""``(windows, 2, STEPS)``."""

NEWEST_INPUT: Final = "newest_of"
"""The window of each row that is a newest second, ``(rows - windows,)``; see :class:`Batch`."""

EMOTION_OUTPUT: Final = "emotion"
"""Probability of each class of the card, ``(rows, classes)``."""

SPEECH_OUTPUT: Final = "speech"
"""Probability that a row is a human voice, ``(rows, 1)``."""

STEPS_OUTPUT: Final = "steps"
"""What the convolutions make of the chunks, ``(chunks, CHUNK_STEPS, width)``, of half precision."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Windows for the network. A row is a window, or the newest second of one."""

    voices: Floats
    """The windows, then the newest seconds of some: ``(rows, 2 * WIDTH)``."""

    steps: Steps
    """Of the windows' contours."""

    newest_of: NDArray[np.int64]
    """The window of each newest second, ``(rows - windows,)``."""

    speech_s: Floats
    """How much speech each row holds, ``(rows,)``, above 0."""

    heard_s: Floats
    """How much each voice was heard before, ``(rows,)``."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the network makes of some windows."""

    emotion: Floats
    """Calibrated probability per class, ``(rows, classes)``."""

    speech: Floats
    """Probability of a human voice, ``(rows,)``."""

    steps: Halves
    """What to keep of the contours, ``(chunks, CHUNK_STEPS, width)``."""


class Network:
    """Weights ready to run. Used from one thread at a time."""

    def __init__(self, card: Card, weights: bytes) -> None:
        """Check weights against their card and load them.

        Raises:
            ModelError: they do not fit, or the runtime cannot read them.
        """
        card.check(weights)
        options = onnxruntime.SessionOptions()
        # The batch is small and the process serves many sessions: more threads would only
        # fight over the same cores.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                weights, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the runtime raises types of its own, without a common base
            raise ModelError(f"the runtime cannot load weights {card.name!r}: {error}") from error
        names = {node.name for node in self._session.get_outputs()}
        if not {EMOTION_OUTPUT, SPEECH_OUTPUT, STEPS_OUTPUT} <= names:
            raise ModelError(
                f"weights {card.name!r}, version {card.version}, are not of this Linnet's kind: "
                "make them again (python -m classifier.training.train)"
            )
        inputs = {node.name: node for node in self._session.get_inputs()}
        self.step_width: int = inputs[PAST_INPUT].shape[-1]
        """Numbers in a step of a contour."""
        self.card = card
        self._mean = np.asarray(card.mean, np.float32)
        self._scale = np.asarray(card.scale, np.float32)
        self._recent_mean = np.asarray(card.recent_mean, np.float32)
        self._recent_scale = np.asarray(card.recent_scale, np.float32)
        self._frame_mean = np.asarray(card.frame_mean, np.float32)
        self._frame_scale = np.asarray(card.frame_scale, np.float32)

    def standardise(self, vectors: Floats, *, recent: bool = False) -> Floats:
        """Functionals in deviations of the training population, ``(..., WIDTH)``.

        Args:
            vectors: ``(..., WIDTH)``.
            recent: they are of the newest second, not of the whole window.
        """
        if recent:
            unclipped = (vectors - self._recent_mean) / self._recent_scale
        else:
            unclipped = (vectors - self._mean) / self._scale
        held = np.minimum(np.maximum(unclipped, -self.card.clip), self.card.clip)
        return np.asarray(held, dtype=np.float32)

    def standardise_frames(self, frames: NDArray[np.floating]) -> Floats:
        """Frames in deviations of the training population, ``(..., CONTOUR_WIDTH)``."""
        return (frames - self._frame_mean) / self._frame_scale

    def in_own_units(self, usual: Usual) -> Usual:
        """What is usual for frames, no longer in deviations of the population."""
        return Usual(
            self._frame_mean + self._frame_scale * usual.mean, self._frame_scale * usual.deviation
        )

    @property
    def loudness_step(self) -> float:
        """How far the energy of a frame strays in the training population, dB."""
        return float(self._frame_scale[ENERGY])

    def hear(self, batch: Batch) -> Heard:
        """Run the network on windows.

        Raises:
            ValueError: the batch is not of the shapes that the network takes.
        """
        rows, width = batch.voices.shape
        windows = rows - len(batch.newest_of)
        if width != 2 * WIDTH:
            raise ValueError(f"expected (rows, {2 * WIDTH}), not {batch.voices.shape}")
        steps = batch.steps
        if steps.past.shape != (windows, STEPS, self.step_width):
            raise ValueError(f"{windows} windows with contours {steps.past.shape}")
        if steps.chunks.shape[1:] != (CHANNELS, CHUNK_FRAMES):
            raise ValueError(f"chunks of contours {steps.chunks.shape}")
        emotion, speech, made = self._session.run(
            [EMOTION_OUTPUT, SPEECH_OUTPUT, STEPS_OUTPUT],
            {
                VOICE_INPUT: batch.voices,
                CHUNK_INPUT: steps.chunks,
                PAST_INPUT: steps.past,
                TAKEN_INPUT: steps.taken,
                PLACE_INPUT: steps.place,
                SPOKEN_INPUT: steps.spoken,
                NEWEST_INPUT: batch.newest_of,
            },
        )
        card = self.card
        unknown = card.baseline_weight_s / (card.baseline_weight_s + batch.heard_s)
        temperature = temperature_at(
            batch.speech_s, unknown, card.temperature, card.little_evidence_s, card.strangeness
        )
        return Heard(temper(emotion, temperature), speech[:, 0], made)


def temperature_at(
    speech_s: Floats,
    unknown: Floats,
    temperature: float,
    little_evidence_s: float,
    strangeness: float,
) -> Floats:
    """The temperature for windows, the shape of ``speech_s``.

    Args:
        speech_s: speech in each window, seconds.
        unknown: share of the population in what counts as each voice's habit, 0..1.
        temperature: with endless speech of a voice that is known.
        little_evidence_s: see :class:`classifier.acoustic.card.Card`.
        strangeness: likewise.
    """
    grown = (1.0 + little_evidence_s / speech_s) * (1.0 + strangeness * unknown)
    return np.asarray(temperature * grown, dtype=np.float32)


def temper(probabilities: Floats, temperature: Floats) -> Floats:
    """Temperature scaling (Guo et al. 2017) of probabilities.

    Args:
        probabilities: ``(batch, classes)``.
        temperature: ``(batch,)``.
    """
    logs = np.log(np.maximum(probabilities, 1e-9)) / temperature[:, None]
    scaled = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return np.asarray(scaled / scaled.sum(axis=-1, keepdims=True), dtype=np.float32)


def pool(whole: Floats, recent: Floats) -> Floats:
    """What two windows on the same voice say together: the geometric mean of both.

    Args:
        whole: probability per class by the whole window, ``(..., classes)``.
        recent: by the newest second, the same shape.
    """
    product = np.sqrt(np.maximum(whole, 1e-9) * np.maximum(recent, 1e-9))
    return np.asarray(product / product.sum(axis=-1, keepdims=True), dtype=np.float32)


def load_network(weights: str) -> Network:
    """The network of that name among the shipped ones, or of that path (``.onnx``).

    Raises:
        ModelError: there is none, or it cannot be used.
    """
    path = Path(weights) if weights.endswith(".onnx") else MODELS / f"{weights}.onnx"
    if not path.is_file():
        raise ModelError(f"no weights {path.name}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"weights {path.name} cannot be read") from error
    return Network(read_card(path.with_suffix(".json")), content)
