"""``python -m classifier.training.train``: make the ``open`` weights and their cards."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from classifier.acoustic.model import MODELS, Network
from classifier.errors import ClassifierError
from classifier.training.cards import render
from classifier.training.console import console, reporting
from classifier.training.corpora import Corpora
from classifier.training.recipe import gather, make_weights


def main(
    corpora: Annotated[Path | None, typer.Option(help="Folder with emodb.csv.")] = None,
    out: Annotated[Path, typer.Option(help="Where the weights go.")] = MODELS,
) -> None:
    """Train on EMO-DB, and write open.onnx, open.json and open.md."""
    try:
        found = Corpora.find(corpora)
        with reporting() as report:
            card, weights = make_weights(gather(found, report), (), report)
        Network(card, weights)  # what does not load is not shipped
    except ClassifierError as error:
        console.print(f"[red]{error}[/red]")
        raise typer.Exit(1) from error
    out.mkdir(parents=True, exist_ok=True)
    (out / "open.onnx").write_bytes(weights)
    (out / "open.json").write_text(card.dump(), encoding="utf-8")
    (out / "open.md").write_text(render(card), encoding="utf-8")
    console.print(f"open.onnx: {len(weights) / 1024:.0f} KiB, temperature {card.temperature}")
    console.print("Next: python -m classifier.training.evaluate, which fills in what it measures.")


if __name__ == "__main__":
    typer.run(main)
