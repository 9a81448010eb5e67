"""What networks are trained on, and how exactly: chosen once, by what there is.

Owns the choice. The shipped runtime has nothing to do with it.
"""

from __future__ import annotations

from typing import Any, Final

import torch

DEVICE: Final = torch.device("cuda" if torch.cuda.is_available() else "cpu")
"""A graphics card where there is one."""


def _multiplies_halves() -> bool:
    """Whether this processor has instructions for products of bfloat16.

    Without them such products are slower than those of float32. Older versions of PyTorch cannot
    tell.
    """
    able: Any = getattr(torch.cpu, "get_capabilities", dict)()
    return any(able.get(name, False) for name in ("amx_bf16", "avx512_bf16", "sve_bf16"))


PRECISION: Final = (
    torch.bfloat16 if DEVICE.type == "cpu" and _multiplies_halves() else torch.float32
)
"""Of what lies between two convolutions while they are trained; sums and weights are float32."""
