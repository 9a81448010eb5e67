"""Where results go: decided before any work is done, and nothing is written over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.cli.outputs import Output, OutputError, plan_outputs, write_output


def planned(
    recordings: list[str], out: str | None = None, *formats: str, force: bool = False
) -> list[list[tuple[str, str | None]]]:
    """Format and path of each result."""

    def shown(output: Output) -> tuple[str, str | None]:
        return output.format.name, None if output.path is None else str(output.path)

    plans = plan_outputs(recordings, out, formats, force=force)
    return [[shown(output) for output in outputs] for outputs in plans]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_without_a_place_nothing_is_written() -> None:
    """The table is all there is to see."""
    assert planned(["a.wav", "b.wav"]) == [[], []]


def test_a_file_is_of_the_format_its_ending_names() -> None:
    """In any case of letters; ``--format`` has the last word."""
    assert planned(["a.wav"], "talk.CSV") == [[("csv", "talk.CSV")]]
    assert planned(["a.wav"], "talk.TextGrid") == [[("textgrid", "talk.TextGrid")]]
    assert planned(["a.wav"], "talk.txt", "jsonl") == [[("jsonl", "talk.txt")]]


def test_a_folder_takes_a_file_for_each_recording_and_format(tmp_path: Path) -> None:
    """One that exists, or is named as one; many recordings into a name without an ending, too."""
    (tmp_path / "there").mkdir()
    for out in ("there", "new/", "new"):
        folder = out.rstrip("/")
        assert planned(["x/a.wav", "b.b.mp3"], out, "csv", "JSON") == [
            [("csv", f"{folder}/a.csv"), ("json", f"{folder}/a.json")],
            [("csv", f"{folder}/b.b.csv"), ("json", f"{folder}/b.b.json")],
        ]
    assert planned(["-"], "new/") == [[("json", "new/stdin.json")]]


def test_a_pattern_names_each_result() -> None:
    """``{name}`` is the recording's, without folders and ending."""
    assert planned(["x/a.wav", "b.mp3"], "out/{name}-tone.vtt") == [
        [("vtt", "out/a-tone.vtt")],
        [("vtt", "out/b-tone.vtt")],
    ]


@pytest.mark.parametrize("out", [None, "-"])
def test_standard_output_takes_one_result(out: str | None) -> None:
    """Asked for with ``-``, or by a format without a place."""
    assert planned(["a.wav"], out, "csv") == [[("csv", None)]]
    for recordings, formats in ((["a.wav", "b.wav"], ("csv",)), (["a.wav"], ("csv", "json"))):
        with pytest.raises(OutputError, match="standard output"):
            planned(recordings, out, *formats)


@pytest.mark.parametrize(
    ("recordings", "out", "formats", "says"),
    [
        (["a.wav"], "talk.xyz", (), "--format"),
        (["a.wav"], "talk", (), "--format"),
        (["a.wav"], "talk.csv", ("word",), "json, jsonl"),
        (["a.wav", "b.wav"], "talk.csv", (), "{name}"),
        (["a.wav"], "talk.csv", ("csv", "json"), "folder"),
        (["a.wav"], "{name}.csv", ("csv", "json"), "folder"),
        (["x/a.wav", "y/a.mp3"], "out/", (), "out/a.json"),
    ],
)
def test_what_cannot_be_done_is_said_before_any_work(
    recordings: list[str], out: str, formats: tuple[str, ...], says: str
) -> None:
    """One sentence that names what is wrong."""
    with pytest.raises(OutputError) as refused:
        planned(recordings, out, *formats)
    assert says in str(refused.value)


def test_what_exists_is_not_written_over(tmp_path: Path) -> None:
    """Unless it is asked for by ``--force``; a folder never."""
    (tmp_path / "a.json").write_text("mine")
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(OutputError, match="--force"):
        planned(["a.wav"], "{name}.json")
    assert planned(["a.wav"], "a.json", force=True) == [[("json", "a.json")]]
    with pytest.raises(OutputError, match="folder"):
        planned(["a.wav"], "{name}.csv", force=True)


def _files(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


async def _pieces(*pieces: bytes, then: Exception | None = None) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
    if then is not None:
        raise then


async def test_a_file_is_written_whole(tmp_path: Path) -> None:
    """With the folders that lead to it, and with the rights any new file has."""
    path = tmp_path / "deep" / "er" / "a.json"
    await write_output(path, _pieces(b"one", b"two"), force=False)
    assert path.read_bytes() == b"onetwo"
    usual = tmp_path / "usual"
    usual.touch()
    assert path.stat().st_mode == usual.stat().st_mode


@pytest.mark.parametrize("force", [False, True])
async def test_or_not_at_all(tmp_path: Path, force: bool) -> None:
    """A failure in the middle leaves what was there before, and no half file."""
    path = tmp_path / "a.json"
    if force:
        path.write_bytes(b"before")
    with pytest.raises(RuntimeError):
        await write_output(path, _pieces(b"one", then=RuntimeError()), force=force)
    assert _files(tmp_path) == (["a.json"] if force else [])
    assert not force or path.read_bytes() == b"before"


async def test_a_file_that_came_into_being_meanwhile_is_kept(tmp_path: Path) -> None:
    """Somebody else's file is theirs, also when it was not there at first."""
    path = tmp_path / "a.json"
    path.write_bytes(b"theirs")
    with pytest.raises(FileExistsError):
        await write_output(path, _pieces(b"ours"), force=False)
    assert path.read_bytes() == b"theirs"
    assert _files(tmp_path) == ["a.json"]
    await write_output(path, _pieces(b"ours"), force=True)
    assert path.read_bytes() == b"ours"
