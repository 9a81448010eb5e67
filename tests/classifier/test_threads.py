"""classifier.threads"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_ASK = """
import sys, {module}, os
assert "numpy" in sys.modules
print(os.environ["OPENBLAS_NUM_THREADS"], len(os.listdir("/proc/self/task")))
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted in /proc")
@pytest.mark.parametrize("module", ["server.__main__", "classifier"])
def test_linear_algebra_gets_one_thread(module: str) -> None:
    """The command line, or a program that embeds the classifier, has loaded numpy, and numpy no
    threads of its own."""
    env = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    told = subprocess.run(
        [sys.executable, "-c", _ASK.format(module=module)],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["1", "1"]


def test_whoever_sets_the_number_wins() -> None:
    """A number in the environment is left alone."""
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "2"}
    ask = 'import classifier, os; print(os.environ["OPENBLAS_NUM_THREADS"])'
    told = subprocess.run(
        [sys.executable, "-c", ask], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "2"
