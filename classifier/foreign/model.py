"""Somebody else's network: checked against its description, and run on windows of audio.

Owns the model runtime for it and what is done to audio before and to numbers after. Knows
nothing of lanes or time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
import soxr
from numpy.typing import NDArray

from classifier.acoustic.layout import Floats
from classifier.acoustic.model import temper
from classifier.errors import BackendError, ModelError
from classifier.foreign.card import FixedNormalisation, ForeignCard, read_foreign_card
from classifier.frames import SAMPLE_RATE_HZ

MAX_BATCH: Final = 16
"""Windows in one call: 15 s of each at 48 kHz are then 46 MB."""

_SUM_SLACK: Final = 0.02
"""How far probabilities may be from a sum of 1 (16-bit networks round)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the network said of one window."""

    labels: Floats | None
    """Probability of each label, ``(labels,)``; None where it has none."""

    dimensions: Floats | None
    """Each dimension in the description's order, -1..1; None where it has none."""


class ForeignModel:
    """A network and its description. Used from one thread at a time."""

    def __init__(self, card: ForeignCard, path: Path) -> None:
        """Load the network, and try it on silence.

        Raises:
            ModelError: it cannot be read, or is not as described.
        """
        self.card = card
        try:
            with path.open("rb") as file:
                self.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise ModelError(f"model {path.name} cannot be read") from error
        options = onnxruntime.SessionOptions()
        # As with our own network: sessions share the cores, more threads would fight over them.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            # By path, not by content: large networks keep their weights in files beside it.
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the runtime raises types of its own, without a common base
            raise ModelError(f"the runtime cannot load {path.name}") from error
        self._outputs = [part.output for part in (card.labels, card.dimensions) if part is not None]
        self._check_names()
        try:
            self._run(np.zeros((1 if card.input.shape == "[1,T]" else 2, card.input.window)))
        except BackendError as error:
            raise ModelError(f"model {card.name!r} does not do as described: {error}") from error

    def hear(self, windows: Sequence[NDArray[np.int16]]) -> list[Answer]:
        """Run the network.

        Args:
            windows: audio at 16 kHz, each at most the described length.

        Returns:
            An answer for each.

        Raises:
            BackendError: the network failed, or gave what is no answer.
        """
        answers: list[Answer] = []
        prepared = [self.prepare(window) for window in windows]
        size = 1 if self.card.input.shape == "[1,T]" else MAX_BATCH
        for at in range(0, len(prepared), size):
            answers += self._run(np.stack(prepared[at : at + size]))
        return answers

    def prepare(self, window: NDArray[np.int16]) -> Floats:
        """Audio as the network wants it: its rate, its scale, its length, ``(T,)``."""
        described = self.card.input
        audio = window.astype(np.float32) / np.float32(32768.0)
        if described.rate_hz != SAMPLE_RATE_HZ:
            audio = soxr.resample(audio, SAMPLE_RATE_HZ, described.rate_hz)
        audio = audio[-described.window :]
        how = described.normalisation
        if isinstance(how, FixedNormalisation):
            audio = (audio - how.mean) / how.std
        elif how == "zero-mean-unit-variance":
            audio = (audio - audio.mean()) / np.sqrt(audio.var() + 1e-7)
        whole = np.zeros(described.window, np.float32)
        whole[described.window - audio.size :] = audio
        return whole

    def _run(self, batch: NDArray[Any]) -> list[Answer]:
        inputs = {self.card.input.name: np.asarray(batch, np.float32)}
        try:
            results = dict(
                zip(self._outputs, self._session.run(self._outputs, inputs), strict=True)
            )
        except Exception as error:  # as above
            raise BackendError("the runtime cannot run it on such a window") from error
        labels = dimensions = None
        if (described := self.card.labels) is not None:
            raw = _table(results[described.output], len(batch), len(described.names), "labels")
            labels = _probabilities(raw, softmax=described.softmax)
            labels = temper(labels, np.full(len(batch), described.temperature, np.float32))
        if (wanted := self.card.dimensions) is not None:
            raw = _table(results[wanted.output], len(batch), len(wanted.order), "dimensions")
            centred = 2.0 * (raw - wanted.low) / (wanted.high - wanted.low) - 1.0
            dimensions = np.clip(centred, -1.0, 1.0).astype(np.float32)
        return [
            Answer(
                None if labels is None else labels[row],
                None if dimensions is None else dimensions[row],
            )
            for row in range(len(batch))
        ]

    def _check_names(self) -> None:
        card = self.card
        inputs = {node.name: node for node in self._session.get_inputs()}
        if set(inputs) != {card.input.name}:
            found = ", ".join(sorted(inputs))
            raise ModelError(f"model {card.name!r} takes {found}, not {card.input.name} alone")
        node = inputs[card.input.name]
        if node.type != "tensor(float)" or len(node.shape) != 2:
            raise ModelError(
                f"model {card.name!r} takes {node.type} of {len(node.shape)} axes, "
                "not a raw waveform of 32-bit floats in two"
            )
        windows, samples = node.shape
        if isinstance(samples, int) and samples != card.input.window:
            raise ModelError(
                f"model {card.name!r} takes {samples} samples, "
                f"but window_s and rate_hz make {card.input.window}"
            )
        if windows == 1 and card.input.shape != "[1,T]":
            raise ModelError(f"model {card.name!r} takes one window at a time: shape is [1,T]")
        missing = set(self._outputs) - {node.name for node in self._session.get_outputs()}
        if missing:
            raise ModelError(f"model {card.name!r} has no output {sorted(missing)[0]}")


def _table(raw: Any, rows: int, columns: int, what: str) -> Floats:
    """An output as ``(rows, columns)`` of finite numbers."""
    found = np.asarray(raw, np.float32)
    if found.shape != (rows, columns):
        raise BackendError(f"its {what} have shape {list(found.shape)}, not {[rows, columns]}")
    if not np.isfinite(found).all():
        raise BackendError(f"its {what} are not finite numbers")
    return found


def _probabilities(raw: Floats, *, softmax: bool) -> Floats:
    if softmax:
        grown = np.exp(raw - raw.max(axis=-1, keepdims=True))
        return np.asarray(grown / grown.sum(axis=-1, keepdims=True), np.float32)
    if raw.min() < -_SUM_SLACK or np.abs(raw.sum(axis=-1) - 1.0).max() > _SUM_SLACK:
        raise BackendError("its labels are no probabilities; softmax should be true")
    return raw


def load_foreign(path: Path) -> ForeignModel:
    """The model of that path, with its description (the same name, ``.json``) beside it.

    Raises:
        ModelError: one of them is missing or cannot be used.
    """
    if not path.is_file():
        raise ModelError(f"no model {path.name}")
    return ForeignModel(read_foreign_card(path.with_suffix(".json")), path)
