"""Servers that come into the world quickly, to be killed: the real application in a process of its
own, forked from one that has done the importing already.

    python -m tests.support.nursery FOLDER RATE_HZ

For each line on standard input a server starts and says ``PID PORT`` on standard output; once it is
dead the next line may come.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from server.app import build_app, serving
from server.logs import configure_logs
from server.settings import Settings
from tests.support.process import ROOT, environment


async def _serve(folder: Path, rate_hz: float) -> None:
    settings = Settings(
        _env_file=None,
        data_dir=folder,
        port=0,
        frontend_port=0,
        voice_mock=True,
        voice_rate_hz=rate_hz,
        log_level="error",
    )
    configure_logs(settings)
    async with serving(build_app(settings)) as address:
        sys.stdout.write(f"{os.getpid()} {address.api_port}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    """Bring up one server after the other."""
    folder, rate_hz = Path(sys.argv[1]), float(sys.argv[2])
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            asyncio.run(_serve(folder, rate_hz))
            return
        os.waitpid(pid, 0)


class Nursery:
    """The same from the outside. Use as ``with``; nothing is left running afterwards."""

    def __init__(self, folder: Path, *, rate_hz: float) -> None:
        """
        Args:
            folder: of the log that all servers share, one after the other.
            rate_hz: frames a second of the synthetic conversation.
        """
        self._command = [sys.executable, "-m", "tests.support.nursery", str(folder), str(rate_hz)]
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None
        self._server_pid: int | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command,
            cwd=ROOT,
            env=environment(self._folder, {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._process is not None
        if self._server_pid is not None:
            self.kill()
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()

    def start(self) -> str:
        """Start a server; its address."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("next\n")
        self._process.stdin.flush()
        pid, port = self._process.stdout.readline().split()
        self._server_pid = int(pid)
        return f"http://127.0.0.1:{port}"

    def kill(self) -> None:
        """SIGKILL: the server gets no chance to tidy up."""
        assert self._server_pid is not None, "nothing runs"
        os.kill(self._server_pid, 9)
        self._server_pid = None


if __name__ == "__main__":
    main()
