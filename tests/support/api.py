"""The application on a real socket, and the few calls that most tests of its HTTP side make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp
from aiohttp.test_utils import TestClient
from aiohttp.web import Application, Request

from classifier import Affect, Source
from tests.support.classifier import ScriptedBackend, ScriptedListener, voice_frame
from tests.support.sse import Subscriber
from tests.support.waiting import eventually

PAID_KEY = "CFG-LNNT-AAAA-BBBB-CCCC"

CHUNK = bytes(3_200)
"""100 ms of silence."""


class Api:
    """A running application whose classifier says what the test tells it to."""

    def __init__(self, client: TestClient[Request, Application], backend: ScriptedBackend) -> None:
        self.client = client
        self.backend = backend
        self._listeners: dict[str, ScriptedListener] = {}

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return str(self.client.make_url("")).rstrip("/")

    @property
    def app(self) -> Application:
        """The application itself, for what no client can bring about."""
        app = self.client.app
        assert isinstance(app, Application)
        return app

    @property
    def port(self) -> int:
        """Where it listens."""
        port = self.client.port
        assert port is not None
        return port

    async def start(self, *, headers: Mapping[str, str] | None = None, **fields: Any) -> str:
        """Start a session; its id."""
        async with self.client.post("/session/start", json=fields, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            session_id = str((await answer.json())["session_id"])
        self._listeners[session_id] = self.backend.last
        return session_id

    async def end(self, session_id: str, *, headers: Mapping[str, str] | None = None) -> None:
        """End a session."""
        async with self.client.delete(f"/session/{session_id}/end", headers=headers) as answer:
            assert answer.status == 200, await answer.text()

    def listener(self, session_id: str) -> ScriptedListener:
        """What listens to a session started by :meth:`start`."""
        return self._listeners[session_id]

    async def subscribe(
        self,
        session_id: str,
        *,
        after: int | None = 0,
        headers: Mapping[str, str] | None = None,
    ) -> Subscriber:
        """Open the stream, by default from the first event on."""
        sent = dict(headers or {})
        if after is not None:
            sent["Last-Event-ID"] = str(after)
        response = await self.client.get(f"/session/{session_id}/stream", headers=sent)
        assert response.status == 200, await response.text()
        return Subscriber(response)

    async def say(
        self, session_id: str, count: int, *, affects: tuple[Affect, ...] = (Affect.FRUSTRATED,)
    ) -> int:
        """Let the classifier name ``count`` tones, one a second; returns once they are logged.

        Returns:
            The number of the last of them.
        """
        listener = self.listener(session_id)
        async with await self.subscribe(session_id) as subscriber:
            await subscriber.event("service-event")
            listener.emit(
                *(
                    voice_frame(float(at + 1), affects[at % len(affects)], source=Source.MIC)
                    for at in range(count)
                )
            )
            return (await subscriber.events(count, "tone-event"))[-1].seq

    async def get(
        self, path: str, *, headers: Mapping[str, str] | None = None, **query: Any
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON of a ``GET``."""
        async with self.client.get(path, headers=headers, params=query) as answer:
            return answer.status, dict(await answer.json(content_type=None))

    async def audio(
        self,
        session_id: str,
        *,
        source: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> aiohttp.ClientWebSocketResponse:
        """Open an audio socket."""
        query = "" if source is None else f"?source={source}"
        return await self.client.ws_connect(
            f"/session/{session_id}/audio{query}", headers=headers, autoclose=False
        )

    async def until_stopped(self, session_id: str) -> None:
        """Wait until a session has ended by itself."""

        async def stopped() -> bool:
            return bool((await self.get(f"/session/{session_id}"))[1]["state"] == "stopped")

        await eventually(stopped)

    async def counter(self, name: str) -> float:
        """The value of a metric without labels."""
        async with self.client.get("/metrics") as answer:
            lines = (await answer.text()).splitlines()
        (line,) = (line for line in lines if line.startswith(name + " "))
        return float(line.split()[1])
