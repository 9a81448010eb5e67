"""Text made safe for the places it goes to.

Owns what may not stand in a line, in XML and in a caption. What is taken out is replaced, never
dropped: that something stood there can be seen.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final
from xml.sax.saxutils import escape, quoteattr

PIECE_CHARS: Final = 32_768
"""Text is gathered to pieces of about this length before it is sent."""

_LINE_BREAKS: Final = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")

_NO_CHARACTERS: Final = "\ufdd0-\ufdef" + "".join(
    chr(plane + 0xFFFE) + chr(plane + 0xFFFF) for plane in range(0, 0x110000, 0x10000)
)
"""Codepoints that Unicode keeps from ever being text; in HTML each is an error."""

_CONTROLS: Final = re.compile(
    f"[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ud800-\udfff{_NO_CHARACTERS}]"
)
_NO_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


def one_line(text: str) -> str:
    """Text without line breaks (each a space), without control characters and what is no character
    (each U+FFFD)."""
    return _CONTROLS.sub(_REPLACEMENT, _LINE_BREAKS.sub(" ", text).replace("\t", " "))


def markup(text: str) -> str:
    """Text for the content of an XML or HTML element, on one line."""
    return escape(one_line(text))


def attribute(text: str) -> str:
    """Text as a quoted attribute value, quotes included."""
    return quoteattr(one_line(text))


def xml_text(text: str) -> str:
    """Text for the content of an XML element with its line breaks kept."""
    return escape(_NO_XML.sub(_REPLACEMENT, text), {"\r": "&#13;"})


def clock(time_ms: int, *, comma: bool = False) -> str:
    """``HH:MM:SS.mmm``; hours take as many digits as they need, two at least."""
    seconds, ms = divmod(time_ms, 1000)
    minutes, s = divmod(seconds, 60)
    h, m = divmod(minutes, 60)
    return f"{h:02}:{m:02}:{s:02}{',' if comma else '.'}{ms:03}"


def plain_speaker(speaker_id: str) -> str:
    """``Speaker A`` for ``speaker_a``; any other name as it is."""
    letter = speaker_id.removeprefix("speaker_")
    if len(letter) == 1 and letter != speaker_id and letter.isalpha():
        return f"Speaker {letter.upper()}"
    return speaker_id


async def in_pieces(texts: AsyncIterator[str]) -> AsyncGenerator[bytes, None]:
    """The texts as UTF-8, gathered to pieces worth sending."""
    gathered: list[str] = []
    length = 0
    async for text in texts:
        gathered.append(text)
        length += len(text)
        if length >= PIECE_CHARS:
            yield "".join(gathered).encode()
            gathered.clear()
            length = 0
    if length:
        yield "".join(gathered).encode()
