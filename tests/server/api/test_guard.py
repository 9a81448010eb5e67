"""Who may call: hosts, origins, users of a cloud, visitors of a demo."""

from __future__ import annotations

import asyncio

import pytest

from tests.server.api.conftest import Serve
from tests.support.api import CHUNK, PAID_KEY, Api
from tests.support.sse import DEADLINE_S


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "a/b", "[", "", "x@y"])
async def test_a_name_that_is_not_ours_is_refused(api: Api, host: str) -> None:
    """A page that points its own name at loopback (DNS rebinding) reads and starts nothing."""
    for method, path in (("GET", "/health"), ("POST", "/session/start"), ("GET", "/nothing")):
        async with api.client.request(method, path, headers={"Host": host}) as answer:
            assert answer.status == 403
            assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:1", "LOCALHOST", "127.0.0.1", "[::1]:8522", "192.168.7.9:8522"]
)
async def test_loopback_names_and_addresses_are_ours(api: Api, host: str) -> None:
    """A loopback name or any address cannot be a name that somebody else points at us."""
    async with api.client.get("/health", headers={"Host": host}) as answer:
        assert answer.status == 200


async def test_an_allowed_origins_name_is_answered(serve: Serve) -> None:
    """A host named in LINNET_ALLOWED_ORIGINS is ours, and its pages may use the server."""
    api = await serve(allowed_origins=("https://my.example",))
    headers = {"Host": "my.example", "Origin": "https://my.example"}
    async with api.client.post("/session/start", headers=headers) as answer:
        assert answer.status == 200
        assert answer.headers["Access-Control-Allow-Origin"] == "https://my.example"


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://evil.example#localhost",
        "null",
        "http://[",
        "file://",
        "http://",
        "",
    ],
)
async def test_a_foreign_page_changes_nothing(api: Api, origin: str) -> None:
    """A state-changing request of another origin is a 403 and has no effect."""
    session_id = await api.start()
    headers = {"Origin": origin}
    for method, path in (("POST", "/session/start"), ("DELETE", f"/session/{session_id}/end")):
        async with api.client.request(method, path, headers=headers) as answer:
            assert answer.status == 403
            assert answer.content_type == "application/problem+json"
            assert "Access-Control-Allow-Origin" not in answer.headers
    assert (await api.get(f"/session/{session_id}"))[1]["state"] == "running"
    assert (await api.get("/health"))[1]["sessions"] == 1


async def test_a_foreign_page_is_given_no_leave_to_read(api: Api) -> None:
    """Reading is answered without the header that would let a browser show it to the page."""
    session_id = await api.start()
    for origin in ("https://evil.example", "http://["):
        headers = {"Origin": origin}
        for path in ("/health", f"/session/{session_id}", f"/session/{session_id}/export"):
            async with api.client.get(path, headers=headers) as answer:
                assert answer.status == 200
                assert "Access-Control-Allow-Origin" not in answer.headers
                assert answer.headers["Vary"] == "Origin"


async def test_the_demo_has_few_places_and_says_what_it_is(serve: Serve) -> None:
    """Over DEMO_MAX_SESSIONS a start is a 429; every answer carries the mode, errors too."""
    api = await serve(demo_mode=True, demo_max_sessions=2)
    sessions = [await api.start() for _ in range(2)]
    for method, path, status in (
        ("POST", "/session/start", 429),
        ("GET", f"/session/{sessions[0]}/stream", 200),
        ("GET", "/health", 200),
        ("GET", "/nothing", 404),
        ("GET", f"/session/{sessions[0]}/export", 403),
        ("GET", "/sessions/history", 403),
    ):
        async with api.client.request(method, path) as answer:
            assert answer.status == status
            assert answer.headers["X-Linnet-Mode"] == "demo"
    assert (await api.get("/health"))[1]["mode"] == "demo"
    await api.end(sessions[0])
    assert await api.start()


async def test_no_mode_header_at_home(api: Api) -> None:
    """A local server does not carry the header."""
    async with api.client.get("/health") as answer:
        assert "X-Linnet-Mode" not in answer.headers


_OF_A_SESSION = (
    ("GET", "/session/{}"),
    ("GET", "/session/{}/history"),
    ("GET", "/session/{}/export"),
    ("GET", "/session/{}/stream"),
    ("DELETE", "/session/{}/end"),
)


@pytest.mark.parametrize("ended", [False, True])
async def test_in_the_cloud_each_user_is_alone(serve: Serve, ended: bool) -> None:
    """Without the user's header 401, with another's 404, running or ended; health needs none."""
    api = await serve(cloud_mode=True)
    ann, bob = {"X-CF-Session": "ann"}, {"X-CF-Session": "bob"}
    session_id = await api.start(headers=ann)
    if ended:
        await api.end(session_id, headers=ann)
    for headers, status in (({}, 401), ({"X-CF-Session": "  "}, 401), (bob, 404)):
        for method, path in _OF_A_SESSION:
            async with api.client.request(
                method, path.format(session_id), headers=headers
            ) as answer:
                assert answer.status == status
                assert answer.headers["X-Linnet-Mode"] == "cloud"
                assert (await answer.json(content_type=None))["status"] == status
    assert (await api.get(f"/session/{session_id}", headers=ann))[0] == 200
    async with api.client.post("/session/start") as answer:
        assert answer.status == 401
    assert (await api.get("/health"))[1]["mode"] == "cloud"


async def test_in_the_cloud_a_strangers_404_is_that_of_no_session(serve: Serve) -> None:
    """Another's session cannot be told from one that never was."""
    api = await serve(cloud_mode=True, cloud_session_header="X-My-User")
    session_id = await api.start(headers={"X-My-User": "ann"})
    bob = {"X-My-User": "bob", "X-Request-ID": "same"}
    assert await api.get(f"/session/{session_id}", headers=bob) == await api.get(
        f"/session/{'A' * 32}", headers=bob
    )


async def test_in_the_demo_nobody_finds_the_sessions_of_others(serve: Serve) -> None:
    """Nobody is told apart there, so the list of past sessions is a 403, with a paid key, too."""
    api = await serve(demo_mode=True, license_key=PAID_KEY)
    session_id = await api.start()
    status, problem = await api.get("/sessions/history", headers={"X-CF-License-Key": PAID_KEY})
    assert status == 403
    assert session_id not in repr(problem)
    assert "demo" in problem["detail"]


async def test_in_the_cloud_past_sessions_are_ones_own(serve: Serve) -> None:
    """The list of past sessions holds the caller's and nobody else's."""
    api = await serve(cloud_mode=True, license_key=PAID_KEY)
    ann, bob = {"X-CF-Session": "ann"}, {"X-CF-Session": "bob"}
    session_id = await api.start(headers=ann)
    await api.end(session_id, headers=ann)
    assert (await api.get("/sessions/history", headers=ann))[1]["count"] == 1
    assert (await api.get("/sessions/history", headers=bob))[1]["count"] == 0
    assert (await api.get("/sessions/history"))[0] == 401


@pytest.mark.parametrize(
    "path", ["POST /session/start", "GET /session/{}", "GET /sessions/history"]
)
async def test_a_user_named_in_bytes_that_are_no_text_is_nobody(serve: Serve, path: str) -> None:
    """A gateway's header that is not UTF-8 is a 401, and neither a fault nor a user."""
    api = await serve(cloud_mode=True, license_key=PAID_KEY)
    session_id = await api.start(headers={"X-CF-Session": "ann"})
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(
        f"{path.format(session_id)} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n".encode()
        + b"X-CF-Session: \xff\xfe\r\nConnection: close\r\n\r\n"
    )
    async with asyncio.timeout(DEADLINE_S):
        answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"application/problem+json" in answer


async def test_a_socket_of_another_host_name_is_refused(api: Api) -> None:
    """The audio socket is guarded by the name like everything else."""
    session_id = await api.start()
    upgrade = {
        "Host": "evil.example",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    async with api.client.get(f"/session/{session_id}/audio", headers=upgrade) as answer:
        assert answer.status == 403
    socket = await api.audio(session_id)
    await socket.send_bytes(CHUNK)
    assert (await socket.receive_json(timeout=10))["ok"]
