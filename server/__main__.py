"""``python -m server`` and ``linnet``: the command line."""

from __future__ import annotations

from typing import Annotated

import typer

from server import __version__
from server.cli.analyze import analyze
from server.cli.corrections import corrections
from server.cli.serve import serve
from server.cli.stream import demo, stream

app = typer.Typer(
    name="linnet",
    help="Linnet: speech in, tone in plain words out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(serve)
app.command()(stream)
app.command()(demo)
app.command()(analyze)
app.add_typer(corrections, name="corrections")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"linnet {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version.")
    ] = False,
) -> None:
    """Linnet: speech in, tone in plain words out."""


def main() -> None:
    """Entry of the ``linnet`` command."""
    app(prog_name="linnet")


if __name__ == "__main__":
    main()
