"""The classifier being made ready, once for all sessions, while the server listens already."""

from __future__ import annotations

import asyncio

import structlog

from classifier import Backend

_log = structlog.get_logger(__name__)


class Loading:
    """Owns the task that loads the backend, from :meth:`begin` to :meth:`aclose`."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._task: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether the classifier is loaded."""
        task = self._task
        return (
            task is not None and task.done() and not task.cancelled() and task.exception() is None
        )

    def begin(self) -> None:
        """Begin to load."""
        self._task = asyncio.create_task(self._backend.load(), name="classifier-load")
        self._task.add_done_callback(self._tell)

    async def wait(self) -> None:
        """Wait for the classifier.

        Raises:
            ClassifierError: it cannot be loaded.
        """
        assert self._task is not None, "begin() comes first"
        await asyncio.shield(self._task)

    async def aclose(self) -> None:
        """Stop loading, however far it is."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def _tell(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            _log.error("classifier not ready", error=str(error))
        else:
            _log.info("classifier ready", classifier=self._backend.name)
