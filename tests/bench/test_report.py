"""What the benchmark concludes from its figures."""

from __future__ import annotations

import math

import pytest

from tests.bench.fanout import AIOHTTP_SSE, LINNET, SSE_STARLETTE, Fanout, peer_env
from tests.bench.load import FanoutResult
from tests.bench.report import is_void, percentile, verdicts
from tests.bench.talk import completing_chunk


def row(name: str, *us_by_round: float, faults: list[str] | None = None) -> Fanout:
    """A server that took so many microseconds per delivery, round by round."""
    return Fanout(
        name,
        100,
        [
            FanoutResult(
                100, events=10, deliveries=1000, cpu_s=us / 1000, wall_s=2.0, faults=faults or []
            )
            for us in us_by_round
        ],
    )


def test_the_lowest_round_counts() -> None:
    """What else ran on the machine in the worse round is not held against a server."""
    assert row(LINNET, 14.0, 12.0).us_per_delivery == pytest.approx(12.0)


def test_within_both_targets() -> None:
    """A third of sse-starlette's time and under 15 µs is within both targets."""
    table = [row(LINNET, 12.0), row(AIOHTTP_SSE, 25.0), row(SSE_STARLETTE, 40.0)]
    (line,) = verdicts(table)
    assert "0.30 of sse-starlette, within 0.4" in line
    assert "12.0 µs per delivered event, within 15 µs" in line


def test_over_the_ratio_on_a_fast_machine() -> None:
    """Few microseconds do not excuse a ratio over the target."""
    (line,) = verdicts([row(LINNET, 9.0), row(AIOHTTP_SSE, 11.0), row(SSE_STARLETTE, 18.0)])
    assert "0.50 of sse-starlette, OVER 0.4" in line
    assert "within 15 µs" in line


def test_a_lost_event_voids_the_comparison() -> None:
    """No figure is given where a subscriber missed an event."""
    table = [
        row(LINNET, 5.0, faults=["subscriber 7: 1 lost, 0 repeated"]),
        row(AIOHTTP_SSE, 20.0),
        row(SSE_STARLETTE, 40.0),
    ]
    (line,) = verdicts(table)
    assert "VOID" in line
    assert "subscriber 7: 1 lost" in line
    assert is_void(table, {})


def test_peers_are_told_to_do_what_linnet_did() -> None:
    """Two events at a time, 5 a second, of the measured size, is what the peers are given."""
    model = FanoutResult(
        100, events=10, deliveries=1000, wall_s=2.0, event_bytes=333.4, events_per_burst=2.0
    )
    assert peer_env(model) == {
        "BENCH_TICKS_PER_S": "2.5",
        "BENCH_EVENTS_PER_TICK": "2.0",
        "BENCH_EVENT_BYTES": "333",
    }


def test_percentiles_are_values_that_occurred() -> None:
    """The 99th of a hundred values is the last but one, the median of two the first."""
    assert percentile([float(n) for n in range(1, 101)], 0.99) == 99.0
    assert percentile([2.0, 1.0], 0.5) == 1.0
    assert math.isnan(percentile([], 0.5))


@pytest.mark.parametrize(
    ("timestamp_s", "index"), [(0.0, 0), (0.1, 0), (0.101, 1), (0.15, 1), (0.2, 1), (1.0, 9)]
)
def test_the_chunk_that_completes_a_window(timestamp_s: float, index: int) -> None:
    """A window that ends on a chunk's edge is complete with that chunk, not with the next."""
    assert completing_chunk(timestamp_s) == index
