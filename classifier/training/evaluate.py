"""``python -m classifier.training.evaluate``: how well the recipe does on speakers it never heard.

Leave one speaker out: for each of EMO-DB's ten speakers the whole recipe runs on the other nine,
temperature included, and the tenth is put through the real stream.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.table import Table

from classifier.acoustic.card import Card, read_card
from classifier.acoustic.model import MODELS, Network
from classifier.errors import ClassifierError
from classifier.training.cards import render
from classifier.training.console import console, reporting
from classifier.training.corpora import EMODB_CLASSES, Corpora
from classifier.training.examples import Progress
from classifier.training.protocol import Judged, clip_protocol, session_protocol
from classifier.training.recipe import Material, gather, make_weights
from classifier.training.report import Result, measured, page, score

ORDERS = 3
"""Random orders of each speaker's clips in the session protocol."""


def leave_one_speaker_out(
    corpora: Corpora, material: Material, progress: Progress
) -> dict[str, list[list[Judged]]]:
    """Every clip's judgement by weights that never heard its speaker.

    Returns:
        Per protocol, one list of judgements in the order of the clips for each run of it.
    """
    clip_runs: list[list[Judged]] = [[Judged(None, ())] * len(material.clips)]
    session_runs = [[Judged(None, ())] * len(material.clips) for _ in range(ORDERS)]
    for number, speaker in enumerate(material.speakers):

        def within(what: str, done: int, total: int, number: int = number) -> None:
            progress(f"speaker {number + 1} of {len(material.speakers)}: {what}", done, total)

        network = Network(*make_weights(material, (speaker,), within))
        own = [i for i, clip in enumerate(material.clips) if clip.speaker == speaker]
        pcm = [corpora.pcm(material.clips[i].name) for i in own]
        for i, judged in zip(own, clip_protocol(network, pcm), strict=True):
            clip_runs[0][i] = judged
        for order, run in enumerate(session_runs):
            rng = np.random.default_rng([number, order])
            for i, judged in zip(own, session_protocol(network, pcm, rng), strict=True):
                run[i] = judged
    return {"clip": clip_runs, "session": session_runs}


def main(
    corpora: Annotated[Path | None, typer.Option(help="Folder with emodb.csv.")] = None,
    out: Annotated[Path, typer.Option(help="Where the weights and reports are.")] = MODELS,
) -> None:
    """Evaluate the recipe, and write what it measures into the report and the card."""
    try:
        found = Corpora.find(corpora)
        with reporting() as report:
            material = gather(found, report)
            runs = leave_one_speaker_out(found, material, report)
        results = {name: score(material, found, judged) for name, judged in runs.items()}
        card = read_card(out / "open.json")
    except ClassifierError as error:
        console.print(f"[red]{error}[/red]")
        raise typer.Exit(1) from error
    _show(results)
    _write(out, card, results)


def _show(results: dict[str, Result]) -> None:
    table = Table(title="EMO-DB, leave one speaker out")
    for heading in ("protocol", "UAR", "95 % over speakers", *EMODB_CLASSES):
        table.add_column(heading)
    for name, result in results.items():
        recalls = [f"{value:.2f}" for value in result.recall]
        low, high = result.interval
        table.add_row(name, f"{result.uar:.3f}", f"{low:.3f} to {high:.3f}", *recalls)
    console.print(table)


def _write(out: Path, card: Card, results: dict[str, Result]) -> None:
    card = dataclasses.replace(card, measured=measured(results))
    (out / "open.json").write_text(card.dump(), encoding="utf-8")
    (out / "open.md").write_text(render(card), encoding="utf-8")
    (out / "REPORT.md").write_text(page(results), encoding="utf-8")
    raw = {name: dataclasses.asdict(result) for name, result in results.items()}
    (out / "report.json").write_text(json.dumps(raw, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
