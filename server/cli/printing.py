"""Tone events as lines for a terminal: the same words as on the wire, one line each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rich.text import Text

COLOURS: Final[Mapping[str, str]] = {
    "neutral": "white",
    "warm": "yellow",
    "frustrated": "red",
    "confused": "magenta",
    "apologetic": "cyan",
    "scripted": "bright_black",
    "genuine": "green",
    "dismissive": "blue",
    "urgent": "bright_red",
    "tired": "bright_blue",
}
_ARROWS: Final = {"stable": " ", "escalating": "↑", "de-escalating": "↓"}
_BAR_CELLS: Final = 10


def tone_line(event: Mapping[str, Any]) -> Text:
    """One tone event: when, who, what, how sure, which way, why."""
    affect = str(event["affect"])
    line = Text()
    line.append(f"{clock(float(event['timestamp']))}  ", style="dim")
    line.append(f"{event['speaker_id']}  ", style="dim")
    line.append(f"{_ARROWS[event['shift_direction']]} ")
    line.append(f"{event['label']:<28}", style=f"bold {COLOURS[affect]}")
    line.append(f" {_bar(float(event['confidence']))} {event['confidence']:>4.0%}", style="dim")
    if event["subtext"]:
        line.append(f"  {event['subtext']}")
    return line


def clock(seconds: float) -> str:
    """``m:ss.s``."""
    tenths = round(seconds * 10)
    return f"{tenths // 600}:{tenths // 10 % 60:02d}.{tenths % 10}"


def _bar(share: float) -> str:
    full = round(share * _BAR_CELLS)
    return "█" * full + "░" * (_BAR_CELLS - full)
