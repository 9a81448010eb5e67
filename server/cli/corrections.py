"""``linnet corrections``: what people corrected, taken out of the log."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from server.errors import SettingsError, StoreError
from server.export.training import training_row
from server.log.corrected import read_corrected
from server.log.sqlite import FILE_NAME
from server.settings import load_settings

corrections = typer.Typer(help="What people said events should have been.", no_args_is_help=True)


@corrections.callback()
def _group() -> None:
    """What people said events should have been."""


@corrections.command()
def export(
    out: Annotated[
        Path,
        typer.Option("-o", "--out", help="File to write; - is standard output.", metavar="FILE"),
    ] = Path("-"),
    data_dir: Annotated[
        Path | None, typer.Option(help="Folder of the log; by default LINNET_DATA_DIR.")
    ] = None,
    owner: Annotated[
        str, typer.Option(help="Whose sessions, where a gateway names the users (CLOUD_MODE).")
    ] = "",
    notes: Annotated[bool, typer.Option(help="Take along the notes that people wrote.")] = True,
    force: Annotated[bool, typer.Option(help="Write over a file that exists.")] = False,
) -> None:
    """Write the corrected tone events as training rows: JSON Lines, one row per correction.

    A row has the label and affect that were said and what they were corrected to, speaker and
    timestamp, the reading behind it (distribution, arousal, valence, dominance), the note and the
    model. Never audio, and no session ids. The server may be running meanwhile.

    Exit status: 0 written (also when there are none), 1 the log or the file cannot be used.
    """
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        path = (data_dir or load_settings().data_dir) / FILE_NAME
        rows = (training_row(corrected, notes=notes) for corrected in read_corrected(path, owner))
        count = _print(rows) if str(out) == "-" else _write(rows, out, force=force)
    except (SettingsError, StoreError) as exc:
        errors.print(str(exc), style="red", markup=False)
        raise typer.Exit(1) from None
    except OSError as exc:
        errors.print(f"{out} cannot be written: {exc.strerror}.", style="red", markup=False)
        raise typer.Exit(1) from None
    errors.print(f"{count} correction{'' if count == 1 else 's'}.", markup=False)


def _print(rows: Iterator[bytes]) -> int:
    count = 0
    for row in rows:
        sys.stdout.buffer.write(row)
        count += 1
    sys.stdout.buffer.flush()
    return count


def _write(rows: Iterator[bytes], path: Path, *, force: bool) -> int:
    """The whole file or none; for its owner alone, since it tells what people said."""
    if path.exists() and not force:
        raise FileExistsError(0, "it exists; --force writes over it")
    file, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        count = 0
        with os.fdopen(file, "wb") as stream:
            for row in rows:
                stream.write(row)
                count += 1
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    return count
