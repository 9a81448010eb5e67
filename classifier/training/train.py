"""``python -m classifier.training.train``: make weights and their cards."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from threadpoolctl import threadpool_limits

from classifier.acoustic.model import MODELS, Network
from classifier.errors import ClassifierError, ConfigError
from classifier.training.console import console, reporting
from classifier.training.judging.cards import render
from classifier.training.learning.kinds import KINDS
from classifier.training.learning.recipe import make_weights
from classifier.training.material.corpora import Corpora
from classifier.training.material.gathering import gather


def main(
    corpora: Annotated[Path | None, typer.Option(help="Folder with emodb.csv.")] = None,
    weights: Annotated[str, typer.Option(help="open, or research.")] = "open",
    out: Annotated[Path, typer.Option(help="Where the weights go.")] = MODELS,
) -> None:
    """Train one set of weights, and write its .onnx, .json and .md."""
    try:
        if weights not in KINDS:
            raise ConfigError(f"no such weights: {weights}; there are {', '.join(KINDS)}")
        kind = KINDS[weights]
        found = Corpora.find(corpora)
        # The matrices of a window are small: several threads would mostly wait for each other.
        with reporting() as report, threadpool_limits(1):
            material = gather(found, report, of=kind.corpora)
            card, made = make_weights(material, (), report, kind=kind)
        Network(card, made)  # what does not load is not shipped
    except ClassifierError as error:
        console.print(f"[red]{error}[/red]")
        raise typer.Exit(1) from error
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{kind.name}.onnx").write_bytes(made)
    (out / f"{kind.name}.json").write_text(card.dump(), encoding="utf-8")
    (out / f"{kind.name}.md").write_text(render(card), encoding="utf-8")
    console.print(
        f"{kind.name}.onnx: {len(made) / 1024:.0f} KiB, temperature {card.temperature}, "
        f"{card.little_evidence_s}, {card.strangeness}"
    )
    console.print("Next: python -m classifier.training.evaluate, which fills in what it measures.")


if __name__ == "__main__":
    typer.run(main)
