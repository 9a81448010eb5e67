"""Everything that is measured beside the voice of one lane, and when it is worth a word.

Owns persistence: a label is said once, when it has lasted, and again only after another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from classifier.acoustic.layout import BLOCK_S, Floats
from classifier.acoustic.signals.ambience import Ambience
from classifier.acoustic.signals.lines import LineReader, Lines, find_lines
from classifier.acoustic.signals.tones import LOWEST_HZ, PURE, Cadence, tone_of
from classifier.frames import EnvironLabel, QueueLabel, Sound

SILENCE_DB: Final = -60.0
"""A line below this is silent, dB re full scale."""

DEAD_DB: Final = -80.0
"""A line below this carries nothing, not even its own noise."""

_SILENCE_S: Final = 3.0
_DEAD_S: Final = 6.0
_MUSIC_S: Final = 3.0
_ENVIRON_S: Final = 2.0


def listen(
    meters: Sequence[SoundMeter], blocks: Floats, speech: Sequence[float]
) -> list[tuple[Sound, ...]]:
    """What has changed with the next block of each lane.

    Args:
        meters: of the lanes.
        blocks: ``(lanes, BLOCK)``, -1..1.
        speech: share of each block's frames that are speech, 0..1.
    """
    if not meters:
        return []
    signals = [meter.reader.extend(block) for meter, block in zip(meters, blocks, strict=True)]
    lines = find_lines(np.array(signals))
    return [
        meter.advance(found, share)
        for meter, found, share in zip(meters, lines, speech, strict=True)
    ]


class SoundMeter:
    """Listens beside the voice of one lane."""

    def __init__(self) -> None:
        self.reader = LineReader()
        self._cadence = Cadence()
        self._ambience = Ambience()
        self._time_s = 0.0
        self._silent_s = self._dead_s = self._music_s = 0.0
        self._environ: EnvironLabel | None = None
        self._coming: tuple[EnvironLabel | None, float] = (None, 0.0)
        self._queue: QueueLabel | None = None

    def advance(self, lines: Lines, speech: float) -> tuple[Sound, ...]:
        """Take one block; what has changed with it.

        Args:
            lines: of the block.
            speech: share of its frames that are speech, 0..1.
        """
        self._time_s += BLOCK_S
        signal = self._signal(lines)
        heard = None
        if signal is None:
            # A telephone's tones are neither noise nor music of the surroundings.
            heard = self._ambience.judge(lines, speech)
        sounds: list[Sound] = []
        if heard is not None and self._lasts(heard[0]):
            self._environ = heard[0]
            sounds.append(Sound(heard[0], heard[1], self._time_s))
        queue = self._on_line(lines, signal, heard)
        if queue is None:
            self._queue = None
        elif queue[0] is not self._queue:
            self._queue = queue[0]
            sounds.append(Sound(queue[0], queue[1], self._time_s))
        return tuple(sounds)

    def _signal(self, lines: Lines) -> QueueLabel | None:
        # Most of what is pure is a voice, whose strongest line is its pitch.
        pure = np.add.reduce(lines.share, axis=1) >= PURE
        if self._cadence.idle and not (pure & (lines.hz[:, 0] >= LOWEST_HZ)).any():
            self._cadence.pass_over(len(pure))
            return None
        label: QueueLabel | None = None
        for hz, share, level_db in zip(
            lines.hz.tolist(), lines.share.tolist(), lines.level_db.tolist(), strict=True
        ):
            audible = level_db > SILENCE_DB
            tone = tone_of((hz[0], hz[1]), (share[0], share[1])) if audible else None
            label = self._cadence.step(tone, share[0] + share[1], level_db) or label
        return label

    def _lasts(self, label: EnvironLabel) -> bool:
        """Whether a label other than the one said has been heard for long enough."""
        coming, for_s = self._coming
        self._coming = (label, for_s + BLOCK_S if label is coming else BLOCK_S)
        return label is not self._environ and self._coming[1] >= _ENVIRON_S

    def _on_line(
        self,
        lines: Lines,
        signal: QueueLabel | None,
        heard: tuple[EnvironLabel, float] | None,
    ) -> tuple[QueueLabel, float] | None:
        loudest_db = float(lines.level_db.max())
        self._silent_s = self._silent_s + BLOCK_S if loudest_db < SILENCE_DB else 0.0
        self._dead_s = self._dead_s + BLOCK_S if loudest_db < DEAD_DB else 0.0
        music = heard is not None and heard[0] is EnvironLabel.MUSIC
        self._music_s = self._music_s + BLOCK_S if music else 0.0
        if signal is not None:
            return signal, self._cadence.confidence
        if self._dead_s >= _DEAD_S:
            return QueueLabel.DEAD_AIR, 1.0
        if self._silent_s >= _SILENCE_S and self._queue is not QueueLabel.DEAD_AIR:
            sure = 0.5 + (SILENCE_DB - loudest_db) / 20
            return QueueLabel.SILENCE, min(1.0, sure)
        if self._music_s >= _MUSIC_S and heard is not None:
            return QueueLabel.HOLD_MUSIC, heard[1]
        if self._queue is QueueLabel.HOLD_MUSIC and self._environ is EnvironLabel.MUSIC:
            return self._queue, 0.5  # A rest in the music is not its end.
        return None
