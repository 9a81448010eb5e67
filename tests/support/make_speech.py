"""Make the recordings of tests and demonstration: ``python -m tests.support.make_speech``.

Owns the words, the voices and the manner in which each line is spoken. No person was recorded and
no corpus is used: espeak-ng reads Linnet's own sentences, and the manner is added here by level,
spectral tilt, breath and an unsteady pitch. The same espeak-ng gives the same sound again (but
an Ogg file draws a serial number); the files are kept beside the code, so that nobody needs
espeak-ng to run the tests.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

import numpy as np
import soundfile as sf
import soxr
from numpy.typing import NDArray

Signal = NDArray[np.float64]
"""Mono sound, full scale at 1, shape ``(samples,)``."""

ROOT: Final = Path(__file__).resolve().parents[2]
TEST_DATA: Final = ROOT / "tests" / "data"
DEMO: Final = ROOT / "server" / "data" / "demo.flac"

RATE_HZ: Final = 16_000
FRAMES_PER_S: Final = 100
ROOM_DB: Final = -70.0
"""Level of the room between the words: no microphone gives digital zero."""

BRIGHT_HZ: Final = 3500.0
DULL_DB: Final = -9.0
"""Per octave above ``BRIGHT_HZ``, where a mouth gives less and less; the synthesiser hisses on."""


@dataclass(frozen=True)
class Manner:
    """How lines are spoken."""

    pitch: int
    """espeak-ng's base pitch, 0..99."""

    range_percent: int
    """Pitch range against the voice's own, percent; 0 is monotone."""

    words_per_minute: int

    level_db: float
    """Level of the speech, dB re full scale (power averaged over the line)."""

    tilt_db: float
    """Spectral tilt added above 200 Hz, dB per octave: positive presses, negative softens."""

    breath_db: float = -60.0
    """Breath noise against the voice, dB."""

    unsteady: float = 0.01
    """How far pitch and pace wander, as a fraction."""


CALM: Final = Manner(40, 140, 200, -26.0, -3.0, breath_db=-40.0, unsteady=0.02)
WARM: Final = Manner(50, 190, 200, -24.0, -2.5, breath_db=-40.0, unsteady=0.03)
IRRITATED: Final = Manner(60, 180, 205, -19.0, 0.5, breath_db=-30.0, unsteady=0.03)
AGITATED: Final = Manner(80, 220, 215, -14.0, 4.0, breath_db=-26.0, unsteady=0.04)
TIRED: Final = Manner(24, 60, 130, -31.0, -4.5, breath_db=-24.0)


@dataclass(frozen=True)
class Line:
    """One stretch of speech and the silence after it."""

    text: str
    manner: Manner
    pause_s: float = 0.5
    voice: str = "en-us+f2"


@dataclass(frozen=True)
class Recording:
    """One file."""

    path: Path
    lines: Sequence[Line]
    seed: int
    lead_s: float = 0.3


RECORDINGS: Final = (
    Recording(
        TEST_DATA / "calm.flac",
        (
            Line("The post comes at ten, and the shop is open until six.", CALM),
            Line("After that we can take the bus to the park, if you like.", CALM),
        ),
        seed=1,
    ),
    Recording(
        TEST_DATA / "agitated.flac",
        (
            Line("No! I said it on Monday, and I said it again today!", AGITATED, 0.3),
            Line("Why does nobody ever listen? This has to stop, right now!", AGITATED),
        ),
        seed=2,
    ),
    Recording(
        TEST_DATA / "tired.flac",
        (
            Line("I have been awake since five.", TIRED, 0.9),
            Line("Leave it there, I will look at it tomorrow.", TIRED),
        ),
        seed=3,
    ),
    Recording(
        DEMO,
        (
            Line("Hello. I am calling about the parcel you are keeping for me.", CALM, 0.7),
            Line("There is no hurry, I would only like to know when it comes.", CALM, 0.7),
            Line("The number on the card is forty, seventeen, eight.", CALM, 0.9),
            Line("But wait. That is what you told me on Monday.", IRRITATED, 0.4),
            Line("And again on Tuesday! And nobody called me back!", AGITATED, 0.3),
            Line("I waited at the door all day long, for nothing! For nothing!", AGITATED, 1.2),
            Line("I am sorry. It has been a long day.", TIRED, 0.9),
            Line("Just send it when you can. Good night.", TIRED, 3.0),
        ),
        seed=5,
    ),
)

# Two people, one to a channel and at another rate: what a call recorder leaves behind.
DIALOGUE: Final = TEST_DATA / "dialogue.ogg"
DIALOGUE_RATE_HZ: Final = 48_000
DIALOGUE_LINES: Final = (
    Line("Did you get my letter about the garden?", WARM, 0.4, "en-us+f2"),
    Line("Yes, I did, and I am not happy about it at all!", AGITATED, 0.4, "en-gb+m3"),
    Line("Oh. And I thought that you would like the idea.", TIRED, 0.4, "en-us+f2"),
    Line("You cut down my only tree! Without a word!", AGITATED, 0.4, "en-gb+m3"),
)
DIALOGUE_SEED: Final = 4


def speak(line: Line) -> Signal:
    """What espeak-ng says, at ``RATE_HZ``, without the silence around it.

    Raises:
        FileNotFoundError: espeak-ng is not installed.
        subprocess.CalledProcessError: espeak-ng refused.
    """
    manner = line.manner
    text = f'<speak><prosody range="{manner.range_percent}%">{escape(line.text)}</prosody></speak>'
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "line.wav"
        settings = ["-v", line.voice, "-p", str(manner.pitch), "-s", str(manner.words_per_minute)]
        subprocess.run(
            ["espeak-ng", *settings, "-m", "-z", "-w", str(path), text], check=True, timeout=30
        )
        sound, rate_hz = sf.read(path, dtype="float64")
    sound = soxr.resample(sound, rate_hz, RATE_HZ)
    loud = np.flatnonzero(np.abs(sound) > 0.003)
    return np.asarray(sound[loud[0] : loud[-1] + 1], dtype=np.float64)


def perform(line: Line, chance: np.random.Generator) -> Signal:
    """A line in its manner."""
    manner = line.manner
    voice = wander(speak(line), manner.unsteady, chance)
    voice = tilted(voice, manner.tilt_db)
    voice += breath(voice, manner.breath_db, chance)
    level = np.sqrt(np.mean(voice**2))
    # The soft ceiling is also what a pressed voice does to a microphone.
    return np.asarray(np.tanh(voice * 10 ** (manner.level_db / 20) / level), dtype=np.float64)


def wander(sound: Signal, amount: float, chance: np.random.Generator) -> Signal:
    """Let pitch and pace drift by ``amount``, slowly and (less) from one period to the next."""
    drift = uneven(sound.size, 6.0, amount, chance) + uneven(sound.size, 50.0, amount / 2, chance)
    at = np.cumsum(1.0 + drift)
    at = at[at < sound.size - 1]
    return np.interp(at, np.arange(sound.size), sound)


def uneven(samples: int, rate_hz: float, amount: float, chance: np.random.Generator) -> Signal:
    """Noise that changes so many times a second, with straight lines between."""
    points = max(4, round(samples / RATE_HZ * rate_hz))
    knots = chance.normal(0, amount, points)
    return np.interp(np.linspace(0, points - 1, samples), np.arange(points), knots)


def tilted(sound: Signal, tilt_db: float) -> Signal:
    """Raise or lower everything above 200 Hz, where the fundamental lies, by dB per octave."""
    spectrum = np.fft.rfft(sound)
    hz = np.fft.rfftfreq(sound.size, 1 / RATE_HZ)
    octaves = np.log2(np.clip(hz, 200.0, BRIGHT_HZ) / 200.0)
    above = np.log2(np.maximum(hz, BRIGHT_HZ) / BRIGHT_HZ)
    return np.fft.irfft(spectrum * 10 ** ((tilt_db * octaves + DULL_DB * above) / 20), sound.size)


def breath(voice: Signal, level_db: float, chance: np.random.Generator) -> Signal:
    """Noise that follows the voice's loudness, above 1 kHz where breath is heard."""
    hop = RATE_HZ // FRAMES_PER_S
    envelope = np.sqrt(np.convolve(voice**2, np.ones(2 * hop) / (2 * hop), mode="same"))
    spectrum = np.fft.rfft(chance.normal(0, 1, voice.size))
    hz = np.fft.rfftfreq(voice.size, 1 / RATE_HZ)
    noise = np.fft.irfft(spectrum * np.minimum(1.0, (hz / 1000.0) ** 2), voice.size)
    return np.asarray(envelope * noise * 10 ** (level_db / 20), dtype=np.float64)


def with_room(sound: Signal, chance: np.random.Generator) -> Signal:
    """Add the faint noise of a quiet room."""
    return sound + chance.normal(0, 10 ** (ROOM_DB / 20), sound.shape)


def silence(duration_s: float) -> Signal:
    """Nothing, for so long."""
    return np.zeros(round(duration_s * RATE_HZ))


def tell(recording: Recording) -> Signal:
    """All lines of a recording with their pauses."""
    chance = np.random.default_rng(recording.seed)
    parts = [silence(recording.lead_s)]
    for line in recording.lines:
        parts += [perform(line, chance), silence(line.pause_s)]
    return with_room(np.concatenate(parts), chance)


def dialogue() -> Signal:
    """Two voices that take turns, ``(samples, 2)``, at ``DIALOGUE_RATE_HZ``."""
    chance = np.random.default_rng(DIALOGUE_SEED)
    turns = []
    for turn, line in enumerate(DIALOGUE_LINES):
        said = np.concatenate([perform(line, chance), silence(line.pause_s)])
        both = np.zeros((said.size, 2))
        both[:, turn % 2] = said
        turns.append(both)
    sound = with_room(np.concatenate(turns), chance)
    # The codec overshoots: leave it room below full scale.
    return np.asarray(0.7 * soxr.resample(sound, RATE_HZ, DIALOGUE_RATE_HZ), dtype=np.float64)


def main() -> None:
    """Write every recording to its place."""
    for recording in RECORDINGS:
        recording.path.parent.mkdir(parents=True, exist_ok=True)
        sf.write(recording.path, tell(recording), RATE_HZ, subtype="PCM_16")
    sf.write(
        DIALOGUE, dialogue(), DIALOGUE_RATE_HZ, format="OGG", subtype="OPUS", compression_level=0.85
    )


if __name__ == "__main__":
    main()
