"""Hears how a voice sounds. A library of its own: it knows nothing of the server.

PCM -> frames of features -> network -> VoiceFrame
"""

from classifier import threads  # noqa: F401 - before numpy
from classifier.backend import Backend, Listener, ListenOptions
from classifier.context import ContextClassifier, backend_from_env
from classifier.errors import BackendError, ClassifierError, ConfigError, ModelError
from classifier.frames import (
    SAMPLE_RATE_HZ,
    Affect,
    ProsodyFlag,
    ShiftDirection,
    Source,
    VoiceFrame,
)

__all__ = [
    "SAMPLE_RATE_HZ",
    "Affect",
    "Backend",
    "BackendError",
    "ClassifierError",
    "ConfigError",
    "ContextClassifier",
    "ListenOptions",
    "Listener",
    "ModelError",
    "ProsodyFlag",
    "ShiftDirection",
    "Source",
    "VoiceFrame",
    "backend_from_env",
]
