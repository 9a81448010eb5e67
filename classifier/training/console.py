"""What the training commands have in common: progress, and how much of the machine they take.

A bar on a terminal, now and then a line elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from threadpoolctl import threadpool_limits

from classifier.training.examples import Progress as Report

console = Console()


@contextmanager
def reporting() -> Iterator[Report]:
    """A bar that follows what it is told.

    Inside, linear algebra uses one thread: the matrices of a window are small, and several threads
    mostly wait for each other, at several times the price.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=console, transient=True)
    with bar as progress, threadpool_limits(1):
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
