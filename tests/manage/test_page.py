"""The page as ``manage.sh`` builds and checks it, with a stand-in for Node."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.manage.project import Project

_HIDDEN = (
    *("node", "npm", "npx"),
    *("chromium", "chromium-browser", "google-chrome", "firefox-esr", "pulseaudio", "pactl"),
)
_ROOTS = ("sudo", "apt-get")

_NPM = """#!/bin/sh
echo "npm $*" >>"$NPM_CALLS"
web=$2
case "$*" in
  *\\ ci\\ *) [ "$NPM_FAILS" != ci ] || { echo "npm error network is down"; exit 1; }
    mkdir -p "$web/node_modules/one" "$web/node_modules/two" ;;
  *run\\ build) [ "$NPM_FAILS" != build ] || { echo "src/App.vue: error TS1005"; exit 1; }
    mkdir -p "$web/dist" && echo "built" >"$web/dist/index.html" ;;
  *run\\ test) echo " Test Files  2 passed (2)"; echo "      Tests  7 passed (7)" ;;
  *run\\ test:browser) echo "with $LINNET_CHROMIUM"; echo "  9 passed (1.2m)" ;;
esac
"""


class Workshop:
    """A project with a page, and tools whose doings are on record."""

    def __init__(self, project: Project, folder: Path) -> None:
        self.project = project
        self.web = project.root / "web"
        (self.web / "src").mkdir(parents=True)
        (self.web / "package.json").write_text("{}")
        (self.web / "package-lock.json").write_text('"node_modules/one"\n"node_modules/two"\n')
        self.tools = folder / "tools"
        self.tools.mkdir()
        for place in os.environ["PATH"].split(os.pathsep):
            for path in sorted(Path(place).glob("*")):
                link = self.tools / path.name
                if path.name not in {*_HIDDEN, *_ROOTS} and not link.is_symlink():
                    link.symlink_to(path)
        self._calls = folder / "npm-calls"
        self._calls.touch()
        project.env |= {"PATH": str(self.tools), "NPM_CALLS": str(self._calls), "NPM_FAILS": ""}

    def tool(self, name: str, text: str) -> None:
        """Put a program on the path."""
        program = self.tools / name
        program.unlink(missing_ok=True)  # Else the system's own would be written over.
        program.write_text(text)
        program.chmod(0o755)

    def node(self, version: str = "v22.1.0", *, good: bool = True) -> None:
        """Put Node on the path."""
        status = 0 if good else 1
        self.tool("node", f'#!/bin/sh\n[ "$1" != -e ] || exit {status}\necho {version}\n')
        self.tool("npm", _NPM)

    def calls(self) -> list[str]:
        """What npm was asked to do since this was last asked, without the folder."""
        lines = self._calls.read_text().splitlines()
        self._calls.write_text("")
        return [line.replace(f"--prefix {self.web} ", "") for line in lines]


@pytest.fixture
def workshop(project: Project, tmp_path: Path) -> Workshop:
    """Without Node, Chromium, apt and sudo."""
    return Workshop(project, tmp_path)


def test_without_node_the_server_starts_and_says_so(workshop: Workshop) -> None:
    """One line names what is missing and what is served instead."""
    started = workshop.project.manage("start")

    assert started.returncode == 0, started.stderr
    assert "is ready" in started.stdout
    (line,) = (line for line in started.stdout.splitlines() if "Node" in line)
    assert "plain page" in line
    assert "20.19" in line


def test_too_old_a_node_is_named(workshop: Workshop) -> None:
    """With the version that is there and the one that is needed."""
    workshop.node("v18.19.0", good=False)
    started = workshop.project.manage("start")

    assert started.returncode == 0
    assert "20.19 or later is needed, and this is 18.19.0" in started.stdout
    assert workshop.calls() == []


def test_the_page_is_built_when_it_has_changed_and_only_then(workshop: Workshop) -> None:
    """The first start installs and builds, the second does nothing, a change builds anew, a new
    lock installs anew; tests of the page are no reason."""
    workshop.node()
    manage = workshop.project.manage
    ci, build = "npm ci --no-audit --no-fund", "npm run build"

    first = manage("start")
    assert first.returncode == 0, first.stderr
    assert "is ready" in first.stdout
    assert workshop.calls() == [ci, build]
    manage("restart")
    assert workshop.calls() == []
    (workshop.web / "src" / "main.ts").write_text("one")
    manage("restart")
    assert workshop.calls() == [build]
    (workshop.web / "src" / "main.ts").rename(workshop.web / "src" / "other.ts")
    manage("restart")
    assert workshop.calls() == [build]
    (workshop.web / "package-lock.json").write_text('"node_modules/one"\n')
    manage("restart")
    assert workshop.calls() == [ci, build]
    (workshop.web / "tests").mkdir()
    (workshop.web / "tests" / "one.spec.ts").write_text("a test")
    manage("restart")
    assert workshop.calls() == []


@pytest.mark.parametrize(
    ("fails", "reason"),
    [("ci", "npm error network is down"), ("build", "src/App.vue: error TS1005")],
)
def test_a_page_that_cannot_be_built_does_not_stop_the_server(
    workshop: Workshop, fails: str, reason: str
) -> None:
    """The reason is shown with the place of the whole log, and what is served instead; the next
    start tries again."""
    workshop.node()
    started = workshop.project.manage("start", NPM_FAILS=fails)

    assert started.returncode == 0
    assert "is ready" in started.stdout
    assert reason in started.stderr
    assert ".run/page.log" in started.stderr
    assert "plain page" in started.stderr
    workshop.calls()
    workshop.project.manage("restart")
    assert "npm run build" in workshop.calls()


def test_what_was_built_before_is_served_when_node_has_gone(workshop: Workshop) -> None:
    """An older page is better than none, and it is said that it is older."""
    workshop.node()
    workshop.project.manage("start")
    (workshop.tools / "node").unlink()
    assert "Node" not in workshop.project.manage("restart").stdout
    (workshop.web / "src" / "main.ts").write_text("changed")
    assert "as it was last built" in workshop.project.manage("restart").stdout


def _checks(folder: Path) -> str:
    """An environment whose checks are all green."""
    for name in ("python", "lint-imports"):
        program = folder / "bin" / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(
            f'#!/bin/sh\necho "ran {name} $*"\n'
            'case "$*" in *pytest*) echo "==== 5 passed in 1.00s ====" ;; esac\n'
        )
        program.chmod(0o755)
    return str(folder)


def test_all_runners_have_the_last_word(workshop: Workshop, tmp_path: Path) -> None:
    """The page's types, lint, tests and browser tests run beside the server's; at the end stand the
    runners' own summaries."""
    workshop.node()
    workshop.tool("chromium", "#!/bin/sh\n")
    for name in ("firefox-esr", "pulseaudio", "pactl"):
        workshop.tool(name, "#!/bin/sh\n")
    done = workshop.project.manage("test", LINNET_VENV=_checks(tmp_path / "venv"))

    assert done.returncode == 0, done.stdout
    assert [call.removeprefix("npm ").replace("--silent ", "") for call in workshop.calls()] == [
        "ci --no-audit --no-fund",
        "run typecheck",
        "run lint",
        "run test",
        "run build",
        "run test:browser",
    ]
    assert f"with {workshop.tools / 'chromium'}" in done.stdout
    assert done.stdout.splitlines()[-5:] == [
        "== all runners",
        "vitest: Test Files  2 passed (2)",
        "vitest: Tests  7 passed (7)",
        "playwright: 9 passed (1.2m)",
        "pytest: ==== 5 passed in 1.00s ====",
    ]


def test_what_is_red_of_the_page_is_red(workshop: Workshop, tmp_path: Path) -> None:
    """A build that fails is named, everything else runs, and the exit status is 1."""
    workshop.node()
    done = workshop.project.manage(
        "test", LINNET_VENV=_checks(tmp_path / "venv"), NPM_FAILS="build"
    )

    assert done.returncode == 1
    assert "page build: RED" in done.stdout
    assert "5 passed" in done.stdout.splitlines()[-1]


def test_what_is_not_there_is_skipped_in_plain_words(workshop: Workshop, tmp_path: Path) -> None:
    """Neither Node nor Chromium: said, and not red."""
    venv = _checks(tmp_path / "venv")
    without_node = workshop.project.manage("test", LINNET_VENV=venv)
    workshop.node()
    without_chromium = workshop.project.manage("test", LINNET_VENV=venv)

    assert (without_node.returncode, without_chromium.returncode) == (0, 0)
    assert "Skipped: the page's" in without_node.stdout
    assert "Skipped: the browser tests. Chromium" in without_chromium.stdout


def test_chromium_is_installed_where_that_may_be_done(workshop: Workshop, tmp_path: Path) -> None:
    """With apt and without a question; what it says is in the log."""
    workshop.node()
    chromium = workshop.tools / "chromium"
    workshop.tool("id", "#!/bin/sh\necho 1000\n")
    workshop.tool("sudo", '#!/bin/sh\nshift\n[ "$1" = true ] || "$@"\n')
    workshop.tool(
        "apt-get",
        '#!/bin/sh\necho "apt $*"\n'
        f'case "$*" in *\\ chromium) printf "#!/bin/sh\\n" >"{chromium}"\n'
        f'chmod +x "{chromium}" ;; esac\n',
    )
    done = workshop.project.manage("test", LINNET_VENV=_checks(tmp_path / "venv"))

    assert "with apt" in done.stdout
    assert f"with {chromium}" in done.stdout
    log = (workshop.project.root / ".run" / "install.log").read_text()
    assert "apt update -q" in log
    assert "apt install -y -q --no-install-recommends chromium" in log
    assert "firefox-esr pulseaudio pulseaudio-utils" in log


def test_a_bare_machine_gets_its_python(workshop: Workshop) -> None:
    """Where none is usable, the tests bring one with apt; what then still lacks is said."""
    for program in workshop.tools.glob("python*"):
        program.unlink()
    workshop.tool("id", "#!/bin/sh\necho 0\n")
    workshop.tool("apt-get", '#!/bin/sh\necho "apt $*"\n')
    del workshop.project.env["LINNET_VENV"]
    done = workshop.project.manage("test")

    assert "Installing python3 python3-venv with apt" in done.stdout
    assert "python3 python3-venv" in (workshop.project.root / ".run" / "install.log").read_text()
    assert done.returncode == 1
    assert "Python 3.11 or later" in done.stderr


def test_arguments_are_pytests_alone(workshop: Workshop, tmp_path: Path) -> None:
    """Who names a test wants that one, not the page's."""
    workshop.node()
    done = workshop.project.manage("test", "-k", "one", LINNET_VENV=_checks(tmp_path / "venv"))

    assert done.returncode == 0
    assert workshop.calls() == []


def test_dev_runs_the_interface_and_vite_beside_each_other(workshop: Workshop) -> None:
    """The server keeps the API's port and leaves the page's to Vite; it ends with Vite."""
    workshop.node()
    shutil.copy(workshop.tools / "npm", workshop.tools / "npm-before")
    workshop.tool(
        "npm",
        '#!/bin/sh\ncase "$*" in *run\\ dev) echo "vite on $LINNET_FRONTEND_PORT" ;; '
        '*) exec npm-before "$@" ;; esac\n',
    )
    done = workshop.project.manage("dev")

    api, web = workshop.project.ports
    assert done.returncode == 0, done.stderr
    assert f"API at http://127.0.0.1:{api}, page at http://127.0.0.1:{web}" in done.stdout
    assert f"vite on {web}" in done.stdout


def test_dev_without_node_is_one_line(workshop: Workshop) -> None:
    """There is nothing to develop with."""
    done = workshop.project.manage("dev")

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "Node 20.19" in done.stderr
