"""The classifier as its users see it: one backend per process, one context per session.

A :class:`Backend` holds what sessions share (a loaded model, a worker thread). A
:class:`ContextClassifier` belongs to one session: audio goes in by :meth:`~ContextClassifier.feed`,
readings come out of :meth:`~ContextClassifier.stream`. This module knows the backends by name
only; how each listens is its own affair.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from classifier.errors import ConfigError
from classifier.frames import Source, VoiceFrame

PcmInt16 = NDArray[np.int16]
"""Mono PCM at 16 kHz, shape ``(samples,)``."""


class ContextClassifier(ABC):
    """One session's listener. Used from one event loop; never computes on it."""

    @staticmethod
    def from_env(env: Mapping[str, str] | None = None) -> ContextClassifier:
        """A listener of its own, with a backend of its own, chosen by the environment.

        ``CF_VOICE_MOCK=1`` gives the synthetic conversation (``CF_VOICE_RATE_HZ`` frames a
        second, default 1; ``CF_VOICE_SEED``), anything else the acoustic classifier.

        Raises:
            ConfigError: a setting makes no sense.
        """
        return backend_from_env(env).open(owns_backend=True)

    @abstractmethod
    async def feed(self, pcm: PcmInt16, source: Source = Source.MIC) -> None:
        """Take audio of one source, in order; any chunking gives the same frames.

        Returns when the audio has been analysed and its frames wait in :meth:`stream`: who
        feeds faster than that waits here.

        Raises:
            BackendError: the backend failed; nothing more can be fed.
        """

    @abstractmethod
    def stream(self) -> AsyncIterator[VoiceFrame]:
        """The readings of all sources as they are made, until :meth:`stop`. One reader.

        Raises:
            BackendError: the backend failed, after the frames made before it.
        """

    @abstractmethod
    async def stop(self) -> None:
        """End :meth:`stream` after what is already made. Harmless when called twice."""


class Backend(ABC):
    """What the sessions of one process share."""

    name: ClassVar[str]
    """``mock`` or ``acoustic``: what the process says is listening."""

    @abstractmethod
    async def load(self) -> None:
        """Make ready, off the event loop. Idempotent.

        Raises:
            ModelError: the model cannot be used.
        """

    @abstractmethod
    def open(self, *, seed: int | None = None, owns_backend: bool = False) -> ContextClassifier:
        """A listener for one session.

        Args:
            seed: makes a synthetic session repeatable; ignored by real ones.
            owns_backend: the session's ``stop`` closes this backend as well.
        """

    @abstractmethod
    async def aclose(self) -> None:
        """Let go of threads and model. Sessions still open fail with BackendError."""


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
