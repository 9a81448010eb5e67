"""Who may call: hosts, origins, credentials, owners and tiers.

The server listens on people's own machines, next to a browser that opens any page: a foreign
page must neither start nor end nor feed a session (Origin), nor pose as us by pointing its own
name at loopback (Host).
"""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import SplitResult, urlsplit

from aiohttp import web

from server.api.keys import CREDENTIALS, SETTINGS
from server.errors import CredentialsError, NotAllowedError
from server.models import Tier
from server.settings import Settings
from server.tiers import tier_of

LICENSE_HEADER: Final = "X-CF-License-Key"
_LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_OWNER_MAX_CHARS: Final = 256


def check_host(request: web.Request) -> None:
    """Refuse a host name that is not known to be ours.

    An address is always ours: only a name can be pointed at somebody else's machine. In demo and
    cloud mode a gateway in front has the name in hand.

    Raises:
        NotAllowedError: the name is not loopback, not an address, and not allowed by setting.
    """
    settings = request.app[SETTINGS]
    if settings.mode != "local":
        return
    parts = _split(f"//{request.host}")
    host = (parts.hostname if parts is not None else None) or ""
    if _is_loopback_name(host) or _is_address(host) or host in _allowed_hosts(settings):
        return
    raise NotAllowedError(
        f"This server does not answer to the name {host!r}. If it should, add its origin to "
        "LINNET_ALLOWED_ORIGINS."
    )


def check_origin(request: web.Request) -> None:
    """Refuse a page of another origin. A client that sends no Origin is no page.

    Raises:
        NotAllowedError: the Origin is neither ours nor allowed by setting.
    """
    origin = request.headers.get("Origin")
    if origin is not None and not origin_allowed(origin, request):
        raise NotAllowedError(
            f"Pages from {origin!r} may not use this server. If they should, add the origin to "
            "LINNET_ALLOWED_ORIGINS."
        )


def origin_allowed(origin: str, request: web.Request) -> bool:
    """Whether a page of this origin may use the server."""
    settings = request.app[SETTINGS]
    if origin.rstrip("/") in settings.allowed_origins:
        return True
    parts = _split(origin)
    if parts is None or parts.scheme not in {"http", "https"} or parts.hostname is None:
        return False
    host = parts.hostname
    if _is_loopback_name(host):
        # Whatever else runs on this machine's own names is the user's own.
        return True
    return parts.netloc == request.host and (_is_address(host) or settings.mode != "local")


async def check_credentials(request: web.Request, *, ticket: bool) -> None:
    """Ask for the token where one is set: in a header, or in the shape of a login or a ticket.

    Args:
        request: what the caller sent.
        ticket: whether ``?ticket=`` counts here.

    Raises:
        CredentialsError: nothing, or nothing valid, was sent.
    """
    credentials = request.app[CREDENTIALS]
    if not credentials.needed:
        return
    if "Authorization" in request.headers:
        await check_token(request)
        return
    given = request.query.get("ticket", "") if ticket else ""
    if given and credentials.tickets.redeem(given):
        return
    if credentials.logins.renew(request.cookies.get(login_cookie(request), "")):
        return
    if given:
        raise CredentialsError(
            "This ticket is unknown, used or too old. Each opens one connection: ask for another "
            "with POST /ticket."
        )
    raise CredentialsError(
        "This server asks for a token: send Authorization: Bearer with what LINNET_API_TOKEN is "
        "set to there."
    )


async def check_token(request: web.Request) -> None:
    """Ask for the token itself, in the header.

    Raises:
        CredentialsError: missing or wrong.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise CredentialsError("The token comes as Authorization: Bearer TOKEN.")
    if not await request.app[CREDENTIALS].is_token(token.strip()):
        raise CredentialsError("The token is not the one that LINNET_API_TOKEN is set to here.")


def login_cookie(request: web.Request) -> str:
    """The cookie's name. Browsers share cookies between the ports of a machine, so it names the
    port: two servers side by side do not log each other's users out."""
    return f"linnet-login-{request.app[SETTINGS].frontend_port}"


def owner_of(request: web.Request) -> str:
    """Whose sessions the caller may see; empty where there is only one user.

    Raises:
        CredentialsError: cloud mode, and the gateway named nobody.
    """
    settings = request.app[SETTINGS]
    if not settings.cloud_mode:
        return ""
    owner = request.headers.get(settings.cloud_session_header, "").strip()
    if not owner or len(owner) > _OWNER_MAX_CHARS or not _is_text(owner):
        raise CredentialsError(
            f"The header {settings.cloud_session_header} is missing, empty or no user's name."
        )
    return owner


def request_tier(request: web.Request, *keys: str | None) -> Tier:
    """The tier that the server's key, the caller's header, or any of ``keys`` buys."""
    settings = request.app[SETTINGS]
    return tier_of(settings.license_key, request.headers.get(LICENSE_HEADER), *keys)


def _split(address: str) -> SplitResult | None:
    """The parts of an address; None for what is none, such as a bracket that never closes."""
    try:
        return urlsplit(address)
    except ValueError:
        return None


def _is_text(value: str) -> bool:
    # Bytes of a header that are not UTF-8 arrive as lone surrogates, which nothing can store.
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _allowed_hosts(settings: Settings) -> set[str]:
    return {urlsplit(origin).hostname or "" for origin in settings.allowed_origins}


def _is_loopback_name(host: str) -> bool:
    return host in _LOOPBACK_NAMES or host.endswith(".localhost")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
