"""The locks: they hold what pyproject.toml asks for, agree with each other, and name no index."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
_EXTRAS = {"runtime": [], "test": ["test"], "bench": ["test", "bench"]}


def _entries(name: str) -> list[str]:
    """One entry per locked package: the pin, its marker and its hashes."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return [entry.replace("\\\n", " ") for entry in re.split(r"(?<!\\)\n", text) if entry.strip()]


def _pins(name: str) -> dict[str, set[str]]:
    """Versions by package; more than one where Python's version decides."""
    pins: dict[str, set[str]] = {}
    for entry in _entries(name):
        requirement = Requirement(entry.partition(" --hash")[0].strip())
        (specifier,) = requirement.specifier
        pins.setdefault(canonicalize_name(requirement.name), set()).add(specifier.version)
    return pins


@pytest.mark.parametrize("name", _EXTRAS)
def test_a_lock_holds_what_the_project_asks_for(name: str) -> None:
    """Each dependency is locked at a version that pyproject.toml allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = list(project["dependencies"])
    for extra in _EXTRAS[name]:
        wanted += project["optional-dependencies"][extra]
    pins = _pins(name)

    for requirement in map(Requirement, wanted):
        versions = pins.get(canonicalize_name(requirement.name), set())
        assert versions, f"{requirement.name} is not in {name}.txt: ./manage.sh lock"
        assert all(requirement.specifier.contains(v) for v in versions), requirement.name


@pytest.mark.parametrize("name", _EXTRAS)
def test_every_entry_is_pinned_and_hashed(name: str) -> None:
    """Nothing else is in a lock: no address, no path, no option."""
    entries = _entries(name)

    assert len(entries) > 30
    for entry in entries:
        pin, *hashes = re.split(r"\s+--hash=", entry.strip())
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][^\s]*( ; .+)?", pin), pin
        assert hashes, pin
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", hash_) for hash_ in hashes), pin


@pytest.mark.parametrize(("small", "large"), [("runtime", "test"), ("test", "bench")])
def test_a_larger_lock_holds_the_smaller(small: str, large: str) -> None:
    """What is tested and measured is what runs: the same versions in all locks."""
    larger = _pins(large)

    assert {name: larger.get(name) for name in _pins(small)} == _pins(small)
