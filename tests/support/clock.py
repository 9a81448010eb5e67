"""A clock that stands still until a test moves it."""

from __future__ import annotations


class FakeClock:
    """See :class:`server.clock.Clock`. Both clocks move together, only by :meth:`advance`."""

    def __init__(self, monotonic_s: float = 1_000.0, wall_s: float = 1_700_000_000.0) -> None:
        self._monotonic_s = monotonic_s
        self._wall_s = wall_s

    def monotonic_s(self) -> float:
        """Seconds since some fixed moment."""
        return self._monotonic_s

    def wall_s(self) -> float:
        """Seconds since 1970 (UTC)."""
        return self._wall_s

    def advance(self, duration_s: float) -> None:
        """Let time pass."""
        assert duration_s >= 0, "time does not go back"
        self._monotonic_s += duration_s
        self._wall_s += duration_s
