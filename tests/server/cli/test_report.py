"""The table at the end of ``linnet analyze``."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.cli.report import Reporter, Row
from server.recordings.documents import RecordingSummary, SpeakerSummary


def _summary() -> RecordingSummary:
    voice = SpeakerSummary(
        speaker_id="speaker_a",
        speech_s=50.0,
        named_s=40.0,
        affects={"warm": 0.75, "tired": 0.25},
        arousal=0.1,
        valence=0.2,
        tones=12,
    )
    return RecordingSummary(
        duration_s=61.0,
        speech_s=50.0,
        speakers=[voice],
        shifts=[],
        events={"tone-event": 12},
        model_id="m",
        elapsed_s=0.5,
        times_real_time=122.0,
    )


def test_where_the_results_are_can_be_copied(capsys: pytest.CaptureFixture[str]) -> None:
    """However long the folder's name is, it stands in one line; each folder once."""
    folder = Path("/a/folder") / ("with-a-long-name" * 8)
    reporter = Reporter(data_on_stdout=False)
    for name in ("one", "two"):
        written = [folder / f"{name}.csv", folder / f"{name}.vtt"]
        reporter.end(Row(f"{name}.wav", _summary(), list(written), None))
    reporter.table()
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if str(folder) in line] == [f"written to {folder}/"]
    assert "one.csv" in "".join(lines)
    assert not reporter.failed


def test_results_on_standard_output_have_it_for_themselves(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The table goes to standard error then."""
    reporter = Reporter(data_on_stdout=True)
    reporter.end(Row("talk.wav", _summary(), [None], None))
    reporter.table()
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "warm 75%" in shown.err
    assert "standard" in shown.err


def test_what_failed_is_named_and_no_part_of_the_table(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Where nothing at all was heard, there is no table."""
    reporter = Reporter(data_on_stdout=False)
    reporter.end(Row("notes.txt", None, [], "This is not a recording."))
    reporter.table()
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.strip() == "notes.txt: This is not a recording."
    assert reporter.failed
