"""A recording through the real decoding process."""

from __future__ import annotations

import os

import numpy as np
import pytest

from classifier import Source
from server.errors import TooLargeError, UnreadableRecordingError, UnsupportedRecordingError
from server.recordings.recording import STRETCH_S, Recording, open_recording
from tests.server.processes import children
from tests.support.recordings import encoded, hiss, opened
from tests.support.waiting import eventually

HOUR_S = 3600.0


async def stretches(recording: Recording) -> dict[Source, np.ndarray]:
    """All of a recording."""
    parts: dict[Source, list[np.ndarray]] = {source: [] for source in recording.sources}
    while (stretch := await recording.stretch()) is not None:
        for source, pcm in stretch.items():
            assert 0 < len(pcm) <= STRETCH_S * 16_000
            parts[source].append(pcm)
    return {source: np.concatenate(pcm) for source, pcm in parts.items()}


async def test_it_comes_whole_in_stretches() -> None:
    """Every sample of a recording of 16 kHz and 16 bits, in order."""
    samples = hiss(12.3)
    with opened(encoded(samples)) as file:
        async with open_recording(file, max_s=HOUR_S) as recording:
            assert recording.info.duration_s == pytest.approx(12.3)
            got = await stretches(recording)
    expected = np.rint(samples[:, 0] * 32_767)
    assert np.abs(got[Source.MIC] - expected).max() <= 1.0


async def test_split_gives_two_voices_of_equal_length() -> None:
    """Left is the microphone's voice, right that of the other side."""
    samples = hiss(6.2, channels=2)
    samples[:, 1] *= 0.1
    with opened(encoded(samples, kind="FLAC")) as file:
        async with open_recording(file, split=True, max_s=HOUR_S) as recording:
            got = await stretches(recording)
    assert list(got) == [Source.MIC, Source.TAB]
    assert len(got[Source.MIC]) == len(got[Source.TAB]) == round(6.2 * 16_000)
    assert got[Source.MIC].std() > 5 * got[Source.TAB].std()


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", UnreadableRecordingError),
        (b"no recording at all", UnsupportedRecordingError),
        (encoded(hiss(0.3)), UnreadableRecordingError),
        (encoded(hiss(8.0)), TooLargeError),
    ],
)
async def test_what_cannot_be_heard_is_refused_at_once(data: bytes, error: type[Exception]) -> None:
    """Empty, no recording, too short, too long: before anything else is done."""
    with opened(data) as file, pytest.raises(error):
        async with open_recording(file, max_s=5.0):
            raise AssertionError("it was taken")
    assert children() == []


async def test_damage_comes_after_what_can_be_heard() -> None:
    """The stretches before it are given out; then the error."""
    data = encoded(hiss(30.0), kind="FLAC")
    with opened(data[: len(data) // 2]) as file:
        async with open_recording(file, max_s=HOUR_S) as recording:
            whole = [len((await recording.stretch() or {})[Source.MIC]) for _ in range(2)]
            assert whole == [5 * 16_000] * 2
            await recording.stretch()
            with pytest.raises(UnreadableRecordingError, match="cut off"):
                await stretches(recording)


async def test_a_decoder_that_dies_is_an_unreadable_recording() -> None:
    """A file that crashes the decoder takes nothing else with it."""
    with opened(encoded(hiss(120.0))) as file:
        async with open_recording(file, max_s=HOUR_S) as recording:
            for child in children():
                os.kill(child, 11)
            with pytest.raises(UnreadableRecordingError, match="decoder"):
                await stretches(recording)


async def test_leaving_in_the_middle_ends_the_process() -> None:
    """Nothing goes on decoding for nobody."""
    with opened(encoded(hiss(120.0))) as file:
        async with open_recording(file, max_s=HOUR_S) as recording:
            await recording.stretch()
            assert len(children()) == 1

    async def gone() -> bool:
        return children() == []

    await eventually(gone)
