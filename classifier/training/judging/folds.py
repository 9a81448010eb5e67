"""Networks for the evaluation, each without some speakers; kept, because they take long to train.

Owns who is left out of what, and the folder in which trained folds are found again: an evaluation
that was interrupted goes on where it was, and another one of the same recipe trains nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from classifier.acoustic.card import Card, read_card
from classifier.acoustic.model import Network
from classifier.training.learning.kinds import Kind
from classifier.training.learning.recipe import make_weights
from classifier.training.material.corpora import Corpora
from classifier.training.material.examples import Progress, cache_folder, code_digest
from classifier.training.material.gathering import Material, corpus_of, gather, noise_names

ACTORS: Final = 4
"""Unseen actors of RAVDESS in a fold."""

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


def leave_speakers_out(
    corpora: Corpora,
    of: Sequence[str],
    kind: Kind,
    groups: Sequence[Sequence[str]],
    progress: Progress,
    calibrations: int = 1,
) -> Iterator[Fold]:
    """Networks that each lack a group of speakers, each calibrated on what it was trained on.

    Args:
        corpora: where they are.
        of: the corpora of emotional speech to train on.
        kind: of the weights.
        groups: speakers to leave out.
        progress: told how far it is.
        calibrations: see :func:`classifier.training.learning.recipe.make_weights`.
    """
    noises = noise_names(corpora)
    material: Material | None = None
    for number, group in enumerate(groups):

        def within(what: str, done: int, total: int, number: int = number) -> None:
            progress(f"fold {number + 1} of {len(groups)}: {what}", done, total)

        unshown = tuple(range(number, len(noises), len(groups)))
        file = _file_of(corpora, of, kind, (tuple(group), unshown, calibrations))
        found = _kept(file, kind)
        if found is None:
            material = material or gather(corpora, progress, of=of)
            found = make_weights(
                material, group, within, kind=kind, folds=calibrations, leave_out_noises=unshown
            )
            _keep(file, *found)
        yield Fold(corpus_of(group[0]), tuple(group), Network(*found), unshown)


def groups_of(speakers: Sequence[str], size: int) -> list[Sequence[str]]:
    """Speakers in groups of that size, in their order."""
    return [speakers[i : i + size] for i in range(0, len(speakers), size)]


def speakers_of(corpora: Corpora, corpus: str) -> list[str]:
    """Every speaker of a corpus, once, in order."""
    return sorted({clip.speaker for clip in corpora.speech(corpus)})


def _file_of(corpora: Corpora, of: Sequence[str], kind: Kind, left_out: object) -> Path:
    """Where a fold is kept. Its name changes with everything that it depends on."""
    training = Path(__file__).resolve().parents[1]
    names = [clip.name for corpus in of for clip in corpora.speech(corpus)]
    parts = [repr((tuple(of), kind.name, left_out, names)).encode(), code_digest().encode()]
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
