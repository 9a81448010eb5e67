"""Who spoke when: joins of corpus speakers, the meetings' transcripts, and the error rate.

Owns the arithmetic of the diarization error rate (NIST RT-09) and the material it is measured on.
Every hypothesis is what a stream says as it goes, never revised.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from classifier.acoustic.extractor import FrameExtractor
from classifier.acoustic.gate import Levels, Mask, mark_speech
from classifier.acoustic.layout import (
    ANALYSIS_FRAMES,
    BLOCK,
    BLOCK_FRAMES,
    COLUMN,
    FRAME_RATE_HZ,
    FRAME_WIDTH,
    HOP,
    Floats,
)
from classifier.acoustic.voices import VoiceTracker
from classifier.acoustic.window import SlidingWindow
from classifier.training.gate_scenes import activity
from classifier.training.judging.protocol import Pcm
from classifier.training.material.corpora import Corpora
from classifier.training.material.hearing import as_signal

COLLAR_S: Final = 0.25

_JOIN_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Talk:
    """A recording and who speaks in it."""

    name: str
    pcm: Pcm
    """``(samples,)``, whole blocks."""

    who: NDArray[np.bool_]
    """``(frames, speakers)``."""


@dataclass(frozen=True, slots=True)
class Errors:
    """Frames of speech, counted once for each who speaks, and what was wrong with them."""

    speech: int = 0
    missed: int = 0
    false: int = 0
    confused: int = 0

    def __add__(self, other: Errors) -> Errors:
        return Errors(
            self.speech + other.speech,
            self.missed + other.missed,
            self.false + other.false,
            self.confused + other.confused,
        )

    @property
    def rate(self) -> float:
        """Diarization error rate; may be above 1."""
        return (self.missed + self.false + self.confused) / max(1, self.speech)


def errors(who: NDArray[np.bool_], said: NDArray[np.int64], collar_s: float = 0.0) -> Errors:
    """Compare what was said with who spoke, under the mapping of names that suits best.

    Args:
        who: ``(frames, speakers)``, the truth.
        said: ``(frames,)``, a voice from 0 up, or -1 where nobody was heard.
        collar_s: frames this near to where somebody begins or ends are not scored.
    """
    scored = ~_near_edges(who, round(collar_s * FRAME_RATE_HZ))
    who, said = who[scored], said[scored]
    heard = said[:, None] == np.arange(max(1, int(said.max(initial=0)) + 1))
    together = who.T.astype(np.int64) @ heard.astype(np.int64)
    speakers, voices = linear_sum_assignment(-together)
    right = int(together[speakers, voices].sum())
    true_count, said_count = who.sum(axis=1), (said >= 0).astype(np.int64)
    both = int(np.minimum(true_count, said_count).sum())
    return Errors(
        speech=int(true_count.sum()),
        missed=int(np.maximum(true_count - said_count, 0).sum()),
        false=int(np.maximum(said_count - true_count, 0).sum()),
        confused=both - right,
    )


def _near_edges(who: NDArray[np.bool_], reach: int) -> Mask:
    near = np.zeros(len(who), bool)
    if reach:
        edges = np.flatnonzero(np.any(who[1:] != who[:-1], axis=1)) + 1
        for edge in edges:
            near[max(0, edge - reach) : edge + reach] = True
    return near


def follow(pcm: Pcm, most: int) -> tuple[NDArray[np.int64], int]:
    """What a stream says of a recording: a voice for each frame of speech, -1 elsewhere, and how
    many voices it heard."""
    frames = FrameExtractor().push(pcm)
    tracker = VoiceTracker(most)
    window = SlidingWindow(tracker)
    said = np.full(len(frames), -1, np.int64)
    speech = _speech(frames)
    for at in range(0, len(frames), BLOCK_FRAMES):
        block = slice(at, at + BLOCK_FRAMES)
        said[block] = np.where(speech[block], window.advance(frames[block]).voice, -1)
    return said, tracker.heard


def _speech(frames: Floats) -> Mask:
    """The gate's decisions as a stream first makes them."""
    window = np.zeros((ANALYSIS_FRAMES, FRAME_WIDTH), np.float32)
    window[:, COLUMN["energy_db"]] = -120.0
    levels = Levels()
    said: list[Mask] = []
    for at in range(0, len(frames), BLOCK_FRAMES):
        block = frames[at : at + BLOCK_FRAMES]
        window = np.concatenate([window[BLOCK_FRAMES:], block])
        levels.update(block[:, COLUMN["energy_db"]])
        said.append(mark_speech(window, levels)[0][-BLOCK_FRAMES:])
    return np.concatenate(said)


def joins(corpora: Corpora, corpus: str, count: int, speakers: int = 2) -> Iterator[Talk]:
    """Speakers of a corpus in turns of one to three clips, a minute each; the same every time."""
    rng = np.random.default_rng([len(corpus), count, speakers])
    by_speaker: dict[str, list[str]] = {}
    for clip in corpora.speech(corpus):
        by_speaker.setdefault(clip.speaker, []).append(clip.name)
    everybody = sorted(by_speaker)
    for number in range(count):
        chosen = [everybody[i] for i in rng.choice(len(everybody), speakers, replace=False)]
        parts: list[Pcm] = []
        who: list[NDArray[np.bool_]] = []
        speaker = int(rng.integers(speakers))
        while sum(len(part) for part in who) < _JOIN_S * FRAME_RATE_HZ:
            for _ in range(int(rng.integers(1, 4))):
                clips = by_speaker[chosen[speaker]]
                pcm = corpora.pcm(clips[int(rng.integers(len(clips)))])
                pcm = pcm[: pcm.size // HOP * HOP]
                spoken = np.zeros((pcm.size // HOP, speakers), bool)
                spoken[:, speaker] = activity(as_signal(pcm))
                parts.append(pcm)
                who.append(spoken)
            speaker = (speaker + int(rng.integers(1, max(2, speakers)))) % speakers
        whole = round(_JOIN_S * FRAME_RATE_HZ) // BLOCK_FRAMES * BLOCK_FRAMES
        joined = np.concatenate(parts)[: whole * HOP]
        yield Talk(f"{corpus} {number}", joined, np.concatenate(who)[:whole])


def recorded_talks(corpora: Corpora) -> list[Talk]:
    """The excerpts of meetings and the two other recordings, by their transcripts."""
    talks: list[Talk] = []
    for row in corpora.table("diarization"):
        pcm = corpora.pcm(row["path"])
        pcm = np.concatenate([pcm, np.zeros((-pcm.size) % BLOCK, np.int16)])
        lines = (corpora.root / row["path"]).with_suffix(".rttm").read_text().splitlines()
        names = sorted({line.split()[7] for line in lines})
        who = np.zeros((pcm.size // HOP, len(names)), bool)
        for line in lines:
            fields = line.split()
            start_s, length_s = float(fields[3]), float(fields[4])
            span = slice(
                round(start_s * FRAME_RATE_HZ), round((start_s + length_s) * FRAME_RATE_HZ)
            )
            who[span, names.index(fields[7])] = True
        talks.append(Talk(row["path"], pcm, who))
    return talks


def total(talks: Sequence[Talk], most: int, collar_s: float = 0.0) -> tuple[Errors, float]:
    """Errors of all talks together, and how many voices were heard in each on average."""
    whole = Errors()
    heard = 0
    for talk in talks:
        said, voices = follow(talk.pcm, most)
        whole = whole + errors(talk.who, said, collar_s)
        heard += voices
    return whole, heard / max(1, len(talks))
