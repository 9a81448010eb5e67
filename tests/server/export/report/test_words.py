"""Times, shares and measures as people read them."""

from __future__ import annotations

import pytest

from server.export.report.words import direction, length, moment, share, signed, wall_clock


@pytest.mark.parametrize(
    ("time_ms", "text"),
    [
        (0, "0 s"),
        (500, "0.5 s"),
        (9_940, "9.9 s"),
        (9_960, "10 s"),
        (59_600, "1 min"),
        (61_000, "1 min 1 s"),
        (3_600_000, "1 h"),
        (9_000_000, "2 h 30 min"),
    ],
)
def test_lengths(time_ms: int, text: str) -> None:
    """As exact as it matters; a number and its unit stay on one line."""
    assert length(time_ms) == text.replace(" s", "\xa0s").replace(" h", "\xa0h").replace(
        " min", "\xa0min"
    )


def test_moments() -> None:
    """Minutes and seconds; hours where the session has any."""
    assert moment(65_999, hours=False) == "1:05"
    assert moment(65_999, hours=True) == "0:01:05"
    assert moment(3_725_000, hours=True) == "1:02:05"


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 10, "0 %"), (1, 1000, "under 1 %"), (1, 3, "33 %"), (3, 3, "100 %"), (0, 0, "0 %")],
)
def test_shares(part: int, whole: int, text: str) -> None:
    """What is there at all is never 0 %."""
    assert share(part, whole) == text.replace(" %", "\xa0%")


def test_measures_have_signs() -> None:
    """A real minus, and none before nothing."""
    assert [signed(value) for value in (0.5, -0.25, 0.001, -0.001)] == [
        "+0.50",
        "−0.25",
        "0.00",
        "0.00",
    ]


def test_directions_in_plain_words() -> None:
    """The words that labels use."""
    assert [direction(name) for name in ("escalating", "de-escalating", "stable")] == [
        "more tense",
        "more at ease",
        "steady",
    ]


def test_the_wall_clock_says_its_zone() -> None:
    """Whoever prints it elsewhere can tell."""
    assert wall_clock(1_700_000_000) == "14 November 2023, 22:13 UTC"
