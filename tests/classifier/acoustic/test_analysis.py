"""classifier.acoustic.analysis"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.acoustic.analysis import analyse
from classifier.acoustic.lane import Lane
from classifier.frames import Source, VoiceFrame
from tests.classifier.acoustic.test_lane import (
    AGITATED,
    CALM,
    NETWORK,
    TIRED,
    WHOLE,
    frames_of,
    hear,
)
from tests.classifier.voices import silence


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 16_000), min_size=1, max_size=12))
def test_any_chunking_gives_the_same_voice_frames(sizes: list[int]) -> None:
    """However the same PCM is cut and analysed, the readings are equal to the last bit."""
    lane = Lane(Source.MIC, NETWORK.card)
    frames: list[VoiceFrame] = []
    at = step = 0
    while at < AGITATED.size:
        size = sizes[step % len(sizes)]
        if lane.push(AGITATED[at : at + size]):
            frames += [reading.frame for reading in analyse([lane], NETWORK)[0]]
        at, step = at + size, step + 1
    assert frames == WHOLE


def test_lanes_analysed_together_are_as_each_alone() -> None:
    """A lane's readings do not depend on who shares its batch."""
    sounds = (CALM, AGITATED, TIRED, silence(2.0))
    for pcm, together in zip(sounds, hear(*sounds), strict=True):
        alone = frames_of(pcm)
        assert len(alone) == len(together)
        for a, b in zip(alone, [reading.frame for reading in together], strict=True):
            assert a.affect == b.affect
            assert a.speech == pytest.approx(b.speech, abs=1e-4)
            assert a.confidence == pytest.approx(b.confidence, abs=1e-4)


def test_nothing_to_analyse_gives_nothing() -> None:
    """Less than a block is kept for later."""
    lane = Lane(Source.TAB, NETWORK.card)
    assert not lane.push(np.zeros(7999, np.int16))
    assert analyse([lane], NETWORK) == [[]]
    assert lane.push(np.zeros(1, np.int16))
    (reading,) = analyse([lane], NETWORK)[0]
    assert reading.frame.source is Source.TAB
