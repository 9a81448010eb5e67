"""How the report writes times, shares and measures."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from classifier.frames import Affect
from classifier.tone import WORDS

_DIRECTIONS: Final = {
    "escalating": "more tense",
    "de-escalating": "more at ease",
    "stable": "steady",
}

MINUS: Final = "\N{MINUS SIGN}"
_NB: Final = "\N{NO-BREAK SPACE}"
"""Between a number and its unit."""


def moment(time_ms: float, *, hours: bool) -> str:
    """A place in the session: ``1:05`` or, in a session of hours, ``0:01:05``."""
    seconds = int(time_ms) // 1000
    minutes, s = divmod(seconds, 60)
    h, m = divmod(minutes, 60)
    return f"{h}:{m:02}:{s:02}" if hours else f"{minutes}:{s:02}"


def length(time_ms: float) -> str:
    """How long something lasted: ``0.5 s``, ``42 s``, ``3 min 5 s``, ``2 h 10 min``."""
    seconds = time_ms / 1000
    if seconds < 9.95:
        return f"{seconds:.1f}".removesuffix(".0") + f"{_NB}s"
    minutes, s = divmod(round(seconds), 60)
    if not minutes:
        return f"{s}{_NB}s"
    h, m = divmod(minutes, 60)
    if h:
        return f"{h}{_NB}h {m}{_NB}min" if m else f"{h}{_NB}h"
    return f"{m}{_NB}min {s}{_NB}s" if s else f"{m}{_NB}min"


def share(part: float, whole: float) -> str:
    """A part in percent; what is there at all is never 0 %."""
    if whole <= 0 or part <= 0:
        return f"0{_NB}%"
    percent = 100 * part / whole
    return f"under 1{_NB}%" if percent < 1 else f"{percent:.0f}{_NB}%"


def signed(value: float) -> str:
    """A measure from -1 to 1 with its sign, as print writes it."""
    text = f"{abs(value):.2f}"
    return text if text == "0.00" else (f"{MINUS}{text}" if value < 0 else f"+{text}")


def affect_word(affect: str) -> str:
    """The affect's word, as everywhere in Linnet."""
    return WORDS[Affect(affect)]


def direction(shift_direction: str) -> str:
    """Which way a voice moved."""
    return _DIRECTIONS.get(shift_direction, shift_direction)


def wall_clock(time_s: float) -> str:
    """``14 November 2023, 22:13 UTC``."""
    at = datetime.fromtimestamp(time_s, UTC)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"
