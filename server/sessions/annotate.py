"""Voice frame to events: the affect-event always, the ToneEvent only where a tone is named, and
what was heard beside the voice where there is something new.

Owns rounding and pace. What a tone is called comes from :mod:`classifier.tone`; whether there is
one at all was decided by the classifier, which names no affect below its floor.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from classifier.frames import Affect, EnvironLabel, Sound, Source, VoiceFrame
from classifier.tone import describe
from server.log.base import Draft, ToneKeys
from server.models import (
    AffectEvent,
    EnvironEvent,
    QueueEvent,
    ServiceEvent,
    ServiceStatus,
    SpeakerEvent,
    ToneEvent,
)

_DIGITS: Final = 3
"""A thousandth is finer than any reading is sure of, and keeps lines short."""


class Annotator:
    """Turns one session's frames into drafts for its log."""

    def __init__(self, session_id: str, *, elcor: bool, tone_interval_s: float) -> None:
        """
        Args:
            session_id: written into every event.
            elcor: subtext in the bracketed spoken-tone form.
            tone_interval_s: an unchanged affect is said again at most this often;
                a new one is said at once.
        """
        self._session_id = session_id
        self._elcor = elcor
        self._interval_s = tone_interval_s
        self.starts_at_s = 0.0
        """Where the session's clock stands when the first audio comes: one that is resumed goes on
        after its last timestamp."""
        self._said: dict[str, tuple[Affect, float]] = {}
        self._habit_told: dict[str, bool] = {}
        self._speaking: dict[Source, str] = {}

    def drafts(self, frame: VoiceFrame) -> list[Draft]:
        """The events that a frame gives, in the order they are to be numbered."""
        if self.starts_at_s:
            frame = _later(frame, self.starts_at_s)
        drafts = [*self._speaker_drafts(frame)]
        drafts.append(Draft("affect-event", self._affect_event(frame).to_json()))
        if frame.affect is None:
            # Speech ended or became doubtful: the next tone is news, whatever it is.
            self._said.pop(frame.speaker_id, None)
        elif self._is_due(frame.speaker_id, frame.affect, frame.timestamp_s):
            self._said[frame.speaker_id] = (frame.affect, frame.timestamp_s)
            drafts.append(self._tone_draft(frame, frame.affect))
        drafts.extend(self._sound_draft(sound) for sound in frame.sounds)
        drafts.extend(self._habit_drafts(frame))
        return drafts

    def service(self, status: ServiceStatus, detail: str) -> Draft:
        """A stage of the service."""
        event = ServiceEvent(session_id=self._session_id, status=status, detail=detail)
        return Draft("service-event", event.to_json())

    def _speaker_drafts(self, frame: VoiceFrame) -> list[Draft]:
        """Said when another voice of the same source begins to speak."""
        before = self._speaking.get(frame.source)
        self._speaking[frame.source] = frame.speaker_id
        if before is None or before == frame.speaker_id:
            return []
        event = SpeakerEvent(
            session_id=self._session_id,
            label=frame.speaker_id,
            confidence=round(frame.voice_sure, _DIGITS),
            timestamp=round(frame.timestamp_s, _DIGITS),
        )
        return [Draft("speaker-event", event.to_json())]

    def _habit_drafts(self, frame: VoiceFrame) -> list[Draft]:
        """Said once when a voice begins to be learnt, and once when it is known."""
        known = frame.habit_known
        if known is None or frame.heard_s <= 0 or self._habit_told.get(frame.speaker_id) is known:
            return []
        self._habit_told[frame.speaker_id] = known
        detail = (
            f"listening: {frame.speaker_id} is measured against its own habit."
            if known
            else f"calibrating: learning how {frame.speaker_id} usually sounds."
        )
        return [self.service(ServiceStatus.LISTENING, detail)]

    def _is_due(self, speaker_id: str, affect: Affect, timestamp_s: float) -> bool:
        said, said_at_s = self._said.get(speaker_id, (None, 0.0))
        # Half a thousandth of tolerance: timestamps are sums of hops.
        return said is not affect or timestamp_s - said_at_s >= self._interval_s - 5e-4

    def _tone_draft(self, frame: VoiceFrame, affect: Affect) -> Draft:
        tone = describe(frame, elcor=self._elcor)
        event = ToneEvent(
            label=tone.label,
            confidence=round(frame.confidence, _DIGITS),
            speaker_id=frame.speaker_id,
            shift_magnitude=round(frame.shift_magnitude, _DIGITS),
            timestamp=round(frame.timestamp_s, _DIGITS),
            session_id=self._session_id,
            subtext=tone.subtext,
            affect=affect,
            shift_direction=frame.shift_direction,
            prosody_flags=[flag.value for flag in frame.prosody_flags],
        )
        keys = ToneKeys(event.timestamp, event.confidence, affect.value, event.speaker_id)
        return Draft("tone-event", event.to_json(), keys)

    def _sound_draft(self, sound: Sound) -> Draft:
        confidence = round(sound.confidence, _DIGITS)
        timestamp = round(sound.timestamp_s, _DIGITS)
        if isinstance(sound.label, EnvironLabel):
            environ = EnvironEvent(
                session_id=self._session_id,
                label=sound.label,
                confidence=confidence,
                timestamp=timestamp,
            )
            return Draft("environ-event", environ.to_json())
        queue = QueueEvent(
            session_id=self._session_id,
            label=sound.label,
            confidence=confidence,
            timestamp=timestamp,
        )
        return Draft("queue-event", queue.to_json())

    def _affect_event(self, frame: VoiceFrame) -> AffectEvent:
        return AffectEvent(
            session_id=self._session_id,
            timestamp=round(frame.timestamp_s, _DIGITS),
            speaker_id=frame.speaker_id,
            speech=round(frame.speech, _DIGITS),
            arousal=_rounded(frame.arousal),
            valence=_rounded(frame.valence),
            dominance=_rounded(frame.dominance),
            distribution={
                affect.value: round(share, _DIGITS) for affect, share in frame.distribution.items()
            },
            heard_s=round(frame.heard_s, _DIGITS),
        )


def _later(frame: VoiceFrame, by_s: float) -> VoiceFrame:
    sounds = tuple(replace(sound, timestamp_s=sound.timestamp_s + by_s) for sound in frame.sounds)
    return replace(frame, timestamp_s=frame.timestamp_s + by_s, sounds=sounds)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)
