"""classifier.pages"""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_ASK = """
import resource, sys
from classifier.pages import keep_pages

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

if sys.argv[1] == "kept":
    assert keep_pages()
import numpy as np
np.ones(500_000, np.uint8)
before = faults()
for _ in range(200):
    np.ones(500_000, np.uint8), np.ones(400_000, np.uint8)
print(faults() - before)
"""


def page_faults(how: str) -> int:
    told = subprocess.run(
        [sys.executable, "-c", _ASK, how], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return int(told.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the allocator of glibc")
def test_pages_are_kept_for_the_next_array() -> None:
    """Large arrays that come and go touch no new pages: under one in fifty of what they hold."""
    assert page_faults("kept") < 200 * 220 / 50
