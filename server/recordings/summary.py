"""A recording in a few numbers, counted as its events come: shares, means, shifts.

Counts what exports count, in the same way. Memory does not grow with the recording.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from server.export.tones import Span, SpanMaker
from server.log.base import Event
from server.recordings.documents import RecordingSummary, ShiftMark, SpeakerSummary

SHIFTS: Final = 5
"""How many of the strongest are told."""

APART_S: Final = 5.0
"""Shifts of one voice closer than this are one: a tone that lasts is said again each second."""

_SHIFTS_KEPT: Final = 64
_DIGITS: Final = 3


@dataclass(slots=True)
class _Mean:
    total: float = 0.0
    count: int = 0

    def add(self, value: float | None) -> None:
        if value is not None:
            self.total += value
            self.count += 1

    def value(self) -> float | None:
        return round(self.total / self.count, _DIGITS) if self.count else None


@dataclass(slots=True)
class _Speaker:
    spans: SpanMaker = field(default_factory=SpanMaker)
    named_ms: Counter[str] = field(default_factory=Counter)
    tones: int = 0
    heard_s: float = 0.0
    speech_s: float = 0.0
    arousal: _Mean = field(default_factory=_Mean)
    valence: _Mean = field(default_factory=_Mean)
    shift: ShiftMark | None = None
    """The strongest of the last few seconds: still open to a stronger one."""

    def take_span(self, span: Span | None, until_s: float | None = None) -> None:
        if span is not None:
            # The tone that stands at the end does not outlast the recording.
            end_ms = span.end_ms if until_s is None else min(span.end_ms, round(until_s * 1000))
            self.named_ms[span.affect] += max(0, end_ms - span.start_ms)


class Summary:
    """Counts one session's events, in order."""

    def __init__(self) -> None:
        self._speakers: dict[str, _Speaker] = {}
        self._counts: Counter[str] = Counter()
        self._shifts: list[ShiftMark] = []

    @property
    def tones(self) -> int:
        """Tones so far."""
        return self._counts["tone-event"]

    def take(self, event: Event) -> None:
        """Count the next event."""
        self._counts[event.kind] += 1
        if event.kind == "affect-event":
            self._take_reading(orjson.loads(event.data))
        elif event.kind == "tone-event":
            self._take_tone(event, orjson.loads(event.data))

    def document(self, *, duration_s: float, elapsed_s: float, model_id: str) -> RecordingSummary:
        """What was counted; nothing may be taken afterwards.

        Args:
            duration_s: audio that was heard.
            elapsed_s: how long it took.
            model_id: what heard it.
        """
        for speaker in self._speakers.values():
            speaker.take_span(speaker.spans.finish(), duration_s)
            if speaker.shift is not None:
                self._shifts.append(speaker.shift)
                speaker.shift = None
        speakers = [
            _speaker_summary(name, counted) for name, counted in sorted(self._speakers.items())
        ]
        return RecordingSummary(
            duration_s=round(duration_s, _DIGITS),
            speech_s=round(sum(speaker.speech_s for speaker in speakers), _DIGITS),
            speakers=speakers,
            shifts=_strongest(self._shifts, SHIFTS),
            events=dict(sorted(self._counts.items())),
            model_id=model_id,
            elapsed_s=round(elapsed_s, _DIGITS),
            times_real_time=times_real_time(duration_s, elapsed_s),
        )

    def _speaker(self, data: dict[str, Any]) -> _Speaker:
        return self._speakers.setdefault(data["speaker_id"], _Speaker())

    def _take_reading(self, data: dict[str, Any]) -> None:
        speaker = self._speaker(data)
        heard_s = data["heard_s"]
        # A voice that is learnt anew counts from nothing again.
        speaker.speech_s += heard_s - (speaker.heard_s if heard_s >= speaker.heard_s else 0.0)
        speaker.heard_s = heard_s
        speaker.arousal.add(data["arousal"])
        speaker.valence.add(data["valence"])

    def _take_tone(self, event: Event, data: dict[str, Any]) -> None:
        speaker = self._speaker(data)
        speaker.tones += 1
        speaker.take_span(speaker.spans.push(event))
        if data["shift_direction"] != "stable" and data["shift_magnitude"] > 0:
            self._take_shift(speaker, ShiftMark(seq=event.seq, **_shift_fields(data)))

    def _take_shift(self, speaker: _Speaker, shift: ShiftMark) -> None:
        before = speaker.shift
        if before is not None and shift.timestamp - before.timestamp < APART_S:
            if shift.shift_magnitude > before.shift_magnitude:
                speaker.shift = shift
            return
        if before is not None:
            self._shifts.append(before)
            if len(self._shifts) > _SHIFTS_KEPT:
                self._shifts = _strongest(self._shifts, SHIFTS)
        speaker.shift = shift


def times_real_time(duration_s: float, elapsed_s: float) -> float:
    """How much faster than real time so much audio was heard; 0 while that cannot be said."""
    return round(duration_s / elapsed_s, 1) if elapsed_s > 0 else 0.0


def _shift_fields(data: dict[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in ShiftMark.model_fields if name != "seq"}


def _strongest(shifts: list[ShiftMark], count: int) -> list[ShiftMark]:
    return sorted(shifts, key=lambda shift: (-shift.shift_magnitude, shift.seq))[:count]


def _speaker_summary(name: str, counted: _Speaker) -> SpeakerSummary:
    named_ms = counted.named_ms.total()
    return SpeakerSummary(
        speaker_id=name,
        speech_s=round(counted.speech_s, _DIGITS),
        named_s=round(named_ms / 1000, _DIGITS),
        affects={
            affect: round(ms / named_ms, 4) for affect, ms in counted.named_ms.most_common() if ms
        },
        arousal=counted.arousal.value(),
        valence=counted.valence.value(),
        tones=counted.tones,
    )
