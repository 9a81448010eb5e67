"""Colours and shapes: those of the web page, and visible on both grounds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lxml import etree

from classifier import Affect
from server.export.report import palette
from server.export.report.page import STYLE

THEME = Path(__file__).parents[4] / "web" / "src" / "theme"
GROUNDS = {"light": ("#f7f6f2", "#ffffff"), "dark": ("#16191d", "#1e2227")}


def luminance(colour: str) -> float:
    """Relative luminance of a colour (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast of two colours (WCAG 2.2), 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def declared(theme: str) -> dict[str, str]:
    """The report's colours in one theme, from its style sheet."""
    head, _, rest = STYLE.partition("@media screen and (prefers-color-scheme: dark)")
    text = rest.split("@media", 1)[0] if theme == "dark" else head
    return dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", text))


def test_every_affect_has_a_look() -> None:
    """And nothing else has."""
    assert set(palette.LOOKS) == {affect.value for affect in Affect}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_colours_are_those_of_the_web_page(theme: str) -> None:
    """Who knows the page knows the report."""
    sheet = (THEME / "themes.css").read_text(encoding="utf-8")
    block = sheet.split(f"html[data-theme='{theme}']", 1)[1].split("}", 1)[0]
    page = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
    for affect, look in palette.LOOKS.items():
        assert page[f"affect-{affect}"] == (look.dark if theme == "dark" else look.light)
    for name, colour in declared(theme).items():
        assert page[name] == colour


def test_the_shapes_are_those_of_the_web_page() -> None:
    """Path and pen of each."""
    source = (THEME / "shapes.ts").read_text(encoding="utf-8")
    for affect, look in palette.LOOKS.items():
        entry = re.search(rf"\b{affect}: {{(.*?)}},?\n", source, re.DOTALL)
        assert entry is not None
        assert f"path: '{look.path}'" in entry[1]
        assert f"pen: {look.pen:g}," in entry[1]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_can_be_seen(theme: str) -> None:
    """Text has a contrast of 4.5 at least, what is drawn has 3 (WCAG 2.2, 1.4.3 and 1.4.11)."""
    colours = declared(theme)
    for ground in GROUNDS[theme][:1]:
        assert colours["bg"] == ground
        for name in ("text", "quiet", "accent"):
            assert contrast(colours[name], ground) >= 4.5
        for look in palette.LOOKS.values():
            assert contrast(look.dark if theme == "dark" else look.light, ground) >= 3
    for look in palette.LOOKS.values():
        assert contrast(look.light, "#ffffff") >= 3  # On paper.


def test_the_shapes_are_sound_markup() -> None:
    """One symbol for each affect."""
    found = etree.fromstring(palette.symbols()).findall("symbol")
    assert [symbol.get("id") for symbol in found] == [f"shape-{affect}" for affect in palette.LOOKS]
