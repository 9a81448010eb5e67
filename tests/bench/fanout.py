"""Fan-out: one session's events to many subscribers, Linnet and its peers by turns.

Owns which servers run, in what order, and what is made of the rounds. Each measurement has a
fresh server process. Linnet goes first in a round; the peers are then told to send events of the
same size, at the same rate, as many at a time (Linnet's affect and tone of one frame are two events
stored and sent together).
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from tests.bench.child import run_child
from tests.bench.load import FanoutResult, FanoutSpec
from tests.bench.process import BenchError, Server, free_port

LINNET = "Linnet"
AIOHTTP_SSE = "aiohttp-sse"
SSE_STARLETTE = "sse-starlette"
SINGLY = "sse-starlette, singly"
"""The same peer sending as many bursts, of one event each: what Linnet's bursts do not hide."""
BARE = "bare uvloop write"
"""No peer: the floor."""

PEER_MODULES = {
    AIOHTTP_SSE: "tests.bench.peers.aiohttp_sse_peer",
    SSE_STARLETTE: "tests.bench.peers.sse_starlette_peer",
    SINGLY: "tests.bench.peers.sse_starlette_peer",
    BARE: "tests.bench.peers.bare",
}

SEED = "8522"
"""The synthetic conversation is the same each time: how much it says is part of the load."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Load:
    """How many subscribers, and how often the session speaks."""

    subscribers: int
    rate_hz: float


LOADS = (Load(1000, 5.0), Load(100, 20.0))


@dataclass
class Fanout:
    """The rounds of one server under one load."""

    name: str
    subscribers: int
    rounds: list[FanoutResult] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """What makes any of the rounds void."""
        return [fault for result in self.rounds for fault in result.faults]

    @property
    def us_per_delivery(self) -> float:
        """Server processor time per delivered event, in microseconds.

        The lowest round: whatever else runs on the machine only ever adds.
        """
        return min(self.us_by_round)

    @property
    def us_by_round(self) -> list[float]:
        """Microseconds per delivered event, round by round."""
        return [1e6 * result.cpu_s / result.deliveries for result in self.rounds]

    @property
    def us_per_burst(self) -> float:
        """The same per piece in which events reach a subscriber, however many it holds."""
        return min(
            us * result.events_per_burst
            for us, result in zip(self.us_by_round, self.rounds, strict=True)
        )

    @property
    def us_of_making(self) -> float:
        """What of :attr:`us_per_delivery` goes into making and storing events, in microseconds.

        Taken while nobody was subscribed.
        """
        return min(
            1e6 * result.alone_cpu_share * result.wall_s / result.deliveries
            for result in self.rounds
        )

    @property
    def bytes_per_subscriber(self) -> float:
        """Memory of the server's process per open stream."""
        return statistics.median(
            (result.memory_after - result.memory_before) / result.subscribers
            for result in self.rounds
        )


def linnet(env: dict[str, str]) -> Server:
    """Linnet itself, not yet started."""
    port = free_port()
    return Server(
        LINNET,
        ["server", "serve"],
        {
            "LINNET_HOST": "127.0.0.1",
            "LINNET_PORT": str(port),
            "LINNET_FRONTEND_PORT": str(free_port()),
            **env,
        },
        port,
    )


def peer(name: str, env: dict[str, str]) -> Server:
    """A peer, not yet started."""
    port = free_port()
    return Server(name, [PEER_MODULES[name]], {"BENCH_PORT": str(port), **env}, port)


def measure_server(server: Server, load: Load, measure_s: float, say: Say) -> FanoutResult:
    """Start a server, measure it under one load, stop it."""
    say(f"{server.name}: starting")
    with server:
        session_id = server.start_session()
        spec = FanoutSpec(
            port=server.port,
            pid=server.pid,
            path=f"/session/{session_id}/stream",
            subscribers=load.subscribers,
            alone_s=min(2.0, measure_s / 2),
            warm_up_s=1.0,
            measure_s=measure_s,
        )
        answer = run_child("tests.bench.load", asdict(spec), lambda t: say(f"{server.name}: {t}"))
        server.end_session(session_id)
        result = FanoutResult(**answer)
        if not result.deliveries:
            raise BenchError(f"{server.name} delivered nothing: {'; '.join(result.faults)}")
        return result


def peer_env(model: FanoutResult, *, singly: bool = False) -> dict[str, str]:
    """Settings by which a peer sends what Linnet was seen to send.

    Args:
        model: Linnet's measurement.
        singly: one event where Linnet sent a burst.
    """
    events_per_tick = max(1.0, round(model.events_per_burst, 2))
    return {
        "BENCH_TICKS_PER_S": repr(model.events / model.wall_s / events_per_tick),
        "BENCH_EVENTS_PER_TICK": "1" if singly else repr(events_per_tick),
        "BENCH_EVENT_BYTES": str(round(model.event_bytes)),
    }


def run_fanout(rounds: int, measure_s: float, say: Say, step: Callable[[], None]) -> list[Fanout]:
    """Every server under every load, by turns.

    Args:
        rounds: how often each is measured (the two yardsticks once).
        measure_s: seconds between the two marks of a measurement.
        say: told what is being done.
        step: called after each of :func:`steps` measurements.
    """
    table: list[Fanout] = []
    for load in LOADS:
        rows = {
            name: Fanout(name, load.subscribers)
            for name in (LINNET, AIOHTTP_SSE, SSE_STARLETTE, SINGLY, BARE)
        }
        table += rows.values()
        for number in range(rounds):

            def tell(text: str, load: Load = load, number: int = number) -> None:
                say(f"{load.subscribers} subscribers, round {number + 1}: {text}")

            mock = {
                "CF_VOICE_MOCK": "1",
                "CF_VOICE_RATE_HZ": repr(load.rate_hz),
                "CF_VOICE_SEED": SEED,
            }
            model = measure_server(linnet(mock), load, measure_s, tell)
            rows[LINNET].rounds.append(model)
            step()
            names = [AIOHTTP_SSE, SSE_STARLETTE] + ([SINGLY, BARE] if number == 0 else [])
            for name in names:
                server = peer(name, peer_env(model, singly=name == SINGLY))
                rows[name].rounds.append(measure_server(server, load, measure_s, tell))
                step()
    return table


def steps(rounds: int) -> int:
    """How many measurements :func:`run_fanout` makes."""
    return len(LOADS) * (3 * rounds + 2)
