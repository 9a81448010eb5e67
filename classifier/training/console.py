"""Progress for the training commands: a bar on a terminal, now and then a line elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from classifier.training.material.examples import Progress as Report

console = Console()


@contextmanager
def reporting() -> Iterator[Report]:
    """A bar that follows what it is told."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting", total=None)
        stage = ""

        def report(what: str, done: int, total: int) -> None:
            nonlocal stage
            if what != stage:
                stage = what
                if not console.is_terminal:
                    console.print(what)
            progress.update(task, description=what, completed=done, total=total)

        yield report
