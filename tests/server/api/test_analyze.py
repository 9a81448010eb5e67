"""Recordings over a real socket: whole, broken on the way, and left in the middle."""

from __future__ import annotations

import asyncio
import io
import socket
import tempfile
from pathlib import Path

import aiohttp
import pytest

from classifier.errors import ModelError
from server.log.base import EventStore
from tests.server.api.analysing import STREAM, TWELVE, TalkingBackend, streamed, whole
from tests.server.api.conftest import Serve
from tests.server.processes import children
from tests.support.api import PAID_KEY, Api
from tests.support.recordings import encoded, hiss
from tests.support.sse import Subscriber
from tests.support.store import FailingStore
from tests.support.waiting import eventually

CUT = encoded(hiss(30.0), kind="FLAC")[:200_000]


@pytest.fixture
def backend() -> TalkingBackend:
    """What listens in these tests."""
    return TalkingBackend()


@pytest.fixture
async def api(serve: Serve, backend: TalkingBackend) -> Api:
    """An application with default settings."""
    return await serve(backend=backend)


# -- what is answered ---------------------------------------------------------------------------


async def test_an_analysis_is_streamed_from_its_session_to_done(api: Api) -> None:
    """``session`` first, ``done`` last and once; between them progress and the events."""
    first, *between, last = await streamed(api, TWELVE, file_name="../talks/Über.wav")
    assert (first.name, last.name) == ("session", "done")
    assert first.data["file_name"] == "Über.wav"
    assert (first.data["kind"], first.data["rate_hz"], first.data["duration_s"]) == (
        "WAV",
        16_000,
        12.0,
    )
    assert first.data["speakers"] == ["speaker_a"]
    names = [block.name for block in between]
    assert {"session", "done", "error", "session-end"}.isdisjoint(names)
    assert names.count("tone-event") == 3
    progress = [block.data for block in between if block.name == "progress"]
    assert 0 < progress[0]["fraction"] <= 1
    assert last.data["persist_failed"] is False
    assert last.data["summary"]["duration_s"] == 12.0
    assert last.data["summary"]["speakers"][0]["affects"] == {"warm": 1.0}


async def test_its_events_are_those_of_its_session(api: Api) -> None:
    """The same bytes under the same numbers as the session's own stream gives afterwards."""
    blocks = await streamed(api, TWELVE)
    session_id = blocks[0].data["session_id"]
    numbered = [block.raw for block in blocks if b"\nid: " in block.raw]
    async with await api.subscribe(session_id) as subscriber:
        *again, end = await subscriber.rest()
    assert [block.raw for block in again] == numbered
    assert (end.data["reason"], end.data["last_seq"]) == ("complete", blocks[-1].data["last_seq"])
    assert end.data["last_seq"] == len(numbered)


async def test_otherwise_it_is_one_json_with_the_same_events(api: Api) -> None:
    """Any other Accept, or none: session, summary, and every event with its number."""
    status, answer = await whole(api, TWELVE, headers={"Accept": "*/*"})
    assert status == 200
    async with await api.subscribe(answer["session_id"]) as subscriber:
        *events, _ = await subscriber.rest()
    assert answer["events"] == [block.data | {"seq": block.seq} for block in events]
    assert answer["summary"]["events"]["tone-event"] == 3
    assert answer["persist_failed"] is False


async def test_afterwards_it_is_a_session_like_any_other(api: Api) -> None:
    """History, export and the list of past sessions know it."""
    _, answer = await whole(api, TWELVE, headers={"X-CF-License-Key": PAID_KEY})
    session_id = answer["session_id"]
    status, info = await api.get(f"/session/{session_id}")
    assert (status, info["state"], info["tier"]) == (200, "stopped", "paid")
    _, history = await api.get(f"/session/{session_id}/history")
    assert [event["timestamp"] for event in history["events"]] == [5.0, 10.0, 12.0]
    _, exported = await api.get(f"/session/{session_id}/export")
    assert exported["events"] == history["events"]
    _, past = await api.get("/sessions/history", headers={"X-CF-License-Key": PAID_KEY})
    assert past["sessions"][0]["session_id"] == session_id
    assert past["sessions"][0]["reason"] == "complete"


async def test_a_session_can_be_followed_by_others_while_it_is_heard(
    api: Api, backend: TalkingBackend
) -> None:
    """Its stream is open to whoever knows its id."""
    backend.gate.clear()
    answer = await api.client.post("/analyze", data=TWELVE, headers=STREAM)
    async with Subscriber(answer) as analysis:
        session_id = (await analysis.event("session")).data["session_id"]
        async with await api.subscribe(session_id) as other:
            backend.gate.set()
            followed = await other.rest()
        assert followed[-1].data["reason"] == "complete"
        assert (await analysis.rest())[-1].name == "done"


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "OPUS", "MP3", "AIFF"])
async def test_every_kind_is_taken(api: Api, kind: str) -> None:
    """Whatever the request calls it; what it is, is read from the file."""
    data = encoded(hiss(2.0, rate_hz=48_000, channels=2), kind=kind, rate_hz=48_000)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    status, answer = await whole(api, data, headers=headers)
    assert status == 200, answer
    assert answer["summary"]["duration_s"] == pytest.approx(2.0, abs=0.1)


async def test_a_form_is_taken(api: Api) -> None:
    """The recording in its part ``file``, with its name; the options as fields, in any order."""
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("elcor", "true")
    form.add_field("file", TWELVE, filename="a %22talk%22 über 50%.wav", content_type="audio/wav")
    form.add_field("license_key", PAID_KEY)
    form.add_field("num_speakers", "2")
    status, answer = await whole(api, form)
    assert (status, answer["file_name"]) == (200, 'a "talk" über 50%.wav')
    _, info = await api.get(f"/session/{answer['session_id']}")
    assert (info["elcor"], info["tier"]) == (True, "paid")


async def test_the_demo_gives_no_session_in_one_piece(
    serve: Serve, backend: TalkingBackend
) -> None:
    """It does not export: the one JSON has the summary and says where the events are; the stream
    shows them as that of any session."""
    api = await serve(backend=backend, demo_mode=True)
    status, answer = await whole(api, TWELVE)
    assert status == 200
    assert set(answer) == {"session_id", "file_name", "summary", "persist_failed", "notice"}
    assert answer["summary"]["events"]["tone-event"] == 3
    assert "history" in answer["notice"]
    assert (await api.get(f"/session/{answer['session_id']}/export"))[0] == 403
    assert (await api.get(f"/session/{answer['session_id']}/history"))[1]["count"] == 3
    blocks = await streamed(api, TWELVE)
    assert [block.name for block in blocks].count("tone-event") == 3


async def test_split_hears_two_voices(api: Api) -> None:
    """Left is ``speaker_a``, right is ``speaker_b``."""
    first, *_, last = await streamed(api, encoded(hiss(6.0, channels=2)), channels="split")
    assert first.data["speakers"] == ["speaker_a", "speaker_b"]
    heard = [speaker["speaker_id"] for speaker in last.data["summary"]["speakers"]]
    assert heard == ["speaker_a", "speaker_b"]


# -- what goes wrong on the way -----------------------------------------------------------------


async def test_a_recording_cut_off_ends_in_one_error(api: Api) -> None:
    """With what was reached, marked as partial; the session keeps it."""
    *blocks, last = await streamed(api, CUT)
    assert [block.name for block in blocks].count("tone-event") >= 1
    assert (last.name, last.data["partial"], last.data["code"]) == (
        "error",
        True,
        "unreadable_recording",
    )
    assert last.data["summary"]["duration_s"] > 1
    _, history = await api.get(f"/session/{last.data['session_id']}/history")
    assert history["count"] >= 1


async def test_the_same_as_one_json_is_a_problem_that_says_what_was_reached(api: Api) -> None:
    """Its status is that of the failure; session and summary are further members."""
    status, problem = await whole(api, CUT)
    assert (status, problem["partial"]) == (422, True)
    assert "cut off" in problem["detail"]
    _, history = await api.get(f"/session/{problem['session_id']}/history")
    assert history["count"] >= 1


async def test_a_classifier_that_fails_on_the_way_is_one_error(
    api: Api, backend: TalkingBackend
) -> None:
    """After what came before it; one that cannot even begin is a 503."""
    backend.breaks_after = 1
    *blocks, last = await streamed(api, TWELVE)
    assert "tone-event" in [block.name for block in blocks]
    assert (last.name, last.data["code"]) == ("error", "classifier_failed")
    backend.load_error = ModelError("no such weights")
    async with api.client.post("/analyze", data=TWELVE, headers=STREAM) as answer:
        assert answer.status == 503


async def test_a_log_that_fails_is_owned_up_to(serve: Serve, backend: TalkingBackend) -> None:
    """Every event is sent, and ``done`` says that they could not be kept."""
    stores: list[FailingStore] = []

    def wrap(store: EventStore) -> EventStore:
        stores.append(FailingStore(store))
        return stores[-1]

    api = await serve(backend=backend, wrap_store=wrap)
    backend.gate.clear()
    answer = await api.client.post("/analyze", data=TWELVE, headers=STREAM)
    async with Subscriber(answer) as subscriber:
        await subscriber.event("session")
        stores[0].writes_fail = True
        backend.gate.set()
        *blocks, last = await subscriber.rest()
    stores[0].writes_fail = False
    assert [block.name for block in blocks].count("tone-event") == 3
    assert (last.name, last.data["persist_failed"]) == ("done", True)


@pytest.mark.parametrize("accept", ["text/event-stream", "application/json"])
async def test_a_client_that_leaves_stops_the_work(
    api: Api, backend: TalkingBackend, accept: str
) -> None:
    """The session ends as ``abandoned``, nothing is fed any more, and no decoder is left."""
    backend.gate.clear()
    asking = asyncio.create_task(
        api.client.post(
            "/analyze", data=io.BytesIO(encoded(hiss(120.0))), headers={"Accept": accept}
        )
    )

    async def begun() -> bool:
        # The log has kept it, and an event of it: before that, its start is what is given up.
        return await api.counter("linnet_append_seconds_count") > 0

    await eventually(begun)
    if accept == "text/event-stream":
        (await asking).close()
    else:
        asking.cancel()
        await asyncio.wait([asking])

    async def over() -> bool:
        return await api.counter("linnet_sessions") == 0

    await eventually(over)
    backend.gate.set()
    assert sum(len(pcm) for pcm, _ in backend.last.fed) <= 5 * 16_000
    assert backend.last.stopped

    async def no_decoder() -> bool:
        return children() == []

    # The session is over first, then its decoder: the counter above says nothing of it.
    await eventually(no_decoder)
    async with api.client.get("/metrics") as answer:
        assert 'linnet_sessions_ended_total{reason="abandoned"} 1.0' in await answer.text()


async def test_a_client_that_leaves_while_it_uploads_leaves_nothing(
    serve: Serve, backend: TalkingBackend
) -> None:
    """Neither a place that is taken nor a session."""
    api = await serve(backend=backend, max_analyses=1)
    with socket.create_connection(("127.0.0.1", api.port)) as gone:
        gone.sendall(
            b"POST /analyze HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n"
            + TWELVE[:50_000]
        )

    async def let_in() -> bool:
        return (await whole(api, TWELVE))[0] == 200

    await eventually(let_in)
    assert len(backend.opened) == 1


async def test_audio_is_never_stored(
    api: Api, backend: TalkingBackend, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The upload has no name in any folder while it is heard, and no byte of it is in the log."""
    spool = tmp_path / "spool"
    spool.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spool))
    mark = b"A-MARK-IN-THE-AUDIO-THAT-NOTHING-ELSE-HAS!"
    data = bytearray(TWELVE)
    data[100_000 : 100_000 + len(mark)] = mark
    backend.gate.clear()
    answer = await api.client.post("/analyze", data=bytes(data), headers=STREAM)
    async with Subscriber(answer) as subscriber:
        await subscriber.event("session")
        assert list(spool.iterdir()) == []
        backend.gate.set()
        assert (await subscriber.rest())[-1].name == "done"
    assert list(spool.iterdir()) == []
    for kept in (tmp_path / "log").rglob("*"):
        if kept.is_file():
            assert mark not in kept.read_bytes()
