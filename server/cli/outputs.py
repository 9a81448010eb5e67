"""Where the results of ``linnet analyze`` go: names of files, decided before any work is done.

Knows formats by name and nothing of recordings.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from server.export.base import ExportFormat
from server.export.formats import FORMATS, format_for_file

STANDARD: Final = "-"
"""Standard input, or standard output."""

NAME: Final = "{name}"
"""In a pattern: the recording's name without folders and ending."""


class OutputError(Exception):
    """What was asked for cannot be done so; the message says why."""


@dataclass(frozen=True, slots=True)
class Output:
    """One file to be written."""

    format: ExportFormat
    path: Path | None
    """None is standard output."""


def plan_outputs(
    recordings: Sequence[str], out: str | None, formats: Sequence[str], *, force: bool
) -> list[list[Output]]:
    """What is to be written for each recording.

    Args:
        recordings: paths, or ``-`` for standard input.
        out: a file, a folder, a pattern with ``{name}``, ``-``, or None for no files.
        formats: by name; none means by the ending of ``out``, else JSON.
        force: files that exist may be written over.

    Raises:
        OutputError: an unknown format, one name for two results, or a file that exists.
    """
    chosen = [_format(name) for name in dict.fromkeys(name.lower() for name in formats)]
    if out is None and not chosen:
        return [[] for _ in recordings]
    if out is None or out == STANDARD:
        return [_standard(recordings, chosen)]
    if NAME in out:
        planned = [_patterned(out, recording, chosen) for recording in recordings]
    elif _is_folder(out, recordings, chosen):
        planned = [_in_folder(Path(out), recording, chosen) for recording in recordings]
    else:
        planned = _one_file(Path(out), recordings, chosen)
    _check(planned, force=force)
    return planned


async def write_output(path: Path, pieces: AsyncIterable[bytes], *, force: bool) -> None:
    """Write a file whole or not at all.

    Raises:
        OSError: it cannot be written; FileExistsError when it has come into being meanwhile.
    """
    part = path.with_name(f".linnet-{secrets.token_hex(8)}")
    file = await asyncio.to_thread(_begin, part)
    try:
        async for piece in pieces:
            await asyncio.to_thread(file.write, piece)
        await asyncio.to_thread(_put_in_place, file, part, path, force=force)
    finally:
        await asyncio.to_thread(_clear_away, file, part)


def _begin(part: Path) -> IO[bytes]:
    part.parent.mkdir(parents=True, exist_ok=True)
    return part.open("xb")


def _put_in_place(file: IO[bytes], part: Path, path: Path, *, force: bool) -> None:
    file.close()
    if force:
        part.replace(path)
    else:
        # Unlike renaming, this fails when the file has come into being meanwhile.
        os.link(part, path)


def _clear_away(file: IO[bytes], part: Path) -> None:
    file.close()
    part.unlink(missing_ok=True)


def stem_of(recording: str) -> str:
    """A recording's name without folders and ending."""
    return "stdin" if recording == STANDARD else Path(recording).stem


def _format(name: str) -> ExportFormat:
    if name not in FORMATS:
        raise OutputError(f"{name!r} is no format; there are {', '.join(FORMATS)}.")
    return FORMATS[name]


def _standard(recordings: Sequence[str], chosen: list[ExportFormat]) -> list[Output]:
    if len(recordings) > 1 or len(chosen) > 1:
        raise OutputError(
            "More than one result does not fit into standard output: name a folder with -o."
        )
    return [Output(fmt, None) for fmt in chosen or [FORMATS["json"]]]


def _patterned(out: str, recording: str, chosen: list[ExportFormat]) -> list[Output]:
    path = Path(out.replace(NAME, stem_of(recording)))
    if not chosen:
        return [Output(_by_ending(path), path)]
    if len(chosen) > 1:
        raise OutputError("A pattern is for one format; name a folder for several.")
    return [Output(chosen[0], path)]


def _is_folder(out: str, recordings: Sequence[str], chosen: list[ExportFormat]) -> bool:
    if out.endswith(("/", os.sep)) or Path(out).is_dir():
        return True
    many = len(recordings) > 1 or len(chosen) > 1
    return many and not Path(out).suffix


def _in_folder(folder: Path, recording: str, chosen: list[ExportFormat]) -> list[Output]:
    return [
        Output(fmt, folder / f"{stem_of(recording)}.{fmt.extension}")
        for fmt in chosen or [FORMATS["json"]]
    ]


def _one_file(
    path: Path, recordings: Sequence[str], chosen: list[ExportFormat]
) -> list[list[Output]]:
    if len(recordings) > 1 or len(chosen) > 1:
        raise OutputError(
            f"{path} is one file, and there are several results: name a folder (ending in /) or a "
            f"pattern with {NAME}."
        )
    return [[Output(chosen[0] if chosen else _by_ending(path), path)]]


def _by_ending(path: Path) -> ExportFormat:
    fmt = format_for_file(path.name) if path.suffix else None
    if fmt is None:
        raise OutputError(
            f"The ending of {path.name} names no format: say which with --format "
            f"({', '.join(FORMATS)})."
        )
    return fmt


def _check(planned: Sequence[Sequence[Output]], *, force: bool) -> None:
    seen: set[Path] = set()
    for output in (output for outputs in planned for output in outputs):
        assert output.path is not None
        if output.path in seen:
            raise OutputError(
                f"Two recordings would be written to {output.path}: name different folders."
            )
        seen.add(output.path)
        if output.path.is_dir():
            raise OutputError(f"{output.path} is a folder.")
        if output.path.exists() and not force:
            raise OutputError(f"{output.path} exists; --force writes over it.")
