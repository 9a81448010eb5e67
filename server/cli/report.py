"""What ``linnet analyze`` shows: a bar while it works, a table at the end.

Standard output belongs to the results where they go there; then everything else goes to standard
error.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from server.cli.printing import COLOURS, clock
from server.recordings.documents import ProgressEvent, RecordingSummary, SpeakerSummary

_AFFECTS: Final = 3
"""So many of a voice's affects are shown, the greatest first."""


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one recording."""

    name: str
    summary: RecordingSummary | None
    """None where nothing was heard."""

    written: list[Path | None]
    """Files; None is standard output."""

    problem: str | None
    """Why it failed; None when it did not."""


class Reporter:
    """See the module."""

    def __init__(self, *, data_on_stdout: bool) -> None:
        """
        Args:
            data_on_stdout: whether standard output belongs to the results.
        """
        self._notes = Console(stderr=True, highlight=False, soft_wrap=True)
        self._out = self._notes if data_on_stdout else Console(highlight=False, soft_wrap=True)
        self._rows: list[Row] = []
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    @property
    def failed(self) -> bool:
        """Whether any recording was not heard to its end."""
        return any(row.problem is not None for row in self._rows)

    @contextmanager
    def progress(self) -> Iterator[None]:
        """Show a bar meanwhile, where there is a terminal."""
        columns = (
            TextColumn("{task.fields[name]}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[done]}"),
            TimeRemainingColumn(),
        )
        with Progress(
            *columns,
            console=self._notes,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            disable=not self._notes.is_terminal,
        ) as self._bar:
            yield

    def begin(self, name: str) -> None:
        """The next recording."""
        if self._bar is not None:
            self._task = self._bar.add_task("", name=name, done="", total=None)

    def advance(self, progress: ProgressEvent) -> None:
        """It has come so far."""
        if self._bar is None or self._task is None:
            return
        done = f"{clock(progress.done_s)}  {progress.times_real_time:.0f} x real time"
        total = None if progress.fraction is None else 1.0
        self._bar.update(self._task, total=total, completed=progress.fraction or 0, done=done)

    def end(self, row: Row) -> None:
        """It is done with."""
        self._rows.append(row)
        if self._bar is not None and self._task is not None:
            self._bar.remove_task(self._task)
            self._task = None
        if row.problem is not None:
            self._notes.print(Text(f"{row.name}: {row.problem}", style="red"))

    def stopped(self) -> None:
        """Ctrl-C."""
        self._notes.print(f"Stopped; {len(self._rows)} done before.")

    def table(self) -> None:
        """Everything that was heard."""
        heard = [row for row in self._rows if row.summary is not None]
        if not heard:
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for title in ("recording", "length", "speech", "tone", "x real time", "written"):
            table.add_column(title, overflow="fold")
        for row in heard:
            assert row.summary is not None
            table.add_row(
                Text(Path(row.name).name),
                clock(row.summary.duration_s),
                clock(row.summary.speech_s),
                _tones(row.summary.speakers),
                f"{row.summary.times_real_time:.0f}",
                Text(", ".join(_file_name(path) for path in row.written) or "-"),
            )
        self._out.print(table)
        # Below the table, where no column breaks them: to be copied.
        folders = {str(path.parent): None for row in heard for path in row.written if path}
        for folder in folders:
            self._out.print(Text(f"written to {folder}/"))


def _file_name(path: Path | None) -> str:
    return path.name if path is not None else "standard output"


def _tones(speakers: list[SpeakerSummary]) -> Text:
    lines = []
    for speaker in speakers:
        line = Text()
        if len(speakers) > 1:
            line.append(f"{speaker.speaker_id} ", style="dim")
        shares = list(speaker.affects.items())[:_AFFECTS]
        for at, (affect, share) in enumerate(shares):
            line.append(", " if at else "")
            line.append(f"{affect} {share:.0%}", style=COLOURS[affect])
        if not shares:
            line.append("none named", style="dim")
        lines.append(line)
    return Text("\n").join(lines) if lines else Text("no voice", style="dim")
