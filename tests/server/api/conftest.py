"""An application per test, on a real socket, with a real store in a folder of its own."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any, Protocol

import pytest
import structlog
from aiohttp.pytest_plugin import AiohttpClient

from server.app import build_app
from server.clock import Clock, SystemClock
from server.log.base import EventStore
from server.log.sqlite import SqliteStore
from server.settings import Settings
from tests.support.api import Api
from tests.support.classifier import ScriptedBackend

_OURS = ("LINNET_", "CF_VOICE_", "DEMO_", "CLOUD_", "SESSION_")


class Serve(Protocol):
    """Starts an application; settings by field name."""

    def __call__(
        self,
        *,
        backend: ScriptedBackend | None = None,
        clock: Clock | None = None,
        wrap_store: Callable[[EventStore], EventStore] | None = None,
        **settings: Any,
    ) -> Awaitable[Api]: ...


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """What the server logs, instead of printing it."""
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture
def serve(aiohttp_client: AiohttpClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Start applications with settings of the test's own choosing."""
    for name in os.environ:
        if name.startswith(_OURS):
            monkeypatch.delenv(name)

    async def start(
        *,
        backend: ScriptedBackend | None = None,
        clock: Clock | None = None,
        wrap_store: Callable[[EventStore], EventStore] | None = None,
        **settings: Any,
    ) -> Api:
        values: dict[str, Any] = {"data_dir": tmp_path / "log", "log_level": "error"} | settings
        chosen = Settings(_env_file=None, **values)
        store = None
        if wrap_store is not None:
            store = wrap_store(SqliteStore(chosen.data_dir, clock or SystemClock()))
        backend = backend or ScriptedBackend()
        app = build_app(chosen, backend=backend, clock=clock, store=store)
        return Api(await aiohttp_client(app), backend)

    return start


@pytest.fixture
async def api(serve: Serve) -> Api:
    """An application with default settings."""
    return await serve()
