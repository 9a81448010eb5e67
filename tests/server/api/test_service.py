"""The service about itself: health and metrics."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from classifier import ModelError
from server import __version__
from server.metrics import Metrics
from tests.server.api.conftest import Serve
from tests.support.api import CHUNK, Api
from tests.support.classifier import ScriptedBackend
from tests.support.waiting import eventually


async def _metrics(api: Api) -> dict[str, float]:
    async with api.client.get("/metrics") as answer:
        assert answer.status == 200
        assert answer.content_type == "text/plain"
        text = await answer.text()
    return {
        sample.name + "".join(f"|{value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_health_says_what_runs(api: Api) -> None:
    """The locked fields and ours, without credentials."""
    status, body = await api.get("/health")
    assert status == 200
    assert list(body)[:2] == ["status", "service"]
    assert (body["status"], body["service"], body["mode"]) == ("ok", "linnet", "local")
    assert body["version"] == __version__
    assert body["classifier"] == "scripted"
    assert body["uptime_s"] >= 0


@pytest.mark.parametrize(
    ("settings", "kept"),
    [({}, True), ({"keep_voices": False}, False), ({"demo_mode": True}, False)],
)
async def test_health_says_whether_voices_are_kept(
    serve: Serve, settings: dict[str, bool], kept: bool
) -> None:
    """So that nobody is offered what would only end in a warning."""
    api = await serve(**settings)
    assert (await api.get("/health"))[1]["voices_kept"] is kept


async def test_ready_waits_for_the_classifier(serve: Serve) -> None:
    """Alive at once, ready only when the classifier is loaded."""
    backend = ScriptedBackend()
    backend.load_gate.clear()
    api = await serve(backend=backend)
    assert (await api.get("/health"))[0] == 200
    status, body = await api.get("/health/ready")
    assert (status, body["ready"]) == (503, False)
    backend.load_gate.set()

    async def ready() -> bool:
        return (await api.get("/health/ready"))[0] == 200

    await eventually(ready)


async def test_a_classifier_that_cannot_be_loaded_is_never_ready(serve: Serve) -> None:
    """The service stays unready, and a session says so on its stream and ends."""
    backend = ScriptedBackend()
    backend.load_error = ModelError("the weights are damaged")
    api = await serve(backend=backend)
    session_id = await api.start()
    await api.until_stopped(session_id)
    assert (await api.get("/health/ready"))[0] == 503
    async with await api.subscribe(session_id) as subscriber:
        events = await subscriber.rest()
    assert events[-2].data["status"] == "error"
    assert "weights" not in events[-2].data["detail"]
    assert events[-1].data["reason"] == "error"


async def test_metrics_count_what_happens(api: Api) -> None:
    """Sessions, subscribers, chunks, refusals, events and requests go up as they happen."""
    before = await _metrics(api)
    session_id = await api.start()
    socket = await api.audio(session_id)
    for message in (CHUNK, CHUNK, b"\x00"):
        await socket.send_bytes(message)
        await socket.receive(timeout=10)
    last = await api.say(session_id, 3)
    async with await api.subscribe(session_id) as subscriber:
        await subscriber.events(last)
        during = await _metrics(api)
    assert before["linnet_sessions"] == 0
    assert during["linnet_sessions"] == 1
    assert during["linnet_subscribers"] >= 1
    assert during["linnet_audio_sockets"] == 1
    assert during["linnet_chunks_total"] == 2
    assert abs(during["linnet_audio_seconds_total"] - 0.2) < 1e-9
    assert during["linnet_chunks_refused_total|odd_length"] == 1
    assert during["linnet_events_total|tone-event"] == 3
    assert during["linnet_append_seconds_count"] >= 3
    assert during["linnet_requests_total|/session/start|200"] == 1
    await api.end(session_id)
    after = await _metrics(api)
    assert after["linnet_sessions"] == 0
    assert after["linnet_sessions_ended_total|client"] == 1
    assert not [name for name in after if session_id in name]


class _HearsApart(ScriptedBackend):
    """A backend with a process of its own: any will do, such as this one."""

    @property
    def pids(self) -> Sequence[int]:
        return [os.getpid()]


async def test_metrics_tell_what_the_classifier_takes(serve: Serve, tmp_path: Path) -> None:
    """CPU and memory of each process it hears in, which are not in the server's own."""
    found = await _metrics(await serve(backend=_HearsApart()))
    assert found[f"linnet_classifier_cpu_seconds_total|{os.getpid()}"] > 0
    assert 10e6 < found[f"linnet_classifier_memory_bytes|{os.getpid()}"] < 1e9
    without = await _metrics(await serve(data_dir=tmp_path / "another"))
    assert not [name for name in without if name.startswith("linnet_classifier_cpu")]


def test_metrics_leave_out_a_process_that_has_just_ended() -> None:
    """Nor do they fail: the next that asks finds it gone."""
    nobody = 2**22 + 1  # above what Linux gives out
    text = generate_latest(Metrics(lambda: [os.getpid(), nobody]).registry).decode()
    assert f'linnet_classifier_memory_bytes{{pid="{os.getpid()}"}}' in text
    assert str(nobody) not in text


async def test_every_promised_metric_is_there(api: Api) -> None:
    """Sessions, subscribers, chunks, events, classifier lag, queue drops, latency."""
    async with api.client.get("/metrics") as answer:
        text = await answer.text()
    for name in (
        "linnet_sessions",
        "linnet_subscribers",
        "linnet_chunks",
        "linnet_events",
        "linnet_classifier_lag_seconds",
        "linnet_queue_drops",
        "linnet_append_seconds",
        "linnet_event_latency_seconds",
    ):
        assert f"# HELP {name}" in text
