"""Make the model of what is still as it was: ``python -m classifier.training.likeness_train``.

Made of EMO-DB and of room responses; its card is ``likeness.md``. What an emotion and a sentence do
to a voice is in the covariance within voices; other places are made of the same clips with
microphones, rooms and telephones at random.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from classifier.acoustic.contour import CONTOUR_WIDTH, newest_moments
from classifier.acoustic.extractor import FrameExtractor
from classifier.acoustic.layout import BLOCK, BLOCK_FRAMES, Floats
from classifier.acoustic.likeness import LikenessModel
from classifier.acoustic.window import SlidingWindow
from classifier.training.console import console, reporting
from classifier.training.material.augment import heard_as
from classifier.training.material.corpora import Clip, Corpora
from classifier.training.material.examples import Progress, surroundings
from classifier.training.material.hearing import as_pcm, as_signal
from classifier.training.material.places import other_place

SOON_S: Final = 1.0
"""Speech of a clip that is looked at to see how utterances stray: it is soon that must be told."""

RECORDED_CLIPS: Final = 30
"""Of each speaker, as they were recorded."""

OTHER_CLIPS: Final = 10
"""Of each speaker in each other place; of those that are not among the first, where there are as
many."""

PLACES: Final = 8
"""Besides that of the recording. Half are near microphones, half stand in a room; of both one comes
through a telephone."""

TELEPHONES: Final = (2, 5)

OF_PLACES: Final = 8
OF_VOICES: Final = 6
"""Directions in which places and voices differ most, that are looked at."""

SHRINK: Final = 0.15
"""Share of the diagonal in the covariances: ten speakers are few."""

_SEED: Final = 11

Covariance = NDArray[np.float64]


def mean_frame(pcm: NDArray[np.int16], most_s: float = np.inf) -> Floats | None:
    """Mean of the frames of a clip's speech, as a stream would have it after so many seconds.

    Args:
        pcm: the clip.
        most_s: how much of its speech.

    Returns:
        ``(CONTOUR_WIDTH,)``, in the columns' own units; None where nothing was voiced.
    """
    window = SlidingWindow()
    tail = np.zeros((-pcm.size) % BLOCK + BLOCK, np.int16)
    frames = FrameExtractor().push(np.concatenate([pcm, tail]))
    total, seconds = np.zeros(CONTOUR_WIDTH), np.zeros(CONTOUR_WIDTH)
    for at in range(0, len(frames), BLOCK_FRAMES):
        contour = window.advance(frames[at : at + BLOCK_FRAMES]).contour
        if contour is None:
            continue
        block = slice(-BLOCK_FRAMES, None)
        new = newest_moments(
            contour.frames[block].astype(np.float32), contour.speech[block], contour.voiced[block]
        )
        total += new.total
        seconds += new.seconds
        if seconds.max() >= most_s:
            break
    return (total / seconds).astype(np.float32) if seconds.min() > 0 else None


def fit(soon: Sequence[Floats], places: Sequence[Sequence[Floats]]) -> LikenessModel:
    """The covariances of some voices.

    Args:
        soon: of each voice its utterances in one place, ``(utterances, CONTOUR_WIDTH)``.
        places: of each voice the mean of many utterances in every place, that one first,
            ``(CONTOUR_WIDTH,)`` each.
    """
    left = sum(len(rows) - 1 for rows in soon)
    within = sum((rows - rows.mean(axis=0)).T @ (rows - rows.mean(axis=0)) for rows in soon) / left
    moved = [a - b for own in places for number, a in enumerate(own) for b in own[:number]]
    elsewhere = np.mean([np.outer(one, one) for one in moved], axis=0)
    # What two voices differ by varies twice as much as one does.
    somebody = 2.0 * np.cov(np.stack([own[0] for own in places]).T)
    whiten = np.linalg.inv(np.linalg.cholesky(_shrunk(within)))
    place = whiten @ _shrunk(elsewhere) @ whiten.T
    voice = whiten @ somebody @ whiten.T
    directions = [
        np.linalg.eigh(covariance)[1][:, ::-1][:, :kept]
        for covariance, kept in ((place, OF_PLACES), (voice, OF_VOICES))
    ]
    kept, _ = np.linalg.qr(np.hstack(directions))
    place, voice = kept.T @ place @ kept, kept.T @ voice @ kept
    unit = np.eye(kept.shape[1])
    covariances = np.stack([unit + place + voice, unit + voice])
    return LikenessModel(
        projection=(whiten.T @ kept).astype(np.float32),
        precisions=np.linalg.inv(covariances).astype(np.float32),
        log_dets=np.linalg.slogdet(covariances)[1].astype(np.float32),
    )


def _shrunk(covariance: Covariance) -> Covariance:
    return (1 - SHRINK) * covariance + SHRINK * np.diag(np.diag(covariance))


def gathered(corpora: Corpora, progress: Progress) -> tuple[list[Floats], list[list[Floats]]]:
    """What :func:`fit` asks for, of all speakers of EMO-DB."""
    around = surroundings(corpora, [])
    by_speaker: dict[str, list[Clip]] = {}
    for clip in corpora.speech("emodb"):
        by_speaker.setdefault(clip.speaker, []).append(clip)
    soon: list[Floats] = []
    places: list[list[Floats]] = []
    for number, clips in enumerate(_shuffled(by_speaker)):
        progress("listening", number, len(by_speaker))
        pcms = [corpora.pcm(clip.name) for clip in clips]
        recorded, others = pcms[:RECORDED_CLIPS], pcms[RECORDED_CLIPS:][:OTHER_CLIPS]
        if len(others) < OTHER_CLIPS:
            others = pcms[-OTHER_CLIPS:]
        soon.append(_means(recorded, SOON_S))
        own = [_means(recorded).mean(axis=0)]
        for place in range(PLACES):
            rng = np.random.default_rng([_SEED, number, place])
            there = other_place(
                rng, around, room=place >= PLACES // 2, telephone=place in TELEPHONES
            )
            heard = [as_pcm(heard_as(as_signal(pcm), there, around, rng)) for pcm in others]
            own.append(_means(heard).mean(axis=0))
        places.append(own)
    return soon, places


def _shuffled(by_speaker: Mapping[str, Sequence[Clip]]) -> list[list[Clip]]:
    rng = np.random.default_rng(_SEED)
    return [
        [clips[i] for i in rng.permutation(len(clips))] for _, clips in sorted(by_speaker.items())
    ]


def _means(pcms: Sequence[NDArray[np.int16]], most_s: float = np.inf) -> Floats:
    found = [mean for pcm in pcms if (mean := mean_frame(pcm, most_s)) is not None]
    return np.stack(found)


def main(
    out: Annotated[Path, typer.Option(help="Where the model is written.")] = Path(
        "classifier/models/likeness.npz"
    ),
) -> None:
    """Fit the model and write it."""
    with reporting() as progress, threadpool_limits(1):
        model = fit(*gathered(Corpora.find(), progress))
    np.savez(out, projection=model.projection, precisions=model.precisions, log_dets=model.log_dets)
    console.print(f"written {out}, {model.projection.shape[1]} dimensions")


if __name__ == "__main__":
    typer.run(main)
