"""``linnet serve``: run the server in the foreground until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from typing import Final

import structlog
import typer
import uvloop
from rich.console import Console

from classifier import ClassifierError, ModelError
from classifier.pages import keep_pages
from server.api.keys import MANAGER
from server.api.page import FRONT, PageFile, find_page, read_page
from server.app import build_app, serving
from server.errors import SettingsError, StoreError
from server.logs import configure_logs
from server.sessions.manager import SessionManager
from server.settings import Settings, load_settings, unknown_settings

_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)

_log = structlog.get_logger(__name__)


def serve() -> None:
    """Run the server. Settings come from the environment and .env (see .env.example)."""
    try:
        settings = load_settings()
        configure_logs(settings)
        keep_pages()
        for sentence in unknown_settings(os.environ):
            _log.warning(sentence)
        page = _page()
        # What was imported stays: to look through it time and again would hold up every session.
        gc.freeze()
        uvloop.run(_serve(settings, page))
    except (SettingsError, StoreError, ClassifierError) as exc:
        Console(stderr=True, highlight=False, soft_wrap=True).print(
            str(exc), style="red", markup=False
        )
        raise typer.Exit(1) from None


def _page() -> dict[str, PageFile]:
    folder = find_page()
    try:
        return read_page(folder) if folder is not None else {}
    except OSError as exc:
        _log.warning(f"The built page cannot be read, so a plain one stands in: {exc}")
        return {}


async def _serve(settings: Settings, page: dict[str, PageFile]) -> None:
    app = build_app(settings, page=page)
    async with serving(app) as address:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in _STOP_SIGNALS:
            loop.add_signal_handler(number, stopping.set)
        _log.info(
            "serving",
            api=f"http://{address.host}:{address.api_port}",
            web=f"http://{address.host}:{address.web_port}",
            classifier=app[MANAGER].backend.name,
            mode=settings.mode,
            page="built" if FRONT in app else "plain",
        )
        if settings.open_to_others:
            _log.warning(
                f"LINNET_HOST={settings.host} lets other machines in, and LINNET_API_TOKEN is not "
                "set: whoever reaches this address can use the server"
            )
        try:
            await _until_stopped(app[MANAGER], stopping)
        except ModelError as exc:
            setting = f"LINNET_WEIGHTS={settings.weights}"
            if settings.classifier != "acoustic":
                setting = f"LINNET_CLASSIFIER={settings.classifier}"
            raise SettingsError(f"{setting} cannot be used: {exc}") from exc
    _log.info("stopped")


async def _until_stopped(manager: SessionManager, stopping: asyncio.Event) -> None:
    """Wait for a signal; a classifier that cannot be loaded stops the server too."""
    signalled = asyncio.create_task(stopping.wait(), name="stop-signal")
    loaded = asyncio.create_task(manager.loaded(), name="classifier-loaded")
    try:
        await asyncio.wait({signalled, loaded}, return_when=asyncio.FIRST_COMPLETED)
        if loaded.done():
            loaded.result()
            await signalled
    finally:
        for task in (signalled, loaded):
            task.cancel()
        await asyncio.gather(signalled, loaded, return_exceptions=True)
