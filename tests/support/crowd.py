"""Many subscribers at once, each as cheap as a socket and the bytes it got."""

from __future__ import annotations

import asyncio
import resource
import socket


def raise_file_limit(wanted: int) -> None:
    """Let this process, and those it starts, open many sockets."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def stream_request(session_id: str, after: int) -> bytes:
    """The request that opens a stream."""
    return (
        f"GET /session/{session_id}/stream HTTP/1.1\r\nHost: localhost\r\n"
        f"Last-Event-ID: {after}\r\n\r\n"
    ).encode()


class Listener(asyncio.Protocol):
    """One subscriber; :attr:`closed` is done when the server has ended the stream."""

    def __init__(self, session_id: str) -> None:
        self._session_id = session_id
        self._pieces: list[bytes] = []
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        transport.write(stream_request(self._session_id, 0))

    def data_received(self, data: bytes) -> None:
        self._pieces.append(data)
        # The last chunk of a chunked body: the stream is over, the connection may stay.
        if data.endswith(b"\r\n0\r\n\r\n") or data == b"0\r\n\r\n":
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(None)

    def events(self) -> bytes:
        """The body without its framing and without heartbeats."""
        head, _, framed = b"".join(self._pieces).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head[:200]
        body = []
        while framed:
            size_text, _, rest = framed.partition(b"\r\n")
            size = int(size_text, 16)
            body.append(rest[:size])
            framed = rest[size + 2 :]
        return b"".join(body).replace(b": heartbeat\n\n", b"")


def stalled_subscriber(port: int, session_id: str) -> socket.socket:
    """A subscriber that asks for everything and never reads; its buffer is small."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    sock.connect(("127.0.0.1", port))
    sock.sendall(stream_request(session_id, 0))
    return sock
