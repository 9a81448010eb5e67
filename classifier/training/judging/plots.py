"""The report's pictures: reliability, risk against coverage, confusions.

Owns drawing only; every number is in the report already.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from classifier.training.judging.report import is_of_today, marked

DOTS_PER_INCH: Final = 70


def draw(report: dict[str, Any], out: Path) -> None:
    """Write ``reliability.png``, ``risk.png`` and ``confusion.png``."""
    conditions = report["conditions"]
    sessions = {marked(name, e): e["clean"]["session"] for name, e in conditions.items()}
    style = {marked(name, e): "-" if is_of_today(e) else "--" for name, e in conditions.items()}
    reliability, axes = _figure()
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    for name, session in sessions.items():
        said, was, _ = zip(*session["bins"], strict=True)
        axes.plot(said, was, style[name], marker="o", markersize=3, label=name)
    axes.set(xlabel="confidence of the leading affect", ylabel="share right", ylim=(0, 1))
    axes.legend(fontsize=7)
    _save(reliability, out / "reliability.png")
    risk, axes = _figure()
    axes.axhline(0.25, color="grey", linewidth=0.8)
    for name, session in sessions.items():
        _, coverage, wrong = zip(*session["risk"], strict=True)
        axes.plot(coverage, wrong, style[name], label=name)
    axes.set(xlabel="coverage", ylabel="share wrong", xlim=(0, 1), ylim=(0, 0.8))
    axes.legend(fontsize=7)
    _save(risk, out / "risk.png")
    _confusions(sessions, out / "confusion.png")


def _figure() -> tuple[Figure, Any]:
    figure = Figure(figsize=(6.0, 4.2))
    return figure, figure.add_subplot()


def _confusions(sessions: dict[str, Any], file: Path) -> None:
    across = 3
    down = -(-len(sessions) // across)
    figure = Figure(figsize=(4.2 * across, 3.8 * down))
    for number, (name, session) in enumerate(sessions.items()):
        axes = figure.add_subplot(down, across, number + 1)
        classes = session["classes"]
        table = np.array(session["confusion"], np.float64)[:, : len(classes)]
        axes.imshow(table / table.sum(axis=1, keepdims=True), cmap="Blues", vmin=0, vmax=1)
        axes.set_xticks(range(len(classes)), [c[:5] for c in classes], rotation=60, fontsize=7)
        axes.set_yticks(range(len(classes)), classes, fontsize=7)
        axes.set_title(name, fontsize=9)
    _save(figure, file)


def _save(figure: Figure, file: Path) -> None:
    figure.tight_layout()
    FigureCanvasAgg(figure).print_figure(str(file), dpi=DOTS_PER_INCH)
