"""The classifier by itself: a listener with a backend of its own, chosen by the environment.

The one place that knows every backend by name. A server, which shares one backend among its
sessions, takes :func:`backend_from_env` and opens listeners itself.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from classifier.acoustic.settings import floor_from_env, weights_from_env
from classifier.backend import Backend, Listener, PcmInt16
from classifier.chain import ChainBackend
from classifier.errors import ConfigError
from classifier.frames import Source, VoiceFrame

MOST_PROCESSES: Final = 64
"""More than any machine has sessions for."""


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

    async def known_voices(self) -> str:
        """See :meth:`Listener.known_voices`."""
        return await self._listener.known_voices()

    async def stop(self) -> None:
        """End the stream, then let go of the backend."""
        await self._listener.stop()
        await self._backend.aclose()


def backend_from_env(env: Mapping[str, str] | None = None) -> Backend:
    """The backend that the environment asks for.

    ``LINNET_CLASSIFIER`` is a list of ``acoustic`` (the default, with ``LINNET_WEIGHTS``),
    ``onnx:PATH`` (a model brought along, see ``docs/models.md``) and ``mock``, separated by
    commas. ``CF_VOICE_MOCK=1`` means the mock and nothing else. The first two hear in as many
    processes of their own as ``LINNET_CLASSIFIER_PROCESSES`` says.

    Raises:
        ConfigError: a setting makes no sense.
    """
    env = os.environ if env is None else env
    mock = env.get("CF_VOICE_MOCK", "0").strip().lower()
    if mock not in {"1", "true", "yes", "on", "", "0", "false", "no", "off"}:
        raise ConfigError(f"CF_VOICE_MOCK must be 0 or 1, not {mock!r}")
    if mock in {"1", "true", "yes", "on"}:
        return member("mock", env)
    words = _words(env.get("LINNET_CLASSIFIER", "").strip() or "acoustic")
    processes = processes_from_env(env)
    members = [member(word, env, processes) for word in words]
    return members[0] if len(members) == 1 else ChainBackend(members)


def processes_from_env(env: Mapping[str, str]) -> int:
    """In how many processes of its own a classifier is to hear (``LINNET_CLASSIFIER_PROCESSES``).

    0, where nothing is said, means the process that asks.

    Raises:
        ConfigError: it is no number from 0 to :data:`MOST_PROCESSES`.
    """
    asked = env.get("LINNET_CLASSIFIER_PROCESSES", "").strip() or "0"
    if not asked.isascii() or not asked.isdigit() or int(asked) > MOST_PROCESSES:
        raise ConfigError(f"LINNET_CLASSIFIER_PROCESSES must be from 0 to {MOST_PROCESSES}")
    return int(asked)


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


def member(word: str, env: Mapping[str, str], processes: int = 0) -> Backend:
    """The backend that one word of ``LINNET_CLASSIFIER`` names.

    Args:
        word: such as ``acoustic``.
        env: the classifier's settings.
        processes: how many of its own it hears in; 0 for this one. The mock always plays in this.

    Raises:
        ConfigError: a setting makes no sense.
    """
    # Imported here: neither the mock nor who hears elsewhere should load a model runtime.
    if word == "mock":
        from classifier.mock import MockBackend

        return MockBackend.from_env(env)
    path = Path(word.removeprefix("onnx:"))
    if processes:
        from classifier.apart.backend import ApartBackend

        weights_from_env(env), floor_from_env(env)  # a setting that makes no sense is told at once
        name = word if word == "acoustic" else f"onnx:{path.stem}"
        return ApartBackend(word, name, env, processes)
    if word == "acoustic":
        from classifier.acoustic.backend import AcousticBackend

        return AcousticBackend.from_env(env)
    from classifier.foreign.backend import ForeignBackend

    return ForeignBackend(path, weights_from_env(env))
