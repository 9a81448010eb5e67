"""The composition root: the only file that knows everybody.

Makes one application out of settings, store, classifier and routes, and runs it on two ports.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from classifier import Backend, backend_from_env
from server.api.credentials import Credentials
from server.api.keys import CLOCK, CREDENTIALS, MANAGER, METRICS, PLACES, SETTINGS, STARTED_S
from server.api.middleware import MIDDLEWARES, add_headers
from server.api.page import PageFile, add_page
from server.api.routes import add_routes
from server.clock import Clock, SystemClock
from server.errors import SettingsError
from server.log.base import EventStore
from server.log.sqlite import SqliteStore
from server.metrics import Metrics
from server.recordings.places import Places
from server.sessions.manager import SessionManager
from server.settings import Settings

BODY_MAX_BYTES: Final = 64 * 1024
"""The largest JSON body there is a use for is well under a kilobyte."""

_SHUTDOWN_S: Final = 0.5
"""What connections may still take once streams and sockets have been closed."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server listens."""

    host: str
    api_port: int
    web_port: int


def build_app(
    settings: Settings,
    *,
    store: EventStore | None = None,
    backend: Backend | None = None,
    clock: Clock | None = None,
    page: Mapping[str, PageFile] | None = None,
) -> web.Application:
    """The application; parts that are not given are made from the settings. Without a built page,
    a plain one stands in.

    Raises:
        ClassifierError: the classifier's settings make no sense.
    """
    clock = clock or SystemClock()
    store = store or SqliteStore(settings.data_dir, clock, sync=settings.log_sync)
    hearing = backend or backend_from_env(settings.classifier_env())
    metrics = Metrics(lambda: hearing.pids)
    app = web.Application(middlewares=MIDDLEWARES, client_max_size=BODY_MAX_BYTES)
    app[SETTINGS] = settings
    app[CLOCK] = clock
    app[METRICS] = metrics
    app[STARTED_S] = clock.monotonic_s()
    app[CREDENTIALS] = Credentials(settings.api_token.get_secret_value(), clock)
    app[PLACES] = Places(settings.max_analyses)
    app[MANAGER] = SessionManager(
        settings, store=store, backend=hearing, clock=clock, metrics=metrics
    )
    add_routes(app)
    add_page(app, page or {})
    app.on_response_prepare.append(add_headers)
    app.cleanup_ctx.append(_sessions)
    app.on_shutdown.append(_end_sessions)
    return app


async def _sessions(app: web.Application) -> AsyncIterator[None]:
    manager = app[MANAGER]
    await manager.open()
    yield
    await manager.aclose()


async def _end_sessions(app: web.Application) -> None:
    # Before connections are waited for: streams and sockets would hold them open.
    await app[MANAGER].end_all()


@contextlib.asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[Address]:
    """Run the application on its two ports.

    Raises:
        SettingsError: a port is taken or an address cannot be bound (one line naming the setting).
        StoreError: the log cannot be opened.
    """
    settings = app[SETTINGS]
    runner = web.AppRunner(
        app,
        # A stream whose client has gone must end: aiohttp's runner does not do so by itself.
        handler_cancellation=True,
        access_log=None,
        shutdown_timeout=_SHUTDOWN_S,
    )
    await runner.setup()
    try:
        api_port = await _listen(runner, settings.host, settings.port, "LINNET_PORT")
        web_port = await _listen(
            runner, settings.host, settings.frontend_port, "LINNET_FRONTEND_PORT"
        )
        yield Address(settings.host, api_port, web_port)
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int, setting: str) -> int:
    site = web.TCPSite(runner, host, port, backlog=1024)
    try:
        await site.start()
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            raise SettingsError(
                f"{setting}={port} is taken by another program; stop it or choose another port."
            ) from None
        raise SettingsError(
            f"LINNET_HOST={host} with {setting}={port} cannot be bound: {exc.strerror or exc}."
        ) from None
    return int(runner.addresses[-1][1])
