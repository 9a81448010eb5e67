"""What is kept of one voice of a source: how it usually sounds, and what is being said of it.

Owns the parts that a lane turns to when another voice speaks, which of them outlive a session, and
how far a voice that is known from before is believed to sound as it did.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from classifier.acoustic.baseline import Baseline, Moments
from classifier.acoustic.card import Card
from classifier.acoustic.contour import FrameHabit
from classifier.acoustic.functionals import WIDTH
from classifier.acoustic.known import Heard, KnownVoice
from classifier.acoustic.likeness import LEAST_S, SETTLED_S, shipped_likeness_model
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
        self._frame_scale = np.array(card.frame_scale, np.float32)
        self._before: KnownVoice | None = None
        self._believed = 0.0

    def known(self, turns: Heard | None) -> KnownVoice:
        """What there is to keep of it. Noise that was no voice makes nobody forgotten."""
        if self._before is not None and self._heard(self._before).seconds.max() < LEAST_S:
            return replace(self._before, turns=turns)
        return KnownVoice(
            windows=self.own.moments,
            newest=self.recent.moments,
            frames=self.frames.moments,
            level=self.level.moments,
            tenor=self.tenor.heard,
            turns=turns,
        )

    def take(self, known: KnownVoice) -> None:
        """Begin with what was kept, and believe it until something is heard."""
        total, heard_s = known.tenor
        share = min(1.0, TAKEN_UP_S / heard_s) if heard_s > 0 else 0.0
        self._before = replace(
            known,
            windows=known.windows.at_most(TAKEN_UP_S),
            newest=known.newest.at_most(TAKEN_UP_S),
            frames=known.frames.at_most(TAKEN_UP_S),
            level=known.level.at_most(TAKEN_UP_S),
            tenor=(total * share, heard_s * share),
        )
        self._believe(self._before, 1.0)

    def recognise(self, new: Moments) -> None:
        """Believe what was kept as far as what is heard sounds like it; until that is settled.

        Args:
            new: what the newest frames of a window add, ``(CONTOUR_WIDTH,)`` each.
        """
        before = self._before
        if before is None:
            return
        heard = self._heard(before)
        if float(heard.seconds.max()) >= SETTLED_S:
            self._before = None
            return
        share = shipped_likeness_model().share(before.frames, heard.plus(new), self._frame_scale)
        if share is not None:
            self._believe(before, share)

    def _heard(self, before: KnownVoice) -> Moments:
        """Of the frames, what was heard since."""
        return self.frames.moments.plus(before.frames.times(-self._believed))

    def _believe(self, before: KnownVoice, share: float) -> None:
        """Let that much of what was kept count, and no longer what counted until now."""
        change = share - self._believed
        self.own.take(before.windows.times(change))
        self.recent.take(before.newest.times(change))
        self.frames.learn(before.frames.times(change))
        self.level.take(before.level.times(change))
        total, heard_s = before.tenor
        self.tenor.take(total * change, heard_s * change)
        self._believed = share
        self.before_s = share * before.heard_s
