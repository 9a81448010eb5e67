"""What the child process says on its pipe: a letter, a length, and so many bytes.

``I`` (once, first): the file's :class:`~server.recordings.decoder.FileInfo` as JSON. ``P``: PCM,
little-endian Int16, lanes interleaved. Then one of ``Z`` (all was read) and ``E`` (a code and a
sentence as JSON). Anything else is a child that died.
"""

from __future__ import annotations

import struct
from enum import Enum
from typing import Final

HEADER: Final = struct.Struct("<cI")
PAYLOAD_MAX_BYTES: Final = 1024 * 1024
"""More than any message has: a child gone mad does not make us hold what it says."""


class Kind(Enum):
    """The letter of a message."""

    INFO = b"I"
    PCM = b"P"
    END = b"Z"
    ERROR = b"E"


def pack(kind: Kind, payload: bytes = b"") -> bytes:
    """A message as bytes."""
    return HEADER.pack(kind.value, len(payload)) + payload
