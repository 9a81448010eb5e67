"""A load generator as a child process that answers in JSON lines."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

from tests.bench.process import PROJECT_ROOT, BenchError, clean_env


def run_child(module: str, spec: Mapping[str, Any], say: Callable[[str], None]) -> dict[str, Any]:
    """Run ``python -m module SPEC`` to its end; its result. Ended with us, whatever happens.

    Raises:
        BenchError: it ended without a result.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", module, json.dumps(spec)],
        cwd=PROJECT_ROOT,
        # One thread for numpy's linear algebra, as the server has it (server/__init__.py).
        env=clean_env({"OPENBLAS_NUM_THREADS": "1", "VECLIB_MAXIMUM_THREADS": "1"}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    result: dict[str, Any] | None = None
    try:
        assert child.stdout is not None
        for line in child.stdout:
            message = json.loads(line)
            if "progress" in message:
                say(message["progress"])
            result = message.get("result", result)
        child.wait()
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
        if child.stdout is not None:
            child.stdout.close()
    if result is None:
        raise BenchError(f"{module} ended with {child.returncode} and no result")
    return result
