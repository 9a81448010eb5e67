"""The image and its composition, as far as they can be held to account without an engine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


def _instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions in order, comments gone and continued lines joined."""
    lines = [x for x in (ROOT / "Dockerfile").read_text().splitlines() if not x.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    pairs = (line.split(maxsplit=1) for line in joined.splitlines() if line.strip())
    return [(name, re.sub(r"\s+", " ", rest)) for name, rest in pairs]


def _last(name: str) -> str:
    return [rest for instruction, rest in _instructions() if instruction == name][-1]


def _copied() -> list[str]:
    """What the Dockerfile takes from the project."""
    rests = [rest for name, rest in _instructions() if name == "COPY"]
    return [source for x in rests if not x.startswith("--from") for source in x.split()[:-1]]


def test_what_is_copied_exists_and_is_not_ignored() -> None:
    """Each COPY finds its source in the project and in what .dockerignore lets through."""
    rules = (ROOT / ".dockerignore").read_text().splitlines()
    kept = [rule[1:] for rule in rules if rule.startswith("!")]

    assert "*" in rules
    for source in _copied():
        assert (ROOT / source).exists(), source
        assert any(fnmatch(source, rule) or source.startswith(f"{rule}/") for rule in kept), source


def test_the_image_holds_no_secret_and_no_recording() -> None:
    """Settings, data and the running state of this machine stay out of the build."""
    kept = {x[1:] for x in (ROOT / ".dockerignore").read_text().splitlines() if x.startswith("!")}

    assert kept.isdisjoint({".", ".env", ".git", ".run", ".venv", "data"})


def test_the_page_is_built_in_the_image_from_its_lock() -> None:
    """By Node in a stage of its own, never taken from this machine; it lands where an installed
    package looks for it."""
    instructions = _instructions()
    rules = (ROOT / ".dockerignore").read_text().splitlines()

    assert ("RUN", "npm ci --no-audit --no-fund") in instructions
    assert ("RUN", "npm run build") in instructions
    assert {"web/dist", "web/node_modules", "server/page"} <= set(rules)
    taken = instructions.index(("COPY", "--from=page /web/dist server/page"))
    installed = [at for at, (_, rest) in enumerate(instructions) if "pip install --no-deps" in rest]
    assert taken < installed[0]


def test_the_image_runs_unprivileged_and_stops_politely() -> None:
    """A numbered user that is not root, both ports, SIGTERM and the server's own command."""
    user = _last("USER")

    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert _last("EXPOSE").split() == ["8521", "8522"]
    assert _last("STOPSIGNAL") == "SIGTERM"
    assert json.loads(_last("CMD")) == ["linnet", "serve"]
    names = [name for name, _ in _instructions()]
    assert names.index("USER") > len(names) - 1 - names[::-1].index("FROM")


def test_the_image_and_start_use_the_same_lock() -> None:
    """What runs in a container was checked against the same hashes as what runs outside."""
    runs = " ".join(rest for name, rest in _instructions() if name == "RUN")

    assert "--require-hashes" in runs
    assert "-r requirements/runtime.txt" in runs


@pytest.mark.parametrize(
    ("answer", "status"),
    [({"ready": True}, 0), ({"ready": False}, 1), ({}, 1), (None, 1)],
)
def test_the_health_check_asks_for_ready(
    tmp_path: Path, answer: dict[str, bool] | None, status: int
) -> None:
    """Its command, as written, passes on a ready server and on nothing else."""
    command = json.loads(_last("HEALTHCHECK").partition("CMD ")[2])
    # Runs the very code of the image, with the request answered from here.
    body = "raise OSError" if answer is None else f"return io.StringIO({json.dumps(answer)!r})"
    prelude = f"import io, urllib.request\ndef urlopen(*_, **__): {body}\n"
    prelude += "urllib.request.urlopen = urlopen\n"

    result = subprocess.run(
        [sys.executable, "-c", prelude + command[2]],
        env={"LINNET_PORT": "8522"},
        capture_output=True,
        timeout=20,
    )

    assert command[:2] == ["python", "-c"]
    assert result.returncode == status


def test_the_composition_is_reachable_from_this_machine_only() -> None:
    """Both ports are published on the loopback, and the container may gain and write nothing."""
    service = yaml.safe_load((ROOT / "compose.yml").read_text())["services"]["linnet"]

    assert len(service["ports"]) == 2
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert service["read_only"] is True
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["env_file"] == [{"path": ".env", "required": False}]
    assert service["volumes"] == [f"data:{service['environment']['LINNET_DATA_DIR']}"]


def _compose() -> list[str] | None:
    """The compose command of this machine, if any."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]):
            asked = subprocess.run([*command, "version", "--short"], capture_output=True, text=True)
            if asked.returncode == 0 and not asked.stdout.startswith("1."):
                return command
    return None


def test_compose_accepts_the_composition() -> None:
    """``docker compose config`` takes it as it is, and the ports follow the settings."""
    command = _compose()
    if command is None:
        pytest.skip("docker compose (version 2) is not installed")

    result = subprocess.run(
        [*command, "--file", ROOT / "compose.yml", "config"],
        env=os.environ | {"LINNET_PORT": "9001"},
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert result.returncode == 0, result.stderr
    assert "9001" in result.stdout


def test_the_built_package_carries_its_data(tmp_path: Path) -> None:
    """The image's own build step, offline, packs every model, recording and page of the project."""
    source = tmp_path / "source"
    source.mkdir()
    for name in _copied():
        if name.startswith(("requirements/", "web")):
            continue
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "page")
            shutil.copytree(ROOT / name, source / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, source / name)
    page = source / "server" / "page" / "assets" / "index-a1.js"
    page.parent.mkdir(parents=True)
    page.touch()
    data = {
        path.relative_to(source).as_posix()
        for package in ("classifier", "server")
        for path in (source / package).rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc"}
    }

    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-index"),
            *("--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, source),
        ],
        check=True,
        capture_output=True,
        timeout=50,
    )
    (wheel,) = tmp_path.glob("linnet-*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())

    assert data
    assert data <= packed, f"left out of the package: {sorted(data - packed)}"
    assert "server/__main__.py" in packed
