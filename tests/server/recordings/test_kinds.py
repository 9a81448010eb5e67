"""What a file is, is read from its first bytes."""

from __future__ import annotations

import pytest

from server.recordings.kinds import HEAD_BYTES, kind_of
from tests.support.recordings import KINDS, encoded, hiss


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_known_by_its_first_bytes(kind: str) -> None:
    """A file of each kind that the library writes is recognised."""
    data = encoded(hiss(0.2), kind=kind)
    assert kind_of(data[:HEAD_BYTES]) == {"OPUS": "OGG"}.get(kind, kind)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"R",
        b"RIFF\0\0\0\0AVI ",
        b"FORM\0\0\0\0ILBM",
        b'{"elcor": true}',
        b"%PDF-1.7\n...",
        b"\xff\xff\xff\xff",
        b"\xff\xfe\0\0",
        b"\xff\xe8\x90\x00",
        b"\xff\xfb\xf0\x00",
        b"\x1f\x8b\x08\0\0\0",
    ],
)
def test_anything_else_is_no_recording(head: bytes) -> None:
    """Texts, pictures, archives and byte-order marks are none, nor is a header cut off."""
    assert kind_of(head[:HEAD_BYTES]) is None


def test_an_mp3_with_a_tag_before_it_is_known() -> None:
    """Most MP3 files begin with a title."""
    assert kind_of(b"ID3\x04\0\0\0\0\0\0\0\0") == "MP3"
