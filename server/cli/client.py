"""A client of the wire, as anybody could write one: sessions, the audio socket, the event stream.

Knows the wire and nothing of the server's inside.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
import orjson

from classifier import SAMPLE_RATE_HZ

_CONNECT_S: Final = 5.0
_ANSWER_S: Final = 10.0


class ClientError(Exception):
    """The server could not be reached or refused; the message is for a person."""


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event of a stream."""

    name: str
    data: dict[str, Any]
    seq: int | None


class SseParser:
    """Bytes of an event stream to events, for any split of the bytes."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[StreamEvent]:
        """Events completed by these bytes; comments are passed over."""
        *blocks, self._rest = (self._rest + data).split(b"\n\n")
        return [event for block in blocks if (event := _parse_block(block)) is not None]


def _parse_block(block: bytes) -> StreamEvent | None:
    fields: dict[str, str] = {}
    for line in block.decode().split("\n"):
        name, separator, value = line.partition(":")
        if separator and name:
            fields[name] = value.removeprefix(" ")
    if "data" not in fields:
        return None
    seq = int(fields["id"]) if "id" in fields else None
    return StreamEvent(fields.get("event", "message"), orjson.loads(fields["data"]), seq)


class LinnetClient:
    """Talks to one server. Use as ``async with``."""

    def __init__(self, url: str, *, license_key: str | None = None, api_token: str = "") -> None:
        """
        Args:
            url: base address, such as ``http://127.0.0.1:8522``.
            license_key: sent with every request when given.
            api_token: the same; what ``LINNET_API_TOKEN`` is set to at the server.
        """
        self._url = url.rstrip("/")
        self._headers = {"X-CF-License-Key": license_key} if license_key else {}
        if api_token:
            self._headers["Authorization"] = f"Bearer {api_token}"
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(
            headers=self._headers,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._http is not None:
            await self._http.close()

    async def health(self) -> dict[str, Any]:
        """``GET /health``."""
        return await self._call("GET", "/health")

    async def start(self, **options: Any) -> str:
        """Start a session; its id."""
        answer = await self._call("POST", "/session/start", json=options)
        return str(answer["session_id"])

    async def end(self, session_id: str) -> None:
        """End a session."""
        await self._call("DELETE", f"/session/{session_id}/end")

    def stream_url(self, session_id: str) -> str:
        """Where anybody who knows the id can listen along."""
        return f"{self._url}/session/{session_id}/stream"

    async def events(
        self, session_id: str, *, on_open: Callable[[], None] | None = None
    ) -> AsyncIterator[StreamEvent]:
        """The session's events until it ends. Reconnects with Last-Event-ID when cut off.

        Raises:
            ClientError: refused, or gone for good.
        """
        seen = 0
        failures = 0
        while True:
            try:
                headers = {"Last-Event-ID": str(seen)}
                async with self._session.get(self.stream_url(session_id), headers=headers) as got:
                    if got.status == 204:
                        return
                    if got.status != 200:
                        raise ClientError(await _refusal(got))
                    failures = 0
                    if on_open is not None:
                        on_open()
                    parser = SseParser()
                    async for data in got.content.iter_any():
                        for event in parser.feed(data):
                            seen = event.seq or seen
                            yield event
                            if event.name == "session-end":
                                return
            except aiohttp.ClientError as exc:
                failures += 1
                if failures > 5:
                    raise ClientError(f"The stream was lost: {exc}.") from None
            await asyncio.sleep(min(0.5 * 2**failures, 5.0))

    async def send(
        self,
        session_id: str,
        messages: Iterable[bytes],
        *,
        source: str = "mic",
        on_sent: Callable[[float], None] | None = None,
    ) -> None:
        """Send PCM at the pace of real time.

        Args:
            session_id: which session.
            messages: whole Int16 samples, 16 kHz mono, each at most a second.
            source: ``mic`` or ``tab``.
            on_sent: told the seconds of audio sent so far.

        Raises:
            ClientError: the server refused a message or closed the socket.
        """
        url = f"{self._url}/session/{session_id}/audio"
        loop = asyncio.get_running_loop()
        try:
            async with self._session.ws_connect(
                url, params={"source": source}, compress=0, max_msg_size=64 * 1024
            ) as socket:
                started = loop.time()
                sent_s = 0.0
                for message in messages:
                    await asyncio.sleep(started + sent_s - loop.time())
                    await socket.send_bytes(message)
                    await self._acknowledged(socket)
                    sent_s += len(message) / 2 / SAMPLE_RATE_HZ
                    if on_sent is not None:
                        on_sent(sent_s)
        except aiohttp.ClientError as exc:
            raise ClientError(f"The audio socket was lost: {exc}.") from None

    async def _acknowledged(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        try:
            answer = await socket.receive(timeout=_ANSWER_S)
        except TimeoutError:
            raise ClientError("The server does not acknowledge audio any more.") from None
        if answer.type is not aiohttp.WSMsgType.TEXT:
            reason = f"{socket.close_code} {answer.extra or ''}".strip()
            raise ClientError(f"The server closed the audio socket ({reason}).")
        body = orjson.loads(answer.data)
        if not body["ok"]:
            raise ClientError(f"Audio was refused ({body['error']}): {body['detail']}")

    async def _call(self, method: str, path: str, **kwargs: Any) -> dict[str, Any]:
        timeout = aiohttp.ClientTimeout(total=_ANSWER_S)
        try:
            async with self._session.request(
                method, self._url + path, timeout=timeout, **kwargs
            ) as answer:
                if answer.status >= 400:
                    raise ClientError(await _refusal(answer))
                return dict(orjson.loads(await answer.read()))
        except (aiohttp.ClientConnectorError, TimeoutError):
            raise ClientError(
                f"No Linnet server answers at {self._url}. Start one with ./manage.sh start "
                "(or linnet serve), or name another address with --url."
            ) from None
        except (aiohttp.ClientError, orjson.JSONDecodeError) as exc:
            raise ClientError(f"{self._url} does not answer like a Linnet server: {exc}") from None

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            raise RuntimeError("use the client as 'async with LinnetClient(...)'")
        return self._http


async def _refusal(answer: aiohttp.ClientResponse) -> str:
    try:
        return str(orjson.loads(await answer.read())["detail"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return f"The server answered {answer.status}."
