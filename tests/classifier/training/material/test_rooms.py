"""classifier.training.material.rooms"""

import numpy as np
import pytest

pytest.importorskip("pyroomacoustics", reason="needs the train extra")

from classifier.training.material.augment import Signal
from classifier.training.material.rooms import RINGS_S, ordinary_rooms


def rings_s(room: Signal) -> float:
    """Reverberation time from the backward integral (Schroeder 1965), from -5 to -25 dB."""
    left = np.cumsum(room[::-1].astype(np.float64) ** 2)[::-1]
    left_db = 10 * np.log10(left / left[0] + 1e-12)
    begin, end = (int(np.argmax(left_db < level)) for level in (-5.0, -25.0))
    return 3 * (end - begin) / 16_000


ROOMS = ordinary_rooms(24, seed=3)


def test_rooms_ring_as_rooms_do() -> None:
    """About as long as was asked of them; Sabine's formula says too much of dull rooms."""
    found = [rings_s(room) for room in ROOMS]
    assert min(found) > RINGS_S[0] / 3
    assert max(found) < 1.5 * RINGS_S[1]
    assert max(found) > 2 * min(found)


def test_the_direct_sound_comes_first() -> None:
    """Within a few milliseconds, and nothing is louder; then comes the rest of the room."""
    for room in ROOMS:
        assert room.dtype == np.float32
        assert np.abs(room).max() == pytest.approx(1.0)
        assert np.argmax(np.abs(room) > 0.3) < 60
        assert np.abs(room[200:]).max() > 0.0


def test_the_same_seed_makes_the_same_rooms() -> None:
    """And no two of them are alike; another seed makes others."""
    again, others = ordinary_rooms(24, seed=3), ordinary_rooms(24, seed=4)
    assert all(np.array_equal(one, other) for one, other in zip(ROOMS, again, strict=True))
    every = [*ROOMS, *others]
    assert len({room.tobytes() for room in every}) == len(every)


def test_where_a_microphone_is_far_less_of_the_sound_is_direct() -> None:
    """Some are near the mouth and some are not."""
    direct = [float(np.sum(room[:80] ** 2) / np.sum(room**2)) for room in ROOMS]
    assert max(direct) > 0.7
    assert min(direct) < 0.4
