"""classifier.training.evaluate"""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("matplotlib", reason="needs the train extra")

import typer
from typer.testing import CliRunner

from classifier.errors import ConfigError
from classifier.training import evaluate
from classifier.training.evaluate import Judge
from classifier.training.material.corpora import Corpora


def judge(out: Path, *, quick: bool = False) -> Judge:
    return Judge(Corpora(out), out, quick=quick, progress=lambda what, done, total: None)


def test_what_is_not_measured_anew_is_kept(tmp_path: Path) -> None:
    """A report goes on from the one before: its conditions stay until they are measured again."""
    first = judge(tmp_path)
    first.report["conditions"]["emodb left out"] = {"clean": {}}
    first.keep()
    second = judge(tmp_path)
    second.go_on()
    second.report["conditions"]["open on nemo"] = {"clean": {}}
    second.keep()
    kept = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert list(kept["conditions"]) == ["emodb left out", "open on nemo"]


def test_there_must_be_something_to_go_on_from(tmp_path: Path) -> None:
    """No report, a broken one, and one with other orders are refused; nothing is written."""
    with pytest.raises(ConfigError, match="no report"):
        judge(tmp_path).go_on()
    (tmp_path / "report.json").write_text("{", encoding="utf-8")
    with pytest.raises(ConfigError, match="no report"):
        judge(tmp_path).go_on()
    judge(tmp_path).keep()
    with pytest.raises(ConfigError, match="other orders: 5"):
        judge(tmp_path, quick=True).go_on()


def test_an_evaluation_of_everything_needs_nothing_before(tmp_path: Path) -> None:
    """It keeps what there is until that is measured anew, and begins empty where nothing fits."""
    fresh = judge(tmp_path)
    fresh.go_on(must=False)
    assert fresh.report["conditions"] == {}
    fresh.report["conditions"]["open on nemo"] = {"clean": {}}
    fresh.keep()
    again, quick = judge(tmp_path), judge(tmp_path, quick=True)
    again.go_on(must=False)
    quick.go_on(must=False)
    assert list(again.report["conditions"]) == ["open on nemo"]
    assert quick.report["conditions"] == {}


def test_a_page_needs_the_shipped_weights_and_some_folds(tmp_path: Path) -> None:
    """Until both were measured there is nothing to write."""
    begun = judge(tmp_path)
    assert not begun.whole
    begun.report |= {"abroad": {}, "noise": {}}
    assert begun.whole


def test_parts_are_measured_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``--only`` measures what it names, in that order; without it everything; never both."""
    measured: list[str] = []
    (tmp_path / "emodb.csv").write_text("path,speaker,emotion\n")
    parts = {part: lambda judge, part=part: measured.append(part) for part in evaluate.Part}
    monkeypatch.setattr(evaluate, "_CONDITIONS", parts)
    where = ["--corpora", str(tmp_path), "--out", str(tmp_path)]
    command = typer.Typer()
    command.command()(evaluate.main)
    run = CliRunner()
    assert run.invoke(command, [*where, "--only", "ravdess"]).exit_code == 1
    judge(tmp_path).keep()
    assert run.invoke(command, [*where, "--only", "ravdess", "--only", "emodb"]).exit_code == 0
    assert measured == ["ravdess", "emodb"]
    assert run.invoke(command, where).exit_code == 0
    assert measured[2:] == ["shipped", "acquainted", "emodb", "left-out", "ravdess"]
    assert run.invoke(command, [*where, "--all", "--only", "emodb"]).exit_code == 2
    assert run.invoke(command, [*where, "--only", "emodb", "--processes", "0"]).exit_code == 2
