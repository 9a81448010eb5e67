"""Behaviour of what ``manage.sh`` asks of Python."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from server.cli.probe import ProbeError, claim_port, connect_host, health, main


@contextmanager
def _answering(body: bytes) -> Iterator[str]:
    """A server on a free port that gives every request the same answer."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("bound", "connected"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("::", "[::1]"),
        ("::1", "[::1]"),
        ("localhost", "localhost"),
    ],
)
def test_a_client_connects_where_the_server_binds(bound: str, connected: str) -> None:
    """All addresses mean this machine; an IPv6 address stands in brackets."""
    assert connect_host(bound) == connected


def test_a_free_port_is_kept_and_zero_becomes_one() -> None:
    """A free port is given back as it is, zero as one that can be bound."""
    free = claim_port("127.0.0.1", 0, "LINNET_PORT")

    assert free > 0
    assert claim_port("127.0.0.1", free, "LINNET_PORT") == free


def test_a_taken_port_names_its_setting() -> None:
    """The reason names the port and the setting that moves it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(ProbeError, match=rf"{port}.*LINNET_PORT"):
            claim_port("127.0.0.1", port, "LINNET_PORT")


def test_an_address_that_cannot_be_bound_is_left_to_the_server() -> None:
    """Only a taken port is judged here; the server says itself what else is wrong."""
    assert claim_port("192.0.2.1", 8522, "LINNET_PORT") == 8522


@pytest.mark.parametrize(("ready", "word"), [("true", "ready"), ("false", "starting")])
def test_health_is_told_in_four_words(ready: str, word: str) -> None:
    """Readiness, version, mode and classifier of a server that answers."""
    body = (
        f'{{"status": "ok", "service": "linnet", "mode": "demo", "version": "1.2.3",'
        f' "classifier": "acoustic", "ready": {ready}}}'
    )
    with _answering(body.encode()) as url:
        assert health(url) == f"{word}\t1.2.3\tdemo\tacoustic"


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"status": "ok", "service": "finch"}'])
def test_another_service_is_not_taken_for_linnet(body: bytes) -> None:
    """Whatever else listens there does not count as health."""
    with _answering(body) as url, pytest.raises(ProbeError):
        health(url)


def test_nothing_there_is_a_failure_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The command line ends with status 1 and one line on stderr."""
    port = claim_port("127.0.0.1", 0, "LINNET_PORT")

    assert main(["health", f"http://127.0.0.1:{port}"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_an_unknown_question_is_refused() -> None:
    """Asking for something else is a failure, not silence."""
    assert main(["weather"]) == 1
