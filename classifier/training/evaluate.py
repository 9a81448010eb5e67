"""``python -m classifier.training.evaluate``: how well the recipe does on speakers it never heard.

Leave one speaker out: for each of EMO-DB's ten speakers the whole recipe runs on the other nine,
temperature included, and the tenth is put through the real stream.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from rich.table import Table

from classifier.acoustic.card import Card
from classifier.acoustic.model import MODELS, Network, load_network
from classifier.errors import ClassifierError
from classifier.training.cards import render
from classifier.training.console import console, reporting
from classifier.training.corpora import EMODB_CLASSES, Corpora
from classifier.training.elsewhere import Abroad, go_abroad
from classifier.training.examples import Progress
from classifier.training.protocol import Judged, clip_protocol, session_protocol
from classifier.training.recipe import Material, gather, make_weights
from classifier.training.report import (
    FalseAlarms,
    Result,
    false_alarms,
    measured,
    page,
    score,
)

ORDERS: Final = 3
"""Random orders of each speaker's clips in the session protocol."""


@dataclasses.dataclass(frozen=True, slots=True)
class Heldout:
    """Judgements by weights that never heard what they judge."""

    runs: dict[str, list[list[Judged]]]
    """Per protocol, one list of judgements in the order of the clips for each run of it."""

    noises: list[Judged]
    """In the order of the material's noises."""


def leave_out_in_turn(corpora: Corpora, material: Material, progress: Progress) -> Heldout:
    """Judge every clip by weights that never heard its speaker, and every noise likewise."""
    clip_runs: list[list[Judged]] = [[Judged(None, ())] * len(material.clips)]
    session_runs = [[Judged(None, ())] * len(material.clips) for _ in range(ORDERS)]
    noises = [Judged(None, ())] * len(material.noises)
    folds = len(material.speakers)
    for number, speaker in enumerate(material.speakers):

        def within(what: str, done: int, total: int, number: int = number) -> None:
            progress(f"speaker {number + 1} of {folds}: {what}", done, total)

        unshown = range(number, len(material.noises), folds)
        network = Network(
            *make_weights(material, (speaker,), within, leave_out_noises=tuple(unshown))
        )
        own = [i for i, clip in enumerate(material.clips) if clip.speaker == speaker]
        pcm = [corpora.pcm(material.clips[i].name) for i in own]
        for i, judged in zip(own, clip_protocol(network, pcm), strict=True):
            clip_runs[0][i] = judged
        for order, run in enumerate(session_runs):
            rng = np.random.default_rng([number, order])
            for i, judged in zip(own, session_protocol(network, pcm, rng), strict=True):
                run[i] = judged
        for i in unshown:
            noises[i] = clip_protocol(network, [corpora.pcm(material.noises[i])])[0]
    return Heldout({"clip": clip_runs, "session": session_runs}, noises)


def main(
    corpora: Annotated[Path | None, typer.Option(help="Folder with emodb.csv.")] = None,
    out: Annotated[Path, typer.Option(help="Where the weights and reports are.")] = MODELS,
) -> None:
    """Evaluate the recipe, and write what it measures into the report and the card."""
    try:
        found = Corpora.find(corpora)
        with reporting() as report:
            material = gather(found, report)
            heldout = leave_out_in_turn(found, material, report)
            shipped = load_network(str(out / "open.onnx"))
            abroad = go_abroad(found, shipped, report)
        results = {n: score(material, found, judged) for n, judged in heldout.runs.items()}
        alarms = false_alarms(heldout.noises)
    except ClassifierError as error:
        console.print(f"[red]{error}[/red]")
        raise typer.Exit(1) from error
    _show(results)
    console.print(
        f"On noises never shown: {alarms.speech:.1%} of readings taken for a voice, "
        f"{alarms.named:.1%} named an affect."
    )
    for one in abroad:
        console.print(
            f"{one.what}, never trained on, {one.classes} classes: UAR {one.clip_uar:.3f} clip, "
            f"{one.session_uar:.3f} session."
        )
    _write(out, shipped.card, results, alarms, abroad)


def _show(results: dict[str, Result]) -> None:
    table = Table(title="EMO-DB, leave one speaker out")
    for heading in ("protocol", "UAR", "95 %", *(name[:4] for name in EMODB_CLASSES)):
        table.add_column(heading)
    for name, result in results.items():
        recalls = [f"{value:.2f}" for value in result.recall]
        low, high = result.interval
        table.add_row(name, f"{result.uar:.3f}", f"{low:.2f}-{high:.2f}", *recalls)
    console.print(table)


def _write(
    out: Path,
    card: Card,
    results: dict[str, Result],
    alarms: FalseAlarms,
    abroad: list[Abroad],
) -> None:
    card = dataclasses.replace(card, measured=measured(results, alarms, abroad))
    (out / "open.json").write_text(card.dump(), encoding="utf-8")
    (out / "open.md").write_text(render(card), encoding="utf-8")
    (out / "REPORT.md").write_text(page(results, alarms, abroad), encoding="utf-8")
    raw = {name: dataclasses.asdict(result) for name, result in results.items()}
    raw["noise"] = dataclasses.asdict(alarms)
    raw["elsewhere"] = {one.what: dataclasses.asdict(one) for one in abroad}
    (out / "report.json").write_text(json.dumps(raw, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
