"""Linnet's server: audio in over a WebSocket, tone out over Server-Sent Events."""

import os
from typing import Final

__version__: Final = "0.1.0"

# Before anything imports numpy: its linear algebra would otherwise share each of our small
# products among all cores, and its threads spin while they wait for the next one. That costs
# several times what it gains, and takes the cores from everybody else. Whoever sets them, wins.
for _name in ("OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(_name, "1")
