"""The colours and shapes of the affects in the report: those of the web page.

A shape tells affects apart where colour cannot: on paper without colour, and for eyes that do not
see it. Values are those of the page's theme; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Look:
    """How one affect is drawn."""

    light: str
    """Colour on a light ground."""

    dark: str
    """Colour on a dark ground."""

    path: str
    """Outline on a grid of 24 by 24, as SVG path data."""

    pen: float = 0.0
    """Width of the pen; 0 means that the outline is filled."""


LOOKS: Final[dict[str, Look]] = {
    "neutral": Look("#313232", "#efe4e0", "M4.5 12h15", 5),
    "warm": Look("#ac5006", "#f19e12", "M12 3a9 9 0 1 1 0 18a9 9 0 0 1 0-18z"),
    "frustrated": Look("#770e07", "#e60a28", "M2.5 16l4.75-8 4.75 8 4.75-8 4.75 8", 3.6),
    "confused": Look("#7028cd", "#964ce3", "M12 4.5a7.5 7.5 0 1 1-7.5 7.5", 4),
    "apologetic": Look(
        "#0b315f",
        "#91dfff",
        "M12 1.8c4 5.4 6.8 8.7 6.8 13.1a6.8 6.8 0 0 1-13.6 0c0-4.4 2.8-7.7 6.8-13.1z",
    ),
    "scripted": Look("#026265", "#2b98a2", "M4 5.5h16M4 12h16M4 18.5h16", 3.2),
    "genuine": Look("#5d9261", "#cdf4a2", "M12 1.8l10.2 10.2-10.2 10.2-10.2-10.2z"),
    "dismissive": Look("#5a634c", "#aaa281", "M5 5l14 14M19 5l-14 14", 4.4),
    "urgent": Look("#b9679f", "#c04f7c", "M12 2.2l10.6 18.8h-21.2z"),
    "tired": Look("#7972fe", "#9b97fe", "M15.6 2.7a9.6 9.6 0 1 0 5.7 13.2a8.2 8.2 0 0 1-5.7-13.2z"),
}


def colours(*, dark: bool) -> str:
    """CSS declarations of the affects' colours."""
    return "".join(
        f"--affect-{affect}:{look.dark if dark else look.light};" for affect, look in LOOKS.items()
    )


def rules() -> str:
    """CSS rules that give what belongs to an affect its colour."""
    return "".join(f".is-{affect}{{--ink:var(--affect-{affect})}}" for affect in LOOKS)


def symbols() -> str:
    """The shapes as SVG symbols, each under ``#shape-AFFECT``."""
    drawn = "".join(
        f'<symbol id="shape-{affect}" viewBox="0 0 24 24"><path d="{look.path}" {_pen(look.pen)}/>'
        "</symbol>"
        for affect, look in LOOKS.items()
    )
    return f'<svg class="unseen" aria-hidden="true" width="0" height="0">{drawn}</svg>'


def _pen(width: float) -> str:
    if not width:
        return 'fill="currentColor"'
    return (
        f'fill="none" stroke="currentColor" stroke-width="{width:g}" stroke-linecap="round"'
        ' stroke-linejoin="round"'
    )
