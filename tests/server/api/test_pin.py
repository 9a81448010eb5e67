"""Pinning, unpinning and erasing, over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from server.log.sqlite import FILE_NAME
from tests.server.api.conftest import Serve
from tests.support.api import PAID_KEY, Api

_PAID = {"X-CF-License-Key": PAID_KEY}


async def call(api: Api, method: str, path: str, **kwargs: Any) -> tuple[int, dict[str, Any]]:
    """Status and JSON of any request."""
    async with api.client.request(method, path, **kwargs) as answer:
        return answer.status, dict(await answer.json(content_type=None))


async def listed(api: Api) -> list[dict[str, Any]]:
    """The list of past sessions."""
    return list((await api.get("/sessions/history", headers=_PAID))[1]["sessions"])


async def test_a_session_is_pinned_and_unpinned(api: Api) -> None:
    """Pinning says since when; twice keeps the first time; the list of past sessions shows it."""
    session_id = await api.start()
    status, first = await call(api, "POST", f"/session/{session_id}/pin", headers=_PAID)
    assert status == 200
    assert first["session_id"] == first["snapshot_id"] == session_id
    assert first["pinned"] is True
    assert first["pinned_at"] > 0
    await api.end(session_id)
    assert (await call(api, "POST", f"/session/{session_id}/pin", headers=_PAID))[1] == first
    assert [row["pinned"] for row in await listed(api)] == [True]
    for _ in range(2):
        status, answer = await call(api, "DELETE", f"/session/{session_id}/pin", headers=_PAID)
        assert (status, answer["pinned"], answer["pinned_at"]) == (200, False, None)
    assert [row["pinned"] for row in await listed(api)] == [False]


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_pinning_is_paid(api: Api, method: str) -> None:
    """Without a paid key it is a 402 that says what and why; a session started with one has it."""
    free = await api.start()
    status, problem = await call(api, method, f"/session/{free}/pin")
    assert status == 402
    assert problem["detail"].startswith("Pinning sessions is a paid feature")
    paid = await api.start(license_key=PAID_KEY)
    assert (await call(api, method, f"/session/{paid}/pin"))[0] == 200


@pytest.mark.parametrize(("method", "tail"), [("POST", "/pin"), ("DELETE", "/pin"), ("DELETE", "")])
async def test_somebody_elses_session_is_none(serve: Serve, method: str, tail: str) -> None:
    """Another user's session is a 404, as is one that nobody has."""
    api = await serve(cloud_mode=True)
    session_id = await api.start(headers={"X-CF-Session": "ann"})
    bob = {"X-CF-Session": "bob", **_PAID}
    for name in (session_id, "unknown"):
        assert (await call(api, method, f"/session/{name}{tail}", headers=bob))[0] == 404
    ann = {"X-CF-Session": "ann", **_PAID}
    assert (await call(api, method, f"/session/{session_id}{tail}", headers=ann))[0] == 200


async def test_an_erased_session_is_unknown(api: Api) -> None:
    """History, export, stream, the list and a second erasing know nothing of it; others stay."""
    kept, erased = await api.start(), await api.start()
    for session_id in (kept, erased):
        await api.say(session_id, 3)
        await api.end(session_id)
    status, answer = await call(api, "DELETE", f"/session/{erased}")
    assert (status, answer) == (200, {"session_id": erased, "erased": True})
    for path in ("", "/history", "/export", "/stream"):
        assert (await api.get(f"/session/{erased}{path}"))[0] == 404
        if path != "/stream":
            assert (await api.get(f"/session/{kept}{path}"))[0] == 200
    assert [row["session_id"] for row in await listed(api)] == [kept]
    assert (await call(api, "DELETE", f"/session/{erased}"))[0] == 404


async def test_a_running_session_is_ended_first(api: Api, tmp_path: Path) -> None:
    """Its followers are told that it is over, and nothing of it is left in the files."""
    session_id = await api.start()
    await api.say(session_id, 5)
    async with await api.subscribe(session_id) as subscriber:
        assert (await call(api, "DELETE", f"/session/{session_id}"))[0] == 200
        assert (await subscriber.rest())[-1].data["reason"] == "client"
    assert (await api.get(f"/session/{session_id}"))[0] == 404
    left = [
        path.name
        for path in (tmp_path / "log").iterdir()
        if session_id.encode() in path.read_bytes()
    ]
    assert (tmp_path / "log" / FILE_NAME).exists()
    assert left == []


async def test_a_foreign_page_erases_nothing(api: Api) -> None:
    """Erasing and pinning check the origin, as everything that changes something."""
    session_id = await api.start()
    evil = {"Origin": "https://evil.example", **_PAID}
    for method, tail in (("POST", "/pin"), ("DELETE", "/pin"), ("DELETE", "")):
        assert (await call(api, method, f"/session/{session_id}{tail}", headers=evil))[0] == 403
    assert (await api.get(f"/session/{session_id}"))[0] == 200
