"""The classifier by itself: a listener with a backend of its own, chosen by the environment.

The one place that knows every backend by name. A server, which shares one backend among its
sessions, takes :func:`backend_from_env` and opens listeners itself.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping

from classifier.backend import Backend, Listener, PcmInt16
from classifier.errors import ConfigError
from classifier.frames import Source, VoiceFrame


class ContextClassifier(Listener):
    """One listener and the backend behind it, closed together."""

    def __init__(self, backend: Backend) -> None:
        """A listener on ``backend``, which it closes when it stops."""
        self._backend = backend
        self._listener = backend.open()

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> ContextClassifier:
        """The classifier that the environment asks for.

        ``CF_VOICE_MOCK=1`` gives the synthetic conversation (``CF_VOICE_RATE_HZ`` frames a
        second, default 1; ``CF_VOICE_SEED``), anything else the acoustic classifier.

        Raises:
            ConfigError: a setting makes no sense.
        """
        return cls(backend_from_env(env))

    async def feed(self, pcm: PcmInt16, source: Source = Source.MIC) -> None:
        """See :meth:`Listener.feed`."""
        await self._listener.feed(pcm, source)

    def stream(self) -> AsyncIterator[VoiceFrame]:
        """See :meth:`Listener.stream`."""
        return self._listener.stream()

    async def stop(self) -> None:
        """End the stream, then let go of the backend."""
        await self._listener.stop()
        await self._backend.aclose()


def backend_from_env(env: Mapping[str, str] | None = None) -> Backend:
    """The backend that the environment asks for.

    Raises:
        ConfigError: a setting makes no sense.
    """
    env = os.environ if env is None else env
    mock = env.get("CF_VOICE_MOCK", "0").strip().lower()
    # Imported here: the mock must start without loading a model runtime.
    if mock in {"1", "true", "yes", "on"}:
        from classifier.mock import MockBackend

        return MockBackend.from_env(env)
    if mock not in {"", "0", "false", "no", "off"}:
        raise ConfigError(f"CF_VOICE_MOCK must be 0 or 1, not {mock!r}")
    from classifier.acoustic.backend import AcousticBackend

    return AcousticBackend.from_env(env)
