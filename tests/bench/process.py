"""A server under measurement: started, made ready, weighed from outside, stopped.

Owns child processes and process accounting. Knows nothing of what a server answers beyond
``/health`` and ``POST /session/start``.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import psutil

HOST = "127.0.0.1"
PROJECT_ROOT = Path(__file__).resolve().parents[2]
_READY_WITHIN_S = 60.0
_STOP_WITHIN_S = 6.0
_OWN_SETTINGS = ("LINNET_", "CF_", "DEMO_", "CLOUD_", "SESSION_", "BENCH_")


class BenchError(Exception):
    """The benchmark cannot go on; the message says why in one line."""


def family(pid: int) -> list[int]:
    """A process and those that it started and that still run: a server may hear in another."""
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]


def cpu_s(pid: int) -> float:
    """Processor time of a process and its children, user and system, all threads, in seconds."""
    return sum(map(_own_cpu_s, family(pid)))


def _own_cpu_s(pid: int) -> float:
    # On Linux from the kernel's own per-process clock (nanoseconds; psutil rounds to 10 ms).
    if sys.platform == "linux":
        # clock_getcpuclockid(3): the clock of process p is the complement of p, shifted, kind 2.
        return time.clock_gettime(((~pid) << 3) | 2)
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def memory_bytes(pid: int) -> int:
    """Memory that would come back if the process and its children ended (USS)."""
    return sum(int(psutil.Process(one).memory_full_info().uss) for one in family(pid))


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as sock:
        sock.bind((HOST, 0))
        return int(sock.getsockname()[1])


def raise_file_limit() -> None:
    """Allow as many open sockets as the system lets this process have; children inherit it."""
    try:
        import resource
    except ImportError:  # not on Windows, which has no such limit
        return
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def clean_env(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment without settings that a user of the server may have made."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(_OWN_SETTINGS)}
    paths = [str(PROJECT_ROOT), *filter(None, [env.get("PYTHONPATH")])]
    return {**env, "PYTHONPATH": os.pathsep.join(paths), **extra}


class Server:
    """One server process, for the length of a ``with`` block."""

    def __init__(self, name: str, module: Sequence[str], env: Mapping[str, str], port: int) -> None:
        self.name = name
        self.port = port
        self._module = list(module)
        self._env = clean_env(env)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._log: IO[bytes] | None = None
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        if self._child is None:
            raise BenchError(f"{self.name} is not running")
        return self._child.pid

    def __enter__(self) -> Self:
        run_folder = PROJECT_ROOT / ".run"
        run_folder.mkdir(exist_ok=True)
        # On the project's own disk: a temporary folder may be memory, which flatters who stores.
        self._folder = tempfile.TemporaryDirectory(prefix="bench-", dir=run_folder)
        folder = Path(self._folder.name)
        self._log = (folder / "server.log").open("w+b")
        self._child = subprocess.Popen(
            [sys.executable, "-m", *self._module],
            cwd=folder,
            env={**self._env, "LINNET_DATA_DIR": str(folder / "data")},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches the benchmark, which stops its children
        )
        try:
            self._wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process, kindly and then not; remove its folder. Harmless when called twice."""
        child, self._child = self._child, None
        if child is not None and child.poll() is None:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(_STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        if self._log is not None:
            self._log.close()
            self._log = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def last_words(self, lines: int = 5) -> str:
        """The end of what the process wrote, for an error message."""
        if self._log is None:
            return ""
        self._log.flush()
        self._log.seek(0)
        return b"\n".join(self._log.read().splitlines()[-lines:]).decode(errors="replace")

    def start_session(self) -> str:
        """``POST /session/start``; the id of the new session."""
        status, body = self._call("POST", "/session/start", b"{}")
        if status != 200:
            raise BenchError(f"{self.name} answered {status} to a session start")
        return str(body["session_id"])

    def end_session(self, session_id: str) -> None:
        """``DELETE /session/{id}/end``."""
        self._call("DELETE", f"/session/{session_id}/end", None)

    def _call(self, method: str, path: str, body: bytes | None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=10)
        try:
            headers = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            raw = answer.read()
            return answer.status, json.loads(raw) if raw else None
        finally:
            connection.close()

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + _READY_WITHIN_S
        while time.monotonic() < deadline:
            if self._child is None or self._child.poll() is not None:
                raise BenchError(f"{self.name} did not start:\n{self.last_words()}")
            try:
                status, body = self._call("GET", "/health", None)
            except (OSError, http.client.HTTPException, ValueError):
                time.sleep(0.05)
                continue
            if status == 200 and body.get("ready", True):
                return
            time.sleep(0.05)
        raise BenchError(f"{self.name} was not ready in {_READY_WITHIN_S:.0f} s")
