"""How many recordings may be taken and heard at once. Nobody waits: who finds no place is told when
to ask again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from server.errors import CapacityError

RETRY_AFTER_S: Final = 10
"""A recording of an hour is heard in less than a minute, most in a few seconds."""


class Places:
    """A fixed number of places."""

    def __init__(self, limit: int) -> None:
        """
        Args:
            limit: how many there are, above 0.
        """
        self._limit = limit
        self._taken = 0

    @contextmanager
    def take(self) -> Iterator[None]:
        """Hold a place.

        Raises:
            CapacityError: all are taken.
        """
        if self._taken >= self._limit:
            raise CapacityError(
                f"{self._limit} recordings are being heard, as many as this server takes at once "
                f"(LINNET_MAX_ANALYSES); try again in {RETRY_AFTER_S} seconds.",
                retry_after_s=RETRY_AFTER_S,
            )
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1
