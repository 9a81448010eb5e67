"""What one session knows of its voices: asked of its classifier, and kept in time.

Owns when that is kept: every minute and at the end, so that a server that dies forgets a minute.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from classifier import ClassifierError
from server.sessions.voices import Acquaintance, Voices

ANSWER_S: Final = 1.0
"""How long the classifier may take to say what it knows: what is behind answers late."""

KEEP_EVERY_S: Final = 60.0


class Remembering:
    """See the module."""

    def __init__(
        self,
        session_id: str,
        voices: Voices,
        ask: Callable[[], Awaitable[str]],
        model_sha256: Callable[[], str],
        before: Acquaintance | None,
    ) -> None:
        """
        Args:
            session_id: whose voices they are.
            voices: where they are kept.
            ask: asks the classifier what it knows by now.
            model_sha256: which model that is, by now.
            before: what was known when the session began.
        """
        self._session_id = session_id
        self._voices = voices
        self._ask = ask
        self._model_sha256 = model_sha256
        self._last = before
        self._kept = ""

    async def now(self) -> Acquaintance:
        """What is known by now, or was when the classifier last answered: nobody is forgotten who
        was not heard since."""
        model, known = self._model_sha256(), ""
        with suppress(ClassifierError, TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                known = await self._ask()
        if known:
            self._last = Acquaintance(known, model)
        elif self._last is None or self._last.missing(model) is not None:
            return Acquaintance("", model)
        return self._last

    async def keep(self) -> None:
        """Keep that, if it is news."""
        if not self._voices.kept:
            return
        known = (await self.now()).known
        if known != self._kept and await self._voices.keep(self._session_id, known):
            self._kept = known

    async def keep_on(self, ended: asyncio.Event) -> None:
        """The same every minute, until the session ends; the first time sooner, so that sessions
        which began together do not ask together."""
        pause_s = KEEP_EVERY_S * random.uniform(0.5, 1.0)
        while not ended.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await ended.wait()
                    return
            await self.keep()
            pause_s = KEEP_EVERY_S
