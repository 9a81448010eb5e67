"""classifier.training.material.places"""

from dataclasses import replace

import numpy as np

from classifier.training.material.augment import AS_RECORDED, Surroundings
from classifier.training.material.places import TELEPHONE, other_place

AROUND = Surroundings(rooms=[np.ones(1, np.float32)] * 5)


def test_the_voice_stays_what_it_is() -> None:
    """A place changes the sound of everything, and has no background of its own."""
    there = other_place(np.random.default_rng(1), AROUND, telephone=True)
    assert there.telephone
    assert there.room is not None
    same = replace(there, tilt_db=0.0, bump_hz=1000.0, bump_db=0.0, telephone=False, room=None)
    assert same == AS_RECORDED
    assert replace(TELEPHONE, telephone=False) == AS_RECORDED


def test_no_two_places_are_alike() -> None:
    """Each is drawn anew; where no room is wanted or there is none, none is heard."""
    rng = np.random.default_rng(2)
    places = [other_place(rng, AROUND) for _ in range(20)]
    assert len(set(places)) == 20
    assert len({place.room for place in places}) > 2
    assert other_place(rng, AROUND, room=False).room is None
    assert other_place(rng, Surroundings()).room is None
