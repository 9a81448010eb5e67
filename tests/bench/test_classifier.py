"""tests.bench.classifier: what is said of the figures"""

from tests.bench.classifier import ClassifierBench, cpu_ms, verdicts
from tests.bench.hearing import HearingResult
from tests.bench.talk import AudioResult


def heard(peer_ms: float | None = 12.0) -> HearingResult:
    return HearingResult(
        cpu_ms={"1": 3.5, "10": 3.0, "100": 2.5},
        readings={"1": 40, "10": 100, "100": 500},
        peer_cpu_ms=peer_ms,
        peer_ratios=[] if peer_ms is None else [0.3, 2.5 / peer_ms, 0.19],
        process_bytes=60_000_000,
        session_bytes=120_000.0,
    )


def served(sessions: int, cpu_s: float = 4.0, ms: float = 50.0, after: int = 0) -> AudioResult:
    return AudioResult(
        sessions=sessions,
        speech="calm",
        chunks=10_000,
        cpu_s=cpu_s,
        wall_s=10.0,
        latency_ms={"affect-event": [ms] * 100, "tone-event": [ms] * 10},
        memory_before=70_000_000,
        memory_after=after or 80_000_000 + 100_000 * sessions,
    )


def test_cost_is_per_second_of_audio() -> None:
    """Ten chunks are a second."""
    assert cpu_ms(served(100, cpu_s=4.0)) == 4.0


def test_targets_that_are_met_are_within() -> None:
    """Each has its line, and the peer has one."""
    lines = verdicts(ClassifierBench(heard(), {100: served(100), 200: served(200)}))
    assert not any("OVER" in line for line in lines)
    assert sum("within" in line for line in lines) == 6
    assert "0.21 of it (0.19 to 0.30, round by round)" in lines[-1]


def test_targets_that_are_missed_are_over() -> None:
    """Cost, lateness and memory each show."""
    slow = served(100, cpu_s=5.0, after=80_000_000)
    late = served(200, ms=401.0, after=110_000_000)
    over = [
        line
        for line in verdicts(ClassifierBench(heard(), {100: slow, 200: late}))
        if "OVER" in line
    ]
    assert len(over) == 3
    assert "5.0 ms" in over[0]
    assert "401.0 ms" in over[1]
    assert "300.0 KB" in over[2]


def test_a_fault_voids_everything() -> None:
    """Figures of a run that lost something are no figures."""
    dropped = served(200)
    dropped.faults.append("session 3: 9 readings of 10")
    (line,) = verdicts(ClassifierBench(heard(), {100: served(100), 200: dropped}))
    assert line == "VOID: 200 sessions in the server: session 3: 9 readings of 10"


def test_a_missing_peer_is_said() -> None:
    """Where openSMILE is not installed there is no comparison."""
    lines = verdicts(ClassifierBench(heard(None), {100: served(100), 200: served(200)}))
    assert "not installed" in lines[-1]
