"""Linnet's server: audio in over a WebSocket, tone out over Server-Sent Events."""

from typing import Final

import classifier.threads  # noqa: F401 - before anything imports numpy

__version__: Final = "0.1.0"
