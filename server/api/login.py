"""Passes for browsers, which cannot send a header everywhere: tickets and logins."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from server.api.credentials import LOGIN_LIFE_S, TICKET_LIFE_S
from server.api.guard import check_token, login_cookie
from server.api.keys import CREDENTIALS
from server.api.respond import json_answer
from server.models import Ticket

_NEVER_STORED: Final = {"Cache-Control": "no-store"}


async def issue_ticket(request: web.Request) -> web.StreamResponse:
    """For EventSource and WebSocket: the answer's ``ticket`` opens one stream or one audio socket
    with ``?ticket=``, once, within ``expires_in_s``. Each reconnect takes another."""
    ticket = Ticket(ticket=request.app[CREDENTIALS].tickets.issue(), expires_in_s=TICKET_LIFE_S)
    answer = json_answer(ticket)
    answer.headers.update(_NEVER_STORED)
    return answer


async def log_in(request: web.Request) -> web.StreamResponse:
    """With ``Authorization: Bearer TOKEN``. The cookie that is set holds no token and no script can
    read it; it stands for the token until it was not used for a week, ``DELETE /login``, or a
    restart of the server. Where no token is asked for, there is nothing to do and no cookie."""
    credentials = request.app[CREDENTIALS]
    answer = web.Response(status=204, headers=_NEVER_STORED)
    if credentials.needed:
        await check_token(request)
        answer.set_cookie(
            login_cookie(request),
            credentials.logins.issue(),
            max_age=int(LOGIN_LIFE_S),
            path="/",
            httponly=True,
            samesite="Strict",
            # A proxy in front that speaks TLS says so; lying about it only makes it stricter.
            secure=request.secure or request.headers.get("X-Forwarded-Proto") == "https",
        )
    return answer


async def log_out(request: web.Request) -> web.StreamResponse:
    """The cookie is void from now on, here and in the browser. Harmless without one."""
    name = login_cookie(request)
    request.app[CREDENTIALS].logins.redeem(request.cookies.get(name, ""))
    answer = web.Response(status=204, headers=_NEVER_STORED)
    answer.del_cookie(name, path="/", httponly=True, samesite="Strict")
    return answer
