"""One source's way through the classifier, from PCM to readings.

Owns a lane's state; the heavy steps (features, network) are done for many lanes at once in
:mod:`classifier.acoustic.analysis`. Knows nothing of threads, sessions or the server.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.acoustic.baseline import Baseline, Moments
from classifier.acoustic.card import Card
from classifier.acoustic.contour import FrameHabit
from classifier.acoustic.crowd import Crowd
from classifier.acoustic.extractor import BlockReader
from classifier.acoustic.flags import prosody_flags
from classifier.acoustic.habit import Habit
from classifier.acoustic.known import Heard, KnownVoice
from classifier.acoustic.layout import Floats
from classifier.acoustic.model import pool
from classifier.acoustic.pitch import no_memory
from classifier.acoustic.signals.meter import SoundMeter
from classifier.acoustic.smoothing import Course
from classifier.acoustic.steps import StepCache
from classifier.acoustic.voices import VoiceTracker
from classifier.acoustic.window import SlidingWindow, Window
from classifier.frames import (
    DEFAULT_WINDOW_MS,
    Affect,
    ProsodyFlag,
    Sound,
    Source,
    VoiceFrame,
)
from classifier.plane import place_of

DOUBT_FLOOR: Final = 0.95
"""Confidence that an affect needs where there is no saying whose it would be: where many voices
seem to speak at once, or what begins may be no voice."""

SURELY: Final = 0.9
"""Probability of a voice from which one window is enough. Otherwise the next must be heard as a
voice too before anything is named: a dog or a saw passes for one now and then, seldom twice."""

IN_A_ROW_S: Final = 1.0
"""So soon after one, a window is the next."""

EXPECTED_ODDS: Final = 4.0
"""How many times as likely a window holds a voice where one that is known was as loud all along:
what is shouted, sobbed or laughed sounds little like the speech that the network was taught."""

NEAR_DB: Final = 3.0
"""How far below its usual level a known voice is expected: what lies lower may be others, behind
it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A voice frame, and what the network said before it was put into words."""

    frame: VoiceFrame
    emotion: Floats | None
    """Probability per class of the card, ``(classes,)``; None where there was no speech."""


class Lane:
    """The state of one source of one session."""

    def __init__(
        self,
        source: Source,
        card: Card,
        voices: VoiceTracker | None = None,
        window_ms: int = DEFAULT_WINDOW_MS,
    ) -> None:
        """Nothing heard yet.

        Args:
            source: where the audio comes from.
            card: of the network that hears it.
            voices: tells several voices apart; without it there is one.
            window_ms: how much speech a word rests on.
        """
        self.reader = BlockReader()
        self.pitch_memory: Floats = no_memory(1)[0]
        self.voices = voices
        self.window = SlidingWindow(voices)
        self.steps = StepCache()
        self.meter = SoundMeter()
        self._crowd = Crowd()
        self._voice_s = float("-inf")
        self.sounds: tuple[Sound, ...] = ()
        """What was heard beside the voice with the newest block."""
        self._source = source
        self._card = card
        self._window_ms = window_ms
        self._places = np.array([card.coordinates[name] for name in card.classes], np.float32)
        self._affects = [Affect(card.affects[name]) for name in card.classes]
        self._odds = np.array([card.odds[name] for name in card.classes], np.float32)
        self._unlikely = dict.fromkeys(sorted(card.possible_affects), 0.0)
        self._habits: list[Habit] = []
        self.turn_to(0)

    def turn_to(self, voice: int) -> None:
        """From now on that voice of the source is heard: 0, 1, ... in the order they come."""
        while len(self._habits) <= voice:
            self._habits.append(Habit(self._card, self._window_ms))
        self._voice = voice
        habit = self._habits[voice]
        self._baseline, self._recent, self._frames = habit.own, habit.recent, habit.frames
        self._level, self._tenor, self._trajectory = habit.level, habit.tenor, habit.trajectory
        self._smoother, self._namer = habit.smoother, habit.namer

    @property
    def heard_s(self) -> float:
        """Seconds of speech that the habit of this voice is made of."""
        return self._baseline.heard_s

    @property
    def known(self) -> tuple[KnownVoice, ...]:
        """What is known of the voices heard so far, in their order."""
        turns: list[Heard | None] = [] if self.voices is None else [*self.voices.known]
        turns += [None] * (len(self._habits) - len(turns))
        known = [habit.known(turn) for habit, turn in zip(self._habits, turns, strict=False)]
        return tuple(known) if any(voice.heard_s for voice in known) else ()

    def expect(self, known: Sequence[KnownVoice]) -> None:
        """Before anything is heard: begin with voices that are known from before.

        Where voices are not told apart, or were not then, it is the one that was heard most.
        """
        turns = [voice.turns for voice in known if voice.turns is not None]
        if self.voices is not None and len(turns) == len(known):
            self.voices.expect(turns)
        elif known:
            known = [max(known, key=lambda voice: voice.heard_s)]
        for number, voice in enumerate(known):
            self.turn_to(number)
            self._habits[number].take(voice)
        self.turn_to(0)

    def push(self, pcm: NDArray[np.int16]) -> bool:
        """Take audio; says whether there is now something to analyse."""
        self.reader.push(pcm)
        return self.reader.blocks_ready > 0

    def recognise(self, frames: Moments) -> None:
        """Before a window is heard: believe what is known of its voice from before as far as what
        its newest frames add sounds like it."""
        self._habits[self._voice].recognise(frames)

    @property
    def habits(self) -> tuple[Baseline, Baseline, FrameHabit]:
        """Of the voice that is heard: of its windows, of its newest seconds, and of its frames."""
        return self._baseline, self._recent, self._frames

    def no_voice(self, window: Window) -> Reading:
        """The reading of a window without speech."""
        return Reading(self._frame(window, speech=0.0), None)

    def voice(
        self,
        window: Window,
        standardised: Floats,
        emotion: Floats,
        speech: float,
        frames: Moments,
        recent: tuple[Floats, Floats] | None = None,
    ) -> Reading:
        """The reading of a window that the network has heard.

        Args:
            window: it.
            standardised: its functionals, ``(WIDTH,)``.
            emotion: probability per class, ``(classes,)``.
            speech: probability that it is a human voice.
            frames: what its newest frames add to the habit.
            recent: functionals and probabilities of its newest second, where that was heard too.
        """
        crowd = self._crowd.hear(window.end_s, window.crowd)
        speech = self._as_expected(window, speech)
        if speech < self._card.speech_threshold:
            return Reading(self._frame(window, speech=speech), None)
        # The flags compare with the habit before this window: it must not hide itself.
        own, own_level = self._baseline.own_mean, self._level.own_mean
        flags: tuple[ProsodyFlag, ...] = ()
        if own is not None and own_level is not None:
            flags = prosody_flags(
                standardised - own,
                window.level_db - float(own_level[0]),
                self._baseline.heard_s,
            )
        self._baseline.learn(standardised, window.new_speech_s)
        self._frames.learn(frames)
        self._level.learn(np.array([window.level_db], np.float32), window.new_speech_s)
        newest: Floats | None = None
        if recent is not None:
            self._recent.learn(recent[0], window.new_speech_s)
            newest = recent[1]
            emotion = pool(emotion, newest)
        smooth, course = self._smoother.feed(window.end_s, emotion, newest)
        if course is Course.ANEW:
            self._namer.forget()
        distribution = self._unlikely.copy()
        # Words are weighed by how often they are met, and what this voice sounds like all along is
        # no news; the place is that of what was heard.
        weighed = smooth * self._odds * self._tenor.odds_at(window.end_s)
        weighed /= weighed.sum()
        self._tenor.learn(window.end_s, emotion, window.new_speech_s)
        for name, probability in zip(self._affects, weighed.tolist(), strict=True):
            distribution[name] += probability
        begins = window.end_s - self._voice_s > IN_A_ROW_S
        self._voice_s = window.end_s
        doubtful = crowd or (begins and speech < SURELY)
        floor = DOUBT_FLOOR if doubtful else self._card.floor_at(self.heard_s)
        affect = self._namer.feed(distribution, floor, at_once=course is Course.TURNED)
        arousal, valence, dominance = map(float, place_of(smooth, self._places))
        shift, direction = self._trajectory.feed(window.end_s, arousal, valence)
        frame = VoiceFrame(
            timestamp_s=window.end_s,
            source=self._source,
            speech=speech,
            affect=affect,
            confidence=min(1.0, distribution[affect]) if affect is not None else 0.0,
            arousal=arousal,
            valence=valence,
            dominance=dominance,
            shift_magnitude=shift,
            shift_direction=direction,
            prosody_flags=flags,
            distribution=distribution,
            heard_s=self.heard_s - self._habits[self._voice].before_s,
            habit_known=self.heard_s >= self._card.known_s,
            sounds=self.sounds,
            voice=self._voice,
            voice_sure=1.0 if self.voices is None else self.voices.certainty,
        )
        return Reading(frame, emotion)

    def _as_expected(self, window: Window, speech: float) -> float:
        """The probability of a human voice, where there may be one that is known."""
        usual = self._level.own_mean
        if usual is None or self.heard_s < self._card.known_s:
            return speech
        if window.level_db < float(usual[0]) - NEAR_DB:
            return speech
        return EXPECTED_ODDS * speech / (1.0 + (EXPECTED_ODDS - 1.0) * speech)

    def _frame(self, window: Window, speech: float) -> VoiceFrame:
        return VoiceFrame(
            timestamp_s=window.end_s,
            source=self._source,
            speech=speech,
            heard_s=self.heard_s - self._habits[self._voice].before_s,
            habit_known=self.heard_s >= self._card.known_s,
            sounds=self.sounds,
            voice=self._voice,
            voice_sure=1.0 if self.voices is None else self.voices.certainty,
        )
