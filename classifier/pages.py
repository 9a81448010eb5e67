"""How the C library's allocator is to treat the arrays that come and go with every window.

By default glibc gives each array above 128 KB pages of its own and hands them back at once: every
analysis then pays for the same pages again, a third of its whole time. Kept for the next one, they
cost a few megabytes once.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Final

_MIB: Final = 1024 * 1024
_TRIM_THRESHOLD: Final = (-1, 32 * _MIB)
"""Free memory at the end of the heap that is kept (mallopt(3))."""
_TOP_PAD: Final = (-2, 4 * _MIB)
"""What the heap grows by at least."""
_MMAP_THRESHOLD: Final = (-3, 16 * _MIB)
"""Size from which an array gets pages of its own."""
_ARENA_MAX: Final = (-8, 1)
"""Heaps: one for all threads, so that what one has freed the others can use."""


def keep_pages() -> bool:
    """Have freed pages kept for the next window.

    Returns:
        Whether the C library could be told; elsewhere than on glibc nothing is changed.
    """
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    options = (_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD, _ARENA_MAX)
    refused = [name for name, value in options if mallopt(name, value) != 1]
    return not refused
