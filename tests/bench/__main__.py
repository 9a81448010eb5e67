"""``./manage.sh bench [all|fanout|audio|classifier] [--quick] [--json FILE]``: the command."""

from __future__ import annotations

import signal
import sys
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.bench import audio, classifier, fanout, machine, report
from tests.bench.process import BenchError, raise_file_limit
from tests.bench.talk import AudioResult


class Part(StrEnum):
    """What to measure."""

    ALL = "all"
    FANOUT = "fanout"
    AUDIO = "audio"
    CLASSIFIER = "classifier"


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def bench(
    part: Annotated[Part, typer.Argument(help="What to measure.")] = Part.ALL,
    quick: Annotated[bool, typer.Option(help="One short round: coarse figures.")] = False,
    sessions: Annotated[int, typer.Option(min=1, help="Sessions that speak at once.")] = 20,
    json: Annotated[Path | None, typer.Option(help="Also write every figure here.")] = None,
) -> None:
    """Measure what chunks, events, sessions, subscribers and listening cost, beside peers."""
    raise_file_limit()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    console = Console(width=None if sys.stdout.isatty() else 160)
    about = machine.describe()
    report.print_machine(console, about)
    with_fanout, with_audio, with_classifier = (
        part in {Part.ALL, this} for this in (Part.FANOUT, Part.AUDIO, Part.CLASSIFIER)
    )
    rounds, fanout_s, audio_s = (1, 3.0, 5.0) if quick else (2, 5.0, 8.0)
    table: list[fanout.Fanout] = []
    spoken: dict[str, AudioResult] = {}
    heard: classifier.ClassifierBench | None = None
    progress = Progress(
        BarColumn(24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
        console=console,
        transient=True,
    )
    task = progress.add_task(
        "",
        total=with_fanout * fanout.steps(rounds)
        + with_audio * audio.STEPS
        + with_classifier * classifier.STEPS,
    )

    def say(text: str) -> None:
        progress.update(task, description=text)

    def step() -> None:
        progress.advance(task)

    try:
        with progress:
            if with_fanout:
                table = fanout.run_fanout(rounds, fanout_s, say, step)
            if with_audio:
                spoken = audio.run_audio(sessions, audio_s, say, step)
            if with_classifier:
                heard = classifier.run_classifier(quick, say, step)
    except BenchError as exc:
        console.print(str(exc), style="bold", markup=False)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        console.print("interrupted; every process it had started is stopped")
        raise typer.Exit(130) from None
    if table:
        report.print_fanout(console, table)
    if spoken:
        report.print_audio(console, spoken)
    if heard is not None:
        classifier.print_classifier(console, heard)
    if json is not None:
        figures = report.as_json(about, table, spoken)
        if heard is not None:
            figures["classifier"] = classifier.as_json(heard)
        json.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2))
        console.print(f"all figures: {json}")
    if report.is_void(table, spoken) or (heard is not None and heard.faults):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(bench)
