"""Any rate and channel count to lanes of 16 kHz, however the samples are cut."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from server.recordings.converter import Converter, Pcm
from tests.support.recordings import Floats, hiss


def converted(samples: Floats, rate_hz: int, *, split: bool, cuts: list[int]) -> Pcm:
    """The samples through a converter, in the blocks that the cuts make."""
    converter = Converter(rate_hz, split=split)
    places = [0, *sorted(cut % (len(samples) + 1) for cut in cuts), len(samples)]
    parts = [converter.push(samples[start:stop]) for start, stop in pairwise(places)]
    return np.concatenate([*parts, converter.finish()])


@given(
    rate_hz=st.sampled_from([8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 12_345]),
    channels=st.integers(1, 4),
    split=st.booleans(),
    cuts=st.lists(st.integers(0, 10**6), max_size=12),
)
@settings(deadline=None, max_examples=60)
def test_any_split_into_blocks_gives_the_same_pcm(
    rate_hz: int, channels: int, split: bool, cuts: list[int]
) -> None:
    """To the bit: what a voice is said to sound like cannot hang on how a file was read."""
    split = split and channels >= 2
    samples = hiss(0.7, rate_hz=rate_hz, channels=channels)
    whole = converted(samples, rate_hz, split=split, cuts=[])
    np.testing.assert_array_equal(converted(samples, rate_hz, split=split, cuts=cuts), whole)
    assert whole.shape[1] == (2 if split else 1)
    assert len(whole) == pytest.approx(0.7 * 16_000, abs=2)


def test_sixteen_kilohertz_of_sixteen_bits_pass_untouched() -> None:
    """A recording that already is as the classifier wants it is the same samples as live."""
    pcm = np.arange(-32_768, 32_768, 5, dtype=np.int16)
    samples = (pcm / np.float32(32_768)).astype(np.float32)[:, None]
    np.testing.assert_array_equal(converted(samples, 16_000, split=False, cuts=[77])[:, 0], pcm)


def test_channels_are_mixed_into_one_voice() -> None:
    """The mean of all of them: what is in one channel only is heard, too."""
    samples = np.zeros((1_600, 4), np.float32)
    samples[:, 2] = 0.4
    mixed = converted(samples, 16_000, split=False, cuts=[])
    np.testing.assert_array_equal(np.unique(mixed), [round(0.1 * 32_768)])


def test_split_keeps_left_and_right_apart() -> None:
    """Each lane is its own channel, resampled as if it were alone."""
    samples = hiss(1.0, rate_hz=44_100, channels=2)
    lanes = converted(samples, 44_100, split=True, cuts=[10_000])
    for lane in (0, 1):
        alone = soxr.resample(samples[:, lane], 44_100, 16_000) * 32_768
        assert np.abs(lanes[:, lane] - alone).max() <= 1.0


def test_what_is_no_number_is_silence() -> None:
    """A file of floats can hold anything; nothing of it reaches the classifier but samples."""
    samples = np.array([[np.nan], [np.inf], [-np.inf], [7.0], [0.25]], np.float32)
    pcm = converted(samples, 16_000, split=False, cuts=[])[:, 0]
    assert pcm.tolist() == [0, 32_767, -32_768, 32_767, 8_192]
