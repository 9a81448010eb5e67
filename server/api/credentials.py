"""Who knows the token: the secret itself, one-time tickets, and logins of browsers.

Owns what is compared and what is remembered, all of it in memory. Knows nothing of requests:
:mod:`server.api.guard` finds what a request carries and :mod:`server.api.login` hands passes out.

The token is for headers only. What stands in an address (a ticket) or in a browser's cookie (a
login) is a random value of its own, so that neither a log nor a stolen cookie gives the token away.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections import OrderedDict
from typing import Final

from server.clock import Clock

TICKET_LIFE_S: Final = 30.0
"""Long enough to open a connection with, too short to be found in somebody's log."""

LOGIN_LIFE_S: Final = 7 * 86_400.0
"""A browser that was not used for so long has to be given the token again."""

_TICKETS_MAX: Final = 1_024
_LOGINS_MAX: Final = 256
"""Only those who know the token are given any: a bound against a client that runs wild."""

WRONG_TRY_S: Final = 0.25
"""How long a wrong token waits for its answer: who guesses one after the other is slowed down, who
mistyped hardly notices. The rest is the length of the token (see settings)."""

_WRONG_TRIES_MAX: Final = 64
"""So many may be waiting; those beyond are answered at once, and hold no connection open."""


class Passes:
    """Random values that were given out: at most ``limit``, each for ``life_s``.

    Only their hashes are kept. When full, the oldest gives way.
    """

    def __init__(self, clock: Clock, *, life_s: float, limit: int) -> None:
        self._clock = clock
        self._life_s = life_s
        self._limit = limit
        self._until_s: OrderedDict[bytes, float] = OrderedDict()

    def __len__(self) -> int:
        self._forget_old()
        return len(self._until_s)

    def issue(self) -> str:
        """A new one: 256 random bits, safe in an address and in a cookie."""
        self._forget_old()
        while len(self._until_s) >= self._limit:
            self._until_s.popitem(last=False)
        value = secrets.token_urlsafe(32)
        self._until_s[_digest(value)] = self._clock.monotonic_s() + self._life_s
        return value

    def redeem(self, value: str) -> bool:
        """Whether it is valid; afterwards it no longer is."""
        self._forget_old()
        return self._until_s.pop(_digest(value), None) is not None

    def renew(self, value: str) -> bool:
        """Whether it is valid; if so it is for another ``life_s``."""
        if not self.redeem(value):
            return False
        self._until_s[_digest(value)] = self._clock.monotonic_s() + self._life_s
        return True

    def _forget_old(self) -> None:
        # In order of age: each is put at the end when it is issued or renewed.
        now_s = self._clock.monotonic_s()
        while self._until_s and next(iter(self._until_s.values())) <= now_s:
            self._until_s.popitem(last=False)


class Credentials:
    """What the server accepts from its callers."""

    def __init__(self, token: str, clock: Clock) -> None:
        """
        Args:
            token: the secret; empty where none is asked for.
            clock: by which tickets and logins grow old.
        """
        self.needed: Final = bool(token)
        """Whether anything is asked for at all."""
        self.tickets: Final = Passes(clock, life_s=TICKET_LIFE_S, limit=_TICKETS_MAX)
        self.logins: Final = Passes(clock, life_s=LOGIN_LIFE_S, limit=_LOGINS_MAX)
        self._token = _digest(token)
        self.waiting = 0
        """How many wrong tokens wait for their answer."""

    async def is_token(self, value: str) -> bool:
        """Whether this is the token. A wrong one has to wait for the answer."""
        # Hashes have one length, and the comparison takes one time, whatever was sent.
        if self.needed and hmac.compare_digest(_digest(value), self._token):
            return True
        if self.waiting < _WRONG_TRIES_MAX:
            self.waiting += 1
            try:
                await asyncio.sleep(WRONG_TRY_S)
            finally:
                self.waiting -= 1
        return False


def _digest(value: str) -> bytes:
    # Bytes of a header that are no text arrive as lone surrogates.
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).digest()
