"""What the benchmark says: tables, targets, verdicts. Pure but for the console it is given."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.fanout import AIOHTTP_SSE, LINNET, SINGLY, SSE_STARLETTE, Fanout
from tests.bench.talk import AudioResult

TARGET_RATIO = 0.4
"""Linnet's processor time per delivered event, of sse-starlette's in the same run."""
TARGET_US = 15.0
"""The same in microseconds, where sse-starlette needs about :data:`TARGET_US` / 0.4."""


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile; NaN of nothing."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def verdicts(table: Sequence[Fanout]) -> list[str]:
    """One line per load: within or over the targets, or void and why."""
    lines: list[str] = []
    for subscribers in dict.fromkeys(row.subscribers for row in table):
        rows = {row.name: row for row in table if row.subscribers == subscribers}
        start = f"{subscribers} subscribers: "
        void = [f"{row.name}: {row.faults[0]}" for row in rows.values() if row.faults]
        if void:
            lines.append(f"{start}VOID, not every event was delivered ({'; '.join(void)})")
            continue
        ours, theirs = rows[LINNET].us_per_delivery, rows[SSE_STARLETTE].us_per_delivery
        ratio = ours / theirs
        lines.append(
            f"{start}{ratio:.2f} of sse-starlette, {_verdict(ratio, TARGET_RATIO)} {TARGET_RATIO}; "
            f"{ours:.1f} µs per delivered event, {_verdict(ours, TARGET_US)} {TARGET_US:.0f} µs "
            f"(sse-starlette here: {theirs:.1f} µs)"
        )
    return lines


def by_burst(table: Sequence[Fanout]) -> list[str]:
    """Per load: the strictest reading, in which what Linnet sends together counts as one."""
    lines: list[str] = []
    for subscribers in dict.fromkeys(row.subscribers for row in table):
        rows = {row.name: row for row in table if row.subscribers == subscribers}
        if SINGLY in rows and not any(row.faults for row in rows.values()):
            ours, theirs = rows[LINNET].us_per_burst, rows[SINGLY].us_per_delivery
            lines.append(
                f"{subscribers} subscribers, a burst counted as one: {ours:.1f} µs, "
                f"sse-starlette sending single events {theirs:.1f} µs: {ours / theirs:.2f}"
            )
    return lines


def _verdict(value: float, target: float) -> str:
    return "within" if value <= target else "OVER"


def print_machine(console: Console, machine: Mapping[str, str]) -> None:
    """Where this was measured."""
    console.print(", ".join(f"{name} {value}" for name, value in machine.items()), style="dim")


def print_fanout(console: Console, table: Sequence[Fanout]) -> None:
    """Fan-out figures, peers beside each other, and the verdicts."""
    out = Table(title="Fan-out: one session's events to many subscribers", title_justify="left")
    out.add_column("subscribers", justify="right")
    out.add_column("server")
    for name in (
        "CPU µs per\ndelivered event",
        "by round",
        "of sse-\nstarlette",
        "of\naiohttp-sse",
        "of which\nmaking",
        "first to last\np50 / p99 ms",
        "KiB per\nsubscriber",
        "deliveries",
        "events per\nburst",
    ):
        out.add_column(name, justify="right")
    previous = None
    for row in table:
        if previous not in (None, row.subscribers):
            out.add_section()
        previous = row.subscribers
        peers = {r.name: r.us_per_delivery for r in table if r.subscribers == row.subscribers}
        spread = [ms for result in row.rounds for ms in result.spread_ms]
        out.add_row(
            str(row.subscribers),
            row.name,
            f"{row.us_per_delivery:.1f}",
            " ".join(f"{us:.1f}" for us in row.us_by_round),
            f"{row.us_per_delivery / peers[SSE_STARLETTE]:.2f}",
            f"{row.us_per_delivery / peers[AIOHTTP_SSE]:.2f}",
            f"{row.us_of_making:.1f}",
            f"{percentile(spread, 0.5):.1f} / {percentile(spread, 0.99):.1f}",
            f"{row.bytes_per_subscriber / 1024:.1f}",
            "VOID" if row.faults else f"{sum(result.deliveries for result in row.rounds)}",
            f"{row.rounds[0].events_per_burst:.2f}",
        )
    console.print(out)
    console.print(
        "Processor time of the server's process (user and system) over deliveries, between two "
        "moments at which every subscriber had the same event; lowest round. Making and storing "
        "the events is in it, shared by the deliveries (measured while nobody was subscribed).",
        style="dim",
    )
    for line in verdicts(table):
        console.print(line, style="bold")
    for line in by_burst(table):
        console.print(line, style="dim")


def print_audio(console: Console, results: Mapping[str, AudioResult]) -> None:
    """Audio figures."""
    first = next(iter(results.values()))
    out = Table(
        title=f"Audio: {first.sessions} sessions in real time, 100 ms chunks ({first.speech})",
        title_justify="left",
    )
    out.add_column("server")
    for name in (
        "CPU ms\nper chunk",
        "latency affect-event\np50 / p99 ms",
        "latency tone-event\np50 / p99 ms",
        "KiB per\nsession",
        "chunks",
        "events\nin all",
        "late\nchunks",
    ):
        out.add_column(name, justify="right")
    for name, result in results.items():
        latency = {kind: values for kind, values in result.latency_ms.items() if values}
        out.add_row(
            name,
            f"{1000 * result.cpu_s / max(1, result.chunks):.3f}",
            _span(latency.get("affect-event", [])),
            _span(latency.get("tone-event", [])),
            f"{(result.memory_after - result.memory_before) / result.sessions / 1024:.0f}",
            "VOID" if result.faults else str(result.chunks),
            str(sum(result.kinds.values())),
            str(result.late_chunks),
        )
    console.print(out)
    console.print(
        "Latency: from sending the chunk that completes an event's window to the event's arrival. "
        "A session has one audio socket and one subscriber. The peers and the synthetic classifier "
        "listen to nothing: theirs is the price of the transport alone.",
        style="dim",
    )
    for name, result in results.items():
        for fault in result.faults[:3]:
            console.print(f"{name}: VOID: {fault}", style="bold")


def _span(values: Sequence[float]) -> str:
    if not values:
        return "-"
    return f"{percentile(values, 0.5):.1f} / {percentile(values, 0.99):.1f}"


def as_json(
    machine: Mapping[str, str], table: Sequence[Fanout], audio: Mapping[str, AudioResult]
) -> dict[str, Any]:
    """Everything that was measured, for a file."""
    return {
        "machine": dict(machine),
        "targets": {"ratio": TARGET_RATIO, "us_per_delivery": TARGET_US},
        "fanout": [
            {
                **asdict(row),
                "us_per_delivery": row.us_per_delivery,
                "bytes_per_subscriber": row.bytes_per_subscriber,
            }
            for row in table
        ],
        "verdicts": verdicts(table),
        "audio": {name: asdict(result) for name, result in audio.items()},
    }


def is_void(table: Sequence[Fanout], audio: Mapping[str, AudioResult]) -> bool:
    """Whether any figure does not count."""
    return any(row.faults for row in table) or any(result.faults for result in audio.values())
