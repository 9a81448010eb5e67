"""Networks for the evaluation, each without some speakers; kept, because they take long to train.

Owns who is left out of what, and the folder in which trained folds are found again: an evaluation
that was interrupted goes on where it was, and another one of the same recipe trains nothing. What
is missing is trained side by side, as far as processors and memory go.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, BrokenExecutor, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Final

from classifier.acoustic.card import Card, read_card
from classifier.acoustic.model import Network
from classifier.errors import ClassifierError
from classifier.training.learning.device import DEVICE
from classifier.training.learning.kinds import Kind
from classifier.training.learning.recipe import make_weights
from classifier.training.material.corpora import Corpora
from classifier.training.material.examples import Progress, cache_folder, code_digest
from classifier.training.material.gathering import Material, corpus_of, gather, noise_names

ACTORS: Final = 4
"""Unseen actors of RAVDESS in a fold."""

ROOM_BYTES: Final = 8 << 30
"""Of memory, that a process which trains on all corpora may need."""

TOLD_S: Final = 1.0
"""How often those who train are asked how far they are, seconds."""

_RECIPE: Final = (
    "learning/calibration", "learning/contour_network", "learning/contour_rows",
    "learning/convolution", "learning/device", "learning/emotion", "learning/graph",
    "learning/network", "learning/population", "learning/recipe", "learning/sessions",
    "material/gathering", "material/meaning",
)  # fmt: skip
"""Modules without which a fold would be another."""


@dataclass(frozen=True, slots=True)
class Fold:
    """One network and the speakers that it never met."""

    corpus: str
    speakers: tuple[str, ...]
    network: Network
    unshown: tuple[int, ...]
    """Indices of the noises that it was not shown either."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What all folds of a condition have in common."""

    corpora: Corpora
    of: tuple[str, ...]
    """The corpora of emotional speech to train on."""

    kind: Kind
    calibrations: int = 1
    """See :func:`classifier.training.learning.recipe.make_weights`."""

    def material(self, progress: Progress) -> Material:
        """What they are trained on."""
        return gather(self.corpora, progress, of=self.of)

    def weights(
        self,
        material: Material,
        speakers: Sequence[str],
        unshown: Sequence[int],
        progress: Progress,
    ) -> tuple[Card, bytes]:
        """Train one without some speakers and noises."""
        return make_weights(
            material,
            speakers,
            progress,
            kind=self.kind,
            folds=self.calibrations,
            leave_out_noises=unshown,
        )


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A fold that may not be there yet."""

    name: str
    speakers: tuple[str, ...]
    unshown: tuple[int, ...]
    file: Path


def leave_speakers_out(
    recipe: Recipe,
    groups: Sequence[Sequence[str]],
    progress: Progress,
    processes: int | None = None,
) -> list[Fold]:
    """Networks that each lack a group of speakers, each calibrated on what it was trained on.

    Args:
        recipe: what they are made of.
        groups: speakers to leave out.
        progress: told how far it is.
        processes: how many are trained at a time; as many as there is room for if not given.
    """
    noises = noise_names(recipe.corpora)
    wanted: list[_Wanted] = []
    for number, group in enumerate(groups):
        unshown = tuple(range(number, len(noises), len(groups)))
        file = _file_of(recipe, (tuple(group), unshown, recipe.calibrations))
        name = f"fold {number + 1} of {len(groups)}"
        wanted.append(_Wanted(name, tuple(group), unshown, file))
    missing = [fold for fold in wanted if _kept(fold.file, recipe.kind) is None]
    if missing:
        material = recipe.material(progress)
        processes = min(processes or room_for(), len(missing))
        if processes == 1:
            for fold in missing:
                _make(recipe, material, fold, progress)
        else:
            del material  # each process has its own: what was heard is in the cache now
            _make_side_by_side(recipe, missing, progress, processes)
    return [_trained(recipe, fold) for fold in wanted]


def room_for() -> int:
    """How many folds this machine can train at a time: one on a graphics card."""
    if DEVICE.type != "cpu" or not hasattr(os, "sysconf"):
        return 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(os.cpu_count() or 1, memory // ROOM_BYTES))


def _trained(recipe: Recipe, fold: _Wanted) -> Fold:
    found = _kept(fold.file, recipe.kind)
    if found is None:  # fewer folds than there are would be other figures
        raise ClassifierError(f"{fold.name} was trained, and is gone from {fold.file.parent}")
    return Fold(corpus_of(fold.speakers[0]), fold.speakers, Network(*found), fold.unshown)


def _make(recipe: Recipe, material: Material, fold: _Wanted, progress: Progress) -> None:
    """Train a fold, and keep it."""
    made = recipe.weights(
        material,
        fold.speakers,
        fold.unshown,
        lambda what, done, total: progress(f"{fold.name}: {what}", done, total),
    )
    _keep(fold.file, *made)


def _make_side_by_side(
    recipe: Recipe, missing: Sequence[_Wanted], progress: Progress, processes: int
) -> None:
    context = get_context("spawn")
    told: Queue[tuple[str, int, int]] = context.Queue()
    with ProcessPoolExecutor(processes, context, _begin, (recipe, told)) as pool:
        running = {pool.submit(_make_elsewhere, fold) for fold in missing}
        try:
            while running:
                done, running = wait(running, timeout=TOLD_S, return_when=FIRST_EXCEPTION)
                for one in done:
                    one.result()
                while not told.empty():
                    progress(*told.get())
        except BrokenExecutor as error:
            raise ClassifierError(
                "a process that trained a fold was killed, maybe for want of memory:"
                " try again with fewer, --processes 1"
            ) from error
        finally:
            # What is being trained is finished and kept, nothing else is begun.
            pool.shutdown(cancel_futures=True)


_elsewhere: tuple[Recipe, Material, Progress] | None = None
"""Of this process, where it is one of several."""


def _begin(recipe: Recipe, told: Queue[tuple[str, int, int]]) -> None:
    global _elsewhere
    from threadpoolctl import threadpool_limits  # comes with the train extra

    threadpool_limits(1)

    def progress(what: str, done: int, total: int) -> None:
        told.put((what, done, total))

    _elsewhere = recipe, recipe.material(_quietly), progress


def _make_elsewhere(fold: _Wanted) -> None:
    assert _elsewhere is not None
    recipe, material, progress = _elsewhere
    _make(recipe, material, fold, progress)


def _quietly(what: str, done: int, total: int) -> None:
    """No progress: what is taken from the cache is there at once."""


def groups_of(speakers: Sequence[str], size: int) -> list[Sequence[str]]:
    """Speakers in groups of that size, in their order."""
    return [speakers[i : i + size] for i in range(0, len(speakers), size)]


def speakers_of(corpora: Corpora, corpus: str) -> list[str]:
    """Every speaker of a corpus, once, in order."""
    return sorted({clip.speaker for clip in corpora.speech(corpus)})


def _file_of(recipe: Recipe, left_out: object) -> Path:
    """Where a fold is kept. Its name changes with everything that it depends on."""
    training = Path(__file__).resolve().parents[1]
    names = [clip.name for corpus in recipe.of for clip in recipe.corpora.speech(corpus)]
    parts = [repr((recipe.of, recipe.kind.name, left_out, names)).encode(), code_digest().encode()]
    parts += [(training / f"{module}.py").read_bytes() for module in _RECIPE]
    key = hashlib.sha256(b"".join(parts)).hexdigest()[:24]
    return cache_folder("folds") / f"{key}.onnx"


def _kept(file: Path, kind: Kind) -> tuple[Card, bytes] | None:
    """A fold that was trained before, named by the floors of today."""
    card = file.with_suffix(".json")
    if not (file.is_file() and card.is_file()):
        return None
    found = replace(read_card(card), floor=kind.floor, floor_unknown=kind.floor_unknown)
    return found, file.read_bytes()


def _keep(file: Path, card: Card, weights: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(weights)
    # The card comes last: with it the fold is whole.
    partial = file.with_suffix(".partial")
    partial.write_text(card.dump(), encoding="utf-8")
    partial.replace(file.with_suffix(".json"))
