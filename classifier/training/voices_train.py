"""Make the model that tells voices apart: ``python -m classifier.training.voices_train``.

Made of EMO-DB alone (CC0), so that it is free for any use. Its ten speakers act seven emotions:
what an emotion does to a voice is in the covariance within voices.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer

from classifier.acoustic.extractor import FrameExtractor
from classifier.acoustic.layout import BLOCK, BLOCK_FRAMES, Floats
from classifier.acoustic.voices import LEAST_NEW_S, TURN_WIDTH, VoiceModel
from classifier.acoustic.window import SlidingWindow
from classifier.training.console import console
from classifier.training.judging.protocol import Pcm
from classifier.training.material.corpora import Corpora

SHRINK: Final = 0.05
"""Share of the sphere in the covariance within voices."""

LEAST_BETWEEN: Final = 0.05
"""Variance of voices, in variances within a voice, below which a dimension tells nothing."""


class Turns:
    """Stands where voices are told apart, and writes down what it is asked."""

    changed_blocks = 0

    def __init__(self) -> None:
        self.rows: list[Floats] = []

    def follow(self, turn: Floats | None, new_speech_s: float) -> int:
        """See :class:`classifier.acoustic.window.Voices`."""
        if turn is not None and new_speech_s > LEAST_NEW_S:
            self.rows.append(turn)
        return 0


def turns_of(pcm: Pcm) -> list[Floats]:
    """The turns of a clip as a stream would describe them, each ``(TURN_WIDTH,)``."""
    turns = Turns()
    window = SlidingWindow(turns)
    tail = np.zeros((-pcm.size) % BLOCK + BLOCK, np.int16)
    frames = FrameExtractor().push(np.concatenate([pcm, tail]))
    for at in range(0, len(frames), BLOCK_FRAMES):
        window.advance(frames[at : at + BLOCK_FRAMES])
    return turns.rows


def fit(voices: Sequence[Floats]) -> VoiceModel:
    """The two covariances of some voices.

    Args:
        voices: the turns of each, ``(n, TURN_WIDTH)``.
    """
    turns = np.concatenate(voices).astype(np.float64)
    mean, scale = turns.mean(axis=0), turns.std(axis=0) + 1e-6
    own = [(voice - mean) / scale for voice in voices]
    within = sum(len(rows) * np.cov(rows.T, bias=True) for rows in own) / len(turns)
    sphere = np.eye(TURN_WIDTH) * np.trace(within) / TURN_WIDTH
    values, vectors = np.linalg.eigh((1 - SHRINK) * within + SHRINK * sphere)
    whiten = vectors / np.sqrt(values)
    centres = np.stack([rows.mean(axis=0) for rows in own]) @ whiten
    between, turned = np.linalg.eigh(np.cov(centres.T, bias=True))
    kept = np.flatnonzero(between > LEAST_BETWEEN)[::-1]
    projection = (whiten @ turned[:, kept]) / scale[:, None]
    return VoiceModel(
        mean.astype(np.float32), projection.astype(np.float32), between[kept].astype(np.float32)
    )


def main(
    out: Annotated[Path, typer.Option(help="Where the model is written.")] = Path(
        "classifier/models/voices.npz"
    ),
) -> None:
    """Fit the model and write it."""
    corpora = Corpora.find()
    by_speaker: dict[str, list[Floats]] = {}
    for clip in corpora.speech("emodb"):
        by_speaker.setdefault(clip.speaker, []).extend(turns_of(corpora.pcm(clip.name)))
    model = fit([np.stack(rows) for rows in by_speaker.values()])
    np.savez(out, mean=model.mean, projection=model.projection, between=model.between)
    console.print(f"{len(by_speaker)} voices, variances between them {model.between.round(2)}")
    console.print(f"written {out}")


if __name__ == "__main__":
    typer.run(main)
