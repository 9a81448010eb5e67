"""Captions of tone: a WebVTT and a SubRip reader find each caption, whatever the text."""

from __future__ import annotations

import html
import io
import json
import re

import srt
import webvtt
from hypothesis import given

from classifier import Affect
from server.export.captions import SRT, WEBVTT
from server.export.text import one_line
from server.log.base import Event
from tests.server.export.pages import cuts, logs, tones, written
from tests.support.events import numbered, tone_draft


def cues(data: bytes) -> list[webvtt.Caption]:
    """As another program reads WebVTT."""
    return list(webvtt.from_buffer(io.StringIO(data.decode(), newline="")).captions)


def subtitles(data: bytes) -> list[srt.Subtitle]:
    """As another program reads SubRip, refusing anything unclear."""
    return list(srt.parse(data.decode(), ignore_errors=False))


def said(log: list[Event]) -> set[tuple[str, str, str]]:
    """What each tone says: who, label and subtext."""
    found = set()
    for event in tones(log):
        data = json.loads(event.data)
        found.add((data["speaker_id"], data["label"], data["subtext"] or ""))
    return found


@given(logs, cuts)
def test_a_webvtt_reader_finds_what_was_said(log: list[Event], page_events: int) -> None:
    """Each tone's words stand in a cue, no cue holds anything else, and starts never go back."""
    data = written(WEBVTT, log, page_events=page_events)
    found = cues(data)
    assert len(found) <= len(tones(log))
    wanted = {
        (who.replace("speaker_a", "Speaker A").replace("speaker_b", "Speaker B"), *words)
        for who, *words in (
            (who, one_line(label).strip(), one_line(subtext).strip())
            for who, label, subtext in said(log)
        )
    }
    seen = set()
    for cue in found:
        first, _, second = cue.raw_text.partition("\n")
        shape = r"<v (Speaker [AB])><c\.(?:[a-z]+)>([^<>]*)</c>(?:</v>)?"
        match = re.fullmatch(shape, first)
        assert match is not None
        second = second.removesuffix("</v>")
        assert "<" not in second
        assert ">" not in second
        seen.add((match[1], html.unescape(match[2]).strip(), html.unescape(second).strip()))
        assert cue.start_in_seconds < cue.end_in_seconds or cue.start < cue.end
    assert seen == wanted
    starts = [cue.start for cue in found]
    assert starts == sorted(starts)


@given(logs, cuts)
def test_a_subrip_reader_finds_what_was_said(log: list[Event], page_events: int) -> None:
    """Each tone's words stand in a subtitle; numbers count up from 1 and starts never go back."""
    found = subtitles(written(SRT, log, page_events=page_events))
    assert [one.index for one in found] == list(range(1, len(found) + 1))
    assert [one.start for one in found] == sorted(one.start for one in found)
    assert all(one.start < one.end for one in found)
    safe = str.maketrans("<>{}", "‹›()")
    wanted = {
        f"Speaker {who[-1].upper()}: {one_line(label).translate(safe)}".strip()
        + ("\n" + line if (line := one_line(subtext).translate(safe).strip()) else "")
        for who, label, subtext in said(log)
    }
    assert {one.content for one in found} == wanted


def test_a_caption_lasts_while_the_tone_says_the_same() -> None:
    """Said again within two seconds it goes on; the next tone ends it, or two seconds do."""
    log = numbered(
        tone_draft(1.0, label="Warm", affect=Affect.WARM),
        tone_draft(2.0, label="Warm", affect=Affect.WARM),
        tone_draft(3.0, label="Tired", affect=Affect.TIRED, subtext="Speech is slow."),
        tone_draft(9.0, label="Warm", affect=Affect.WARM),
    )
    found = [(cue.start, cue.end, cue.text) for cue in cues(written(WEBVTT, log))]
    assert found == [
        ("00:00:01.000", "00:00:03.000", "Warm"),
        ("00:00:03.000", "00:00:05.000", "Tired\nSpeech is slow."),
        ("00:00:09.000", "00:00:11.000", "Warm"),
    ]
    times = [(one.start.total_seconds(), one.end.total_seconds()) for one in subtitles(
        written(SRT, log)
    )]  # fmt: skip
    assert times == [(1, 3), (3, 5), (9, 11)]


def test_speakers_whose_clocks_are_apart_are_put_in_order() -> None:
    """The other side of a call joined later and counts from 0: captions still start in order."""
    log = numbered(
        *(tone_draft(600.0 + n, label=f"A{n}") for n in range(5)),
        *(tone_draft(float(n), label=f"B{n}", speaker_id="speaker_b") for n in range(5)),
    )
    labels = [cue.text for cue in cues(written(WEBVTT, log))]
    assert labels == ["B0", "B1", "B2", "B3", "B4", "A0", "A1", "A2", "A3", "A4"]


def test_an_arrow_in_the_text_does_not_begin_a_cue() -> None:
    """What looks like a cue's times, or ends a line, stays text."""
    hostile = "x\n\n00:00:07.000 --> 00:00:08.000\nnot a cue"
    log = numbered(tone_draft(1.0, label=hostile, subtext="a --> b"))
    [cue] = cues(written(WEBVTT, log))
    assert "-->" not in cue.raw_text
    [subtitle] = subtitles(written(SRT, log))
    assert "-->" not in subtitle.content


def test_a_session_of_days_has_hours_beyond_99() -> None:
    """Hours take as many digits as they need."""
    [cue] = cues(written(WEBVTT, numbered(tone_draft(360_000.5, label="Warm"))))
    assert (cue.start, cue.text) == ("100:00:00.500", "Warm")
    [subtitle] = subtitles(written(SRT, numbered(tone_draft(360_000.5, label="Warm"))))
    assert subtitle.start.total_seconds() == 360_000.5


def test_an_empty_session_has_no_captions() -> None:
    """A WebVTT file without cues; a SubRip file without anything."""
    assert cues(written(WEBVTT, [])) == []
    assert written(SRT, []) == b""


def test_both_are_paid_text() -> None:
    """Media types as registered (WebVTT) and as in use (SubRip)."""
    assert (WEBVTT.name, WEBVTT.content_type, WEBVTT.extension, WEBVTT.paid) == (
        "vtt",
        "text/vtt",
        "vtt",
        True,
    )
    assert (SRT.name, SRT.content_type, SRT.extension, SRT.paid) == (
        "srt",
        "application/x-subrip",
        "srt",
        True,
    )
