"""What a reading is called in plain words: a label at a glance, a sentence beneath it.

Owns the words, and nothing else: what was measured arrives in a :class:`VoiceFrame`. The words
say how a voice sounds, never what a person feels or means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from classifier.frames import Affect, ProsodyFlag, ShiftDirection, VoiceFrame

NOTABLE_SHIFT: Final = 0.3
"""Shift magnitude from which the label itself names the shift; below, only the sentence does.
Kept well above the trajectory's dead band, so that a label does not flicker."""

LARGE_SHIFT: Final = 0.6
"""Shift magnitude called "much"."""

MOST_FLAGS: Final = 3
"""Measurements named in one sentence: more is more than a tired reader takes in."""

WORDS: Final[Mapping[Affect, str]] = MappingProxyType(
    {
        Affect.NEUTRAL: "Neutral",
        Affect.WARM: "Warm",
        Affect.FRUSTRATED: "Frustrated",
        Affect.CONFUSED: "Confused",
        Affect.APOLOGETIC: "Apologetic",
        Affect.SCRIPTED: "Scripted",
        Affect.GENUINE: "Genuine",
        Affect.DISMISSIVE: "Dismissive",
        Affect.URGENT: "Urgent",
        Affect.TIRED: "Tired",
    }
)
"""Each affect's one word, the same in the label and in the Elcor prefix."""


class _Property(Enum):
    """What a measurement is about; a voice has at most one of two opposites."""

    PITCH_HEIGHT = "pitch height"
    PITCH_RANGE = "pitch range"
    VOLUME = "volume"
    PACE = "pace"
    QUALITY = "quality"

    @property
    def subject(self) -> str:
        """The subject of the sentence that tells it."""
        if self in (_Property.PITCH_HEIGHT, _Property.PITCH_RANGE):
            return "pitch"
        return "speech"


_FLAGS: Final[Mapping[ProsodyFlag, tuple[_Property, str]]] = MappingProxyType(
    {
        ProsodyFlag.RAISED_PITCH: (_Property.PITCH_HEIGHT, "raised"),
        ProsodyFlag.LOWERED_PITCH: (_Property.PITCH_HEIGHT, "lowered"),
        ProsodyFlag.LIVELY_PITCH: (_Property.PITCH_RANGE, "lively"),
        ProsodyFlag.FLAT_PITCH: (_Property.PITCH_RANGE, "flat"),
        ProsodyFlag.LOUD: (_Property.VOLUME, "loud"),
        ProsodyFlag.QUIET: (_Property.VOLUME, "quiet"),
        ProsodyFlag.FAST: (_Property.PACE, "fast"),
        ProsodyFlag.SLOW: (_Property.PACE, "slow"),
        ProsodyFlag.TENSE: (_Property.QUALITY, "tense"),
        ProsodyFlag.BREATHY: (_Property.QUALITY, "breathy"),
    }
)

# Tension itself: for these two "rising" is plain. "Warm, and rising" would be read as more warmth
# where the voice in truth grew more tense, so every other affect says which it is.
_TENSE_AFFECTS: Final = frozenset({Affect.FRUSTRATED, Affect.URGENT})


@dataclass(frozen=True, slots=True)
class Tone:
    """A reading in words."""

    label: str
    """One word, and the shift where it is notable: "Frustrated, and rising"."""

    subtext: str | None
    """What was measured, in whole sentences; None when nothing notable was."""


def describe(frame: VoiceFrame, elcor: bool = False) -> Tone:
    """The words for one reading.

    Args:
        frame: a reading that names an affect.
        elcor: begin the subtext with the tone in brackets, as the Elcor begin their sentences.

    Raises:
        ValueError: the frame names no affect, so there is nothing to say.
    """
    return Tone(label(frame), subtext(frame, elcor=elcor))


def label(frame: VoiceFrame) -> str:
    """The affect's word, with the shift where it is notable.

    Raises:
        ValueError: the frame names no affect.
    """
    affect = _affect(frame)
    word = WORDS[affect]
    if frame.shift_direction is ShiftDirection.STABLE or not frame.shift_magnitude >= NOTABLE_SHIFT:
        return word
    escalating = frame.shift_direction is ShiftDirection.ESCALATING
    if affect in _TENSE_AFFECTS:
        return f"{word}, and rising" if escalating else f"{word}, and easing"
    return f"{word}, and more tense" if escalating else f"{word}, and more at ease"


def subtext(frame: VoiceFrame, elcor: bool = False) -> str | None:
    """What was measured about the voice: "Pitch is raised and speech is fast for this voice."

    Args:
        frame: a reading that names an affect.
        elcor: begin with the affect in brackets ("[Frustrated] Pitch is raised for this voice.");
            then never None.

    Returns:
        Whole sentences, or None when nothing notable was measured.

    Raises:
        ValueError: the frame names no affect.
    """
    affect = _affect(frame)
    sentences = [s for s in (_prosody(frame.prosody_flags), _shift(frame)) if s is not None]
    if elcor:
        sentences.insert(0, f"[{WORDS[affect]}]")
    return " ".join(sentences) if sentences else None


def _affect(frame: VoiceFrame) -> Affect:
    if frame.affect is None:
        raise ValueError("a frame without an affect has no tone to describe")
    return frame.affect


def _prosody(flags: Sequence[ProsodyFlag]) -> str | None:
    """One sentence from the most notable flags; of two opposites the more notable one stands."""
    told: dict[_Property, str] = {}
    for flag in flags:
        about, word = _FLAGS[flag]
        if len(told) < MOST_FLAGS:
            told.setdefault(about, word)
    by_subject: dict[str, list[str]] = {}
    for about, word in told.items():
        by_subject.setdefault(about.subject, []).append(word)
    if not by_subject:
        return None
    clauses = [f"{subject} is {_listed(words)}" for subject, words in by_subject.items()]
    # A comma where a clause has an "and" of its own.
    sentence = (", and " if len(told) > len(clauses) else " and ").join(clauses)
    return f"{sentence[0].upper()}{sentence[1:]} for this voice."


def _shift(frame: VoiceFrame) -> str | None:
    """One sentence on how the voice moved."""
    magnitude = frame.shift_magnitude
    if frame.shift_direction is ShiftDirection.STABLE:
        # A stable voice may still have moved far, to as much tension elsewhere: the affect tells.
        return None
    if magnitude >= LARGE_SHIFT:
        degree = "much "
    elif magnitude >= NOTABLE_SHIFT:
        degree = ""
    else:
        degree = "a little "
    way = "more" if frame.shift_direction is ShiftDirection.ESCALATING else "less"
    return f"It sounds {degree}{way} tense than a few seconds ago."


def _listed(words: Sequence[str]) -> str:
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} and {words[-1]}"
