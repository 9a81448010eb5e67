"""What ``manage.sh`` asks of Python: which addresses to use, and how a running server is.

Owns the check that the ports are free and the reading of ``/health``. Settings are read by the
server's own reader, so that both always agree. May not know of processes or pid files.

    python -m server.cli.probe settings        -> their mode
    python -m server.cli.probe addresses       -> HOST CONNECT_HOST PORT FRONTEND_PORT
    python -m server.cli.probe health URL      -> READY VERSION MODE CLASSIFIER

Answers are one line, tab-separated. Exit status 1 comes with one line on stderr that says why.
"""

from __future__ import annotations

import errno
import http.client
import json
import socket
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from server.settings import Settings

_ANSWER_DEADLINE_S = 2.0
_TAKEN = {errno.EADDRINUSE}


class ProbeError(Exception):
    """Why there is no answer, in one line for people."""


def connect_host(host: str) -> str:
    """Give the host a client on this machine connects to, for the host a server binds."""
    if host in {"0.0.0.0", ""}:
        return "127.0.0.1"
    if host == "::":
        return "[::1]"
    return f"[{host}]" if ":" in host else host


def claim_port(host: str, port: int, setting: str) -> int:
    """Check that ``port`` can be bound on ``host``; 0 finds a free one.

    Binds as the server will and lets go at once. An address that cannot be bound for any other
    reason is left for the server to report.

    Raises:
        ProbeError: another program has the port.
    """
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, proto) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return int(probe.getsockname()[1])
    except OSError as exc:
        if exc.errno in _TAKEN:
            raise ProbeError(
                f"Port {port} ({setting}) is taken by another program: stop that, "
                f"or set {setting} to a free port in .env or the environment."
            ) from None
        return port


def _read_settings() -> Settings:
    from server.errors import SettingsError
    from server.settings import load_settings

    try:
        return load_settings()
    except SettingsError as exc:
        raise ProbeError(str(exc)) from None


def settings_mode() -> str:
    """Read the settings as the server does; which mode they ask for.

    Raises:
        ProbeError: one makes no sense.
    """
    return _read_settings().mode


def addresses() -> str:
    """Read the settings as the server does and check that both ports are free.

    Raises:
        ProbeError: one makes no sense, or another program has a port.
    """
    settings = _read_settings()
    port = claim_port(settings.host, settings.port, "LINNET_PORT")
    frontend_port = claim_port(settings.host, settings.frontend_port, "LINNET_FRONTEND_PORT")
    return f"{settings.host}\t{connect_host(settings.host)}\t{port}\t{frontend_port}"


def health(url: str) -> str:
    """Ask a server how it is.

    Raises:
        ProbeError: nothing answers there, or what answers is not Linnet.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(
        parts.hostname or "", parts.port, timeout=_ANSWER_DEADLINE_S
    )
    try:
        connection.request("GET", "/health")
        answer = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError) as exc:
        raise ProbeError(f"{url}/health does not answer: {exc}") from None
    finally:
        connection.close()
    if not isinstance(answer, dict) or answer.get("service") != "linnet":
        raise ProbeError(f"What answers at {url} is not Linnet.")
    ready = "ready" if answer.get("ready") is True else "starting"
    fields = (str(answer.get(name, "unknown")) for name in ("version", "mode", "classifier"))
    return "\t".join((ready, *fields))


def main(arguments: list[str]) -> int:
    """Answer one question."""
    try:
        match arguments:
            case ["settings"]:
                answer = settings_mode()
            case ["addresses"]:
                answer = addresses()
            case ["health", url]:
                answer = health(url)
            case _:
                raise ProbeError("Ask for: settings | addresses | health URL")
    except ProbeError as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    sys.stdout.write(f"{answer}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
