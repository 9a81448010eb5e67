"""server.logs, in a process of its own: what is configured there is of the whole process."""

import json
import subprocess
import sys

import pytest

SPEAK = """
import logging, sys, structlog
from server.logs import configure_logs
from server.settings import Settings
configure_logs(Settings(_env_file=None, log_format=sys.argv[1], log_level=sys.argv[2]))
structlog.get_logger("server").warning("ours", number=1)
theirs = logging.getLogger("classifier.apart")
theirs.info("of no interest")
theirs.warning("process %d is gone", 7)
try:
    1 / 0
except ZeroDivisionError:
    theirs.exception("it broke")
"""


def spoken(form: str, level: str = "info") -> list[str]:
    """The lines that a process writes."""
    done = subprocess.run(
        [sys.executable, "-c", SPEAK, form, level],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_every_line_is_json() -> None:
    """Ours and those of the standard library, with what broke inside one line."""
    lines = [json.loads(line) for line in spoken("json")]
    assert [line["event"] for line in lines] == ["ours", "process 7 is gone", "it broke"]
    assert [line["level"] for line in lines] == ["warning", "warning", "error"]
    assert lines[0]["number"] == 1
    assert lines[1]["logger"] == "classifier.apart"
    assert "ZeroDivisionError" in lines[2]["exception"]
    assert all(line["timestamp"].endswith("Z") for line in lines)


def test_text_is_for_people() -> None:
    """One line each, and a traceback after what broke."""
    lines = spoken("text")
    assert "ours" in lines[0]
    assert "process 7 is gone" in lines[1]
    assert "it broke" in lines[2]
    assert "ZeroDivisionError" in "\n".join(lines[3:])


@pytest.mark.parametrize("form", ["json", "text"])
def test_who_wants_errors_only_has_no_warnings(form: str) -> None:
    """Of anybody."""
    lines = spoken(form, "error")
    assert "it broke" in lines[0]
