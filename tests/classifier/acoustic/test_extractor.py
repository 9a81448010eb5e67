"""classifier.acoustic.extractor"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.acoustic.extractor import BlockReader, FrameExtractor, block_frames, join_frames
from classifier.acoustic.layout import BLOCK, BLOCK_FRAMES, CARRY, COLUMN, FRAME_WIDTH
from classifier.acoustic.pitch import no_memory
from tests.classifier.voices import hum, noise, recording

SPEECH = recording("agitated")[: 5 * BLOCK + 1234]
WHOLE = FrameExtractor().push(SPEECH)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 12_000), min_size=1, max_size=30))
def test_any_chunking_gives_the_same_frames(sizes: list[int]) -> None:
    """However the same PCM is cut, the frames are the same to the last bit."""
    extractor = FrameExtractor()
    parts, at = [], 0
    while at < SPEECH.size:
        size = sizes[len(parts) % len(sizes)]
        parts.append(extractor.push(SPEECH[at : at + size]))
        at += size
    assert np.array_equal(np.concatenate(parts), WHOLE)


def test_frames_come_in_whole_blocks() -> None:
    """Five and a bit blocks of PCM give five blocks of finite frames."""
    assert WHOLE.shape == (5 * BLOCK_FRAMES, FRAME_WIDTH)
    assert np.isfinite(WHOLE).all()
    assert FrameExtractor().push(SPEECH[: BLOCK - 1]).shape == (0, FRAME_WIDTH)


def test_lanes_do_not_hear_each_other() -> None:
    """A lane's frames are the same whichever lanes share its batch."""
    rng = np.random.default_rng(1)
    segments = rng.normal(0, 0.1, (5, CARRY + BLOCK)).astype(np.float32)
    segments[2, :] = np.resize(hum(150, 1.0) / 32768, CARRY + BLOCK)
    together, memory = block_frames(segments, no_memory(5))
    for lane in range(5):
        alone, own = block_frames(segments[lane : lane + 1], no_memory(1))
        assert np.array_equal(alone[0], together[lane])
        assert np.array_equal(own[0], memory[lane])


def test_blocks_join_without_a_seam() -> None:
    """A steady voice has the same pitch and energy in the frames around a block's edge."""
    frames = FrameExtractor().push(hum(140, 2.0))
    edge = frames[BLOCK_FRAMES - 5 : BLOCK_FRAMES + 5]
    assert np.ptp(edge[:, COLUMN["pitch_st"]]) < 0.02
    assert np.ptp(edge[:, COLUMN["energy_db"]]) < 0.2


def test_the_caller_may_reuse_its_buffer() -> None:
    """Samples are copied when pushed."""
    reader = BlockReader()
    buffer = noise(BLOCK / 16_000)
    expected = buffer.astype(np.float32) / 32768
    reader.push(buffer)
    buffer[:] = 0
    assert np.array_equal(reader.take()[CARRY:], expected)


def test_a_reader_without_a_block_says_so() -> None:
    """Taking more than there is raises ValueError."""
    reader = BlockReader()
    reader.push(np.zeros(BLOCK - 1, np.int16))
    assert reader.blocks_ready == 0
    with pytest.raises(ValueError, match="no whole block"):
        reader.take()


def test_part_of_a_block_cannot_be_joined() -> None:
    """Only whole blocks make a run of frames."""
    with pytest.raises(ValueError, match="whole"):
        join_frames([np.zeros((BLOCK_FRAMES - 1, FRAME_WIDTH), np.float32)])
