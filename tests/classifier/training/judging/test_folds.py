"""classifier.training.judging.folds"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

import torch

from classifier.acoustic.card import Card
from classifier.acoustic.model import MODELS, load_network
from classifier.errors import ClassifierError, ConfigError
from classifier.training.judging import folds
from classifier.training.judging.folds import (
    Fold,
    Recipe,
    groups_of,
    leave_speakers_out,
    speakers_of,
)
from classifier.training.learning.kinds import OPEN
from classifier.training.material.corpora import Corpora
from classifier.training.material.examples import Progress
from classifier.training.material.gathering import Material
from tests.classifier.training.rows import empty_examples

BROKEN = "emodb:4"
"""Cannot be left out."""

KILLED = "emodb:5"
"""Takes the process with it."""

SHIPPED = load_network("open").card, (MODELS / "open.onnx").read_bytes()


def quietly(what: str, done: int, total: int) -> None:
    """No progress."""


@pytest.fixture
def corpora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Corpora:
    """A table of three speakers and four noises; nothing of it is listened to."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    rows = [f"{n}.flac,{n},anger" for n in (1, 2, 3)]
    (tmp_path / "emodb.csv").write_text("\n".join(["path,speaker,emotion", *rows]))
    (tmp_path / "noise.csv").write_text("path,class\n" + "".join(f"n{n},rain\n" for n in range(4)))
    (tmp_path / "noise_open.csv").write_text("path,class\n")
    return Corpora.find(tmp_path)


@dataclass(frozen=True, slots=True)
class Untrained(Recipe):
    """Gives the shipped weights for every fold, and notes who was left out in which process.
    Training is not what is tested."""

    notes: Path = Path()

    def material(self, progress: object) -> Material:
        """Nothing."""
        return Material((), (), empty_examples(0), empty_examples(0), empty_examples(0))

    def weights(
        self,
        material: Material,
        speakers: Sequence[str],
        unshown: Sequence[int],
        progress: Progress,
    ) -> tuple[Card, bytes]:
        """At once, unless somebody cannot be left out."""
        progress("training", 1, 2)
        if BROKEN in speakers:
            raise ConfigError("nothing to learn from")
        if KILLED in speakers:
            os._exit(1)
        with self.notes.open("a") as notes:
            notes.write(f"{','.join(speakers)} {','.join(map(str, unshown))} {os.getpid()}\n")
        return SHIPPED

    def trained(self) -> list[list[str]]:
        """Speakers, noises and process of each training."""
        return [line.split() for line in self.notes.read_text().splitlines()]


def leave_out(recipe: Untrained, processes: int = 1, progress: Progress = quietly) -> list[Fold]:
    groups = [speakers_of(recipe.corpora, "emodb")[:2], speakers_of(recipe.corpora, "emodb")[2:]]
    return leave_speakers_out(recipe, groups, progress, processes)


@pytest.fixture
def recipe(corpora: Corpora, tmp_path: Path) -> Untrained:
    """For EMO-DB, with nothing trained yet."""
    return Untrained(corpora, ("emodb",), OPEN, notes=tmp_path / "notes")


def test_each_fold_lacks_its_speakers_and_noises(recipe: Untrained) -> None:
    """Nobody is in two groups, and every noise is unknown to one fold."""
    made = leave_out(recipe)
    assert [fold.speakers for fold in made] == [("emodb:1", "emodb:2"), ("emodb:3",)]
    assert [fold.unshown for fold in made] == [(0, 2), (1, 3)]
    asked = [line[:2] for line in recipe.trained()]
    assert asked == [["emodb:1,emodb:2", "0,2"], ["emodb:3", "1,3"]]
    assert {fold.corpus for fold in made} == {"emodb"}


def test_what_was_trained_is_found_again(recipe: Untrained) -> None:
    """Asked again nothing is trained, and the floors are those of today."""
    first = leave_out(recipe)
    careful = leave_out(replace(recipe, kind=replace(OPEN, floor=0.77)))
    assert len(recipe.trained()) == 2
    assert [fold.network.card.floor for fold in careful] == [0.77, 0.77]
    assert [one.network.card.mean for one in first] == [one.network.card.mean for one in careful]


def test_half_a_fold_is_trained_again(recipe: Untrained) -> None:
    """Weights whose card was never written, as after an interruption, do not count."""
    leave_out(recipe)
    next(folds.cache_folder("folds").glob("*.json")).unlink()
    leave_out(recipe)
    assert len(recipe.trained()) == 3


def test_another_table_is_another_fold(recipe: Untrained) -> None:
    """A clip more in the corpus, and every fold is trained anew."""
    leave_out(recipe)
    with (recipe.corpora.root / "emodb.csv").open("a") as table:
        table.write("\n4.flac,3,anger")
    leave_out(recipe)
    assert len(recipe.trained()) == 4


def test_several_are_trained_side_by_side(recipe: Untrained) -> None:
    """Each in a process that is not this one; the folds come in their order, told by name."""
    told: list[str] = []
    made = leave_out(recipe, 2, lambda what, done, total: told.append(what))
    assert [fold.speakers for fold in made] == [("emodb:1", "emodb:2"), ("emodb:3",)]
    assert sorted(told) == ["fold 1 of 2: training", "fold 2 of 2: training"]
    assert len(recipe.trained()) == 2
    assert str(os.getpid()) not in {line[2] for line in recipe.trained()}


@pytest.mark.parametrize("processes", [1, 2])
def test_a_fold_that_fails_is_told_and_the_others_are_kept(
    recipe: Untrained, processes: int
) -> None:
    """What was trained by then is not trained again."""
    with (recipe.corpora.root / "emodb.csv").open("a") as table:
        table.write(f"\n4.flac,{BROKEN.split(':')[1]},anger")
    groups = [["emodb:1"], [BROKEN]]
    with pytest.raises(ConfigError, match="nothing to learn"):
        leave_speakers_out(recipe, groups, quietly, processes)
    leave_speakers_out(replace(recipe), [["emodb:1"], ["emodb:2"]], quietly, processes)
    assert [line[0] for line in recipe.trained()].count("emodb:1") == 1


def test_a_process_that_is_killed_is_told(recipe: Untrained) -> None:
    """As where memory runs out: nobody waits for it, and there is a way on."""
    with pytest.raises(ClassifierError, match="--processes 1"):
        leave_speakers_out(recipe, [["emodb:1"], [KILLED]], quietly, 2)


def test_a_fold_that_is_gone_is_not_passed_over(
    recipe: Untrained, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Figures of nine folds are not those of ten."""
    monkeypatch.setattr(folds, "_keep", lambda file, card, weights: None)
    with pytest.raises(ClassifierError, match="fold 1 of 2 was trained, and is gone"):
        leave_out(recipe)


def test_there_is_room_for_one_at_least(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as processors, fewer where memory is short."""
    monkeypatch.setattr(folds, "DEVICE", torch.device("cpu"))
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    for gibibytes, room in ((2, 1), (20, 2), (64, 4)):
        pages = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": (gibibytes << 30) // 4096}
        monkeypatch.setattr(os, "sysconf", pages.__getitem__)
        assert folds.room_for() == room
    monkeypatch.setattr(folds, "DEVICE", torch.device("cuda"))
    assert folds.room_for() == 1


def test_the_name_of_a_fold_knows_the_whole_recipe() -> None:
    """A module of the learning that is changed makes every fold another, but for what is only said
    of it."""
    learning = Path(folds.__file__).parents[1] / "learning"
    modules = {f"learning/{file.stem}" for file in learning.glob("[a-z]*.py")}
    assert modules - set(folds._RECIPE) == {"learning/kinds"}
    assert all((learning.parent / f"{module}.py").is_file() for module in folds._RECIPE)


def test_groups_share_nobody() -> None:
    """Speakers in fours, the last group smaller."""
    assert groups_of(list("abcdef"), 4) == [list("abcd"), list("ef")]
