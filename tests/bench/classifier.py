"""What listening costs: by itself beside openSMILE, and through the whole server in real time."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.audio import measure_server
from tests.bench.child import run_child
from tests.bench.fanout import Say, linnet
from tests.bench.hearing import HearingResult, HearingSpec
from tests.bench.report import percentile
from tests.bench.talk import CHUNK_S, AudioResult

ALONE = [1, 10, 100]
IN_SERVER = [100, 200]
STEPS = 1 + len(IN_SERVER)

READING_S = 0.5
"""How often a voice is read. Sessions begin spread over as much: people do not begin together."""

TARGET_CPU_MS = 4.0
"""Processor time per second of audio and session at 100 sessions."""
TARGET_P99_MS = 400.0
"""From sending the last chunk of a window to the event, at 200 sessions."""
TARGET_SESSION_BYTES = 200_000
TARGET_PROCESS_BYTES = 150_000_000


@dataclass
class ClassifierBench:
    """Everything that was measured."""

    hearing: HearingResult
    server: dict[int, AudioResult] = field(default_factory=dict)
    """By number of sessions."""

    @property
    def faults(self) -> list[str]:
        """Why figures are void."""
        found = list(self.hearing.faults)
        for count, result in self.server.items():
            found += [f"{count} sessions in the server: {fault}" for fault in result.faults]
        return found


def cpu_ms(result: AudioResult) -> float:
    """Server's processor time per second of audio, in ms."""
    return 1000 * result.cpu_s / max(1, result.chunks) / CHUNK_S


def run_classifier(quick: bool, say: Say, step: Callable[[], None]) -> ClassifierBench:
    """Measure; in order, each alone on the machine."""
    spec = HearingSpec(ALONE, audio_s=12.0 if quick else 30.0, rounds=1 if quick else 5)
    answer = run_child("tests.bench.hearing", asdict(spec), say)
    bench = ClassifierBench(HearingResult(**answer))
    step()
    for count in IN_SERVER:

        def tell(text: str, count: int = count) -> None:
            say(f"{count} sessions: {text}")

        server = linnet({"CF_VOICE_MOCK": "0"})
        bench.server[count] = measure_server(
            server,
            count,
            5.0 if quick else 20.0,
            tell,
            reading_every_s=READING_S,
            stagger_s=READING_S,
        )
        step()
    return bench


def verdicts(bench: ClassifierBench) -> list[str]:
    """One line per target."""
    if bench.faults:
        return [f"VOID: {fault}" for fault in bench.faults[:5]]
    hearing, lines = bench.hearing, list[str]()
    most = bench.server[max(IN_SERVER)]
    p99 = percentile([ms for values in most.latency_ms.values() for ms in values], 0.99)

    def judge(what: str, value: float, target: float, unit: str) -> None:
        verdict = "within" if value <= target else "OVER"
        lines.append(f"{what}: {value:.1f} {unit}, {verdict} {target:g} {unit}")

    judge("classifier at 100 sessions, per second of audio", hearing.cpu_ms["100"], 4.0, "ms")
    judge("whole server at 100 sessions, likewise", cpu_ms(bench.server[100]), TARGET_CPU_MS, "ms")
    judge(f"p99 latency at {max(IN_SERVER)} sessions", p99, TARGET_P99_MS, "ms")
    per_session = hearing.session_bytes
    judge("classifier's memory per session", per_session / 1e3, TARGET_SESSION_BYTES / 1e3, "KB")
    few = bench.server[min(IN_SERVER)]
    judge(
        f"server's memory for each session from {few.sessions} to {most.sessions}, processes that "
        "were started for them included",
        (most.memory_after - few.memory_after) / (most.sessions - few.sessions) / 1e3,
        TARGET_SESSION_BYTES / 1e3,
        "KB",
    )
    judge(
        "server's memory with the model loaded",
        most.memory_before / 1e6,
        TARGET_PROCESS_BYTES / 1e6,
        "MB",
    )
    if hearing.peer_cpu_ms is not None:
        ratios = sorted(hearing.peer_ratios)
        lines.append(
            f"openSMILE eGeMAPS, extraction alone: {hearing.peer_cpu_ms:.1f} ms per second of "
            f"audio; the whole classifier is {statistics.median(ratios):.2f} of it "
            f"({ratios[0]:.2f} to {ratios[-1]:.2f}, round by round)"
        )
    else:
        lines.append("openSMILE is not installed (the bench extra has it): no peer")
    return lines


def print_classifier(console: Console, bench: ClassifierBench) -> None:
    """Tables and verdicts."""
    alone = Table(title="Classifier in one process, 100 ms chunks", title_justify="left")
    alone.add_column("sessions", justify="right")
    alone.add_column("CPU ms per second\nof audio and session", justify="right")
    alone.add_column("readings", justify="right")
    for named, cost in bench.hearing.cpu_ms.items():
        alone.add_row(named, f"{cost:.2f}", str(bench.hearing.readings[named]))
    if bench.hearing.peer_cpu_ms is not None:
        alone.add_row("eGeMAPS", f"{bench.hearing.peer_cpu_ms:.2f}", "-")
    console.print(alone)
    whole = Table(title="Whole server in real time, 100 ms chunks", title_justify="left")
    for name in (
        "sessions",
        "CPU ms per second\nof audio and session",
        "cores\nbusy",
        "latency affect-event\np50 / p99 ms",
        "latency tone-event\np50 / p99 ms",
        "KB per\nsession",
        "MB with one /\nwith all",
        "chunks",
        "events",
        "late\nchunks",
    ):
        whole.add_column(name, justify="right")
    for count, result in bench.server.items():
        whole.add_row(
            str(count),
            f"{cpu_ms(result):.2f}",
            f"{result.cpu_s / result.wall_s if result.wall_s else math.nan:.2f}",
            *(_span(result.latency_ms.get(kind, [])) for kind in ("affect-event", "tone-event")),
            f"{(result.memory_after - result.memory_before) / result.sessions / 1e3:.0f}",
            f"{result.memory_before / 1e6:.0f} / {result.memory_after / 1e6:.0f}",
            "VOID" if result.faults else str(result.chunks),
            str(sum(result.kinds.values())),
            str(result.late_chunks),
        )
    console.print(whole)
    console.print(
        "Everything is in it: socket, gate, features, network, words, log, event stream; the "
        "speakers' own process runs on the same machine. Latency: from sending the chunk that "
        "completes an event's window to its arrival. Sessions begin evenly over half a second.",
        style="dim",
    )
    for line in verdicts(bench):
        console.print(line, style="bold", markup=False)


def _span(values: list[float]) -> str:
    return f"{percentile(values, 0.5):.0f} / {percentile(values, 0.99):.0f}" if values else "-"


def as_json(bench: ClassifierBench) -> Mapping[str, Any]:
    """Every figure, for a file."""
    return {
        "hearing": asdict(bench.hearing),
        "server": {str(count): asdict(result) for count, result in bench.server.items()},
        "verdicts": verdicts(bench),
    }
