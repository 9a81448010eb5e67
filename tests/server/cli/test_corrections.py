"""``linnet corrections export`` on a real log."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from classifier import Affect, Source, VoiceFrame
from server.__main__ import app
from server.log.base import Draft
from server.log.sqlite import FILE_NAME, SqliteStore
from server.models import CorrectionMark
from server.sessions.annotate import Annotator
from tests.support.clock import FakeClock
from tests.support.events import numbered, session_row

SECRET_ID = "an-id-that-nobody-may-see"


def frame(at_s: float, source: Source, affect: Affect | None, share: float) -> VoiceFrame:
    """A reading with a distribution of its own."""
    return VoiceFrame(
        timestamp_s=at_s,
        source=source,
        speech=0.9,
        affect=affect,
        confidence=share,
        arousal=share / 2,
        valence=-share,
        dominance=0.0,
        distribution={Affect.WARM: share, Affect.TIRED: 1 - share},
        heard_s=at_s,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Two voices in turns, two of their tones corrected; and another user's session. The log is
    open, as under a server that runs."""
    store = SqliteStore(tmp_path, FakeClock())
    with asyncio.Runner() as runner:
        runner.run(fill(store))
        yield tmp_path
        runner.run(store.aclose())


async def fill(store: SqliteStore) -> None:
    """See :func:`folder`."""
    await store.open()
    for session_id, owner in ((SECRET_ID, ""), ("other", "ann")):
        await store.create_session(session_row(session_id, owner=owner))
        await store.describe(session_id, model_id="acoustic:open@2", model_sha256="ab")
        annotator = Annotator(session_id, elcor=False, tone_interval_s=1.0)
        drafts: list[Draft] = []
        for at in range(1, 4):
            drafts += annotator.drafts(frame(at, Source.MIC, Affect.WARM, 0.5 + at / 10))
            drafts += annotator.drafts(frame(at, Source.TAB, Affect.TIRED, 0.2 + at / 10))
        await store.append(session_id, numbered(*drafts))
    # In turns: affect and tone of one voice, affect and tone of the other.
    await store.correct(SECRET_ID, 6, CorrectionMark(label="Joking", note="laughs ü", at=5.0))
    await store.correct(SECRET_ID, 8, CorrectionMark(affect=Affect.NEUTRAL, at=6.0))
    await store.correct("other", 2, CorrectionMark(label="Hers", at=7.0))


def run(*arguments: object) -> Result:
    """The command line, in this process."""
    return CliRunner().invoke(app, ["corrections", "export", *map(str, arguments)])


def rows(text: str | bytes) -> list[dict[str, Any]]:
    """Lines of JSON."""
    return [orjson.loads(line) for line in text.splitlines()]


def test_a_row_says_what_was_measured_said_and_meant(folder: Path) -> None:
    """Each with the reading of its own voice and moment, in order; no audio, no session id."""
    result = run("--data-dir", folder)
    assert result.exit_code == 0
    first, second = rows(result.stdout)
    assert first == {
        "row_version": 1,
        "session": hashlib.sha256(SECRET_ID.encode()).hexdigest()[:16],
        "seq": 6,
        "speaker_id": "speaker_a",
        "timestamp": 2.0,
        "label": first["label"],
        "affect": "warm",
        "confidence": 0.7,
        "shift_magnitude": 0.0,
        "shift_direction": "stable",
        "prosody_flags": [],
        "corrected_label": "Joking",
        "corrected_affect": None,
        "note": "laughs ü",
        "corrected_at": 5.0,
        "speech": 0.9,
        "arousal": 0.35,
        "valence": -0.7,
        "dominance": 0.0,
        "distribution": {"warm": 0.7, "tired": 0.3},
        "heard_s": 2.0,
        "model_id": "acoustic:open@2",
        "model_sha256": "ab",
    }
    assert (second["seq"], second["speaker_id"], second["corrected_affect"]) == (
        8,
        "speaker_b",
        "neutral",
    )
    assert second["distribution"] == {"warm": 0.4, "tired": 0.6}
    assert SECRET_ID not in result.stdout
    assert result.stderr == "2 corrections.\n"


def test_only_the_owners_own(folder: Path) -> None:
    """Where there are many users, one is named; a name that nobody has gives nothing."""
    assert [
        row["corrected_label"] for row in rows(run("--data-dir", folder, "--owner", "ann").stdout)
    ] == ["Hers"]
    result = run("--data-dir", folder, "--owner", "nobody")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "0 corrections.\n")


def test_a_copy_of_a_correction_is_no_second_one(folder: Path) -> None:
    """A resumed session has the corrections of the one it goes on from: a row says it once."""
    with closing(sqlite3.connect(folder / FILE_NAME, isolation_level=None)) as connection:
        connection.execute("UPDATE session SET owner = ''")
        connection.execute("UPDATE event SET place = place + (5 << 32) WHERE place >> 32 = 2")
        connection.execute("UPDATE correction SET place = place + (5 << 32) WHERE place >> 32 = 2")
        connection.execute("UPDATE session SET key = 7 WHERE key = 2")
        for table, columns in (
            ("event", "kind, data, timestamp, confidence, affect, speaker_id"),
            ("correction", "label, affect, note, at"),
        ):
            connection.execute(
                f"INSERT OR REPLACE INTO {table} (place, {columns})"
                f" SELECT place + (6 << 32), {columns} FROM {table} WHERE place >> 32 = 1"
            )
    labels = [row["corrected_label"] for row in rows(run("--data-dir", folder).stdout)]
    assert labels == ["Joking", None, "Hers"]


def test_notes_can_be_left_out(folder: Path) -> None:
    """They are what people wrote, and may name somebody."""
    assert [row["note"] for row in rows(run("--data-dir", folder, "--no-notes").stdout)] == [
        None,
        None,
    ]


def test_into_a_file(folder: Path) -> None:
    """The same rows, readable for its owner alone; an existing file is left alone unless forced."""
    out = folder / "rows.jsonl"
    assert run("--data-dir", folder, "-o", out).exit_code == 0
    assert len(rows(out.read_bytes())) == 2
    assert out.stat().st_mode & 0o077 == 0
    out.write_text("mine")
    refused = run("--data-dir", folder, "-o", out)
    assert refused.exit_code == 1
    assert "--force" in refused.stderr
    assert out.read_text() == "mine"
    assert run("--data-dir", folder, "-o", out, "--force").exit_code == 0
    assert len(rows(out.read_bytes())) == 2
    nowhere = run("--data-dir", folder, "-o", folder / "nowhere" / "rows.jsonl")
    assert nowhere.exit_code == 1
    assert "cannot be written" in nowhere.stderr


def test_a_tone_whose_reading_is_not_stored(folder: Path) -> None:
    """The row says what it knows."""
    with closing(sqlite3.connect(folder / FILE_NAME, isolation_level=None)) as connection:
        connection.execute("DELETE FROM event WHERE kind = 'affect-event'")
    row = rows(run("--data-dir", folder).stdout)[0]
    assert row["distribution"] is row["arousal"] is row["speech"] is None
    assert row["corrected_label"] == "Joking"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "There is no log at"),
        (lambda path: path.write_bytes(b"not a database" * 100), "cannot be read"),
        (lambda path: _version(path, 99), "later version"),
        (lambda path: _version(path, 1), "earlier version"),
    ],
)
def test_what_is_no_log_is_refused(tmp_path: Path, make: Any, words: str) -> None:
    """One line that says what is wrong, nothing on standard output, and the file is left alone."""
    path = tmp_path / FILE_NAME
    make(path)
    before = path.read_bytes() if path.exists() else None
    result = run("--data-dir", tmp_path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert words in result.stderr
    assert (path.read_bytes() if path.exists() else None) == before


def _version(path: Path, version: int) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("CREATE TABLE x (y)")


def test_the_help_says_what_is_in_it() -> None:
    """Also that there is no audio in it."""
    text = " ".join(run("--help").stdout.split())
    assert "Never audio" in text
    assert "JSON Lines" in text
