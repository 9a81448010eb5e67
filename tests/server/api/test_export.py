"""A whole session as a file."""

from __future__ import annotations

import csv
import io
import socket

import pytest
from aiohttp import ClientPayloadError

from server.api.keys import MANAGER
from server.errors import StoreError
from server.export.formats import FORMATS
from server.log.base import Draft, Event, EventStore, ToneKeys
from server.models import ExportDocument
from tests.server.api.conftest import Serve
from tests.support.api import PAID_KEY, Api
from tests.support.store import FailingStore
from tests.support.waiting import eventually

_PAID = {"X-CF-License-Key": PAID_KEY}


@pytest.mark.parametrize("ended", [False, True])
async def test_the_json_export_is_the_whole_session(api: Api, ended: bool) -> None:
    """Every tone from the first on, more than a page of them, running or ended, as a file."""
    session_id = await api.start(elcor=True)
    await api.say(session_id, 1_100)
    if ended:
        await api.end(session_id)
    async with api.client.get(f"/session/{session_id}/export") as answer:
        assert answer.status == 200
        assert answer.content_type == "application/json"
        assert answer.headers["Content-Disposition"] == (
            f'attachment; filename="linnet-session-{session_id}.json"'
        )
        body = await answer.json()
    assert list(body)[:3] == ["session_id", "elcor", "events"]
    assert (body["session_id"], body["elcor"]) == (session_id, True)
    assert [event["timestamp"] for event in body["events"]] == [float(at) for at in range(1, 1_101)]
    assert set(body["events"][0]) >= {
        "label", "confidence", "speaker_id", "shift_magnitude", "timestamp", "subtext", "affect",
        "shift_direction",
    }  # fmt: skip


async def test_an_empty_session_exports_no_events(api: Api) -> None:
    """A session that has heard nothing is still a valid file."""
    session_id = await api.start()
    status, body = await api.get(f"/session/{session_id}/export")
    assert (status, body["events"]) == (200, [])


async def test_the_csv_export_is_paid(api: Api) -> None:
    """Without a key CSV is a 402 that says so; with one it holds the JSON export's events."""
    session_id = await api.start()
    await api.say(session_id, 3)
    path = f"/session/{session_id}/export?format=csv"
    status, problem = await api.get(path)
    assert (status, problem["status"]) == (402, 402)
    assert "csv" in problem["detail"]
    assert "CFG-LNNT-" in problem["detail"]
    async with api.client.get(path, headers=_PAID) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/csv"
        assert answer.headers["Content-Disposition"].endswith(f'{session_id}.csv"')
        rows = list(csv.DictReader(io.StringIO(await answer.text(), newline="")))
    _, body = await api.get(f"/session/{session_id}/export")
    assert [int(row["seq"]) for row in rows] == [event["seq"] for event in body["events"]]
    assert [row["affect"] for row in rows] == [event["affect"] for event in body["events"]]


@pytest.mark.parametrize("name", [name for name, fmt in FORMATS.items() if fmt.paid])
async def test_every_other_format_is_paid_and_comes_as_itself(api: Api, name: str) -> None:
    """A 402 that names the format without a key; with one a file of its own type and ending."""
    session_id = await api.start()
    await api.say(session_id, 1_100)
    path = f"/session/{session_id}/export"
    status, problem = await api.get(path, format=name)
    assert status == 402
    assert f"Export as {name}" in problem["detail"]
    async with api.client.get(path, params={"format": name}, headers=_PAID) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == FORMATS[name].media_type
        assert answer.headers["Content-Disposition"] == (
            f'attachment; filename="linnet-session-{session_id}.{FORMATS[name].extension}"'
        )
        data = await answer.read()
    # Turns come from readings, and these are tones alone.
    assert bool(data) is (name != "rttm")


async def test_every_format_is_documented(api: Api) -> None:
    """Names and media types stand in the OpenAPI document."""
    _, document = await api.get("/openapi.json")
    operation = document["paths"]["/session/{id}/export"]["get"]
    [parameter] = [one for one in operation["parameters"] if one["name"] == "format"]
    assert parameter["schema"]["enum"] == list(FORMATS)
    media = operation["responses"]["200"]["content"]
    assert set(media) == {fmt.content_type for fmt in FORMATS.values()}


async def test_what_a_session_was_made_with_is_in_its_export(api: Api) -> None:
    """Wall clock, model, settings and gaps, after the fields that are locked."""
    session_id = await api.start(elcor=True)
    await api.say(session_id, 1)
    await api.end(session_id)
    _, body = await api.get(f"/session/{session_id}/export")
    ExportDocument.model_validate(body)
    assert body["schema_version"] == 1
    assert 0 < body["started_at"] <= body["ended_at"]
    assert body["gaps"] == []


async def test_an_export_of_a_log_out_of_reach_is_a_problem(serve: Serve) -> None:
    """What fails before the first piece is an ordinary answer, in every format."""
    stores: list[FailingStore] = []

    def wrap(store: EventStore) -> EventStore:
        stores.append(FailingStore(store))
        return stores[0]

    api = await serve(wrap_store=wrap)
    session_id = await api.start()
    await api.say(session_id, 3)
    await api.end(session_id)
    stores[0].reads_fail = True
    for name in FORMATS:
        status, problem = await api.get(f"/session/{session_id}/export", headers=_PAID, format=name)
        assert (status, problem["status"]) == (503, 503)


class _FailsOnTheWay(FailingStore):
    """Gives the first page of any session, and no second one."""

    async def tones_after(self, session_id: str, seq: int, limit: int) -> list[Event]:
        if seq:
            raise StoreError("The store was told to fail.")
        return await super().tones_after(session_id, seq, limit)


async def test_an_export_that_breaks_off_does_not_look_whole(serve: Serve) -> None:
    """The log fails in the middle: the connection is cut before the file's end is said."""
    api = await serve(wrap_store=_FailsOnTheWay)
    session_id = await api.start()
    await api.say(session_id, 1_100)
    async with api.client.get(f"/session/{session_id}/export") as answer:
        assert answer.status == 200
        with pytest.raises(ClientPayloadError):
            await answer.read()


async def test_a_paid_session_exports_without_the_header(api: Api) -> None:
    """A session started with a key keeps what the key buys."""
    session_id = await api.start(license_key=PAID_KEY)
    async with api.client.get(f"/session/{session_id}/export?format=CSV") as answer:
        assert answer.status == 200


@pytest.mark.parametrize("name", ["xml", "x\r\ny", "../csv", "csv;json"])
async def test_an_unknown_format_is_refused(api: Api, name: str) -> None:
    """Whoever asks hears which formats there are."""
    path = f"/session/{await api.start()}/export"
    for headers in ({}, _PAID):
        status, problem = await api.get(path, headers=headers, format=name)
        assert status == 422
        assert problem["detail"].startswith("format: ")
        assert problem["detail"].endswith(f"is not one of {', '.join(FORMATS)}.")


async def test_the_demo_does_not_export(serve: Serve) -> None:
    """In demo mode an export is a 403, whoever asks."""
    api = await serve(demo_mode=True)
    session_id = await api.start()
    for headers in ({}, _PAID):
        status, problem = await api.get(f"/session/{session_id}/export", headers=headers)
        assert (status, problem["status"]) == (403, 403)


async def test_an_export_that_nobody_takes_is_cut_off(serve: Serve) -> None:
    """Who asks for a file and stops reading is let go after LINNET_STALL_S."""
    api = await serve(stall_s=0.5)
    session_id = await api.start()
    await api.say(session_id, 1)
    session = await api.app[MANAGER].live(session_id, owner="")
    keys = ToneKeys(9.0, 0.9, "warm", "speaker_a")
    large = Draft("tone-event", b'{"filler":"%b"}' % (b"x" * 250_000), keys)
    await session.channel.append([large] * 64)

    with socket.socket() as stalled:
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        stalled.connect(("127.0.0.1", api.port))
        stalled.send(
            b"GET /session/%b/export HTTP/1.1\r\nHost: localhost\r\n\r\n" % session_id.encode()
        )

        async def let_go() -> bool:
            async with api.client.get("/metrics") as answer:
                return 'route="/session/{id}/export"' in await answer.text()

        await eventually(let_go)
        stalled.settimeout(0)
        assert b"]}" not in stalled.recv(1_000)
