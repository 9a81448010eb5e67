"""What the classes of the corpora mean on the wire, and where they lie in the space of affect.

Owns judgements, not measurements: the tables below are the claim that the card repeats.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Final

from classifier.frames import Affect

EMODB_AFFECTS: Final = {
    # Shouted and clipped: the wire's word for anger.
    "anger": Affect.FRUSTRATED,
    # Slow, flat, low in energy.
    "boredom": Affect.TIRED,
    # Drawn out and turned away from what is spoken of.
    "disgust": Affect.DISMISSIVE,
    # Fast, high, pressing. The wire has no word for being afraid: this is its outside.
    "fear": Affect.URGENT,
    # Acted joy; a quiet warmth was not in the data.
    "happiness": Affect.WARM,
    "neutral": Affect.NEUTRAL,
    # Slow and low. The wire has no word for sorrow: this is its outside.
    "sadness": Affect.TIRED,
}
"""Affect that each class is reported as."""

AFFECTS: Final = {
    **EMODB_AFFECTS,
    # RAVDESS tells a calm voice from a neutral one; the wire does not.
    "calm": Affect.NEUTRAL,
    # A startled voice: high and fast. The wire has no word for surprise: this is its outside.
    "surprise": Affect.URGENT,
}
"""The same for the classes of all corpora."""

EMODB_COORDINATES: Final = {
    "anger": (0.59, -0.51, 0.25),
    "boredom": (-0.62, -0.65, -0.33),
    "disgust": (0.35, -0.60, 0.11),
    "fear": (0.60, -0.64, -0.43),
    "happiness": (0.51, 0.81, 0.46),
    "neutral": (0.0, 0.0, 0.0),
    "sadness": (-0.27, -0.63, -0.33),
}
"""Arousal, valence and dominance of each class, -1..1, after Russell and Mehrabian (1977)."""

COORDINATES: Final = {
    **EMODB_COORDINATES,
    "calm": (-0.40, 0.30, 0.10),
    "surprise": (0.67, 0.40, -0.13),
}
"""The same for the classes of all corpora; calm lies between relaxed and neutral."""

SAME_WORD: Final = {
    "angry": "anger",
    "fearful": "fear",
    "happy": "happiness",
    "sad": "sadness",
    "surprised": "surprise",
}
"""Words of other corpora for a class; what is not here is its own class."""


def class_of(emotion: str) -> str:
    """The class that a corpus's own word stands for."""
    return SAME_WORD.get(emotion, emotion)


CONVERSATION: Final = {
    "anger": 0.117,
    "disgust": 0.026,
    "fear": 0.026,
    "happiness": 0.168,
    "neutral": 0.470,
    "sadness": 0.073,
    "surprise": 0.119,
}
"""How often people who talk with each other sound so: shares of the 13 708 utterances of MELD
(Poria et al. 2019), which is played conversation, but not balanced."""

NOT_ALONE: Final = {"boredom": "sadness", "calm": "neutral"}
"""Classes that were not counted there: each shares with the class that has the same word."""


def odds_of(classes: Sequence[str]) -> dict[str, float]:
    """How much more likely each class is where weights are used than where they were trained.

    In training every class is as frequent as the others; in conversation most of what is said is
    neutral (:data:`CONVERSATION`). How much emotion there is in the life of whoever uses this
    nobody knows, so the truth is taken to lie half way: the geometric mean of both.

    Args:
        classes: of the network.

    Returns:
        By class; 1 for neutral.
    """
    counted = [NOT_ALONE.get(name, name) for name in classes]
    met = [CONVERSATION[name] / counted.count(name) for name in counted]
    rest = met[classes.index("neutral")]
    return {name: round(sqrt(share / rest), 3) for name, share in zip(classes, met, strict=True)}


LIMITS: Final = (
    "Trained on actors who speak fixed sentences with full-blown emotion in a studio. Acted speech "
    "is not conversation: everyday feeling is fainter and mixed, and will often be heard as "
    "neutral or not at all.",
    "All measured figures are text-dependent: the sentences of the test speakers also occur in "
    "training, spoken by others.",
    "A label names how a voice sounds, not what a person feels or means. Fear is reported as "
    "'urgent', sadness and boredom both as 'tired', disgust as 'dismissive', joy as 'warm': "
    "outsides that the wire has words for.",
    "Joy is often taken for anger: both are loud, high and lively, and they differ by less than "
    "the rest.",
    "The first seconds of a voice are compared with an average voice, not with its own habit. A "
    "voice that keeps one tone for minutes makes that tone its habit, and one that sounds tired "
    "all along is said to be so less and less.",
    "In other languages and other recordings the emotions are confused far more often (see the "
    "figures); arousal carries over best.",
    "Children, old and ill voices and distant microphones were not measured. A baby, an animal or "
    "music can now and then be taken for a voice.",
)
"""What a user must know, part of the card."""

OPEN_LIMITS: Final = (
    "The actors are ten, and German. How sure the network may be was found on men where it had "
    "heard only women, and the reverse. Other recordings can be stranger than that: on North "
    "American actors its confidence is too high, on its own kind of recordings too low.",
    "To people who just talk it says 'tired' too often: in meetings, in two words of five.",
)
RESEARCH_LIMITS: Final = (
    "The actors are 43: German, North American and Polish. Boredom occurs in the German corpus "
    "only, calm only in the American one.",
)
