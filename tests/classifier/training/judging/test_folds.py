"""classifier.training.judging.folds"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from classifier.acoustic.card import Card
from classifier.acoustic.model import MODELS, load_network
from classifier.training.judging import folds
from classifier.training.judging.folds import Fold, groups_of, leave_speakers_out, speakers_of
from classifier.training.learning.kinds import OPEN, Kind
from classifier.training.material.corpora import Corpora

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


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[tuple[tuple[str, ...], tuple[int, ...]]]:
    """Who and which noises each training left out, in order. Training is not what is tested."""
    asked: list[tuple[tuple[str, ...], tuple[int, ...]]] = []

    def make(
        material: object, leave_out: Sequence[str], progress: object, **how: object
    ) -> tuple[Card, bytes]:
        noises = how["leave_out_noises"]
        assert isinstance(noises, tuple)
        asked.append((tuple(leave_out), noises))
        return SHIPPED

    monkeypatch.setattr(folds, "make_weights", make)
    monkeypatch.setattr(folds, "gather", lambda *args, **kwargs: None)
    return asked


def leave_out(corpora: Corpora, kind: Kind = OPEN) -> list[Fold]:
    groups = [speakers_of(corpora, "emodb")[:2], speakers_of(corpora, "emodb")[2:]]
    return list(leave_speakers_out(corpora, ("emodb",), kind, groups, quietly))


def test_each_fold_lacks_its_speakers_and_noises(
    corpora: Corpora, trained: list[tuple[tuple[str, ...], tuple[int, ...]]]
) -> None:
    """Nobody is in two groups, and every noise is unknown to one fold."""
    made = leave_out(corpora)
    assert [fold.speakers for fold in made] == [("emodb:1", "emodb:2"), ("emodb:3",)]
    assert [fold.unshown for fold in made] == [(0, 2), (1, 3)]
    assert trained == [(fold.speakers, fold.unshown) for fold in made]
    assert {fold.corpus for fold in made} == {"emodb"}


def test_what_was_trained_is_found_again(
    corpora: Corpora, trained: list[tuple[tuple[str, ...], tuple[int, ...]]]
) -> None:
    """Asked again nothing is trained, and the floors are those of today."""
    first = leave_out(corpora)
    careful = leave_out(corpora, replace(OPEN, floor=0.77))
    assert len(trained) == 2
    assert [fold.network.card.floor for fold in careful] == [0.77, 0.77]
    assert [one.network.card.mean for one in first] == [one.network.card.mean for one in careful]


def test_half_a_fold_is_trained_again(
    corpora: Corpora, trained: list[tuple[tuple[str, ...], tuple[int, ...]]]
) -> None:
    """Weights whose card was never written, as after an interruption, do not count."""
    leave_out(corpora)
    next(folds.cache_folder("folds").glob("*.json")).unlink()
    leave_out(corpora)
    assert len(trained) == 3


def test_another_table_is_another_fold(
    corpora: Corpora, trained: list[tuple[tuple[str, ...], tuple[int, ...]]]
) -> None:
    """A clip more in the corpus, and every fold is trained anew."""
    leave_out(corpora)
    with (corpora.root / "emodb.csv").open("a") as table:
        table.write("\n4.flac,3,anger")
    leave_out(corpora)
    assert len(trained) == 4


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
