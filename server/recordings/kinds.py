"""What kind of recording a file is, by its first bytes: names and media types are only claims.

Knows nothing of how any of them is decoded.
"""

from __future__ import annotations

from typing import Final

HEAD_BYTES: Final = 12
"""How many of the first bytes tell."""

KNOWN: Final = "WAV, FLAC, OGG (Vorbis or Opus), MP3 or AIFF"
"""The kinds that are read, in words."""

_MPEG_SYNC: Final = 0xE0


def kind_of(head: bytes) -> str | None:
    """The kind of a file that begins so, or None when it is none that is read here.

    Args:
        head: its first :data:`HEAD_BYTES` bytes, or all of them when there are fewer.
    """
    if head[:4] in (b"RIFF", b"RIFX", b"RF64") and head[8:12] == b"WAVE":
        return "WAV"
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "AIFF"
    for mark, kind in ((b"fLaC", "FLAC"), (b"OggS", "OGG"), (b"ID3", "MP3")):
        if head.startswith(mark):
            return kind
    return "MP3" if _is_mpeg_frame(head) else None


def _is_mpeg_frame(head: bytes) -> bool:
    """Whether it begins with the header of an MPEG audio frame of layer III (ISO 11172-3)."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & _MPEG_SYNC != _MPEG_SYNC:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bit_rate, sample_rate = head[2] >> 4, head[2] >> 2 & 3
    return version != 1 and layer == 1 and bit_rate != 15 and sample_rate != 3
