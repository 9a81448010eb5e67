"""The acoustic classifier on whole recordings: what is said depends on what is heard.

Synthetic speech cannot show how well people are heard; it shows that the voice itself decides.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import soundfile as sf
import soxr

from classifier.acoustic.backend import AcousticBackend
from classifier.backend import Backend, PcmInt16
from classifier.frames import SAMPLE_RATE_HZ, ProsodyFlag, Source, VoiceFrame

ROOT: Final = Path(__file__).resolve().parents[2]
DATA: Final = ROOT / "tests" / "data"
DEMO: Final = ROOT / "server" / "data" / "demo.flac"
CHUNK: Final = SAMPLE_RATE_HZ // 10

EXCITED: Final = {ProsodyFlag.RAISED_PITCH, ProsodyFlag.LOUD, ProsodyFlag.FAST, ProsodyFlag.TENSE}


def pcm(path: Path) -> PcmInt16:
    """A recording of any rate and number of channels, as the classifier takes it."""
    sound, rate_hz = sf.read(path, dtype="float32", always_2d=True)
    mono = np.asarray(soxr.resample(sound.mean(axis=1), rate_hz, SAMPLE_RATE_HZ), dtype=np.float32)
    return np.round(np.clip(mono, -1.0, 1.0) * 32767).astype(np.int16)


def silence(duration_s: float, *, noise_db: float | None = None) -> PcmInt16:
    """Digital silence, or a room without a voice at this level re full scale."""
    samples = round(duration_s * SAMPLE_RATE_HZ)
    if noise_db is None:
        return np.zeros(samples, dtype=np.int16)
    noise = np.random.default_rng(1).normal(0, 10 ** (noise_db / 20), samples)
    return np.round(np.clip(noise, -1.0, 1.0) * 32767).astype(np.int16)


async def heard(backend: Backend, sound: PcmInt16, source: Source = Source.MIC) -> list[VoiceFrame]:
    """Every frame that a sound gives, played to a session of its own."""
    session = backend.open()

    async def read() -> list[VoiceFrame]:
        return [frame async for frame in session.stream()]

    reader = asyncio.create_task(read())
    for start in range(0, sound.size, CHUNK):
        await session.feed(sound[start : start + CHUNK], source)
    await session.stop()
    return await reader


def affects(frames: Sequence[VoiceFrame]) -> list[str]:
    """The affects named, in order, repetitions left out."""
    named: list[str] = []
    for frame in frames:
        if frame.affect is not None and named[-1:] != [frame.affect.value]:
            named.append(frame.affect.value)
    return named


def mean_arousal(frames: Sequence[VoiceFrame]) -> float:
    """Mean arousal where there was evidence."""
    return statistics.fmean(f.arousal for f in frames if f.arousal is not None)


@pytest.fixture
async def backend() -> AsyncIterator[Backend]:
    """The acoustic classifier with the weights that ship."""
    backend = AcousticBackend.from_env({})
    await backend.load()
    yield backend
    await backend.aclose()


async def test_different_recordings_are_heard_differently(backend: Backend) -> None:
    """Calm, agitated and tired speech give three different runs of affects."""
    runs = [
        affects(await heard(backend, pcm(DATA / f"{name}.flac")))
        for name in ("calm", "agitated", "tired")
    ]
    assert all(runs), runs
    assert all(runs.count(run) == 1 for run in runs), runs


async def test_arousal_follows_the_voice(backend: Backend) -> None:
    """Agitated speech has the most arousal, tired speech the least."""
    calm, agitated, tired = [
        mean_arousal(await heard(backend, pcm(DATA / f"{name}.flac")))
        for name in ("calm", "agitated", "tired")
    ]
    assert agitated > calm + 0.3
    assert calm > tired


async def test_the_same_recording_is_heard_the_same(backend: Backend) -> None:
    """A recording played twice, on either source, gives the same frames."""
    sound = pcm(DATA / "agitated.flac")
    once, again = await heard(backend, sound), await heard(backend, sound, Source.TAB)
    assert [(f.timestamp_s, f.affect, f.arousal) for f in once] == [
        (f.timestamp_s, f.affect, f.arousal) for f in again
    ]
    assert {f.speaker_id for f in again} == {"speaker_b"}


@pytest.mark.parametrize("noise_db", [None, -70.0, -50.0, -30.0])
async def test_a_room_without_a_voice_has_no_tone(backend: Backend, noise_db: float | None) -> None:
    """Silence, and steady noise faint or loud, name no affect."""
    frames = await heard(backend, silence(8.0, noise_db=noise_db))
    assert frames
    assert affects(frames) == []
    assert max(f.speech for f in frames) < 0.5


async def test_the_demonstration_shows_a_change_of_tone(backend: Backend) -> None:
    """The demo names several affects, rises and falls again, and ends in silence."""
    frames = await heard(backend, pcm(DEMO))
    assert len(set(affects(frames))) >= 3
    early = [f for f in frames if f.timestamp_s < 8]
    middle = [f for f in frames if 14 < f.timestamp_s < 20]
    late = [f for f in frames if f.timestamp_s > 22]
    assert mean_arousal(middle) > mean_arousal(early) + 0.3
    assert mean_arousal(middle) > mean_arousal(late) + 0.3
    assert any(EXCITED & set(f.prosody_flags) for f in middle)
    assert frames[-1].affect is None


async def test_a_recording_of_another_kind_is_heard_too(backend: Backend) -> None:
    """Stereo, 48 kHz, Opus: converted, it gives tones like any other."""
    assert affects(await heard(backend, pcm(DATA / "dialogue.ogg")))
