"""Where networks are trained: on a graphics card where there is one.

Owns the choice, which is made once.
"""

from __future__ import annotations

from typing import Final

import torch

DEVICE: Final = torch.device("cuda" if torch.cuda.is_available() else "cpu")
"""What training computes on. The shipped runtime never does."""
