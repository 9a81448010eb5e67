"""The real server process: started on free ports, spoken to, stopped or killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data"
READY_WITHIN_S = 40.0
_OURS = ("LINNET_", "CF_VOICE_", "DEMO_", "CLOUD_", "SESSION_")


def environment(data_dir: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a server of its own: nothing of the caller's settings gets in."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(_OURS)},
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        "LINNET_PORT": "0",
        "LINNET_FRONTEND_PORT": "0",
        "LINNET_DATA_DIR": str(data_dir),
        "LINNET_LOG_FORMAT": "json",
        **settings,
    }


def run_linnet(
    *arguments: str, data_dir: Path, settings: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    return subprocess.run(
        [sys.executable, "-m", "server", *arguments],
        cwd=data_dir,
        env=environment(data_dir / "log", settings or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=READY_WITHIN_S,
    )


class ServerProcess:
    """One server. Use as ``with``; it is gone afterwards, whatever happened."""

    def __init__(self, work_dir: Path, **settings: str) -> None:
        """
        Args:
            work_dir: an existing folder; the log lies in ``log`` below it.
            settings: environment variables on top of free ports and JSON logs.
        """
        self.url = ""
        """Base address of the API."""
        self.web_url = ""
        """Base address of the web port."""
        self._work_dir = work_dir
        self._settings = settings
        self._stderr = work_dir / f"stderr-{time.monotonic_ns()}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self._stderr.open("wb") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "server", "serve"],
                cwd=self._work_dir,
                env=environment(self._work_dir / "log", self._settings),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
            )
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            for line in self.log():
                if line.get("event") == "serving":
                    self.url, self.web_url = str(line["api"]), str(line["web"])
                    return self
            if self._process.poll() is not None:
                break
            time.sleep(0.02)
        self.kill()
        raise AssertionError(f"the server did not start: {self.stderr()[-2_000:]}")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill()

    @property
    def port(self) -> int:
        """Port of the API."""
        return int(self.url.rpartition(":")[2])

    def stderr(self) -> str:
        """What it has said so far."""
        return self._stderr.read_text(errors="replace")

    def log(self) -> list[dict[str, Any]]:
        """Its log lines so far; what is no JSON object comes under ``text``."""
        lines = []
        for line in self.stderr().splitlines():
            try:
                lines.append(dict(json.loads(line)))
            except ValueError:
                lines.append({"event": "", "text": line})
        return lines

    def rss_bytes(self) -> int:
        """Memory it holds now (Linux)."""
        for line in Path(f"/proc/{self._running.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1_024
        raise AssertionError("no VmRSS")

    def terminate(self) -> tuple[int, float]:
        """SIGTERM. Returns the exit code and how long it took, in seconds."""
        started_s = time.monotonic()
        self._running.send_signal(signal.SIGTERM)
        code = self._running.wait(timeout=20)
        return code, time.monotonic() - started_s

    def kill(self) -> None:
        """SIGKILL: it gets no chance to tidy up."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(timeout=20)

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "use the server as 'with ServerProcess(...)'"
        return self._process
