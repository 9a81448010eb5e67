"""The hold that one socket has on one source of a session.

Owns nothing: the session made it, keeps the inbox behind it, and says when no more is taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from server.errors import LinnetError, SessionEndedError
from server.sessions.inbox import AudioInbox


class AudioFeed:
    """See the module."""

    def __init__(
        self,
        inbox: AudioInbox,
        *,
        ended: asyncio.Event,
        farewell: Callable[[], LinnetError],
        on_audio: Callable[[], None],
    ) -> None:
        """
        Args:
            inbox: where the audio of this source waits.
            ended: set when the session takes no more audio.
            farewell: why it takes no more.
            on_audio: told of every message that was accepted.
        """
        self.ended = ended
        self.farewell = farewell
        self._inbox = inbox
        self._on_audio = on_audio

    def offer(self, message: bytes) -> None:
        """Accept one message of PCM.

        Raises:
            AudioRefusedError: see :meth:`server.sessions.inbox.AudioInbox.offer`.
            SessionEndedError: the session ended.
        """
        if self.ended.is_set():
            raise SessionEndedError
        self._inbox.offer(message)
        self._on_audio()
