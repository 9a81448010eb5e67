"""One voice's way through somebody else's model, behind the same gate and the same words.

Owns the audio that the model has yet to hear and what becomes of its answers. Who speaks when,
the flags and the count of speech heard come from the acoustic lane it is made of; smoothing,
naming and movement are the acoustic classifier's own parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.acoustic.analysis import analyse
from classifier.acoustic.card import Card
from classifier.acoustic.lane import Lane, Reading
from classifier.acoustic.model import Network
from classifier.acoustic.smoothing import FORGET_S, Course, Namer, Smoother
from classifier.foreign.card import ForeignCard
from classifier.foreign.model import Answer, ForeignModel
from classifier.frames import (
    DEFAULT_WINDOW_MS,
    SAMPLE_RATE_HZ,
    Affect,
    ShiftDirection,
    Source,
    VoiceFrame,
)
from classifier.plane import place_of
from classifier.trajectory import Trajectory

_NEVER_S: Final = float("-inf")


class ForeignLane(Lane):
    """The state of one source of one session."""

    def __init__(
        self,
        source: Source,
        gate: Card,
        card: ForeignCard,
        window_ms: int = DEFAULT_WINDOW_MS,
    ) -> None:
        """
        Args:
            source: of the audio.
            gate: of the acoustic network that tells voices from other sounds.
            card: of the model that says how they sound.
            window_ms: how much speech a word rests on.
        """
        super().__init__(source, gate, window_ms=window_ms)
        self._foreign = card
        self._past = np.zeros(0, np.int16)
        self._past_end = 0
        self._reach = round(card.input.window_s * SAMPLE_RATE_HZ)
        self._waited = 0
        self._voiced_s = _NEVER_S
        self._labels_smoother = Smoother(window_ms)
        self._dimensions_smoother = Smoother(window_ms)
        self._word = Namer(card.labels.floor if card.labels is not None else 1.0)
        self._movement = Trajectory()
        self._told: VoiceFrame | None = None

    def push(self, pcm: NDArray[np.int16]) -> bool:
        """Take audio; says whether there is now something to analyse."""
        self._past = np.concatenate([self._past, pcm])
        self._past_end += pcm.size
        return super().push(pcm)

    def is_due(self, reading: Reading) -> bool:
        """Whether the model is to hear the window that ends with this reading."""
        if reading.emotion is None:
            return False
        at_s = reading.frame.timestamp_s
        afresh = at_s - self._voiced_s > FORGET_S
        self._voiced_s = at_s
        self._waited += 1
        if afresh or self._waited >= self._foreign.input.hop_blocks:
            self._waited = 0
            return True
        return False

    def audio_before(self, end_s: float) -> NDArray[np.int16]:
        """The audio up to there, ``(samples,)``, as much as the model wants or there is."""
        end = self._past.size - (self._past_end - round(end_s * SAMPLE_RATE_HZ))
        return self._past[max(0, end - self._reach) : end]

    def forget(self, until_s: float) -> None:
        """Let go of the audio that no later window reaches back to."""
        later = self._past_end - round(until_s * SAMPLE_RATE_HZ)
        kept = later + self._reach
        if self._past.size > kept:
            self._past = self._past[self._past.size - kept :].copy()

    def tell(self, reading: Reading, answer: Answer | None) -> Reading:
        """The reading as the model has it.

        Args:
            reading: of the acoustic lane.
            answer: of the model; None where it was not asked.
        """
        frame = reading.frame
        if reading.emotion is None:
            return reading
        if answer is None:
            assert self._told is not None, "the first reading of speech is always due"
            return replace(reading, frame=self._as_told(frame, self._told))
        told = self._worded(frame, answer)
        self._told = told
        return Reading(told, answer.labels)

    def _as_told(self, frame: VoiceFrame, told: VoiceFrame) -> VoiceFrame:
        """Between two windows, what was said of the last one holds."""
        return replace(
            told,
            timestamp_s=frame.timestamp_s,
            speech=frame.speech,
            prosody_flags=frame.prosody_flags,
            heard_s=frame.heard_s,
        )

    def _worded(self, frame: VoiceFrame, answer: Answer) -> VoiceFrame:
        at_s = frame.timestamp_s
        affect, distribution, places = None, dict[Affect, float](), dict[str, float]()
        if answer.labels is not None and (described := self._foreign.labels) is not None:
            smooth, course = self._labels_smoother.feed(at_s, answer.labels)
            if course is Course.ANEW:
                self._word.forget()
            distribution = dict.fromkeys(sorted(described.possible_affects), 0.0)
            for name, probability in zip(described.names, smooth, strict=True):
                if (meant := described.affects[name]) is not None:
                    distribution[meant] += float(probability)
            affect = self._word.feed(distribution)
            if described.coordinates is not None:
                table = np.array([described.coordinates[n] for n in described.names], np.float32)
                where = map(float, place_of(smooth, table))
                places = dict(zip(("arousal", "valence", "dominance"), where, strict=True))
        if answer.dimensions is not None and (wanted := self._foreign.dimensions) is not None:
            steady, _ = self._dimensions_smoother.feed(at_s, answer.dimensions)
            places = dict(zip(wanted.order, map(float, steady), strict=True))
        worded = replace(
            frame,
            affect=affect,
            confidence=min(1.0, distribution[affect]) if affect is not None else 0.0,
            arousal=places.get("arousal"),
            valence=places.get("valence"),
            dominance=places.get("dominance"),
            distribution=distribution,
            shift_magnitude=0.0,
            shift_direction=ShiftDirection.STABLE,
        )
        if worded.arousal is None or worded.valence is None:
            return worded
        shift, direction = self._movement.feed(at_s, worded.arousal, worded.valence)
        return replace(worded, shift_magnitude=shift, shift_direction=direction)


def analyse_foreign(
    lanes: Sequence[ForeignLane], gate: Network, model: ForeignModel
) -> list[list[Reading]]:
    """Analyse every whole block that the lanes hold; the model hears all due windows at once.

    Args:
        lanes: distinct lanes.
        gate: the acoustic network, for its ear for voices.
        model: the foreign one.

    Returns:
        The new readings of each lane, in order.

    Raises:
        BackendError: the model failed.
    """
    gated = analyse(lanes, gate)
    due = [[lane.is_due(r) for r in row] for lane, row in zip(lanes, gated, strict=True)]
    windows = [
        lane.audio_before(reading.frame.timestamp_s)
        for lane, row, asked in zip(lanes, gated, due, strict=True)
        for reading, ask in zip(row, asked, strict=True)
        if ask
    ]
    answers = iter(model.hear(windows))
    told: list[list[Reading]] = []
    for lane, row, asked in zip(lanes, gated, due, strict=True):
        told.append(
            [
                lane.tell(r, next(answers) if ask else None)
                for r, ask in zip(row, asked, strict=True)
            ]
        )
        if row:
            lane.forget(row[-1].frame.timestamp_s)
    return told
