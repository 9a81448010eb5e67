"""Voices that were heard before, made up."""

import numpy as np

from classifier.acoustic.baseline import Moments
from classifier.acoustic.card import Card
from classifier.acoustic.contour import CONTOUR_WIDTH
from classifier.acoustic.functionals import WIDTH
from classifier.acoustic.known import KnownVoice
from classifier.acoustic.model import load_network
from classifier.acoustic.voices import shipped_voice_model

CARD: Card = load_network("open").card


def some(width: int, weights: int, seconds: float) -> Moments:
    rng = np.random.default_rng(width)
    total = rng.normal(0.0, seconds, width)
    return Moments(total, total**2 / max(seconds, 1.0) + seconds, np.full(weights, seconds))


def voice(seconds: float = 7.0, name: str = "speaker_a", *, turns: bool = False) -> KnownVoice:
    """A voice that was heard for so long."""
    width = len(shipped_voice_model().between)
    return KnownVoice(
        windows=some(WIDTH, 1, seconds),
        newest=some(WIDTH, 1, seconds),
        frames=some(CONTOUR_WIDTH, CONTOUR_WIDTH, seconds),
        level=Moments(*np.array([[-30.0 * seconds], [900.0 * seconds], [seconds]])),
        tenor=(np.full(len(CARD.classes), seconds / len(CARD.classes)), seconds),
        turns=(np.ones(width), 2.0) if turns else None,
        name=name,
    )
