"""Where else a voice may be heard: other microphones, other rooms, a telephone.

Owns what such a place does to all that is said in it. The voice stays what it is.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from classifier.training.material.augment import Surroundings, Voice

TELEPHONE: Final = Voice(telephone=True)
"""Through a telephone, without a room."""

_LOWEST_HZ, _HIGHEST_HZ = 200.0, 5000.0
"""Where a microphone has its resonance or gap."""


def other_place(
    rng: np.random.Generator, around: Surroundings, *, room: bool = True, telephone: bool = False
) -> Voice:
    """A microphone at random, in a room at random.

    Args:
        rng: decides.
        around: the rooms there are to choose from.
        room: whether it stands far enough away that the room is heard.
        telephone: whether a telephone comes after it.
    """
    return Voice(
        tilt_db=float(rng.normal(0.0, 1.0)),
        bump_hz=float(np.exp(rng.uniform(np.log(_LOWEST_HZ), np.log(_HIGHEST_HZ)))),
        bump_db=float(rng.normal(0.0, 3.0)),
        telephone=telephone,
        room=int(rng.integers(len(around.rooms))) if room and around.rooms else None,
    )
