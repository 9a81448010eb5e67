"""Turns of speech in RTTM: lines of ten fields that a reader by the standard takes."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import NamedTuple

from hypothesis import given

from server.export.base import ExportHead
from server.export.rttm import RTTM
from server.log.base import Event
from tests.server.export.pages import cuts, logs, reading_draft, written
from tests.support.events import numbered, tone_draft


class Line(NamedTuple):
    """One SPEAKER line."""

    file: str
    start_s: float
    end_s: float
    speaker: str


def turns(data: bytes) -> list[Line]:
    """As the standard (NIST RT-09, appendix A) has a reader do it: ten fields parted by spaces."""
    found = []
    for text in data.decode("utf-8").splitlines():
        fields = text.split()
        assert len(fields) == 10
        kind, file, channel, onset, duration, *rest = fields
        assert (kind, channel) == ("SPEAKER", "1")
        assert [*rest[:2], *rest[3:]] == ["<NA>"] * 4
        assert float(duration) > 0
        found.append(Line(file, float(onset), float(onset) + float(duration), rest[2]))
    return found


@given(logs, cuts)
def test_any_session_gives_turns_in_order_that_do_not_overlap(
    log: list[Event], page_events: int
) -> None:
    """One speaker's turns part from each other, and all lie between 0 and the last reading."""
    found = turns(written(RTTM, log, page_events=page_events))
    assert [turn.start_s for turn in found] == sorted(turn.start_s for turn in found)
    readings = [json.loads(e.data)["timestamp"] for e in log if e.kind == "affect-event"]
    for speaker in ("speaker_a", "speaker_b"):
        own = [turn for turn in found if turn.speaker == speaker]
        for before, after in pairwise(own):
            assert before.end_s < after.start_s
        assert all(turn.start_s >= 0 and turn.end_s <= max(readings) + 1e-6 for turn in own)


def test_speech_is_where_more_has_been_heard() -> None:
    """Readings half a second apart; speech grows, rests, grows again, and after a cut in the
    stream a reading tells of one second at most."""
    heard = [(0.5, 0.0), (1.0, 0.4), (1.5, 0.9), (2.0, 0.9), (2.5, 1.2), (60.0, 1.6)]
    log = numbered(*(reading_draft(at_s, heard_s=heard_s) for at_s, heard_s in heard))
    assert turns(written(RTTM, log)) == [
        Line("the-session", 0.5, 1.5, "speaker_a"),
        Line("the-session", 2.0, 2.5, "speaker_a"),
        Line("the-session", 59.0, 60.0, "speaker_a"),
    ]


def test_speakers_overlap_where_both_are_heard() -> None:
    """Each source has its own readings; lines are in order of their start."""
    log = numbered(
        reading_draft(0.5, heard_s=0.5),
        reading_draft(0.5, speaker_id="speaker_b"),
        reading_draft(1.0, heard_s=1.0),
        reading_draft(1.0, speaker_id="speaker_b", heard_s=0.3),
    )
    found = [(turn.start_s, turn.end_s, turn.speaker) for turn in turns(written(RTTM, log))]
    assert found == [(0.0, 1.0, "speaker_a"), (0.5, 1.0, "speaker_b")]


def test_a_voice_that_is_learnt_anew_counts_from_nothing() -> None:
    """Less heard than before is a new count, whose speech is speech."""
    log = numbered(reading_draft(0.5, heard_s=9.0), reading_draft(1.0, heard_s=0.5))
    assert [(turn.start_s, turn.end_s) for turn in turns(written(RTTM, log))] == [(0.0, 1.0)]


def test_tones_alone_are_no_speech() -> None:
    """Without readings nothing is known of turns."""
    assert written(RTTM, numbered(tone_draft())) == written(RTTM, []) == b""


def test_a_field_has_no_spaces() -> None:
    """Names with white space stay one field."""
    log = numbered(reading_draft(0.5, speaker_id="a b\nc", heard_s=0.5))
    head = ExportHead("s", elcor=False)
    assert [turn.speaker for turn in turns(written(RTTM, log, head=head))] == ["a_b_c"]


def test_it_is_paid_text() -> None:
    """With the ending in use."""
    assert (RTTM.name, RTTM.content_type, RTTM.extension, RTTM.paid) == (
        "rttm",
        "text/plain",
        "rttm",
        True,
    )
