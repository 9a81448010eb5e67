"""How far the classifier is behind what has arrived, and what is said about that.

Owns the bounds between being behind and having caught up. Knows neither audio nor tasks.
"""

from __future__ import annotations

from typing import Final

from classifier import Source
from server.models import ServiceStatus

BEHIND_S: Final = 3.0
"""What has waited so long comes too late to answer a person by."""

CAUGHT_UP_S: Final = 1.0
"""What waits no longer is heard as it comes: a reading rests on half a second of audio."""

UNHEARD_S: Final = 0.5
"""Less than a reading rests on is not missed."""


class Lag:
    """The lag of one session, over all its sources."""

    def __init__(self) -> None:
        self._hearing: dict[Source, float] = {}
        self._told = False

    def begin(self, source: Source, arrived_s: float) -> None:
        """The classifier is given audio of a source that had arrived then (monotonic)."""
        self._hearing[source] = arrived_s

    def end(self, source: Source) -> None:
        """It has heard it."""
        self._hearing.pop(source, None)

    def behind_s(self, now_s: float) -> float:
        """How long what is being heard now has waited, seconds; 0 where all is heard."""
        return max((now_s - arrived_s for arrived_s in self._hearing.values()), default=0.0)

    def news(self, now_s: float) -> tuple[ServiceStatus, str] | None:
        """What is to be said now: once when it falls behind, and once when it has caught up."""
        behind_s = self.behind_s(now_s)
        if not self._told and behind_s >= BEHIND_S:
            self._told = True
            detail = f"The classifier is {behind_s:.0f} s behind: what is said now is heard later."
            return ServiceStatus.WARNING, detail
        if self._told and behind_s < CAUGHT_UP_S:
            self._told = False
            return ServiceStatus.LISTENING, "The classifier has caught up."
        return None


def unheard(source: Source, seconds: float) -> str | None:
    """What is said at the end of audio that nobody heard; None where it is too little."""
    if seconds < UNHEARD_S:
        return None
    return f"The last {seconds:.1f} s of {source.speaker_id} ({source.value}) were not heard."
