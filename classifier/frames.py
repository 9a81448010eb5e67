"""The vocabulary of the classifier: what a voice can be said to sound like.

Owns the words (affects, shift directions, prosody flags) and the one record that leaves a
classifier, :class:`VoiceFrame`. Knows nothing of audio, models or the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

SAMPLE_RATE_HZ: Final = 16_000
"""Every signal inside the classifier is mono at this rate."""

DEFAULT_WINDOW_MS: Final = 1000
"""How much speech a word rests on, milliseconds, unless a session asks for another."""


class Affect(StrEnum):
    """The ten affects of the wire format. Locked: clients switch on these words."""

    NEUTRAL = "neutral"
    WARM = "warm"
    FRUSTRATED = "frustrated"
    CONFUSED = "confused"
    APOLOGETIC = "apologetic"
    SCRIPTED = "scripted"
    GENUINE = "genuine"
    DISMISSIVE = "dismissive"
    URGENT = "urgent"
    TIRED = "tired"


class ShiftDirection(StrEnum):
    """Which way a voice is moving, by arousal and valence. Locked."""

    STABLE = "stable"
    ESCALATING = "escalating"
    DE_ESCALATING = "de-escalating"


class ProsodyFlag(StrEnum):
    """Measured properties of the voice worth a word, each against the voice's own habit."""

    RAISED_PITCH = "raised_pitch"
    LOWERED_PITCH = "lowered_pitch"
    LIVELY_PITCH = "lively_pitch"
    FLAT_PITCH = "flat_pitch"
    LOUD = "loud"
    QUIET = "quiet"
    FAST = "fast"
    SLOW = "slow"
    TENSE = "tense"
    BREATHY = "breathy"


class Source(StrEnum):
    """Where audio comes from. Each source has its own clock, lane and speaker."""

    MIC = "mic"
    TAB = "tab"

    @property
    def speaker_id(self) -> str:
        """``speaker_a`` for the microphone, ``speaker_b`` for the other side of a call."""
        return "speaker_a" if self is Source.MIC else "speaker_b"


class EnvironLabel(StrEnum):
    """What surrounds the voices of a source. Locked: front ends of the original know these."""

    QUIET = "quiet"
    NOISE = "noise"
    MUSIC = "music"


class QueueLabel(StrEnum):
    """What a telephone line carries while nobody speaks. Locked likewise."""

    RINGBACK = "ringback"
    BUSY = "busy"
    DTMF_TONE = "dtmf_tone"
    SILENCE = "silence"
    DEAD_AIR = "dead_air"
    HOLD_MUSIC = "hold_music"


@dataclass(frozen=True, slots=True)
class Sound:
    """Something heard that is no voice, said once when it begins."""

    label: EnvironLabel | QueueLabel
    confidence: float
    """How clearly it was measured, 0..1."""

    timestamp_s: float
    """Audio time of the source at which it was certain, seconds."""


@dataclass(frozen=True, slots=True)
class VoiceFrame:
    """One reading of one voice, made at the analysis rate, with or without a tone to name."""

    timestamp_s: float
    """Audio time of the source, in seconds, at the end of the analysed window
    (for the mock: seconds since the session began)."""

    source: Source
    """The source this voice was heard on."""

    speech: float
    """How likely the window holds speech, 0..1."""

    affect: Affect | None = None
    """The affect named, or None when nothing reliable can be said (silence, noise, doubt)."""

    confidence: float = 0.0
    """How sure of ``affect``, 0..1; 0 when ``affect`` is None."""

    arousal: float | None = None
    """Calm to excited, -1..1; None where there is no evidence (no speech)."""

    valence: float | None = None
    """Unpleasant to pleasant, -1..1; None where there is no evidence."""

    dominance: float | None = None
    """Yielding to forceful, -1..1; None where there is no evidence."""

    shift_magnitude: float = 0.0
    """How far the voice moved in arousal and valence against its recent past, 0..1."""

    shift_direction: ShiftDirection = ShiftDirection.STABLE
    """Which way it moved."""

    prosody_flags: tuple[ProsodyFlag, ...] = ()
    """What was measured about the voice, most notable first."""

    distribution: Mapping[Affect, float] = field(default_factory=dict)
    """Probability per affect the model can hear; sums to 1 (to less where a model that was brought
    along also hears what is none of them), or empty when there was no speech."""

    heard_s: float = 0.0
    """Seconds of speech heard from this voice so far. Its habit is made of these, and of what was
    known of it before."""

    habit_known: bool | None = None
    """Whether the voice is measured against its own habit yet; None where that is no question."""

    sounds: tuple[Sound, ...] = ()
    """What began to be heard beside the voice since the frame before."""

    voice: int = 0
    """Which voice of the source this is, in the order they were heard; 0 where voices are not told
    apart."""

    voice_sure: float = 1.0
    """How sure the last change of voice was, 0..1; not calibrated."""

    named: str | None = None
    """What the voice is called among all of the session, where its source alone does not say."""

    @property
    def speaker_id(self) -> str:
        """Who is speaking, as named on the wire."""
        return self.named or self.source.speaker_id
