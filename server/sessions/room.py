"""How many sessions and streams there may be at once. Nobody waits: beyond it is a refusal.

Knows bounds and the metric of streams; knows no session.
"""

from __future__ import annotations

from server.errors import CapacityError
from server.metrics import Metrics
from server.settings import Settings


class Room:
    """See the module."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._streams = 0

    def check_session(self, running: int) -> None:
        """Whether one more session may begin.

        Args:
            running: how many there are.

        Raises:
            CapacityError: it may not.
        """
        if self._settings.demo_mode and running >= self._settings.demo_max_sessions:
            raise CapacityError(
                f"The demo runs {self._settings.demo_max_sessions} sessions at a time and all are "
                "taken; try again in a minute, or run Linnet on your own machine."
            )
        if running >= self._settings.max_sessions:
            raise CapacityError(
                f"{self._settings.max_sessions} sessions run already, as many as this server "
                "takes (LINNET_MAX_SESSIONS)."
            )

    def take_stream(self) -> None:
        """Room for one more stream; give it back with :meth:`give_back_stream`.

        Raises:
            CapacityError: there is none.
        """
        if self._streams >= self._settings.max_subscribers:
            raise CapacityError("Too many streams are open on this server; try again later.")
        self._streams += 1
        self._metrics.subscribers.inc()

    def give_back_stream(self) -> None:
        """A stream has closed."""
        self._streams -= 1
        self._metrics.subscribers.dec()
