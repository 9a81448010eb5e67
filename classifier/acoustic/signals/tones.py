"""Telephone tones by their frequencies and cadence (ITU-T E.180 / Q.35, Q.23).

Ringback is one tone near 425 Hz for 1 s in every 5 (most of Europe and Asia), two short ones in
every 3 (Britain, Australia, India; there it may be two or three lines near 425 Hz), or 440 with
480 Hz for 2 s in every 6 (North America); busy is a tone near 425 Hz, or 480 with 620 Hz, half a
second on and half a second off (congestion, which is quicker, counts as busy); a key is a pair of
one low and one high frequency. A steady tone is a dial tone and has no name here.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from classifier.acoustic.signals.lines import STEP_S
from classifier.frames import QueueLabel

LOW_KEYS_HZ: Final = (697.0, 770.0, 852.0, 941.0)
HIGH_KEYS_HZ: Final = (1209.0, 1336.0, 1477.0, 1633.0)

_KEY_TOLERANCE: Final = 0.022
"""Q.24: 1.8 % must be taken, 3 % or more may be refused; a little for the measurement."""
_CALL_TOLERANCE_HZ: Final = 12.0
_SINGLE_HZ: Final = (395.0, 455.0)
"""E.180 allows 400 to 450 Hz, and recommends 425."""
_BEATING_HZ: Final = (385.0, 465.0)
"""Where two lines are one tone that beats: 400 with 450 Hz, or 400 Hz that is modulated."""
LOWEST_HZ: Final = _BEATING_HZ[0]
"""The stronger line of any tone lies no lower."""

PURE: Final = 0.75
"""Share of a step's power that must lie in the lines of a tone."""
_TWIST: Final = 6.3
"""Most that one line of a pair may be stronger than the other: 8 dB."""
_ALONE: Final = 0.04
"""Most that a second line may hold beside a single tone."""
_FALL_DB: Final = 8.0
"""How far the level must fall for a tone to be off rather than talked over."""

_KEY_STEPS: Final = 2
"""Steps that must show the same key: what lasts 80 ms is found, 100 ms surely."""

_BUSY_STEPS: Final = 3
"""Steps of a third burst from which it is busy."""

_EDGE: Final = 2
"""Steps at the edge of a burst that hold part of it, with its power smeared over many lines."""


class Kind(Enum):
    """Kinds of tone."""

    SINGLE = "single"
    RING_PAIR = "ring pair"
    BUSY_PAIR = "busy pair"
    KEY = "key"


class Tone(NamedTuple):
    """What one step may be part of."""

    kind: Kind
    key: tuple[float, float] = (0.0, 0.0)
    """The nominal pair of a key, hertz."""


_SINGLE: Final = Tone(Kind.SINGLE)
_RING_PAIR: Final = Tone(Kind.RING_PAIR)
_BUSY_PAIR: Final = Tone(Kind.BUSY_PAIR)


def tone_of(hz: tuple[float, float], share: tuple[float, float]) -> Tone | None:
    """The tone whose lines these are, the stronger line first."""
    if share[0] + share[1] < PURE:
        return None
    if share[1] < _ALONE:
        return _SINGLE if _SINGLE_HZ[0] <= hz[0] <= _SINGLE_HZ[1] else None
    if share[0] > _TWIST * share[1]:
        return None
    low, high = min(hz), max(hz)
    if _BEATING_HZ[0] <= low and high <= _BEATING_HZ[1]:
        return _SINGLE
    if _near(low, 440.0) and _near(high, 480.0):
        return _RING_PAIR
    if _near(low, 480.0) and _near(high, 620.0):
        return _BUSY_PAIR
    row, column = _key(low, LOW_KEYS_HZ), _key(high, HIGH_KEYS_HZ)
    return None if row is None or column is None else Tone(Kind.KEY, (row, column))


def _near(hz: float, wanted: float) -> bool:
    return abs(hz - wanted) <= _CALL_TOLERANCE_HZ


def _key(hz: float, keys: tuple[float, ...]) -> float | None:
    nearest = min(keys, key=lambda key: abs(hz - key))
    return nearest if abs(hz / nearest - 1) <= _KEY_TOLERANCE else None


_BUSY: Final = (Kind.SINGLE, Kind.BUSY_PAIR)
_BUSY_S: Final = (0.15, 0.85)
"""How long the bursts of busy last; no pause is longer."""

_LONG_RING_S: Final = (0.75, 1.6)
_SHORT_RING_S: Final = (0.3, 0.55)
_SHORT_GAP_S: Final = 0.35
"""Between the two rings of a double one."""
_RING_PAUSE_S: Final = 1.5
"""After a ring: a pause that is no other signal's."""


class Burst(NamedTuple):
    """One time that a tone was on."""

    tone: Tone
    on_s: float
    after_s: float
    """The pause before it."""


class Cadence:
    """Follows one line's tones step by step, and says which signal they make."""

    def __init__(self) -> None:
        self._tone: Tone | None = None
        self._on = 0
        self._off = 0
        self._gap = round(60.0 / STEP_S)  # before the first burst lies a long pause
        self._after_s = 0.0
        self._other = 0
        self._bursts: list[Burst] = []
        self._level_db = -120.0
        self._purity = 0.0
        self._label: QueueLabel | None = None
        self._left_s = 0.0

    @property
    def confidence(self) -> float:
        """Mean share of the tone's lines in the sound while it was on, 0..1."""
        return min(1.0, self._purity)

    @property
    def idle(self) -> bool:
        """Whether no tone is on, and none of before matters any more."""
        return self._tone is None and not self._bursts and self._label is None

    def pass_over(self, steps: int) -> None:
        """Take steps without a tone where it is :attr:`idle`: they only make the pause longer."""
        self._gap += steps

    def step(self, tone: Tone | None, share: float, level_db: float) -> QueueLabel | None:
        """Take one step; the signal that is on the line now, if any.

        Args:
            tone: what the step may be part of.
            share: the lines' share of its power.
            level_db: its level.
        """
        self._left_s -= STEP_S
        if tone is not None and tone == self._tone:
            self._on += 1
            # A dropout of a step, as where two lines beat, does not end a burst.
            self._on += self._off if self._off <= 1 else 0
            self._off = 0
            self._purity += (share - self._purity) / min(self._on, 20)
            self._level_db = max(level_db, self._level_db)
        elif self._tone is not None:
            self._off += 1
            if self._off >= 2 or tone is not None:
                self._end_burst(level_db)
        if self._tone is None and tone is not None:
            self._tone, self._on, self._off, self._other = tone, 1, 0, 0
            self._after_s = self._gap * STEP_S
            self._purity, self._level_db = share, level_db
            if self._bursts and self._gap * STEP_S > 7.0:
                self._bursts.clear()
        elif self._tone is None:
            self._gap += 1
            self._other = self._other + 1 if level_db > self._level_db - _FALL_DB else 0
            if self._other > _EDGE:
                self._bursts.clear()  # Something else is heard: no pause of a cadence.
        self._judge()
        if self._left_s <= 0:
            self._label = None
        return self._label

    def _end_burst(self, level_db: float) -> None:
        assert self._tone is not None
        if self._tone.kind is not Kind.KEY:
            # The first and last spectra of a burst hold half of it: they cancel out.
            ended = Burst(self._tone, self._on * STEP_S, self._after_s)
            self._bursts = [*self._bursts[-2:], ended]
        self._tone, self._on, self._gap = None, 0, self._off
        self._off = 0

    def _judge(self) -> None:
        kind = None if self._tone is None else self._tone.kind
        if kind is Kind.KEY and self._on >= _KEY_STEPS:
            self._say(QueueLabel.DTMF_TONE, 1.0)
            return
        if kind is Kind.RING_PAIR and self._on * STEP_S >= 0.8:
            self._say(QueueLabel.RINGBACK, 6.5)
            return
        gap_s = self._gap * STEP_S
        if kind is None and self._bursts:
            just_now = _RING_PAUSE_S <= gap_s <= _RING_PAUSE_S + 2 * STEP_S
            if just_now and self._rang():
                self._say(QueueLabel.RINGBACK, 5.0)
        elif kind in _BUSY and self._on == _BUSY_STEPS and len(self._bursts) > 1:
            # Third burst: the two before it and the pauses between were short.
            before, last = self._bursts[-2:]
            low_s, high_s = _BUSY_S
            if max(gap_s, last.after_s) <= high_s and all(
                burst.tone == self._tone and low_s <= burst.on_s <= high_s
                for burst in (before, last)
            ):
                self._say(QueueLabel.BUSY, 1.6)

    def _rang(self) -> bool:
        """Whether what came before this pause was one long ring or two short ones."""
        last = self._bursts[-1]
        if last.tone.kind is not Kind.SINGLE:
            return False
        if _LONG_RING_S[0] <= last.on_s <= _LONG_RING_S[1]:
            return True
        if len(self._bursts) < 2:
            return False
        first = self._bursts[-2]
        short = all(_SHORT_RING_S[0] <= one.on_s <= _SHORT_RING_S[1] for one in (first, last))
        near = last.after_s <= _SHORT_GAP_S and first.after_s >= _RING_PAUSE_S
        return short and near and first.tone == last.tone

    def _say(self, label: QueueLabel, hold_s: float) -> None:
        self._label, self._left_s = label, hold_s
