"""classifier.acoustic.analysis"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.acoustic.analysis import TOGETHER, analyse
from classifier.acoustic.contour import FrameHabit, contour_input, newest_moments
from classifier.acoustic.lane import Lane
from classifier.acoustic.layout import BLOCK, BLOCK_FRAMES, BLOCK_S
from classifier.acoustic.model import MODELS, Batch, Heard, Network
from classifier.acoustic.steps import CHUNK_FRAMES, STEP
from classifier.frames import Source, VoiceFrame
from tests.classifier.acoustic.test_contour import LATE
from tests.classifier.acoustic.test_lane import (
    AGITATED,
    CALM,
    NETWORK,
    TIRED,
    WHOLE,
    frames_of,
    hear,
)
from tests.classifier.acoustic.test_window import windows
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


def test_more_lanes_than_go_through_together() -> None:
    """However many there are, each gets its own readings, as if it were alone."""
    sounds = [(CALM, AGITATED, TIRED)[i % 3][: 16_000 + 400 * i] for i in range(TOGETHER + 5)]
    for pcm, readings in zip(sounds, hear(*sounds), strict=True):
        alone = frames_of(pcm)
        assert [reading.frame.affect for reading in readings] == [one.affect for one in alone]
        assert len(readings) == pcm.size // BLOCK
        for a, b in zip(alone, readings, strict=True):
            assert a.heard_s == b.frame.heard_s
            assert a.speech == pytest.approx(b.frame.speech, abs=1e-4)


def test_nothing_to_analyse_gives_nothing() -> None:
    """Less than a block is kept for later."""
    lane = Lane(Source.TAB, NETWORK.card)
    assert not lane.push(np.zeros(7999, np.int16))
    assert analyse([lane], NETWORK) == [[]]
    assert lane.push(np.zeros(1, np.int16))
    (reading,) = analyse([lane], NETWORK)[0]
    assert reading.frame.source is Source.TAB


class Overhearing(Network):
    """The shipped network, which keeps what it was given."""

    def __init__(self) -> None:
        super().__init__(NETWORK.card, (MODELS / "open.onnx").read_bytes())
        self.given: list[Batch] = []

    def hear(self, batch: Batch) -> Heard:
        self.given.append(batch)
        return super().hear(batch)


def test_frames_are_measured_against_all_that_was_heard() -> None:
    """What is new of a window is seen against the habit of the frames before it and in it."""
    network, habit = Overhearing(), FrameHabit(NETWORK.card.baseline_weight_s)
    lane = Lane(Source.MIC, network.card)
    lane.push(AGITATED)
    analyse([lane], network)
    spoken = [one for one in windows(AGITATED) if one.contour is not None]
    assert len(spoken) == len(network.given) > 5
    for one, batch in zip(spoken, network.given, strict=True):
        assert one.contour is not None
        contour = one.contour
        moving = network.standardise_frames(contour.frames[-BLOCK_FRAMES:])
        new = newest_moments(moving, contour.speech[-BLOCK_FRAMES:], contour.voiced[-BLOCK_FRAMES:])
        usual = network.in_own_units(habit.with_new(new))
        habit.learn(new)
        expected = contour_input(
            contour.frames[None, LATE],
            contour.speech[None, LATE],
            contour.voiced[None, LATE],
            np.array([one.level_db], np.float32),
            usual.mean[None],
            usual.deviation[None],
            network.loudness_step,
        )
        # What of a step that has begun is still to come is silent.
        silent = -round(one.end_s / BLOCK_S) * BLOCK_FRAMES % STEP
        newest = np.pad(batch.steps.chunks[-1], ((0, 0), (silent, 0)))
        assert (newest[:, CHUNK_FRAMES:] == 0).all()
        assert np.allclose(
            newest[:, CHUNK_FRAMES - BLOCK_FRAMES : CHUNK_FRAMES], expected[0], atol=1e-4
        )


def test_what_was_heard_is_not_heard_again() -> None:
    """Once a voice speaks, each block is heard once; a voice that was silent begins anew."""
    network = Overhearing()
    lane = Lane(Source.MIC, network.card)
    lane.push(np.concatenate([AGITATED, np.zeros(4 * 16_000, np.int16), AGITATED]))
    analyse([lane], network)
    first, *others = [len(batch.steps.chunks) for batch in network.given]
    assert first > 1
    anew = [count for count in others if count > 1]
    assert len(others) > 12
    assert len(anew) == 1


def test_a_newest_second_rests_on_its_own_speech() -> None:
    """It is doubted by how much speech it holds itself, not by what the window holds."""
    network = Overhearing()
    lane = Lane(Source.MIC, network.card)
    lane.push(AGITATED)
    analyse([lane], network)
    late = [batch for batch in network.given if len(batch.newest_of)]
    assert late
    assert all(batch.speech_s[1] <= min(1.0, batch.speech_s[0]) for batch in late)
    assert any(batch.speech_s[0] > 1.5 for batch in late)
