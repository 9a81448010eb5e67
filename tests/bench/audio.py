"""Audio in, events out: what a chunk costs, how late its event is, what a session weighs.

Linnet twice: with the acoustic classifier, and with the synthetic one (which looks at no audio:
what is left is the audio path). The peers take and acknowledge the same chunks and send as many
events, and classify nothing: what a WebSocket and an event stream cost before any listening.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from tests.bench.child import run_child
from tests.bench.fanout import AIOHTTP_SSE, LINNET, SSE_STARLETTE, Say, linnet, peer
from tests.bench.process import Server
from tests.bench.talk import CHUNK_S, AudioResult, AudioSpec

LINNET_MOCK = f"{LINNET}, synthetic"
STEPS = 4
_ALONE_S = 3.0
_WARM_UP_S = 4.0


def measure_server(
    server: Server,
    sessions: int,
    measure_s: float,
    say: Say,
    *,
    audio_clock: bool = True,
    reading_every_s: float = 0.0,
    stagger_s: float = CHUNK_S,
) -> AudioResult:
    """Start a server, let ``sessions`` speak to it at once, stop it."""
    say(f"{server.name}: starting")
    with server:
        spec = AudioSpec(
            port=server.port,
            pid=server.pid,
            session_ids=[server.start_session() for _ in range(sessions + 1)],
            alone_s=_ALONE_S,
            warm_up_s=_WARM_UP_S,
            measure_s=measure_s,
            audio_clock=audio_clock,
            reading_every_s=reading_every_s,
            stagger_s=stagger_s,
        )
        answer = run_child("tests.bench.talk", asdict(spec), lambda t: say(f"{server.name}: {t}"))
        for session_id in spec.session_ids:
            server.end_session(session_id)
        return AudioResult(**answer)


def run_audio(
    sessions: int, measure_s: float, say: Say, step: Callable[[], None]
) -> dict[str, AudioResult]:
    """Every server with ``sessions`` sessions in real time; results by name."""

    def tell(text: str) -> None:
        say(f"{sessions} sessions: {text}")

    results: dict[str, AudioResult] = {}
    real = measure_server(linnet({"CF_VOICE_MOCK": "0"}), sessions, measure_s, tell)
    results[LINNET] = real
    step()
    mock = {"CF_VOICE_MOCK": "1", "CF_VOICE_RATE_HZ": "1"}
    results[LINNET_MOCK] = measure_server(
        linnet(mock), sessions, measure_s, tell, audio_clock=False
    )
    step()
    events = max(1, sum(real.kinds.values()))
    env = {
        "BENCH_CHUNKS_PER_EVENT": repr(max(1.0, real.chunks_in_all / events)),
        "BENCH_EVENT_BYTES": str(round(real.event_bytes)),
    }
    for name in (AIOHTTP_SSE, SSE_STARLETTE):
        results[name] = measure_server(peer(name, env), sessions, measure_s, tell)
        step()
    return results
