"""A made-up conversation of two voices, as a function of time.

Owns the story: who speaks when, in which mood, and how that would sound. Everything follows from
a seed and a moment, so the rate at which it is read changes no turn, mood or voice. Knows nothing
of clocks, sessions or audio; it imitates a listener for demonstrations and tests, and claims
nothing about people.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from classifier.frames import Affect, ProsodyFlag, Source, VoiceFrame
from classifier.trajectory import Trajectory

TURN_S: Final = (3.0, 8.0)
"""Shortest and longest turn of one speaker, seconds."""

GAP_S: Final = (0.2, 0.9)
"""Silence between two turns."""

PAUSE_S: Final = (2.5, 5.0)
"""A pause in which nobody speaks."""

PAUSE_PROBABILITY: Final = 0.15
"""How often a turn is followed by a pause instead of a gap."""

SETTLE_S: Final = 1.5
"""Time constant with which a voice moves towards the mood it is in."""

WOBBLE: Final = 0.08
"""How far a voice strays around its mood in each dimension."""

SPREAD: Final = 0.3
"""Distance in arousal, valence and dominance within which two moods are easily confused."""

LEANING: Final = 1.6
"""Log-odds in favour of the mood the voice is heading for: words and wording, so to speak."""

FLOOR: Final = 0.35
"""Confidence below which the listener names nothing, as a real one would not."""

FLAG_LEVEL: Final = 0.4
"""How far a property must stray from the voice's habit to be worth a word."""

Point = tuple[float, float, float]
"""Arousal, valence, dominance, each -1..1."""

MOODS: Final[Mapping[Affect, Point]] = MappingProxyType(
    {
        Affect.NEUTRAL: (0.0, 0.05, 0.0),
        Affect.WARM: (0.2, 0.7, 0.1),
        Affect.FRUSTRATED: (0.65, -0.65, 0.45),
        Affect.CONFUSED: (0.25, -0.25, -0.5),
        Affect.APOLOGETIC: (-0.2, -0.25, -0.65),
        Affect.SCRIPTED: (-0.2, 0.2, 0.3),
        Affect.GENUINE: (0.4, 0.45, -0.15),
        Affect.DISMISSIVE: (-0.25, -0.55, 0.5),
        Affect.URGENT: (0.85, -0.2, 0.5),
        Affect.TIRED: (-0.7, -0.2, -0.35),
    }
)
"""Where each mood lies. Our own placing, after the quadrants of Russell's circumplex (1980) with
dominance added; good for a story, not a finding."""

_ANSWERS: Final[Mapping[Affect, Mapping[Affect, float]]] = MappingProxyType(
    {
        Affect.NEUTRAL: {Affect.NEUTRAL: 1, Affect.WARM: 1, Affect.SCRIPTED: 1, Affect.CONFUSED: 1},
        Affect.WARM: {Affect.WARM: 1, Affect.GENUINE: 2, Affect.NEUTRAL: 1, Affect.TIRED: 1},
        Affect.FRUSTRATED: {Affect.APOLOGETIC: 3, Affect.FRUSTRATED: 1, Affect.DISMISSIVE: 2},
        Affect.CONFUSED: {Affect.NEUTRAL: 1, Affect.WARM: 1, Affect.DISMISSIVE: 1},
        Affect.APOLOGETIC: {Affect.NEUTRAL: 1, Affect.WARM: 1, Affect.FRUSTRATED: 1},
        Affect.SCRIPTED: {Affect.CONFUSED: 2, Affect.FRUSTRATED: 2},
        Affect.GENUINE: {Affect.WARM: 2, Affect.GENUINE: 1, Affect.APOLOGETIC: 1},
        Affect.DISMISSIVE: {Affect.FRUSTRATED: 3, Affect.URGENT: 2},
        Affect.URGENT: {Affect.URGENT: 1, Affect.GENUINE: 1, Affect.APOLOGETIC: 1},
        Affect.TIRED: {Affect.NEUTRAL: 1, Affect.URGENT: 1, Affect.GENUINE: 1},
    }
)
"""How the other side tends to answer a mood: weights."""

_NEXT: Final[Mapping[Affect, Mapping[Affect, float]]] = MappingProxyType(
    {
        Affect.NEUTRAL: {Affect.SCRIPTED: 1, Affect.CONFUSED: 1, Affect.URGENT: 1},
        Affect.WARM: {Affect.GENUINE: 1, Affect.NEUTRAL: 1, Affect.TIRED: 1},
        Affect.FRUSTRATED: {Affect.FRUSTRATED: 1, Affect.URGENT: 2, Affect.TIRED: 2},
        Affect.CONFUSED: {Affect.FRUSTRATED: 2, Affect.NEUTRAL: 1},
        Affect.APOLOGETIC: {Affect.GENUINE: 2, Affect.TIRED: 1},
        Affect.SCRIPTED: {Affect.SCRIPTED: 1, Affect.DISMISSIVE: 2},
        Affect.GENUINE: {Affect.WARM: 2, Affect.TIRED: 1},
        Affect.DISMISSIVE: {Affect.DISMISSIVE: 1, Affect.TIRED: 1, Affect.APOLOGETIC: 2},
        Affect.URGENT: {Affect.FRUSTRATED: 2, Affect.TIRED: 2},
        Affect.TIRED: {Affect.TIRED: 1, Affect.NEUTRAL: 1, Affect.APOLOGETIC: 1},
    }
)
"""How a voice's own mood tends to go on: weights."""

_OPENINGS: Final = (Affect.NEUTRAL, Affect.WARM, Affect.CONFUSED, Affect.SCRIPTED)
"""Moods a conversation may open in."""


@dataclass(slots=True)
class _Voice:
    """One speaker: a point that moves towards its mood while it speaks, and rests while not."""

    source: Source
    mood: Affect = Affect.NEUTRAL
    point: Point = MOODS[Affect.NEUTRAL]
    heard_s: float = 0.0
    wobble: tuple[tuple[float, float], ...] = ()
    path: Trajectory = field(default_factory=Trajectory)

    def speak(self, duration_s: float) -> None:
        """Move on by this much speech; exact for any step."""
        keep = math.exp(-duration_s / SETTLE_S)
        aim = MOODS[self.mood]
        self.point = (
            aim[0] + keep * (self.point[0] - aim[0]),
            aim[1] + keep * (self.point[1] - aim[1]),
            aim[2] + keep * (self.point[2] - aim[2]),
        )
        self.heard_s += duration_s

    def sounds(self) -> Point:
        """Where the voice is heard: its point, with the small restlessness of any voice."""
        arousal, valence, dominance = (
            max(-1.0, min(1.0, at + WOBBLE * math.sin(rate * self.heard_s + phase)))
            for at, (rate, phase) in zip(self.point, self.wobble, strict=True)
        )
        return arousal, valence, dominance


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A turn of one voice, or a silence after it."""

    voice: _Voice
    start_s: float
    end_s: float
    speaking: bool


class Conversation:
    """Two voices that take turns; read it with :meth:`next` at moments that never fall."""

    def __init__(self, seed: int) -> None:
        """A conversation fully determined by ``seed``."""
        self._random = random.Random(seed)
        self._voices = (self._voice(Source.MIC), self._voice(Source.TAB))
        self._voices[0].mood = self._random.choice(_OPENINGS)
        self._now_s = 0.0
        self._stretch = _Stretch(self._voices[0], 0.0, self._random.uniform(*TURN_S), True)

    def next(self, t_s: float) -> VoiceFrame:
        """The reading at ``t_s`` seconds after the conversation began.

        Raises:
            ValueError: ``t_s`` is negative, not finite, or before the reading made last.
        """
        if not math.isfinite(t_s) or t_s < self._now_s:
            raise ValueError("readings go forward in time from 0")
        while t_s >= self._stretch.end_s:
            self._pass(self._stretch.end_s)
            self._stretch = self._follow(self._stretch)
        self._pass(t_s)
        return self._read()

    def _voice(self, source: Source) -> _Voice:
        draw = self._random.uniform
        return _Voice(
            source,
            wobble=tuple((draw(0.8, 2.0), draw(0.0, 2 * math.pi)) for _ in range(3)),
        )

    def _pass(self, until_s: float) -> None:
        if self._stretch.speaking:
            self._stretch.voice.speak(until_s - self._now_s)
        self._now_s = until_s

    def _follow(self, past: _Stretch) -> _Stretch:
        """A silence after a turn, the other voice's turn after a silence."""
        if past.speaking:
            quiet = PAUSE_S if self._random.random() < PAUSE_PROBABILITY else GAP_S
            length_s = self._random.uniform(*quiet)
            return _Stretch(past.voice, past.end_s, past.end_s + length_s, False)
        other = self._voices[1] if past.voice is self._voices[0] else self._voices[0]
        other.mood = self._choose(own=other.mood, heard=past.voice.mood)
        length_s = self._random.uniform(*TURN_S)
        return _Stretch(other, past.end_s, past.end_s + length_s, True)

    def _choose(self, *, own: Affect, heard: Affect) -> Affect:
        """The mood of the next turn: half its own course, half an answer to what was heard."""
        moods = list(Affect)
        going_on, answer = _shares(_NEXT[own]), _shares(_ANSWERS[heard])
        weights = [going_on.get(mood, 0.0) + answer.get(mood, 0.0) for mood in moods]
        return self._random.choices(moods, weights)[0]

    def _read(self) -> VoiceFrame:
        voice = self._stretch.voice
        if not self._stretch.speaking:
            return VoiceFrame(
                timestamp_s=self._now_s,
                source=voice.source,
                speech=0.02,
                heard_s=voice.heard_s,
            )
        point = voice.sounds()
        arousal, valence, dominance = point
        magnitude, direction = voice.path.feed(self._now_s, arousal, valence)
        distribution = likely(point, voice.mood)
        affect, confidence = max(distribution.items(), key=lambda item: item[1])
        named = confidence >= FLOOR
        return VoiceFrame(
            timestamp_s=self._now_s,
            source=voice.source,
            speech=0.97,
            affect=affect if named else None,
            confidence=confidence if named else 0.0,
            arousal=arousal,
            valence=valence,
            dominance=dominance,
            shift_magnitude=magnitude,
            shift_direction=direction,
            prosody_flags=flags(point),
            distribution=distribution,
            heard_s=voice.heard_s,
        )


def likely(point: Point, mood: Affect) -> Mapping[Affect, float]:
    """Probability per affect of a voice heard at ``point`` while it heads for ``mood``."""
    odds = {
        affect: math.exp(
            -(math.dist(point, centre) ** 2) / (2 * SPREAD**2)
            + (LEANING if affect is mood else 0.0)
        )
        for affect, centre in MOODS.items()
    }
    total = sum(odds.values())
    return MappingProxyType({affect: share / total for affect, share in odds.items()})


def flags(point: Point) -> tuple[ProsodyFlag, ...]:
    """How a voice at ``point`` would measure, most notable first.

    Arousal raises pitch, level and pace; a lively melody goes with arousal that pleases, tension
    with arousal that does not, breath with calm that yields (the directions in which Scherer,
    2003, "Vocal communication of emotion", sums up the field; the amounts are ours).
    """
    arousal, valence, dominance = point
    measured = (
        (arousal, ProsodyFlag.RAISED_PITCH, ProsodyFlag.LOWERED_PITCH),
        (0.5 * (arousal + valence), ProsodyFlag.LIVELY_PITCH, ProsodyFlag.FLAT_PITCH),
        (0.8 * arousal + 0.2 * dominance, ProsodyFlag.LOUD, ProsodyFlag.QUIET),
        (0.9 * arousal, ProsodyFlag.FAST, ProsodyFlag.SLOW),
        (0.5 * (arousal - valence), ProsodyFlag.TENSE, None),
        (0.5 * (-arousal - dominance), ProsodyFlag.BREATHY, None),
    )
    notable = [
        (abs(amount), more if amount > 0 else less)
        for amount, more, less in measured
        if abs(amount) >= FLAG_LEVEL
    ]
    notable.sort(key=lambda item: -item[0])
    return tuple(flag for _, flag in notable if flag is not None)


def _shares(weights: Mapping[Affect, float]) -> dict[Affect, float]:
    total = sum(weights.values())
    return {mood: weight / total for mood, weight in weights.items()}
