"""The classifier by itself: a listener with a backend of its own, chosen by the environment.

The one place that knows every backend by name. A server, which shares one backend among its
sessions, takes :func:`backend_from_env` and opens listeners itself.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from classifier.backend import Backend, Listener, PcmInt16
from classifier.chain import ChainBackend
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
        second, default 1; ``CF_VOICE_SEED``). Otherwise ``LINNET_CLASSIFIER`` lists what is to
        hear, the most wanted first, see :func:`backend_from_env`.

        Raises:
            ConfigError: a setting makes no sense.
        """
        return cls(backend_from_env(env))

    @property
    def block_s(self) -> float:
        """See :attr:`Listener.block_s`."""
        return self._listener.block_s

    async def feed(self, pcm: PcmInt16, source: Source = Source.MIC) -> None:
        """See :meth:`Listener.feed`."""
        await self._listener.feed(pcm, source)

    def stream(self) -> AsyncIterator[VoiceFrame]:
        """See :meth:`Listener.stream`."""
        return self._listener.stream()

    def take_notices(self) -> Sequence[str]:
        """See :meth:`Listener.take_notices`."""
        return self._listener.take_notices()

    async def stop(self) -> None:
        """End the stream, then let go of the backend."""
        await self._listener.stop()
        await self._backend.aclose()


def backend_from_env(env: Mapping[str, str] | None = None) -> Backend:
    """The backend that the environment asks for.

    ``LINNET_CLASSIFIER`` is a list of ``acoustic`` (the default, with ``LINNET_WEIGHTS``),
    ``onnx:PATH`` (a model brought along, see ``docs/models.md``) and ``mock``, separated by
    commas. ``CF_VOICE_MOCK=1`` means the mock and nothing else.

    Raises:
        ConfigError: a setting makes no sense.
    """
    env = os.environ if env is None else env
    mock = env.get("CF_VOICE_MOCK", "0").strip().lower()
    if mock not in {"1", "true", "yes", "on", "", "0", "false", "no", "off"}:
        raise ConfigError(f"CF_VOICE_MOCK must be 0 or 1, not {mock!r}")
    if mock in {"1", "true", "yes", "on"}:
        return _member("mock", env)
    words = _words(env.get("LINNET_CLASSIFIER", "").strip() or "acoustic")
    members = [_member(word, env) for word in words]
    return members[0] if len(members) == 1 else ChainBackend(members)


def _words(text: str) -> list[str]:
    """The names in a list of backends.

    Raises:
        ConfigError: one is no name of a backend, stands twice or can never be reached.
    """
    words = [word.strip() for word in text.split(",")]
    for word in words:
        if word in {"acoustic", "mock"}:
            continue
        kind, _, path = word.partition(":")
        if kind != "onnx" or not path.endswith(".onnx") or "\0" in path:
            raise ConfigError(
                f"LINNET_CLASSIFIER must list acoustic, mock or onnx:PATH.onnx, not {word!r:.100}"
            )
    if len(set(words)) < len(words):
        raise ConfigError("LINNET_CLASSIFIER names a classifier twice")
    if "mock" in words[:-1]:
        raise ConfigError("LINNET_CLASSIFIER: mock never fails, so nothing can come after it")
    return words


def _member(word: str, env: Mapping[str, str]) -> Backend:
    # Imported here: the mock must start without loading a model runtime.
    if word == "mock":
        from classifier.mock import MockBackend

        return MockBackend.from_env(env)
    from classifier.acoustic.backend import AcousticBackend, weights_from_env

    if word == "acoustic":
        return AcousticBackend.from_env(env)
    from classifier.foreign.backend import ForeignBackend

    return ForeignBackend(Path(word.removeprefix("onnx:")), weights_from_env(env))
