"""Reading an event stream off a socket, however its bytes are cut.

Owns the client's side of HTTP/1.1 bodies (chunked or not) and of Server-Sent Events, and the
ledger of what a subscriber received. Pure: knows no sockets and no clocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class WireError(Exception):
    """The server sent something that is neither HTTP/1.1 nor an event stream."""


class Event(NamedTuple):
    """One block of an event stream."""

    kind: str
    data: bytes
    id: int | None
    """The sequence number, or None where the block has no ``id:``."""


class ChunkedBody:
    """Takes the chunked transfer coding (RFC 9112, 7.1) off a body."""

    def __init__(self) -> None:
        self._buffer = b""
        self._left = 0
        """Bytes of the current chunk still to come, its closing CRLF included."""
        self.ended = False

    def feed(self, data: bytes) -> bytes:
        """The body bytes that ``data`` completes.

        Raises:
            WireError: a chunk's size cannot be read.
        """
        buffer = self._buffer + data if self._buffer else data
        out: list[bytes] = []
        at = 0
        while at < len(buffer) and not self.ended:
            if self._left:
                take = min(self._left, len(buffer) - at)
                body_end = at + min(take, max(0, self._left - 2))
                out.append(buffer[at:body_end])
                at += take
                self._left -= take
                continue
            line_end = buffer.find(b"\r\n", at)
            if line_end < 0:
                break
            try:
                size = int(buffer[at:line_end].split(b";", 1)[0], 16)
            except ValueError as exc:
                raise WireError(f"not a chunk size: {buffer[at:line_end][:40]!r}") from exc
            at = line_end + 2
            self.ended = size == 0
            self._left = size + 2 if size else 0
        self._buffer = buffer[at:]
        return b"".join(out)


class EventBlocks:
    """Cuts the body of an event stream into its events. Comments are passed over."""

    def __init__(self) -> None:
        self._tail = b""
        self._kind = "message"
        self._data: list[bytes] = []
        self._id: int | None = None

    def feed(self, body: bytes) -> list[Event]:
        """The events that ``body`` completes.

        Raises:
            WireError: an ``id:`` is not a number.
        """
        lines = (self._tail + body).split(b"\n")
        self._tail = lines.pop()
        events: list[Event] = []
        for raw in lines:
            line = raw[:-1] if raw.endswith(b"\r") else raw
            if not line:
                if self._data:
                    events.append(Event(self._kind, b"\n".join(self._data), self._id))
                self._kind, self._data, self._id = "message", [], None
                continue
            name, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if name == b"data":
                self._data.append(value)
            elif name == b"event":
                self._kind = value.decode()
            elif name == b"id":
                if not value.isdigit():
                    raise WireError(f"not a sequence number: {value[:40]!r}")
                self._id = int(value)
        return events


class EventStream:
    """A whole answer to ``GET .../stream``: head, transfer coding, events."""

    def __init__(self) -> None:
        self._head = b""
        self._chunked: ChunkedBody | None = None
        self._blocks = EventBlocks()
        self.open = False
        """True once the head has been read and was a 200."""
        self.body_bytes = 0

    def feed(self, data: bytes) -> list[Event]:
        """The events that ``data`` completes.

        Raises:
            WireError: the answer is not a 200, or cannot be read.
        """
        if not self.open:
            self._head += data
            head, found, data = self._head.partition(b"\r\n\r\n")
            if not found:
                return []
            self._take_head(head)
        body = self._chunked.feed(data) if self._chunked else data
        self.body_bytes += len(body)
        return self._blocks.feed(body) if body else []

    def _take_head(self, head: bytes) -> None:
        status, *fields = head.split(b"\r\n")
        if status.split(b" ", 2)[1:2] != [b"200"]:
            raise WireError(f"the stream was answered {status.decode(errors='replace')!r}")
        for field in fields:
            name, _, value = field.partition(b":")
            coding = value.strip().lower()
            if name.lower() == b"transfer-encoding" and coding == b"chunked":
                self._chunked = ChunkedBody()
        self.open = True


@dataclass(slots=True)
class Ledger:
    """What one subscriber received, by sequence number."""

    first_id: int = 0
    last_id: int = 0
    count: int = 0
    lost: int = 0
    repeated: int = 0

    def take(self, event_id: int) -> None:
        """Enter one delivered event."""
        if not self.count:
            self.first_id = event_id
        elif event_id > self.last_id + 1:
            self.lost += event_id - self.last_id - 1
        elif event_id <= self.last_id:
            self.repeated += 1
        self.count += 1
        self.last_id = max(self.last_id, event_id)

    @property
    def whole(self) -> bool:
        """Nothing lost and nothing twice between the first event and the last."""
        return not self.lost and not self.repeated
