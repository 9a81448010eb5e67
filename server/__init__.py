"""Linnet's server: audio in over a WebSocket, tone out over Server-Sent Events."""

from typing import Final

__version__: Final = "0.1.0"
