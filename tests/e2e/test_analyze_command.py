"""``linnet analyze``: recordings without a server, as a person would run it."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.support.api import PAID_KEY
from tests.support.process import DATA, READY_WITHIN_S, environment, run_linnet
from tests.support.recordings import encoded, hiss

pytestmark = pytest.mark.e2e

CALM, AGITATED = str(DATA / "calm.flac"), str(DATA / "agitated.flac")
PAID = {"LINNET_LICENSE_KEY": PAID_KEY}


def _analyze(*arguments: str, tmp_path: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return run_linnet("analyze", *arguments, data_dir=tmp_path, settings=settings)


def test_many_recordings_into_a_folder(tmp_path: Path) -> None:
    """A file for each, a table at the end, status 0, and no log left anywhere."""
    done = _analyze(CALM, AGITATED, "-o", "out/", tmp_path=tmp_path)
    assert done.returncode == 0, done.stderr
    files = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*"))
    assert files == ["out", "out/agitated.json", "out/calm.json"]
    document = json.loads((tmp_path / "out" / "calm.json").read_text())
    assert document["events"]
    assert all(event["label"] for event in document["events"])
    assert "calm.flac" in done.stdout
    assert "neutral" in done.stdout


def test_every_format_by_its_ending(tmp_path: Path) -> None:
    """With a licence key, all of them, in one go; each is a file with something in it."""
    names = ("json", "jsonl", "csv", "vtt", "srt", "textgrid", "eaf", "rttm", "html")
    options = [word for name in names for word in ("--format", name)]
    done = _analyze(AGITATED, "-o", "out/", *options, tmp_path=tmp_path, **PAID)
    assert done.returncode == 0, done.stderr
    written = list((tmp_path / "out").iterdir())
    assert len(written) == len(names)
    assert all(path.stat().st_size > 50 for path in written)
    rows = list(csv.DictReader((tmp_path / "out" / "agitated.csv").read_text().splitlines()))
    assert {row["speaker_id"] for row in rows} == {"speaker_a"}


def _long(folder: Path) -> Path:
    """More speech than a voice is known after."""
    samples, rate_hz = soundfile.read(AGITATED, dtype="int16")
    soundfile.write(folder / "long.flac", np.tile(samples, 3), rate_hz)
    return folder / "long.flac"


def _calibrating(file: Path) -> bool:
    """Whether a voice of it had to be learnt first."""
    return "calibrating" in file.read_text()


def test_people_who_spoke_before_are_known(tmp_path: Path) -> None:
    """With ``--same-people`` the first recording is one of strangers, and the second is not; what
    nobody said of the people is not assumed. Its own speech alone is counted."""
    long, options = _long(tmp_path), ("--format", "jsonl", "--force", "-o", "out/")
    for option, strangers in (("--no-same-people", [True, True]), ("--same-people", [True, False])):
        done = _analyze(str(long), AGITATED, option, *options, tmp_path=tmp_path, **PAID)
        assert done.returncode == 0, done.stderr
        files = [tmp_path / "out" / f"{name}.jsonl" for name in ("long", "agitated")]
        assert [_calibrating(file) for file in files] == strangers
        rows = [json.loads(line) for line in files[1].read_text().splitlines()]
        assert max(row.get("heard_s", 0.0) for row in rows) < 7.0


def test_a_recording_heard_twice_is_written_as_it_was_heard_last(tmp_path: Path) -> None:
    """Once in the log, from its beginning, with a known voice."""
    options = ("--twice", "-o", "-", "--format", "jsonl")
    done = _analyze(str(_long(tmp_path)), *options, tmp_path=tmp_path, **PAID)
    assert done.returncode == 0, done.stderr
    assert "calibrating" not in done.stdout
    assert "measured against its own habit" in done.stdout
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    times = [row["timestamp"] for row in rows if "arousal" in row]
    assert times == sorted(times)
    assert times[0] == 0.5


def test_a_paid_format_without_a_key_is_status_3(tmp_path: Path) -> None:
    """Said before any work, in one sentence that says what is needed; JSON needs nothing."""
    done = _analyze(CALM, "-o", "talk.csv", tmp_path=tmp_path)
    assert done.returncode == 3
    assert "CFG-LNNT-" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_one_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    """Status 1; each failure is named, and what could be heard is written."""
    (tmp_path / "notes.wav").write_text("these are only words")
    cut = Path(AGITATED).read_bytes()
    (tmp_path / "cut.flac").write_bytes(cut[: len(cut) // 2])
    done = _analyze("nowhere.wav", "notes.wav", "cut.flac", CALM, "-o", "out/", tmp_path=tmp_path)
    assert done.returncode == 1
    for words in ("nowhere.wav: No such file", "notes.wav: This is not", "cut.flac: The recording"):
        assert words in done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["calm.json", "cut.json"]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        (CALM, "-o", "talk.xyz"),
        (CALM, AGITATED, "-o", "talk.json"),
        (CALM, "--format", "word"),
        (CALM, "--num-speakers", "9"),
        (CALM, "--channels", "both"),
        ("-", "-"),
    ],
)
def test_wrong_usage_is_status_2(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Before any work, with a word about what is wrong."""
    done = _analyze(*arguments, tmp_path=tmp_path)
    assert (done.returncode, done.stdout if arguments else "") == (2, "")
    assert done.stderr or not arguments
    assert list(tmp_path.iterdir()) == []


def test_what_exists_is_kept_unless_forced(tmp_path: Path) -> None:
    """Status 2, and the file is as it was; ``--force`` writes over it."""
    (tmp_path / "talk.json").write_text("mine")
    done = _analyze(CALM, "-o", "talk.json", tmp_path=tmp_path)
    assert (done.returncode, (tmp_path / "talk.json").read_text()) == (2, "mine")
    done = _analyze(CALM, "-o", "talk.json", "--force", tmp_path=tmp_path)
    assert done.returncode == 0
    assert json.loads((tmp_path / "talk.json").read_text())["events"]


def test_it_stands_in_a_pipe(tmp_path: Path) -> None:
    """A recording from standard input, the result and nothing else on standard output."""
    with Path(CALM).open("rb") as recording:
        done = subprocess.run(
            [sys.executable, "-m", "server", "analyze", "-", "--format", "json"],
            cwd=tmp_path,
            env=environment(tmp_path / "log", {}),
            stdin=recording,
            capture_output=True,
            timeout=READY_WITHIN_S,
        )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["events"]
    assert b"stdin" in done.stderr


def test_a_setting_that_makes_no_sense_is_status_2(tmp_path: Path) -> None:
    """One line that names it."""
    done = _analyze(CALM, tmp_path=tmp_path, LINNET_PORT="many")
    assert done.returncode == 2
    assert "LINNET_PORT" in done.stderr


def test_weights_that_are_none_are_status_1(tmp_path: Path) -> None:
    """One line, no traceback."""
    done = _analyze(CALM, tmp_path=tmp_path, LINNET_WEIGHTS="nowhere")
    assert done.returncode == 1
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_stops_clean(tmp_path: Path) -> None:
    """Status 130 within a moment, no traceback and no half file; what was done stays."""
    long = tmp_path / "long.flac"
    long.write_bytes(encoded(hiss(1_800.0), kind="FLAC"))
    process = subprocess.Popen(
        [sys.executable, "-m", "server", "analyze", CALM, str(long), "-o", "out/"],
        cwd=tmp_path,
        env=environment(tmp_path / "log", {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + READY_WITHIN_S
    while not (tmp_path / "out" / "calm.json").exists():
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=READY_WITHIN_S)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "calm.flac" in out
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["calm.json"]
