"""Somebody else's model behind the common interface: ``onnx:PATH`` in ``LINNET_CLASSIFIER``.

Owns the pair of networks, ours for the gate and theirs for the tone. Engine, lanes and delivery
are those of the acoustic classifier.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from classifier.acoustic.backend import AcousticBackend
from classifier.acoustic.lane import Lane, Reading
from classifier.acoustic.voices import VoiceTracker
from classifier.errors import BackendError
from classifier.foreign.lane import ForeignLane, analyse_foreign
from classifier.foreign.model import ForeignModel, load_foreign
from classifier.frames import DEFAULT_WINDOW_MS, Affect, Source


class ForeignBackend(AcousticBackend):
    """Hears with a model that was brought along."""

    def __init__(self, path: Path, weights: str = "open") -> None:
        """Not loaded yet.

        Args:
            path: of the ``.onnx`` file; its description lies beside it as ``.json``.
            weights: the acoustic weights whose gate tells voices from other sounds.
        """
        super().__init__(weights)
        self._path = path
        self._model: ForeignModel | None = None
        self._loading_model = asyncio.Lock()

    @property
    def name(self) -> str:
        """``onnx:`` and the file's name, without its folder."""
        return f"onnx:{self._path.stem}"

    @property
    def model_id(self) -> str:
        """The name: such a model has no version."""
        return self.name

    @property
    def model_sha256(self) -> str:
        """Of the model's file."""
        return "" if self._model is None else self._model.sha256

    async def load(self) -> None:
        """Load both networks off the event loop and start the engine. Idempotent."""
        async with self._loading_model:
            if self._model is None:
                self._model = await asyncio.to_thread(load_foreign, self._path)
        await super().load()

    @property
    def model(self) -> ForeignModel:
        """The loaded model.

        Raises:
            BackendError: nothing is loaded yet.
        """
        if self._model is None:
            raise BackendError("the model is not loaded")
        return self._model

    @property
    def possible_affects(self) -> frozenset[Affect]:
        """The affects that the model's labels are mapped to; none for one of dimensions only."""
        labels = self.model.card.labels
        return labels.possible_affects if labels is not None else frozenset()

    def make_lane(
        self,
        source: Source,
        voices: VoiceTracker | None = None,
        window_ms: int = DEFAULT_WINDOW_MS,
    ) -> Lane:
        """A lane for one source of one session; it is one voice whatever was asked for."""
        return ForeignLane(source, self.network.card, self.model.card, window_ms)

    def _analyse(self, lanes: Sequence[Lane]) -> Sequence[list[Reading]]:
        # Every lane that this backend is given was made by it.
        return analyse_foreign(cast(Sequence[ForeignLane], lanes), self.network, self.model)
