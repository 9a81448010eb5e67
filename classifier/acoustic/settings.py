"""What the environment says of the acoustic classifier. Loads neither model nor runtime."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from classifier.errors import ConfigError

LEAST_FLOOR: Final = 0.2
MOST_FLOOR: Final = 0.95
"""Between these a person may set what is asked of a word; below, every guess would be said."""


def weights_from_env(env: Mapping[str, str]) -> str:
    """What ``LINNET_WEIGHTS`` names (default ``open``).

    Raises:
        ConfigError: the name is empty or no file name.
    """
    weights = env.get("LINNET_WEIGHTS", "open").strip()
    if not weights or "\0" in weights or ("/" in weights and not weights.endswith(".onnx")):
        raise ConfigError("LINNET_WEIGHTS must be a name or the path of an .onnx file")
    return weights


def floor_from_env(env: Mapping[str, str]) -> float | None:
    """What ``LINNET_FLOOR`` asks of a word; None where the weights' card is to say.

    Raises:
        ConfigError: it is no number from 0.2 to 0.95.
    """
    asked = env.get("LINNET_FLOOR", "").strip()
    if not asked:
        return None
    try:
        floor = float(asked)
    except ValueError:
        floor = 0.0
    if not LEAST_FLOOR <= floor <= MOST_FLOOR:
        raise ConfigError(f"LINNET_FLOOR must be from {LEAST_FLOOR} to {MOST_FLOOR}, or empty")
    return floor
