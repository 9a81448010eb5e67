"""``python -m classifier.training.evaluate``: how well the recipe does on voices it never heard.

Owns the order of the conditions and what is kept of them. Each condition is written to
``report.json`` as soon as it is done; the page, the plots and the cards are made from that file.
What is not measured in a run stays as an earlier one measured it.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from threadpoolctl import threadpool_limits

from classifier.acoustic.model import MODELS, Network, load_network
from classifier.errors import ClassifierError, ConfigError
from classifier.training.console import console, reporting
from classifier.training.judging.acquainted import measure_acquaintance
from classifier.training.judging.cards import render
from classifier.training.judging.conditions import (
    ASKED,
    Played,
    ask,
    outcome,
    play,
    treatments,
)
from classifier.training.judging.firsttone import measure_first_tone
from classifier.training.judging.folds import (
    ACTORS,
    Fold,
    Recipe,
    groups_of,
    leave_speakers_out,
    speakers_of,
)
from classifier.training.judging.joins import measure_joins, measure_joins_known
from classifier.training.judging.judgements import FOUR
from classifier.training.judging.listeners import measure_agreement
from classifier.training.judging.meetings import measure_meetings
from classifier.training.judging.plots import draw
from classifier.training.judging.prevailing import measure_prevailing
from classifier.training.judging.protocol import clip_protocol
from classifier.training.judging.report import false_alarms, measured, measured_research, page
from classifier.training.learning.kinds import OPEN, RESEARCH
from classifier.training.material.corpora import Corpora
from classifier.training.material.examples import Progress
from classifier.training.material.gathering import noise_names

ORDERS: Final = 5
"""Random orders of each speaker's clips in the session protocol."""

QUICK_ORDERS: Final = 2
QUICK_EVERY: Final = 3
"""In a quick run one speaker in so many is heard in noise and on the telephone."""

CORPORA: Final = ("emodb", "ravdess", "nemo")


class Part(StrEnum):
    """What can be measured by itself."""

    SHIPPED = "shipped"
    """The weights that ship, on corpora that they do not know. Needs no training."""

    ACQUAINTED = "acquainted"
    """The same, where the voice is known from an earlier session."""

    EMODB = "emodb"
    """Speakers of EMO-DB, each unknown to networks trained on the others."""

    LEFT_OUT = "left-out"
    """Each corpus, unknown to networks trained on the two others."""

    RAVDESS = "ravdess"
    """Actors of RAVDESS, four at a time unknown to networks trained on the others."""


class Judge:
    """Runs conditions, and keeps what they give."""

    def __init__(
        self,
        corpora: Corpora,
        out: Path,
        *,
        quick: bool,
        progress: Progress,
        processes: int | None = None,
    ) -> None:
        """Nothing measured yet.

        Args:
            corpora: where they are.
            out: where the weights and reports are.
            quick: fewer orders and speakers.
            progress: told how far it is.
            processes: folds trained at a time, if that was said.
        """
        self.corpora = corpora
        self.out = out
        self.processes = processes
        self.orders = QUICK_ORDERS if quick else ORDERS
        self.every = QUICK_EVERY if quick else 1
        self.progress = progress
        self.report: dict[str, Any] = {
            "orders": self.orders,
            "treated speakers": "all" if self.every == 1 else f"one in {self.every}",
            "conditions": {},
        }
        self._clean: dict[str, Played] = {}
        self._treated: dict[str, dict[str, Played]] = {}

    def go_on(self, *, must: bool = True) -> None:
        """Keep what was measured before of all that is not measured anew.

        Args:
            must: whether it matters that there is something to keep.

        Raises:
            ConfigError: it does, and nothing was measured, or with other orders and speakers.
        """
        try:
            self.report = self._before()
        except ConfigError:
            if must:
                raise

    def _before(self) -> dict[str, Any]:
        try:
            before: dict[str, Any] = json.loads(
                (self.out / "report.json").read_text(encoding="utf-8")
            )
        except (OSError, ValueError) as error:
            raise ConfigError("there is no report to go on from: evaluate once in full") from error
        for name in ("orders", "treated speakers"):
            if before.get(name) != self.report[name]:
                raise ConfigError(f"the report was made with other {name}: {before.get(name)}")
        return before

    @property
    def whole(self) -> bool:
        """Whether enough was measured for a page."""
        return "noise" in self.report and "abroad" in self.report

    def clean(self, corpus: str) -> Played:
        """The corpus as it is."""
        if corpus not in self._clean:
            self._clean[corpus] = play(self.corpora, corpus, self.orders, self.progress)
        return self._clean[corpus]

    def treated(self, corpus: str) -> dict[str, Played]:
        """The corpus under each treatment, in one order."""
        if corpus not in self._treated:
            self._treated[corpus] = {
                name: play(self.corpora, corpus, 1, self.progress, place, self.every)
                for name, place in treatments(self.corpora).items()
            }
        return self._treated[corpus]

    def condition(self, name: str, folds: Sequence[Fold], among: Sequence[str]) -> None:
        """Ask the folds, on clean sound and treated, and write the figures down."""
        tested = sorted({fold.corpus for fold in folds})
        runs = ask(self.corpora, folds, {c: self.clean(c) for c in tested})
        entry: dict[str, Any] = {"clean": dataclasses.asdict(outcome(runs, among))}
        for treatment in treatments(self.corpora):
            played = {c: self.treated(c)[treatment] for c in tested}
            treated = ask(self.corpora, folds, played)
            entry[treatment] = dataclasses.asdict(outcome(treated, among))
            met = {answer.speaker for run in treated for answer in run}
            same = [[answer for answer in run if answer.speaker in met] for run in runs[:2]]
            entry["clean, first order"] = dataclasses.asdict(outcome(same, among))
        self.report["conditions"][name] = entry
        self.keep()
        session, alone = entry["clean"]["session"], entry["clean"]["clip"]
        console.print(
            f"{name}: UAR {alone['uar']:.3f} clip, {session['uar']:.3f} session; "
            f"arousal {session['arousal']:.3f}; calibration {session['calibration_error']:.3f}"
        )

    def keep(self) -> None:
        """Write the report as far as it goes."""
        text = json.dumps(self.report, indent=1) + "\n"
        (self.out / "report.json").write_text(text, encoding="utf-8")


def _everybody(corpora: Corpora, corpus: str, network: Network) -> Fold:
    return Fold(corpus, tuple(speakers_of(corpora, corpus)), network, ())


def _shipped_conditions(judge: Judge) -> None:
    """The shipped ``open`` weights abroad, and both sets in meetings, which neither knows."""
    shipped, research = (
        load_network(str(judge.out / f"{name}.onnx")) for name in ("open", "research")
    )
    folds = [_everybody(judge.corpora, corpus, shipped) for corpus in CORPORA[1:]]
    for fold in folds:
        judge.condition(f"open on {fold.corpus}", [fold], FOUR)
    judge.report["abroad"] = {
        "first tone": dataclasses.asdict(measure_first_tone(judge.corpora, folds)),
        "joins": dataclasses.asdict(measure_joins(judge.corpora, folds)),
        "joins, voice known": dataclasses.asdict(measure_joins_known(judge.corpora, folds)),
    }
    judge.report["prevailing"] = {
        kind: dataclasses.asdict(figures)
        for kind, figures in measure_prevailing(judge.corpora, folds, judge.progress).items()
    }
    judge.report["meetings"] = {
        network.card.name: dataclasses.asdict(measure_meetings(judge.corpora, network))
        for network in (shipped, research)
    }
    judge.keep()


def _acquainted_conditions(judge: Judge) -> None:
    """The shipped ``open`` weights abroad, where they know the voice from before."""
    shipped = load_network(str(judge.out / "open.onnx"))
    folds = [_everybody(judge.corpora, corpus, shipped) for corpus in CORPORA[1:]]
    judge.report["acquainted"] = {
        fold.corpus: {
            kind: dataclasses.asdict(figures)
            for kind, figures in measure_acquaintance(judge.corpora, [fold], judge.progress).items()
        }
        for fold in folds
    }
    judge.keep()


def _emodb_conditions(judge: Judge) -> None:
    """The recipe of the ``open`` weights on speakers of its own corpus."""
    alone = [[speaker] for speaker in speakers_of(judge.corpora, "emodb")]
    folds = leave_speakers_out(
        Recipe(judge.corpora, OPEN.corpora, OPEN), alone, judge.progress, judge.processes
    )
    names = [judge.corpora.pcm(name) for name in noise_names(judge.corpora)]
    alarms = [
        judged
        for fold in folds
        for judged in clip_protocol(fold.network, [names[i] for i in fold.unshown])
    ]
    judge.report["noise"] = dataclasses.asdict(false_alarms(alarms))
    judge.report["first tone"] = dataclasses.asdict(measure_first_tone(judge.corpora, folds))
    judge.report["listeners"] = dataclasses.asdict(measure_agreement(judge.corpora, folds))
    judge.report["joins"] = dataclasses.asdict(measure_joins(judge.corpora, folds))
    known = measure_joins_known(judge.corpora, folds)
    judge.report["joins, voice known"] = dataclasses.asdict(known)
    judge.condition("emodb, speakers left out", folds, ASKED["emodb"])


def _left_out_conditions(judge: Judge) -> None:
    """Whole corpora left out in turn."""
    groups = [speakers_of(judge.corpora, corpus) for corpus in CORPORA]
    recipe = Recipe(judge.corpora, RESEARCH.corpora, RESEARCH)
    for fold in leave_speakers_out(recipe, groups, judge.progress, judge.processes):
        judge.condition(f"{fold.corpus} left out", [fold], FOUR)


def _ravdess_conditions(judge: Judge) -> None:
    """RAVDESS on its own."""
    fours = groups_of(speakers_of(judge.corpora, "ravdess"), ACTORS)
    recipe = Recipe(judge.corpora, ("ravdess",), RESEARCH)
    folds = leave_speakers_out(recipe, fours, judge.progress, judge.processes)
    judge.condition("ravdess, speakers left out", folds, ASKED["ravdess"])


_CONDITIONS: Final[Mapping[Part, Callable[[Judge], None]]] = {
    Part.SHIPPED: _shipped_conditions,
    Part.ACQUAINTED: _acquainted_conditions,
    Part.EMODB: _emodb_conditions,
    Part.LEFT_OUT: _left_out_conditions,
    Part.RAVDESS: _ravdess_conditions,
}


def main(
    corpora: Annotated[Path | None, typer.Option(help="Folder with emodb.csv.")] = None,
    out: Annotated[Path, typer.Option(help="Where the weights and reports are.")] = MODELS,
    *,
    only: Annotated[
        list[Part] | None,
        typer.Option(help="Measure this part; may be given several times. The rest stays."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every part: the default.")] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer orders, and fewer speakers in noise.")
    ] = False,
    processes: Annotated[
        int | None,
        typer.Option(min=1, help="Folds trained at a time; as many as there is room for."),
    ] = None,
) -> None:
    """Evaluate the recipe, and write what it measures into the report and the card.

    Folds that were trained before with the same recipe are found again: an evaluation that was
    interrupted goes on where it was.
    """
    if only and everything:
        raise typer.BadParameter("either --all, or --only some")
    try:
        found = Corpora.find(corpora)
        # The matrices of a window are small: several threads would mostly wait for each other.
        with reporting() as progress, threadpool_limits(1):
            judge = Judge(found, out, quick=quick, progress=progress, processes=processes)
            judge.go_on(must=bool(only))
            for part in only or Part:
                _CONDITIONS[part](judge)
                if judge.whole:
                    write(out)
    except ClassifierError as error:
        console.print(f"[red]{error}[/red]")
        raise typer.Exit(1) from error


def write(out: Path) -> None:
    """Make the page, the plots and the cards from the report."""
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    for name, figures in (("open", measured(report)), ("research", measured_research(report))):
        if not (out / f"{name}.onnx").is_file():
            continue
        shipped = load_network(str(out / f"{name}.onnx"))
        card = dataclasses.replace(shipped.card, measured=figures)
        (out / f"{name}.json").write_text(card.dump(), encoding="utf-8")
        (out / f"{name}.md").write_text(render(card), encoding="utf-8")
    draw(report, out)
    (out / "REPORT.md").write_text(page(report), encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
