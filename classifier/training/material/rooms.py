"""Rooms as people live and work in, computed: how a voice in one arrives at a microphone.

Owns their sizes, how long they ring, and where voice and microphone are. The reflections are
computed with image sources (Allen and Berkley 1979) by pyroomacoustics. No such room is in any
training, whose rooms are recorded ones.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyroomacoustics
from numpy.typing import NDArray

from classifier.frames import SAMPLE_RATE_HZ
from classifier.training.material.augment import Signal

SIDES_M: Final = ((2.5, 9.0), (2.5, 7.0), (2.3, 3.5))
"""Length, width and height, from a small bedroom to a classroom."""

RINGS_S: Final = (0.3, 0.8)
"""Reverberation time: a furnished living room to a bare one."""

AWAY_M: Final = (0.5, 3.0)
"""From the mouth to the microphone: a laptop on the desk to a telephone across the room."""

_MOUTH_M: Final = (1.0, 1.8)
"""Above the floor: seated to standing."""

_FROM_WALLS_M: Final = 0.3
_STEEPNESS: Final = 0.3
"""A microphone is rather beside a mouth than above it."""

_ORDER: Final = 40
"""Most reflections of one image. What comes later is 30 dB below in the most ringing of rooms."""

_TRIES: Final = 1000


def ordinary_rooms(count: int, seed: int) -> list[Signal]:
    """Impulse responses of rooms at random, each with its direct sound at the beginning.

    Args:
        count: how many.
        seed: the same seed makes the same rooms.

    Returns:
        Each ``(samples,)`` at 16 kHz, with a greatest value of 1.
    """
    rng = np.random.default_rng(seed)
    return [_room(rng) for _ in range(count)]


def _room(rng: np.random.Generator) -> Signal:
    for _ in range(_TRIES):
        sides = np.array([rng.uniform(*side) for side in SIDES_M])
        rings_s = float(rng.uniform(*RINGS_S))
        mouth = np.array(
            [*(rng.uniform(_FROM_WALLS_M, side - _FROM_WALLS_M) for side in sides[:2]), 0.0]
        )
        mouth[2] = rng.uniform(*_MOUTH_M)
        microphone = mouth + _away(rng)
        if np.any(microphone < _FROM_WALLS_M) or np.any(microphone > sides - _FROM_WALLS_M):
            continue  # beyond a wall
        try:
            absorption, order = pyroomacoustics.inverse_sabine(rings_s, sides)
        except ValueError:
            continue  # no walls are so dull that so large a room rings so little
        return _response(sides, mouth, microphone, absorption, min(order, _ORDER))
    raise AssertionError("no room has a place for a voice and a microphone")


def _away(rng: np.random.Generator) -> NDArray[np.float64]:
    """From a mouth to a microphone: near as likely as far, in the logarithm."""
    direction = rng.normal(size=3) * (1.0, 1.0, _STEEPNESS)
    distance_m = np.exp(rng.uniform(*np.log(AWAY_M)))
    return np.asarray(direction * (distance_m / np.linalg.norm(direction)), np.float64)


def _response(
    sides: NDArray[np.float64],
    mouth: NDArray[np.float64],
    microphone: NDArray[np.float64],
    absorption: float,
    order: int,
) -> Signal:
    room = pyroomacoustics.ShoeBox(
        sides,
        fs=SAMPLE_RATE_HZ,
        materials=pyroomacoustics.Material(absorption),
        max_order=order,
    )
    room.add_source(mouth)
    room.add_microphone(microphone)
    room.compute_rir()
    response = np.asarray(room.rir[0][0], np.float64)
    # The way through the air is of no interest; a band-limited impulse begins before its peak.
    begins = int(np.linalg.norm(microphone - mouth) / room.c * SAMPLE_RATE_HZ)
    return np.asarray(response[begins:] / np.abs(response).max(), np.float32)
