"""Which of several voices is speaking on one source, told as they speak.

Owns the description of a turn, the model of how voices differ, and the decision to change from one
voice to another. Knows nothing of affects: who is speaking only decides whose habit is learnt.

A turn is described by means over its voiced frames (pitch, tilt, voice quality, cepstrum). The
model is that of two covariances (PLDA: Ioffe 2006; Prince and Elder 2007): voices differ by one
normal distribution, turns of a voice by another, and a linear map makes the second the unit and
the first diagonal. A change is decided by sums of log-likelihood ratios that begin anew whenever
they fall below zero (Page 1954): one odd syllable is no other voice, a second of them is.
Made by :mod:`classifier.training.voices_train`, measured by
:mod:`classifier.training.judging.diarization`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.acoustic.gate import Mask
from classifier.acoustic.layout import BLOCK_FRAMES, COLUMN, FIRST_MFCC, MFCCS, Floats

TURN_GAP: Final = 10
"""Frames without speech after which a new turn may have begun."""

TURN_FRAMES: Final = 3 * BLOCK_FRAMES
"""Most of the past that describes a turn: 1.5 s."""

LEAST_VOICED: Final = 15
"""Voiced frames without which a turn tells nothing of the voice."""

LEAST_NEW_S: Final = 0.1
"""New speech in a block without which it adds nothing."""

EVIDENCE: Final = 0.5
"""Share of its log-likelihood ratio that a block counts: it overlaps with the one before."""

KNOWN_VOICE: Final = 1.0
"""Evidence for another known voice from which that voice is taken to speak."""

NEW_VOICE: Final = 2.0
"""Evidence for a voice not heard before from which there is one more."""

MOST_HEARD: Final = 20.0
"""Turns' worth of a voice after which the older part of its mean fades."""

_WAITING: Final = 8
"""Blocks that wait at most for it to be decided whose they are."""

_SHARE: Final = 0.5
"""Turns' worth of what one second of speech adds to a voice's mean."""

_COLUMNS: Final = np.array(
    [
        *(
            COLUMN[name]
            for name in (
                "pitch_st",
                "hnr_db",
                "alpha_db",
                "hammarberg_db",
                "slope_low_db",
                "slope_mid_db",
                "centroid_st",
                "flatness_db",
                "h1_h2_db",
                "h1_a3_db",
            )
        ),
        *range(FIRST_MFCC, FIRST_MFCC + MFCCS),
    ]
)

TURN_WIDTH: Final = len(_COLUMNS)
"""Length of a turn's description."""


@dataclass(frozen=True, slots=True)
class VoiceModel:
    """How voices differ, and how the turns of one voice do."""

    mean: Floats
    """``(TURN_WIDTH,)``."""

    projection: Floats
    """``(TURN_WIDTH, dimensions)``: to where the turns of a voice have unit covariance and voices a
    diagonal one."""

    between: Floats
    """``(dimensions,)``: the variance of voices there."""


@cache
def shipped_voice_model() -> VoiceModel:
    """The model that comes with the classifier."""
    file = Path(__file__).resolve().parents[1] / "models" / "voices.npz"
    with np.load(file) as kept:
        return VoiceModel(**{part.name: kept[part.name] for part in fields(VoiceModel)})


def turn_begin(speech: Mask) -> int:
    """Where the last turn of a window begins: ``(frames,)`` to a frame, at most
    :data:`TURN_FRAMES` before the end. Without speech, the end."""
    first = max(0, len(speech) - TURN_FRAMES)
    spoken = np.flatnonzero(speech[first:])
    if not spoken.size:
        return len(speech)
    pauses = np.flatnonzero(np.diff(spoken) > TURN_GAP)
    return first + int(spoken[pauses[-1] + 1] if pauses.size else spoken[0])


def describe_turn(frames: Floats, voiced: Mask) -> Floats | None:
    """Means over the voiced frames of a turn.

    Args:
        frames: ``(frames, FRAME_WIDTH)``.
        voiced: ``(frames,)``.

    Returns:
        ``(TURN_WIDTH,)``; None where too little of it is voiced.
    """
    if int(voiced.sum()) < LEAST_VOICED:
        return None
    return np.asarray(frames[voiced][:, _COLUMNS].mean(axis=0), dtype=np.float32)


@dataclass(slots=True)
class _Heard:
    """What was heard of one voice."""

    total: NDArray[np.float64]
    """Weighted sum of its turns, ``(dimensions,)``."""

    weight: float = 0.0

    def add(self, turn: NDArray[np.float64], weight: float) -> None:
        self.total = self.total + weight * turn
        self.weight += weight
        if self.weight > MOST_HEARD:
            self.total = self.total * (MOST_HEARD / self.weight)
            self.weight = MOST_HEARD


class VoiceTracker:
    """The voices of one source."""

    def __init__(self, most: int, model: VoiceModel | None = None) -> None:
        """Nobody heard yet.

        Args:
            most: how many voices there can be, at least 1; may be changed at any time.
            model: the shipped one if not given.
        """
        self.most = most
        self.model = model or shipped_voice_model()
        self._voices: list[_Heard] = []
        self._evidence: list[float] = []
        self._speaking = 0
        self._stranger = self._nobody()
        self._for_stranger = 0.0
        self._waiting: list[tuple[int, NDArray[np.float64], float]] = []
        self._block = 0
        self.certainty = 1.0
        """How sure the last change was, 0..1: not calibrated."""
        self.changed_blocks = 0
        """With the last change: for how many blocks the new voice had been speaking."""

    @property
    def heard(self) -> int:
        """How many voices were heard so far."""
        return len(self._voices)

    @property
    def known(self) -> list[tuple[NDArray[np.float64], float]]:
        """What was heard of each voice: the weighted sum of its turns, ``(dimensions,)``, and their
        weight."""
        return [(voice.total.copy(), voice.weight) for voice in self._voices]

    def expect(self, known: Sequence[tuple[NDArray[np.float64], float]]) -> None:
        """Before anything is heard: these voices are known, as :attr:`known` of another gave them;
        the first is the one that speaks until another is heard."""
        self._voices = [_Heard(total.copy(), weight) for total, weight in known]
        self._evidence = [0.0] * len(self._voices)

    def follow(self, turn: Floats | None, new_speech_s: float) -> int:
        """Take one block.

        Args:
            turn: what is known of the turn that the block belongs to, ``(TURN_WIDTH,)``.
            new_speech_s: speech in the block, seconds.

        Returns:
            The voice that is speaking, or spoke last: 0, 1, ... in the order they were heard.
        """
        self._block += 1
        if turn is None or new_speech_s <= LEAST_NEW_S:
            return self._speaking
        seen = (turn - self.model.mean).astype(np.float64) @ self.model.projection
        weight = _SHARE * new_speech_s
        if not self._voices:
            self._voices, self._evidence = [self._nobody()], [0.0]
            self._voices[0].add(seen, weight)
            return 0
        self._weigh(seen, weight)
        self._waiting.append((self._block, seen, weight))
        self._decide()
        return self._speaking

    def _weigh(self, seen: NDArray[np.float64], weight: float) -> None:
        """Add the block to the evidence for every voice that is not the one speaking."""
        usual = self._likelihood(seen, self._voices[self._speaking])
        for number, voice in enumerate(self._voices):
            if number != self._speaking:
                gain = EVIDENCE * (self._likelihood(seen, voice) - usual)
                self._evidence[number] = max(0.0, self._evidence[number] + gain)
        if len(self._voices) >= self.most:
            self._for_stranger = 0.0
            return
        self._for_stranger += EVIDENCE * (self._likelihood(seen, self._stranger) - usual)
        if self._for_stranger <= 0:
            self._for_stranger, self._stranger = 0.0, self._nobody()
        else:
            self._stranger.add(seen, weight)

    def _decide(self) -> None:
        best = int(np.argmax(self._evidence))
        if self._evidence[best] > KNOWN_VOICE and (
            self._evidence[best] >= self._for_stranger - (NEW_VOICE - KNOWN_VOICE)
        ):
            self._change_to(best, self._evidence[best])
        elif self._for_stranger > NEW_VOICE:
            self._voices.append(self._nobody())
            self._change_to(len(self._voices) - 1, self._for_stranger)
        elif max(self._for_stranger, *self._evidence) <= 0 or len(self._waiting) > _WAITING:
            self._settle()

    def _change_to(self, voice: int, evidence: float) -> None:
        self._speaking = voice
        self.certainty = float(1.0 / (1.0 + np.exp(-evidence)))
        self.changed_blocks = self._block - self._waiting[0][0] + 1
        self._settle()
        self._evidence = [0.0] * len(self._voices)
        self._for_stranger, self._stranger = 0.0, self._nobody()

    def _settle(self) -> None:
        """What waited belongs to the voice that is speaking."""
        for _, seen, weight in self._waiting:
            self._voices[self._speaking].add(seen, weight)
        self._waiting.clear()

    def _likelihood(self, seen: NDArray[np.float64], voice: _Heard) -> float:
        """Log-likelihood of a turn of that voice, but for a constant."""
        between = self.model.between
        known = voice.weight * between + 1.0
        variance = 1.0 + between / known
        away = seen - between / known * voice.total
        return float(-0.5 * np.sum(away**2 / variance + np.log(variance)))

    def _nobody(self) -> _Heard:
        return _Heard(np.zeros(len(self.model.between)))
