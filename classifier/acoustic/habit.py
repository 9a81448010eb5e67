"""What is kept of one voice of a source: how it usually sounds, and what is being said of it.

Owns the parts that a lane turns to when another voice speaks, and which of them outlive a session.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from classifier.acoustic.baseline import Baseline
from classifier.acoustic.card import Card
from classifier.acoustic.contour import FrameHabit
from classifier.acoustic.functionals import WIDTH
from classifier.acoustic.known import Heard, KnownVoice
from classifier.acoustic.smoothing import Namer, Smoother
from classifier.acoustic.tenor import LASTING, Tenor
from classifier.trajectory import Trajectory

TAKEN_UP_S: Final = 15.0
"""Seconds of speech that a voice known from before counts for at most, however long it was heard:
after as much of another room, another day or another person the habit is half of these."""


class Habit:
    """One voice."""

    def __init__(self, card: Card, window_ms: int) -> None:
        self.own = Baseline(WIDTH, card.baseline_weight_s)
        self.recent = Baseline(WIDTH, card.baseline_weight_s)
        self.frames = FrameHabit(card.baseline_weight_s)
        self.level = Baseline(1)
        lasting = np.array([card.affects[name] in LASTING for name in card.classes], np.bool_)
        self.tenor = Tenor(lasting, card.baseline_weight_s)
        self.smoother = Smoother(window_ms)
        self.namer = Namer(card.floor)
        self.trajectory = Trajectory()
        self.before_s = 0.0
        """How much of the speech that it is made of was heard before this lane."""

    def known(self, turns: Heard | None) -> KnownVoice:
        """What there is to keep of it."""
        return KnownVoice(
            windows=self.own.moments,
            newest=self.recent.moments,
            frames=self.frames.moments,
            level=self.level.moments,
            tenor=self.tenor.heard,
            turns=turns,
        )

    def take(self, known: KnownVoice) -> None:
        """Begin with what was kept."""
        self.own.take(known.windows.at_most(TAKEN_UP_S))
        self.recent.take(known.newest.at_most(TAKEN_UP_S))
        self.frames.learn(known.frames.at_most(TAKEN_UP_S))
        self.level.take(known.level.at_most(TAKEN_UP_S))
        total, heard_s = known.tenor
        share = min(1.0, TAKEN_UP_S / heard_s) if heard_s > 0 else 0.0
        self.tenor.take(total * share, heard_s * share)
        self.before_s = self.own.heard_s
