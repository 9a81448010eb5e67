"""What tests of ``manage.sh`` share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.manage.project import ROOT, Project


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A project in a folder whose name has a space; what it started is gone afterwards."""
    root = tmp_path / "a linnet"
    root.mkdir()
    for name in ("manage.sh", "pyproject.toml"):
        shutil.copy(ROOT / name, root / name)
    for name in ("requirements", "scripts", "server"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(Path(__file__).with_name("stand_in_server.py"), root / "server" / "__main__.py")
    made = Project(root)
    yield made
    made.manage("stop", LINNET_STOP_DEADLINE_S="0")
