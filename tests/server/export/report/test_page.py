"""The page: sound HTML that stands alone, whatever text is in it."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from dataclasses import replace
from typing import Any

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import Affect, ShiftDirection
from server.export.base import ExportHead
from server.export.report.page import HTML
from server.export.report.survey import EPISODES_MAX
from server.export.text import one_line
from server.log.base import Event, Gap
from tests.server.export.pages import (
    HEAD,
    CorrectionMark,
    cuts,
    logged,
    logs,
    reading_draft,
    texts,
    tones,
    written,
)
from tests.support.events import numbered, tone_draft

ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "main", "header", "footer", "section", "h1",
    "h2", "h3", "p", "em", "b", "small", "code", "bdi", "dl", "dt", "dd", "div", "span", "figure",
    "figcaption", "table", "caption", "thead", "tbody", "tr", "th", "td", "svg", "symbol", "path",
    "use", "rect", "circle", "g", "text", "desc",
}  # fmt: skip
"""Elements that the report is made of: nothing that runs, loads, links or sends."""


def read(data: bytes) -> Any:
    """As a browser reads it; anything not in order is an error."""
    parser = html5lib.HTMLParser(
        tree=html5lib.getTreeBuilder("lxml"), namespaceHTMLElements=False, strict=True
    )
    return parser.parse(data, transport_encoding="utf-8").getroot()


def tag(node: Any) -> str:
    """An element's name without its namespace."""
    return re.sub(r"^{.*}", "", node.tag) if isinstance(node.tag, str) else "comment"


def words(node: Any) -> str:
    """All text of an element."""
    return "".join(node.itertext())


def rows(root: Any, caption_id: str) -> list[list[str]]:
    """The body of a table, cell by cell."""
    [table] = root.xpath(f"//table[caption/@id='{caption_id}']")
    return [[words(cell) for cell in row] for row in table.iterfind("tbody/tr")]


@given(log=logs, page_events=cuts, title=texts)
def test_any_text_stays_text(log: list[Event], page_events: int, title: str) -> None:
    """Sound HTML with nothing in it that runs, loads, links or has a style of its own."""
    root = read(written(HTML, log, page_events=page_events, head=replace(HEAD, title=title)))
    for node in root.iter():
        assert tag(node) in ALLOWED
        for name, value in node.attrib.items():
            assert not name.startswith("on")
            assert name not in {"style", "src", "srcset", "action", "background"}
            if name.endswith("href"):
                assert value.startswith("#shape-")
    ids = root.xpath("//*/@id")
    assert len(ids) == len(set(ids))
    named = {one for value in root.xpath("//*/@aria-labelledby") for one in value.split()}
    assert named <= set(ids)


@given(log=logs)
def test_what_was_corrected_is_told_beside_the_tone(log: list[Event]) -> None:
    """Each note as it was written; without corrections there is no such column."""
    root = read(written(HTML, log))
    notes = [e.correction.note for e in tones(log) if e.correction and e.correction.note]
    column = root.xpath("//th[.='A person says']")
    assert bool(column) is any(event.correction for event in tones(log))
    told = " ".join(words(cell) for cell in root.xpath("//p[@class='correction']"))
    for note in notes:
        assert one_line(note).strip() in told or note.isspace()


def test_it_needs_nothing_but_itself() -> None:
    """Its policy allows the one style sheet that is in it, by its hash, and nothing else."""
    data = written(HTML, numbered(tone_draft()))
    root = read(data)
    [policy] = root.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    [sheet] = re.findall(rb"<style>(.*?)</style>", data, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(sheet).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert not re.search(rb"https?:|//[a-z]|@import|url\(", data)


def test_it_tells_the_session_in_words_and_tables() -> None:
    """Shares, shifts, tones and the timeline's numbers of a small session."""
    log = logged(
        [
            reading_draft(1.0, heard_s=1.0, arousal=0.5, valence=-0.25),
            tone_draft(1.0, label="Warm", affect=Affect.WARM, subtext="Pitch is raised."),
            (
                tone_draft(
                    2.0,
                    label="Tired, and more at ease",
                    affect=Affect.TIRED,
                    shift_magnitude=0.75,
                    shift_direction=ShiftDirection.DE_ESCALATING,
                ),
                CorrectionMark(affect=Affect.GENUINE, note="no <b>", at=1.0),
            ),
            reading_draft(8.0, heard_s=1.0),
        ]
    )
    root = read(written(HTML, log, head=replace(HEAD, title="Tuesday <call>")))
    assert root.findtext(".//h1") == "How the voices sounded: Tuesday <call>"
    assert root.findtext(".//title") == "How the voices sounded: Tuesday <call>"
    nb, note = "\xa0", "0:02 genuine · no <b>"
    assert [[cell.replace(nb, " ") for cell in row] for row in rows(root, "shares")] == [
        ["Tired", "67 %2 s"],
        ["Warm", "33 %1 s"],
    ]
    assert rows(root, "shifts-caption") == [
        ["1", "0:02", "Speaker A", "Tired", "more at ease", "0.75"]
    ]
    assert [[cell.replace(nb, " ") for cell in row] for row in rows(root, "tones-caption")] == [
        ["0:01", "1 s", "Speaker A", "Warm", "Pitch is raised.", "0.80", ""],
        ["0:02", "2 s", "Speaker A", "Tired, and more at ease", "", "0.80", note],
    ]
    table = rows(root, "numbers-1")
    assert table == [
        ["0:00", "0:02", "Warm", "+0.50", "−0.25"],
        ["0:02", "0:04", "Tired", "–", "–"],
        ["0:04", "0:06", "–", "–", "–"],
        ["0:06", "0:08", "–", "–", "–"],
    ]
    assert len(root.xpath("//*[local-name()='svg'][@role='img']")) == 1


def test_headings_go_down_a_step_at_a_time() -> None:
    """One h1, then h2, h3 only under an h2: a reader finds the way by them."""
    root = read(written(HTML, numbered(tone_draft(), tone_draft(speaker_id="speaker_b"))))
    levels = [int(tag(node)[1]) for node in root.iter() if re.fullmatch("h[1-6]", tag(node))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert root.get("lang") == "en"


def test_every_table_is_labelled() -> None:
    """A caption, column and row headings with their scope; where it scrolls, keys reach it."""
    root = read(written(HTML, numbered(tone_draft(), reading_draft(2.0, arousal=0.1, valence=0.1))))
    tables = list(root.iter("table"))
    assert len(tables) >= 3
    for table in tables:
        assert words(table.find("caption"))
        assert all(cell.get("scope") == "col" for cell in table.iterfind("thead/tr/th"))
        assert all(row.findall("th[@scope='row']") for row in table.iterfind("tbody/tr"))
        region = table.getparent()
        assert (region.get("role"), region.get("tabindex")) == ("region", "0")


@pytest.mark.parametrize("ended_at_s", [None, 2_000.0])
def test_it_says_what_it_was_made_with(ended_at_s: float | None) -> None:
    """Model, hash, settings, gaps, and whether the session still ran."""
    head = replace(HEAD, ended_at_s=ended_at_s, gaps=(Gap(3, 5),))
    text = " ".join(words(read(written(HTML, numbered(tone_draft()), head=head))).split())
    for part in ("the-session", "acoustic:open@2", "ab" * 32, "window_ms", "1000"):
        assert part in text
    assert "Events 3 to 5 were heard live but could not be kept" in text
    assert ("still running" in text) is (ended_at_s is None)


def test_an_empty_session_is_a_page_that_says_so() -> None:
    """Nothing is drawn, nothing fails."""
    root = read(written(HTML, [], head=ExportHead("s", elcor=False)))
    assert "No tone was named in this session." in words(root)
    assert not root.xpath("//*[@role='img']")


@given(st.integers(1, 3))
def test_a_long_session_is_a_page_of_bounded_length(times: int) -> None:
    """The longest tones are listed, and the page says how many there were."""
    count = times * (EPISODES_MAX + 1)
    affects = [Affect.WARM, Affect.TIRED]
    log = numbered(*(tone_draft(3.0 * n, affect=affects[n % 2]) for n in range(count)))
    root = read(written(HTML, log, page_events=500))
    assert len(rows(root, "tones-caption")) == EPISODES_MAX
    assert f"{count:,} tones were named" in words(root)


def test_it_is_paid_html() -> None:
    """With the ending that browsers know."""
    assert (HTML.name, HTML.content_type, HTML.extension, HTML.paid) == (
        "html",
        "text/html",
        "html",
        True,
    )
