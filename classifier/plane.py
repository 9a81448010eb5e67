"""Where probabilities of classes lie in the space of arousal, valence and dominance.

Owns the sum. Knows nothing of what the classes are.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def place_of(probabilities: Floats, places: Floats) -> Floats:
    """Arousal, valence and dominance of a reading, -1..1 each, ``(3,)``.

    The mean of the places of the classes. But the classes do not lie evenly around the middle: most
    are unpleasant, and most are aroused. So what is undecided is taken out, by how undecided it is
    (entropy over its largest): certainty lies where its class does, and who knows nothing lies in
    the middle.

    Args:
        probabilities: of each class, ``(classes,)``, summing to 1.
        places: of each class, ``(classes, 3)``.
    """
    count = len(probabilities)
    if count == 1:
        return _held(places[0])
    entropy = -float(probabilities @ np.log(np.maximum(probabilities, 1e-9)))
    undecided = entropy / math.log(count)
    return _held((probabilities - undecided / count) @ places)


def _held(place: NDArray[np.floating]) -> Floats:
    # For so few numbers the library's own takes ten times as long.
    return np.asarray(np.minimum(np.maximum(place, -1.0), 1.0), dtype=np.float32)
