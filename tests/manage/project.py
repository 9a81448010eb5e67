"""A copy of the project in which ``manage.sh`` is run, its server a stand-in."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_DEADLINE_S = 40


class Project:
    """A copy of the project in a folder of its own, with free ports and the present environment."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ports = _two_free_ports()
        self.env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LINNET_", "CF_VOICE_", "STAND_IN"))
        } | {
            "LINNET_VENV": sys.prefix,
            "LINNET_PORT": str(self.ports[0]),
            "LINNET_FRONTEND_PORT": str(self.ports[1]),
        }

    def manage(
        self, *arguments: str, cwd: Path | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run ``manage.sh`` and capture what it says."""
        return subprocess.run(
            [self.root / "manage.sh", *arguments],
            cwd=cwd or self.root,
            env=self.env | env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_DEADLINE_S,
        )

    @property
    def pid_file(self) -> Path:
        """Where ``manage.sh`` keeps the number of its process."""
        return self.root / ".run" / "linnet.pid"

    def pid(self) -> int:
        """Number of the process it believes to run."""
        return int(self.pid_file.read_text().splitlines()[0])


def _two_free_ports() -> tuple[int, int]:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        return one.getsockname()[1], two.getsockname()[1]
