"""Text made safe: what must not pass does not, and what may is unchanged."""

from __future__ import annotations

import asyncio
import html
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from server.export.text import (
    PIECE_CHARS,
    attribute,
    clock,
    in_pieces,
    markup,
    one_line,
    plain_speaker,
)
from tests.server.export.pages import texts


@given(texts)
def test_a_line_is_one_line_without_controls(text: str) -> None:
    """By every measure of what ends a line; nothing is dropped without a trace."""
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in line)
    assert len(line) == len(text.replace("\r\n", " "))


def test_what_is_no_character_is_replaced() -> None:
    """All 66 of Unicode, and not their neighbours."""
    last_two = [plane + end for plane in range(0, 0x110000, 0x10000) for end in (0xFFFE, 0xFFFF)]
    nobody = [*range(0xFDD0, 0xFDF0), *last_two]
    assert len(nobody) == 66
    assert one_line("".join(map(chr, nobody))) == "\N{REPLACEMENT CHARACTER}" * 66
    assert one_line("\ufdcf\ufdf0\ufffd\U00010000") == "\ufdcf\ufdf0\ufffd\U00010000"


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_printable_text_is_unchanged(text: str) -> None:
    """As it came in, and, escaped, as it comes back."""
    assert one_line(text) == text
    assert html.unescape(markup(text)) == text


@given(texts, texts)
def test_an_xml_parser_reads_text_and_attribute_back(text: str, value: str) -> None:
    """Neither closes its element, its quotes or its document."""
    node = etree.fromstring(f"<a b={attribute(value)}>{markup(text)}</a>".encode())
    assert (node.text or "") == one_line(text)
    assert node.get("b") == one_line(value)


@pytest.mark.parametrize(
    ("time_ms", "text"),
    [
        (0, "00:00:00.000"),
        (61_001, "00:01:01.001"),
        (3_600_000, "01:00:00.000"),
        (360_000_000, "100:00:00.000"),
    ],
)
def test_times_of_captions(time_ms: int, text: str) -> None:
    """Hours, minutes, seconds and milliseconds; the comma is SubRip's."""
    assert clock(time_ms) == text
    assert clock(time_ms, comma=True) == text.replace(".", ",")


@pytest.mark.parametrize(
    ("speaker_id", "name"),
    [
        ("speaker_a", "Speaker A"),
        ("speaker_b", "Speaker B"),
        ("a", "a"),
        ("speaker_12", "speaker_12"),
        ("speaker_", "speaker_"),
        ("Dr Wren", "Dr Wren"),
    ],
)
def test_speakers_have_plain_names(speaker_id: str, name: str) -> None:
    """Those of the wire; any other name is its own."""
    assert plain_speaker(speaker_id) == name


@given(st.lists(texts, max_size=30), st.integers(1, 2000))
def test_pieces_together_are_the_texts(parts: list[str], times: int) -> None:
    """None is empty, and all but the last are worth sending."""

    async def give() -> AsyncIterator[str]:
        for part in parts:
            yield part * times

    async def collect() -> list[bytes]:
        return [piece async for piece in in_pieces(give())]

    pieces = asyncio.run(collect())
    assert b"".join(pieces).decode() == "".join(part * times for part in parts)
    assert all(pieces)
    assert all(len(piece.decode()) >= PIECE_CHARS for piece in pieces[:-1])
