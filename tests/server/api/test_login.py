"""A server with a token: who is let in, by which door, and what is never said aloud."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import SimpleCookie
from typing import Any

import pytest

from server.api import credentials
from server.api.credentials import LOGIN_LIFE_S, TICKET_LIFE_S
from server.api.keys import CREDENTIALS
from tests.server.api.conftest import Serve
from tests.support.api import CHUNK, Api
from tests.support.clock import FakeClock
from tests.support.sse import DEADLINE_S, Subscriber
from tests.support.waiting import eventually

TOKEN = "correct-horse-battery-staple"
_BEARER = {"Authorization": f"Bearer {TOKEN}"}
_WRONG = [
    {},
    {"Authorization": f"Bearer {TOKEN}x"},
    {"Authorization": f"Bearer {TOKEN[:-1]}"},
    {"Authorization": "Bearer"},
    {"Authorization": f"Basic {TOKEN}"},
    {"Authorization": TOKEN},
    {"Cookie": f"linnet-login-8521={TOKEN}"},
]

_OPEN = ["/health", "/health/ready", "/", "/docs", "/openapi.json"]


@pytest.fixture
async def clock() -> FakeClock:
    """By which tickets and logins grow old."""
    return FakeClock()


@pytest.fixture
async def api(serve: Serve, clock: FakeClock) -> Api:
    """An application that asks for a token."""
    return await serve(api_token=TOKEN, clock=clock)


async def _ticket(api: Api) -> str:
    async with api.client.post("/ticket", headers=_BEARER) as answer:
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-store"
        body = await answer.json()
    assert set(body) == {"ticket", "expires_in_s"}
    assert body["expires_in_s"] == TICKET_LIFE_S
    return str(body["ticket"])


async def _cookie(api: Api) -> tuple[str, str]:
    """Log in; name and value of the cookie, which is not sent by itself from here on."""
    async with api.client.post("/login", headers=_BEARER) as answer:
        assert answer.status == 204
        [(name, morsel)] = SimpleCookie(answer.headers["Set-Cookie"]).items()
    api.client.session.cookie_jar.clear()
    return name, morsel.value


async def _closed_with(api: Api, session_id: str, query: str = "", **headers: str) -> int | None:
    url = f"/session/{session_id}/audio{query}"
    socket = await api.client.ws_connect(url, headers=headers)
    await socket.receive(timeout=DEADLINE_S)
    return socket.close_code


@pytest.mark.parametrize("headers", _WRONG)
async def test_without_the_token_nothing_is_answered(api: Api, headers: dict[str, str]) -> None:
    """Every address that tells or changes anything is a 401 that says how to be let in."""
    session_id = await api.start(headers=_BEARER)
    for method, path in (
        ("POST", "/session/start"),
        ("GET", f"/session/{session_id}"),
        ("GET", f"/session/{session_id}/stream"),
        ("GET", f"/session/{session_id}/history"),
        ("GET", f"/session/{session_id}/export"),
        ("DELETE", f"/session/{session_id}/end"),
        ("GET", "/sessions/history"),
        ("GET", "/metrics"),
        ("POST", "/ticket"),
    ):
        async with api.client.request(method, path, headers=headers) as answer:
            assert answer.status == 401, path
            assert answer.content_type == "application/problem+json"
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            text = await answer.text()
            assert TOKEN not in text
    assert await _closed_with(api, session_id, **headers) == 4003
    assert (await api.get(f"/session/{session_id}", headers=_BEARER))[1]["state"] == "running"


@pytest.mark.parametrize("path", _OPEN)
async def test_what_says_nothing_of_anybody_is_open(api: Api, path: str) -> None:
    """Health, the page and the description of the interface need no credentials."""
    async with api.client.get(path) as answer:
        assert answer.status in (200, 503)


async def test_what_is_not_there_is_not_asked_for(api: Api) -> None:
    """An unknown address is a 404 and a wrong method a 405, with or without a token."""
    assert (await api.get("/nothing"))[0] == 404
    async with api.client.put("/session/start") as answer:
        assert answer.status == 405


async def test_every_route_but_a_few_asks_for_the_token(api: Api) -> None:
    """A route that nobody has thought about is not open by mistake. (The audio socket answers with
    a close code, see above.)"""
    for route in api.app.router.routes():
        assert route.resource is not None
        path = route.resource.canonical
        if route.method == "OPTIONS" or path in {*_OPEN, "/login", "/session/{id}/audio"}:
            continue
        async with api.client.request(
            route.method, path.replace("{id}", "x" * 32).replace("{seq}", "1")
        ) as answer:
            assert answer.status == 401, (route.method, path)


async def test_health_says_that_a_token_is_needed(api: Api) -> None:
    """So that a page can ask for it before anything fails."""
    assert (await api.get("/health"))[1]["token_needed"] is True


async def test_health_says_that_none_is_needed(serve: Serve) -> None:
    """Then the page never speaks of it."""
    assert (await (await serve()).get("/health"))[1]["token_needed"] is False


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER  "])
async def test_the_token_in_the_header_opens_everything(api: Api, scheme: str) -> None:
    """Calls, stream and socket take it, however the scheme is written."""
    headers = {"Authorization": f"{scheme}{TOKEN}"}
    session_id = await api.start(headers=headers)
    async with await api.subscribe(session_id, headers=headers) as subscriber:
        await subscriber.event("service-event")
    socket = await api.audio(session_id, headers=headers)
    await socket.send_bytes(CHUNK)
    assert (await socket.receive_json(timeout=DEADLINE_S))["ok"]
    await socket.close()
    await api.end(session_id, headers=headers)


async def test_a_ticket_opens_one_stream_or_one_socket(api: Api) -> None:
    """Once: the second use is a 401, or 4003."""
    session_id = await api.start(headers=_BEARER)
    ticket = await _ticket(api)
    url = f"/session/{session_id}/stream?last_event_id=0&ticket={ticket}"
    async with Subscriber(await api.client.get(url)) as subscriber:
        await subscriber.event("service-event")
    async with api.client.get(url) as answer:
        assert answer.status == 401
        assert "ticket" in (await answer.json(content_type=None))["detail"]
    ticket = await _ticket(api)
    socket = await api.client.ws_connect(f"/session/{session_id}/audio?ticket={ticket}")
    await socket.send_bytes(CHUNK)
    assert (await socket.receive_json(timeout=DEADLINE_S))["ok"]
    await socket.close()
    assert await _closed_with(api, session_id, f"?ticket={ticket}") == 4003


async def test_of_many_who_show_one_ticket_one_gets_in(api: Api) -> None:
    """At the same moment, too."""
    session_id = await api.start(headers=_BEARER)
    url = f"/session/{session_id}/stream?ticket={await _ticket(api)}"
    answers = await asyncio.gather(*(api.client.get(url) for _ in range(8)))
    assert sorted(answer.status for answer in answers) == [200] + [401] * 7
    for answer in answers:
        answer.close()


async def test_a_ticket_grows_old(api: Api, clock: FakeClock) -> None:
    """After its seconds it opens nothing."""
    session_id = await api.start(headers=_BEARER)
    ticket = await _ticket(api)
    clock.advance(TICKET_LIFE_S)
    assert await _closed_with(api, session_id, f"?ticket={ticket}") == 4003


async def test_a_ticket_and_a_token_in_an_address_open_nothing_else(api: Api) -> None:
    """Addresses end up in logs and histories: only a stream and a socket take a ticket there, and
    nothing takes the token."""
    session_id = await api.start(headers=_BEARER)
    ticket = await _ticket(api)
    assert (await api.get(f"/session/{session_id}", ticket=ticket))[0] == 401
    for name in ("ticket", "token", "access_token"):
        assert (await api.get(f"/session/{session_id}", **{name: TOKEN}))[0] == 401
        assert (await api.get(f"/session/{session_id}/stream", **{name: TOKEN}))[0] == 401
        assert await _closed_with(api, session_id, f"?{name}={TOKEN}") == 4003


async def test_a_login_is_a_cookie_that_no_script_reads(api: Api) -> None:
    """HttpOnly, SameSite=Strict, and its value has nothing to do with the token."""
    async with api.client.post("/login", headers=_BEARER) as answer:
        assert answer.status == 204
        text = answer.headers["Set-Cookie"]
    assert "HttpOnly" in text
    assert "SameSite=Strict" in text
    assert "Path=/" in text
    assert TOKEN not in text
    async with api.client.post(
        "/login", headers=_BEARER | {"X-Forwarded-Proto": "https"}
    ) as answer:
        assert "Secure" in answer.headers["Set-Cookie"]


async def test_the_cookie_opens_everything_until_it_is_given_back(api: Api) -> None:
    """Calls, stream and socket; after DELETE /login it is void, also for who kept a copy."""
    name, value = await _cookie(api)
    cookie = {"Cookie": f"{name}={value}"}
    session_id = await api.start(headers=cookie)
    async with await api.subscribe(session_id, headers=cookie) as subscriber:
        await subscriber.event("service-event")
    socket = await api.audio(session_id, headers=cookie)
    await socket.send_bytes(CHUNK)
    assert (await socket.receive_json(timeout=DEADLINE_S))["ok"]
    await socket.close()
    async with api.client.delete("/login", headers=cookie) as answer:
        assert answer.status == 204
        assert SimpleCookie(answer.headers["Set-Cookie"])[name]["max-age"] == "0"
    assert (await api.get(f"/session/{session_id}", headers=cookie))[0] == 401
    async with api.client.delete("/login") as answer:
        assert answer.status == 204


async def test_a_login_lasts_while_it_is_used(api: Api, clock: FakeClock) -> None:
    """Each use renews it; unused it grows old."""
    name, value = await _cookie(api)
    cookie = {"Cookie": f"{name}={value}"}
    for _ in range(3):
        clock.advance(LOGIN_LIFE_S - 1)
        assert (await api.get("/sessions/history", headers=cookie))[0] == 402
    clock.advance(LOGIN_LIFE_S)
    assert (await api.get("/sessions/history", headers=cookie))[0] == 401


@pytest.mark.parametrize("headers", _WRONG)
async def test_only_the_token_logs_in(api: Api, headers: dict[str, str]) -> None:
    """Neither a cookie nor a guess gives a cookie."""
    async with api.client.post("/login", headers=headers) as answer:
        assert answer.status == 401
        assert "Set-Cookie" not in answer.headers


async def test_a_wrong_token_is_refused_whatever_else_is_right(api: Api) -> None:
    """Who sends a header means it: a login beside it does not hide that it is wrong."""
    name, value = await _cookie(api)
    headers = {"Cookie": f"{name}={value}", "Authorization": "Bearer wrong"}
    assert (await api.get("/sessions/history", headers=headers))[0] == 401


async def test_a_foreign_page_cannot_use_a_browsers_login(api: Api) -> None:
    """The cookie of a logged-in browser starts nothing and feeds nothing for another origin."""
    name, value = await _cookie(api)
    session_id = await api.start(headers=_BEARER)
    foreign = {"Cookie": f"{name}={value}", "Origin": "https://evil.example"}
    for path in ("/session/start", "/ticket", "/login"):
        async with api.client.post(path, headers=foreign) as answer:
            assert answer.status == 403
    assert await _closed_with(api, session_id, **foreign) == 4003


async def test_where_no_token_is_set_the_same_calls_work(serve: Serve) -> None:
    """A client need not know whether one is needed: tickets are given and ignored, a login is
    no cookie."""
    api = await serve()
    async with api.client.post("/login", headers=_BEARER) as answer:
        assert answer.status == 204
        assert "Set-Cookie" not in answer.headers
    async with api.client.post("/ticket") as answer:
        ticket = (await answer.json())["ticket"]
    session_id = await api.start(headers={"Authorization": "Bearer anything"})
    for _ in range(2):
        url = f"/session/{session_id}/stream?last_event_id=0&ticket={ticket}"
        async with Subscriber(await api.client.get(url)) as subscriber:
            await subscriber.event("service-event")


async def test_secrets_are_not_in_the_log(api: Api, logged: list[MutableMapping[str, Any]]) -> None:
    """Neither the token, nor a ticket, nor a login, nor a wrong guess."""
    name, value = await _cookie(api)
    ticket = await _ticket(api)
    session_id = await api.start(headers=_BEARER)
    guess = "a-guess-that-is-wrong"
    for query in (f"?ticket={ticket}", f"?ticket={guess}"):
        async with api.client.get(f"/session/{session_id}/stream{query}"):
            pass
        await _closed_with(api, session_id, query)
    await api.get(f"/session/{session_id}", headers={"Authorization": f"Bearer {guess}"})
    await api.get(f"/session/{session_id}", headers={"Cookie": f"{name}={value}"})
    text = repr(logged)
    assert "/session/{id}/stream" in text
    assert not [secret for secret in (TOKEN, ticket, value, guess, session_id) if secret in text]


async def test_a_page_elsewhere_may_send_the_header(serve: Serve) -> None:
    """A browser's preflight of an allowed origin is told so, without credentials."""
    api = await serve(api_token=TOKEN, allowed_origins=("https://my.example",))
    headers = {"Origin": "https://my.example", "Access-Control-Request-Headers": "authorization"}
    async with api.client.options("/session/start", headers=headers) as answer:
        assert answer.status == 204
        assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]


async def test_bytes_that_are_no_text_are_a_wrong_token(api: Api) -> None:
    """A header of raw bytes is a 401 and no fault."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(
        b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n"
        b"Authorization: Bearer \xff\xfe\xed\xa0\x80\r\n"
        b"Cookie: linnet-login-8521=\xff\r\nConnection: close\r\n\r\n"
    )
    async with asyncio.timeout(DEADLINE_S):
        answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 401 ")


async def test_a_client_that_waits_for_its_refusal_may_leave(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Going away while a wrong token is held back gives its place back and hurts nobody."""
    monkeypatch.setattr(credentials, "WRONG_TRY_S", 3600.0)
    asking = asyncio.create_task(
        api.client.get("/metrics", headers={"Authorization": "Bearer wrong"})
    )
    await eventually(_waiting(api, 1))
    asking.cancel()
    await asyncio.wait([asking])
    await eventually(_waiting(api, 0))
    assert (await api.get("/sessions/history", headers=_BEARER))[0] == 402


def _waiting(api: Api, count: int) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        return api.app[CREDENTIALS].waiting == count

    return holds
