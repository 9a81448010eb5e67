"""The processes that this one has started."""

import os
from pathlib import Path


def children() -> list[int]:
    """Those that live, but for Python's keeper of what processes share: other tests may need it."""
    task = Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(word) for word in task.read_text().split() if not _keeper(word)]


def _keeper(process: str) -> bool:
    try:
        return b"resource_tracker" in Path(f"/proc/{process}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
        return False
