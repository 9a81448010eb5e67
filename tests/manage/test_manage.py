"""Behaviour of ``manage.sh``, run in a copy of the project whose server is a stand-in."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.manage.project import ROOT, Project


def _lives(pid: int) -> bool:
    # Where nobody reaps orphans (some containers) an ended process stays listed as a zombie.
    stat = Path(f"/proc/{pid}/stat")
    if stat.exists():
        return stat.read_text().rpartition(") ")[2][0] not in "ZX"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_server_is_started_once_seen_and_stopped(project: Project) -> None:
    """Start prints addresses and classifier, a second start leaves it be, stop ends it."""
    first = project.manage("start")
    pid = project.pid()
    second = project.manage("start")
    running = project.manage("status")
    stopped = project.manage("stop")
    after = project.manage("status")

    assert first.returncode == 0, first.stderr
    assert f"http://127.0.0.1:{project.ports[0]}\n" in first.stdout
    assert f"http://127.0.0.1:{project.ports[1]}\n" in first.stdout
    assert "acoustic" in first.stdout
    assert (second.returncode, project.pid_file.exists()) == (0, False)
    assert f"already running (process {pid})" in second.stdout
    assert running.returncode == 0
    assert f"process {pid}, mode local, ready" in running.stdout
    assert stopped.returncode == 0
    assert not _lives(pid)
    assert (after.returncode, after.stdout) == (3, "Linnet is not running.\n")


@pytest.mark.e2e
def test_the_real_server_keeps_the_bargain(project: Project) -> None:
    """The server itself, not its stand-in: ready, seen, and stopped without being killed."""
    shutil.copy(ROOT / "server" / "__main__.py", project.root / "server" / "__main__.py")
    shutil.copytree(ROOT / "classifier", project.root / "classifier")

    started = project.manage("start", CF_VOICE_MOCK="1")
    status = project.manage("status")
    stopped = project.manage("stop")

    assert started.returncode == 0, started.stderr
    assert "does not listen" in started.stdout
    assert "ready)" in status.stdout
    assert stopped.stdout == "Linnet is stopped.\n"


def test_listening_beyond_this_machine_is_said(project: Project) -> None:
    """Whoever opens the server to other machines is told; the addresses are still usable ones."""
    said = project.manage("start", LINNET_HOST="0.0.0.0").stdout

    assert "other machines can reach it" in said
    assert f"http://127.0.0.1:{project.ports[0]}\n" in said
    assert "other machines" not in project.manage("restart").stdout


def test_the_mock_is_named_as_one(project: Project) -> None:
    """Whoever starts the synthetic conversation is told that it does not listen."""
    assert "does not listen" in project.manage("start", CF_VOICE_MOCK="1").stdout


@pytest.mark.parametrize(("which", "setting"), [(0, "LINNET_PORT"), (1, "LINNET_FRONTEND_PORT")])
def test_a_taken_port_is_one_clear_line(project: Project, which: int, setting: str) -> None:
    """The line names the port and the setting, and nothing is left behind."""
    with socket.create_server(("127.0.0.1", project.ports[which])):
        result = project.manage("start")

    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert str(project.ports[which]) in result.stderr
    assert setting in result.stderr
    assert not project.pid_file.exists()


def test_a_setting_that_makes_no_sense_is_one_line(project: Project) -> None:
    """The server's own sentence is shown, without a traceback."""
    result = project.manage("start", LINNET_PORT="many")

    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert "LINNET_PORT=many" in result.stderr


def test_a_server_that_dies_at_the_start_has_the_last_word(project: Project) -> None:
    """Its last line is shown, not that of an earlier start, and the exit status is 1."""
    (project.root / ".run").mkdir()
    (project.root / ".run" / "linnet.log").write_text("a line of yesterday\n")

    result = project.manage("start", STAND_IN="dies")

    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].strip() == "LINNET_DATA_DIR=/nowhere cannot be written"
    assert not project.pid_file.exists()


def test_a_server_that_never_gets_ready_is_stopped_again(project: Project) -> None:
    """Start gives up at its deadline and leaves no process behind."""
    result = project.manage("start", STAND_IN="never-ready", LINNET_START_DEADLINE_S="2")

    assert result.returncode == 1
    assert "not ready after 2 s" in result.stderr
    assert "  listening\n" in result.stderr
    with socket.socket() as free:
        assert free.connect_ex(("127.0.0.1", project.ports[0])) != 0


def test_a_stubborn_server_is_killed_with_a_word(project: Project) -> None:
    """Stop waits for its deadline, then kills and says so."""
    project.manage("start", STAND_IN="stubborn")
    pid = project.pid()

    result = project.manage("stop", LINNET_STOP_DEADLINE_S="1")

    assert "killed" in result.stdout
    assert not _lives(pid)


def test_a_killed_server_leaves_no_lasting_trace(project: Project) -> None:
    """After kill -9 the status is honest and the next start works."""
    project.manage("start")
    pid = project.pid()
    os.kill(pid, signal.SIGKILL)

    status = project.manage("status")
    again = project.manage("start")

    assert status.returncode == 3
    assert "without being stopped" in status.stdout
    assert again.returncode == 0
    assert project.pid() != pid


def test_a_number_that_now_belongs_to_another_is_left_alone(project: Project) -> None:
    """Neither stop nor restart touches a process that manage.sh did not start."""
    project.manage("start")
    record = project.pid_file.read_text().splitlines()
    project.manage("stop")
    with subprocess.Popen(["sleep", "60"]) as bystander:
        project.pid_file.write_text("\n".join([str(bystander.pid), *record[1:]]) + "\n")

        stopped = project.manage("stop")
        lived = bystander.poll() is None
        bystander.kill()

    assert (stopped.returncode, stopped.stdout) == (0, "Linnet is not running.\n")
    assert lived


def test_restart_replaces_the_process(project: Project) -> None:
    """The old process is gone and a new one is ready."""
    project.manage("start")
    old = project.pid()

    result = project.manage("restart")

    assert result.returncode == 0
    assert project.pid() != old
    assert not _lives(old)


def test_restart_with_a_setting_that_makes_no_sense_leaves_the_server_running(
    project: Project,
) -> None:
    """The setting is named, and whoever is listening keeps listening."""
    project.manage("start")
    old = project.pid()

    result = project.manage("restart", LINNET_HEARTBEAT_S="soon")

    assert result.returncode == 1
    assert "LINNET_HEARTBEAT_S" in result.stderr
    assert project.pid() == old
    assert _lives(old)


def test_the_env_file_counts_and_the_environment_wins(project: Project) -> None:
    """Both ports are in .env; the one that the environment also names is taken from there."""
    api, web = project.ports
    (project.root / ".env").write_text(f"LINNET_PORT=1\nLINNET_FRONTEND_PORT={web}\n")
    del project.env["LINNET_FRONTEND_PORT"]

    result = project.manage("start")

    assert f"http://127.0.0.1:{api}\n" in result.stdout
    assert f"http://127.0.0.1:{web}\n" in result.stdout


def test_a_client_reaches_the_server_that_runs(project: Project, tmp_path: Path) -> None:
    """Stream plays into the running server whatever .env says by now, a file named from here."""
    project.manage("start")
    (tmp_path / "talk.wav").touch()

    result = project.manage("stream", "talk.wav", cwd=tmp_path, LINNET_PORT="1")

    assert result.returncode == 0
    url = f"http://127.0.0.1:{project.ports[0]}"
    assert result.stdout == f"stream --url {url} {tmp_path / 'talk.wav'}\n"


def test_recordings_are_heard_without_a_server(project: Project, tmp_path: Path) -> None:
    """Recordings and results are named from where the caller stands; no server is started."""
    (tmp_path / "talk.wav").touch()

    result = project.manage("analyze", "talk.wav", "-", "-o", "out/{name}.csv", cwd=tmp_path)

    assert result.returncode == 0
    assert result.stdout == f"analyze {tmp_path / 'talk.wav'} - -o {tmp_path}/out/{{name}}.csv\n"
    assert not project.pid_file.exists()


def test_demo_starts_the_server_if_need_be(project: Project) -> None:
    """One command from nothing running to the demonstration."""
    result = project.manage("demo")

    assert "is ready" in result.stderr
    assert result.stdout == f"demo --url http://127.0.0.1:{project.ports[0]}\n"
    assert _lives(project.pid())


def test_logs_print_the_last_lines(project: Project) -> None:
    """Without following, the asked number of lines and an end."""
    before = project.manage("logs")
    project.manage("start")

    result = project.manage("logs", "-n", "1", "--no-follow")

    assert before.returncode == 1
    assert (result.returncode, result.stdout) == (0, "listening\n")


def _environment(root: Path, red: str) -> Path:
    """An environment whose checks only tell their names; those that match ``red`` fail."""
    for name in ("python", "lint-imports"):
        program = root / "bin" / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(
            f'#!/bin/sh\necho "ran {name} $*"\ncase "{name} $*" in {red}) exit 1 ;; esac\n'
        )
        program.chmod(0o755)
    return root


@pytest.mark.parametrize(
    ("red", "status"), [("never", 0), ("*ruff*check*", 1), ("*lint-imports*", 1), ("*pytest*", 1)]
)
def test_all_checks_run_and_one_red_is_red(
    project: Project, tmp_path: Path, red: str, status: int
) -> None:
    """Each check runs even after a red one, pytest takes the arguments and the last word."""
    environment = _environment(tmp_path / "environment", red)

    result = project.manage("test", "-k", "a name", LINNET_VENV=str(environment))

    assert result.returncode == status
    ran = [line for line in result.stdout.splitlines() if line.startswith("ran ")]
    names = [re.search(r"ruff check|ruff format|mypy|lint-imports|pytest", x) for x in ran]
    assert [name and name[0] for name in names] == [
        "ruff check",
        "ruff format",
        "mypy",
        "lint-imports",
        "pytest",
    ]
    assert result.stdout.splitlines()[-1] == "ran python -m pytest -k a name"


def _python(path: Path, body: str) -> str:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def test_a_missing_venv_module_is_named(project: Project, tmp_path: Path) -> None:
    """Where Debian leaves venv out, the package that brings it is named."""
    python = _python(
        tmp_path / "python3",
        f'case "$*" in *ensurepip*) exit 1 ;; esac\nexec "{sys.executable}" "$@"',
    )
    del project.env["LINNET_VENV"]

    result = project.manage("start", LINNET_PYTHON=python)

    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    major, minor = sys.version_info[:2]
    assert f"apt install python{major}.{minor}-venv" in result.stderr


def test_too_old_a_python_is_one_line(project: Project, tmp_path: Path) -> None:
    """The line says what is needed."""
    python = _python(tmp_path / "python3", "exit 1")
    del project.env["LINNET_VENV"]

    result = project.manage("start", LINNET_PYTHON=python)

    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert "Python 3.11 or later" in result.stderr


def test_every_command_is_in_the_help(project: Project) -> None:
    """Help has a line for each command that is understood, and an unknown one points there."""
    text = (ROOT / "manage.sh").read_text()
    dispatch = text[text.rindex("case $command in") :]
    commands = re.findall(r"^    ([a-z-]+)\)", dispatch, flags=re.MULTILINE)

    shown = project.manage("help").stdout
    unknown = project.manage("fly")

    assert len(commands) > 10
    for command in commands:
        assert re.search(rf"^  {command}\b", shown, flags=re.MULTILINE), command
    assert unknown.returncode == 1
    assert "help" in unknown.stderr


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_the_scripts_pass_shellcheck() -> None:
    """No known trap of the shell is in them."""
    result = subprocess.run(
        ["shellcheck", "-x", "-a", "-P", ROOT, ROOT / "manage.sh", ROOT / ".ci" / "run"],
        capture_output=True,
        text=True,
    )

    assert result.stdout == ""
