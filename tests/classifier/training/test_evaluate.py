"""classifier.training.evaluate"""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("matplotlib", reason="needs the train extra")

from classifier.errors import ConfigError
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
