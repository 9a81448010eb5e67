"""The timeline: sound SVG whose marks lie where their times are."""

from __future__ import annotations

import asyncio
import itertools
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from classifier import Affect, ShiftDirection
from server.export.report.picture import LEFT, WIDTH, step_s, timeline
from server.export.report.survey import BINS_MAX, Survey, survey
from server.log.base import Event
from tests.server.export.pages import Given, logs, reading_draft
from tests.support.events import numbered, tone_draft


def drawn(log: list[Event]) -> tuple[Survey, list[Any]]:
    """The session, and each speaker's picture."""
    counted = asyncio.run(survey(Given(log)))
    numbers = list(enumerate(counted.shifts, start=1))
    return counted, [
        etree.fromstring(
            timeline(
                counted,
                voice,
                voice.speaker_id,
                [(n, span) for n, span in numbers if span.speaker_id == voice.speaker_id],
            )
        )
        for voice in counted.voices
    ]


def numbers(path: str) -> list[float]:
    """All numbers of a path."""
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", path)]


@given(logs)
def test_any_session_is_drawn_within_its_frame(log: list[Event]) -> None:
    """Sound XML; every lane that was named is there, and no line leaves the time it tells of."""
    counted, pictures = drawn(log)
    for voice, picture in zip(counted.voices, pictures, strict=True):
        assert len(picture.findall("g[use]")) == len(voice.named_ms)
        for line in picture.iterfind("path[@class='line']"):
            xs = numbers(line.get("d"))[::2]
            assert all(LEFT <= x <= LEFT + WIDTH for x in xs)
            assert xs == sorted(xs)
        for bars in picture.iter("path"):
            if bars.get("class") == "bars":
                starts = [float(x) for x in re.findall(r"M(-?[\d.]+)", bars.get("d"))]
                assert all(LEFT <= x < LEFT + WIDTH for x in starts)


def test_a_bar_lies_where_its_time_is() -> None:
    """From 20 to 22 seconds of 100: a fifth along, 2 % wide."""
    log = numbered(tone_draft(20.0, affect=Affect.WARM), reading_draft(100.0))
    _, [picture] = drawn(log)
    x, _, wide, *_ = numbers(picture.find(".//path[@class='bars']").get("d"))
    assert (x - LEFT) / WIDTH == pytest.approx(0.2, abs=0.004)
    assert wide / WIDTH == pytest.approx(0.02, abs=0.004)


def test_a_hole_in_the_readings_is_a_hole_in_the_line() -> None:
    """Nothing is drawn across a silence."""
    moments = [n / 2 for n in range(1, 20)] + [60 + n / 2 for n in range(20)]
    log = numbered(*(reading_draft(at_s, arousal=0.5, valence=0.0) for at_s in moments))
    _, [picture] = drawn(log)
    assert len(picture.findall("path[@class='line']")) == 2 * 2


def test_marks_carry_their_numbers_and_keep_apart() -> None:
    """Two shifts a moment apart: both numbers can be read."""
    log = numbered(
        *(
            tone_draft(at_s, shift_magnitude=0.9, shift_direction=ShiftDirection.ESCALATING)
            for at_s in (100.0, 106.0, 995.0, 1000.0)
        )
    )
    _, [picture] = drawn(log)
    circles = [float(circle.get("cx")) for circle in picture.iter("circle")]
    assert [text.text for text in picture.findall("g[@class='mark']/text")] == ["1", "2", "3", "4"]
    assert all(after - before >= 17 for before, after in itertools.pairwise(circles))
    wide = float(picture.get("viewBox").split()[2])
    assert circles[-1] + 8.5 <= wide


def test_the_picture_of_a_long_session_is_no_larger() -> None:
    """Eight hours are drawn with as many points as an hour."""

    def size(hours: int) -> int:
        affects = list(Affect)
        drafts = []
        for n in range(hours * 3600 // 4):
            drafts.append(reading_draft(4.0 * n, arousal=(n % 9) / 9, valence=-(n % 7) / 7))
            drafts.append(tone_draft(4.0 * n, affect=affects[n % 10]))
        _, [picture] = drawn(numbered(*drafts))
        return len(etree.tostring(picture))

    assert size(8) <= 1.1 * size(1)
    assert size(8) < BINS_MAX * 1_000


@given(st.integers(1, 10**10))
def test_the_time_axis_has_few_round_ticks(end_ms: int) -> None:
    """At most eight steps; at least three, but for the shortest sessions."""
    steps = end_ms / 1000 / step_s(end_ms, 8)
    assert steps <= 8
    assert steps >= 2 or end_ms < 4_000


def test_it_says_in_words_what_it_shows() -> None:
    """A title and a description, which name the affects and point to the table."""
    log = numbered(tone_draft(1.0, affect=Affect.WARM), reading_draft(10.0))
    _, [picture] = drawn(log)
    labels = picture.get("aria-labelledby").split()
    title, description = (picture.find(f"*[@id='{label}']") for label in labels)
    assert picture.get("role") == "img"
    assert (title.tag, title.text) == ("title", "Timeline of speaker_a")
    assert description.tag == "desc"
    assert "Warm 100\xa0%" in description.text
    assert "table" in description.text
