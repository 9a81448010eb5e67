"""The hold that a recording has on its session: all its sources, at the pace of the classifier.

Uses what a session offers to anybody; knows neither files nor HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from classifier import Source
from server.errors import ClassifierFailedError
from server.sessions.session import Session


@asynccontextmanager
async def held(session: Session, *, ready_s: float) -> AsyncIterator[None]:
    """Keep every source of a session, whose classifier listens from here on. Also those that the
    recording does not have: no socket may speak into it.

    Args:
        session: begun, and nobody feeds it.
        ready_s: how long its classifier may take to be made ready.

    Raises:
        SourceTakenError: a socket was faster.
        ClassifierFailedError: it cannot listen, or not in time.
        LinnetError: the session has ended meanwhile.
    """
    with session.hold(tuple(Source)):
        await until_ready(session, ready_s)
        yield


async def until_ready(session: Session, deadline_s: float) -> None:
    """Wait until the classifier listens.

    Raises:
        ClassifierFailedError: it cannot, or not in time.
        LinnetError: the session has ended meanwhile.
    """
    waits = [
        asyncio.create_task(event.wait(), name="until-ready")
        for event in (session.ready, session.ended)
    ]
    try:
        await asyncio.wait(waits, timeout=deadline_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
    if session.ended.is_set():
        raise session.farewell()
    if not session.ready.is_set():
        raise ClassifierFailedError("The classifier is still being made ready; try again soon.")
