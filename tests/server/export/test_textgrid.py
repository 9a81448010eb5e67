"""A TextGrid that Praat's format allows: praatio reads back every tier."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from praatio import textgrid

from classifier import Affect
from server.export.text import one_line
from server.export.textgrid import TEXTGRID
from server.log.base import Event
from tests.server.export.pages import (
    CorrectionMark,
    cuts,
    logged,
    logs,
    reading_draft,
    tones,
    written,
)
from tests.support.events import numbered, tone_draft


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where files lie for readers that want a path."""
    return tmp_path_factory.mktemp("textgrid")


def read(data: bytes, folder: Path, *, empty: bool = True) -> Any:
    """As another program reads it."""
    path = folder / "session.TextGrid"
    path.write_bytes(data)
    return textgrid.openTextgrid(str(path), includeEmptyIntervals=empty, reportingMode="error")


def by_speaker(log: list[Event]) -> dict[str, list[Event]]:
    """The tone events of each speaker, in order."""
    found: dict[str, list[Event]] = {}
    for event in tones(log):
        found.setdefault(json.loads(event.data)["speaker_id"], []).append(event)
    return found


@given(log=logs, page_events=cuts)
def test_any_session_is_read_back_tier_by_tier(
    folder: Path, log: list[Event], page_events: int
) -> None:
    """Every tone has its interval with its label, every correction its note; intervals of a tier
    touch and fill the time from 0 to the end."""
    grid = read(written(TEXTGRID, log, page_events=page_events), folder)
    for name in grid.tierNames:
        tier = grid.getTier(name)
        assert (tier.minTimestamp, tier.maxTimestamp) == (0, grid.maxTimestamp)
        if isinstance(tier, textgrid.IntervalTier):
            ends = [0.0, *(entry.end for entry in tier.entries)]
            assert ends[:-1] == [entry.start for entry in tier.entries]
            assert ends[-1] == grid.maxTimestamp
    for speaker, events in by_speaker(log).items():
        labels = [entry.label for entry in grid.getTier(f"{speaker} label").entries]
        wanted = [one_line(json.loads(event.data)["label"]).strip() for event in events]
        assert [label for label in labels if label] == [label for label in wanted if label]
        affects = {entry.label for entry in grid.getTier(f"{speaker} affect").entries} - {""}
        assert affects == {json.loads(event.data)["affect"] for event in events}
        notes = [event.correction for event in events if event.correction is not None]
        assert (f"{speaker} correction" in grid.tierNames) is bool(notes)


@given(log=logs)
def test_readings_are_points_at_their_times(folder: Path, log: list[Event]) -> None:
    """A number at each reading that has one, in order; readings of one moment give one point."""
    grid = read(written(TEXTGRID, log), folder)
    wanted: dict[str, list[tuple[float, float]]] = {}
    for event in log:
        data = json.loads(event.data)
        if data["event_type"] == "affect" and data["arousal"] is not None:
            points = wanted.setdefault(data["speaker_id"], [])
            if not points or data["timestamp"] > points[-1][0]:
                points.append((data["timestamp"], data["arousal"]))
    for speaker in ("speaker_a", "speaker_b"):
        name = f"{speaker} arousal"
        assert (name in grid.tierNames) is (speaker in wanted)
        if speaker in wanted:
            seen = [(entry.time, float(entry.label)) for entry in grid.getTier(name).entries]
            assert seen == wanted[speaker]


def test_the_tiers_of_a_small_session(folder: Path) -> None:
    """An affect lasts as one interval; labels and corrections stand at each tone."""
    log = logged(
        [
            reading_draft(0.5, arousal=0.25, valence=-0.125),
            tone_draft(1.0, label="Warm", affect=Affect.WARM, subtext='It "sounds" warm.'),
            (
                tone_draft(2.0, label="Warm, and rising", affect=Affect.WARM),
                CorrectionMark(affect=Affect.GENUINE, note="she meant it", at=5.0),
            ),
            tone_draft(6.0, label="Tired", affect=Affect.TIRED),
        ]
    )
    grid = read(written(TEXTGRID, log), folder, empty=False)
    assert grid.tierNames == tuple(
        f"speaker_a {name}"
        for name in ("affect", "label", "subtext", "correction", "arousal", "valence")
    )
    tiers = {
        name.split()[1]: list(map(tuple, grid.getTier(name).entries)) for name in grid.tierNames
    }
    assert tiers == {
        "affect": [(1.0, 4.0, "warm"), (6.0, 8.0, "tired")],
        "label": [(1.0, 2.0, "Warm"), (2.0, 4.0, "Warm, and rising"), (6.0, 8.0, "Tired")],
        "subtext": [(1.0, 2.0, 'It "sounds" warm.')],
        "correction": [(2.0, 4.0, "genuine · she meant it")],
        "arousal": [(0.5, "0.250")],
        "valence": [(0.5, "-0.125")],
    }


def test_the_header_is_that_of_the_long_text_format() -> None:
    """Praat tells its files by their first lines."""
    lines = written(TEXTGRID, numbered(tone_draft())).decode().split("\n")
    assert lines[:3] == ['File type = "ooTextFile"', 'Object class = "TextGrid"', ""]
    assert lines[3:8] == ["xmin = 0", "xmax = 3", "tiers? <exists>", "size = 3", "item []:"]


def test_an_empty_session_is_a_grid_of_silence(folder: Path) -> None:
    """Praat opens no grid without time: an empty tier of one second."""
    grid = read(written(TEXTGRID, []), folder)
    assert grid.tierNames == ("affect",)
    assert [tuple(entry) for entry in grid.getTier("affect").entries] == [(0.0, 1.0, "")]


def test_it_is_paid_text_with_the_ending_that_praat_knows() -> None:
    """Upper and lower case as Praat writes it."""
    assert (TEXTGRID.name, TEXTGRID.content_type, TEXTGRID.extension, TEXTGRID.paid) == (
        "textgrid",
        "text/plain",
        "TextGrid",
        True,
    )
