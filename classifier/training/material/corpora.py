"""Readers for the public corpora that the weights are made of and judged by.

Owns where the corpora lie and what their tables say. Knows nothing of features or models.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from classifier.errors import ConfigError
from classifier.frames import SAMPLE_RATE_HZ

EMODB_CLASSES: Final = (
    "anger",
    "boredom",
    "disgust",
    "fear",
    "happiness",
    "neutral",
    "sadness",
)
"""The seven classes of the Berlin Database of Emotional Speech (Burkhardt et al. 2005)."""


class CorporaMissingError(ConfigError):
    """The corpora are not where they are looked for."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording of a speech corpus."""

    name: str
    """Path below the corpora's folder."""

    speaker: str
    emotion: str
    """The corpus's own word."""

    utterance: str = ""
    """Which of the corpus's sentences was spoken."""

    gender: str = ""
    """Of the speaker, in the corpus's own word."""


@dataclass(frozen=True, slots=True)
class Corpora:
    """The folder that holds the corpora and their tables."""

    root: Path

    @staticmethod
    def find(root: Path | None = None) -> Corpora:
        """The corpora in ``root``, in ``LINNET_CORPORA``, or beside the project.

        Raises:
            CorporaMissingError: they are not there.
        """
        named = os.environ.get("LINNET_CORPORA")
        beside = Path(__file__).resolve().parents[4] / "shared" / "corpora"
        folder = root or (Path(named) if named else beside)
        if not (folder / "emodb.csv").is_file():
            raise CorporaMissingError(
                "speech corpora not found: set LINNET_CORPORA to the folder with emodb.csv"
            )
        return Corpora(folder)

    def table(self, name: str) -> list[dict[str, str]]:
        """The rows of ``<name>.csv``."""
        with (self.root / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def speech(self, corpus: str) -> list[Clip]:
        """The clips of an emotional speech corpus (``emodb``, ``ravdess``, ``nemo``)."""
        return [
            Clip(
                row["path"],
                f"{corpus}:{row['speaker']}",
                row["emotion"],
                row.get("utterance") or "",
                row.get("gender") or "",
            )
            for row in self.table(corpus)
        ]

    def names(self, corpus: str) -> list[tuple[str, str]]:
        """Path and class of each clip of a corpus without speakers (noise, rooms)."""
        rows = self.table(corpus)
        return [(row["path"], row.get("class") or row.get("room") or "") for row in rows]

    def rated(self) -> Iterator[tuple[str, float, float]]:
        """Path, arousal and valence of the EMO-DB clips that listeners rated, -1..1."""
        for row in self.table("emodb_arousal_valence_47"):
            yield row["path"], float(row["arousal"]), float(row["valence"])

    def pcm(self, name: str) -> NDArray[np.int16]:
        """The samples of a clip, ``(samples,)``.

        Raises:
            ValueError: the file is not 16 kHz mono.
        """
        samples, rate_hz = soundfile.read(self.root / name, dtype="int16")
        if rate_hz != SAMPLE_RATE_HZ or samples.ndim != 1:
            raise ValueError(f"{name} is not 16 kHz mono")
        return np.asarray(samples, dtype=np.int16)
