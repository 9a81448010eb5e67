"""classifier.training.judging.protocol"""

import numpy as np
import pytest

from classifier.acoustic.layout import BLOCK_S
from classifier.acoustic.model import load_network
from classifier.training.judging.protocol import clip_protocol, judge, session_protocol
from tests.classifier.voices import recording, silence

NETWORK = load_network("open")
CLIPS = [recording(name)[4000:36_000] for name in ("calm", "agitated", "tired")]


def test_a_clip_is_judged_alone() -> None:
    """The judgement of a clip does not depend on the clips beside it."""
    together = clip_protocol(NETWORK, CLIPS)
    for clip, judged in zip(CLIPS, together, strict=True):
        (alone,) = clip_protocol(NETWORK, [clip])
        assert alone.emotion is not None
        assert judged.emotion is not None
        assert np.allclose(alone.emotion, judged.emotion, atol=1e-3)


def test_a_session_answers_in_the_order_of_the_clips() -> None:
    """Whatever the order of playing, the agitated clip's judgement stands in its place."""
    for seed in range(3):
        judged = session_protocol(NETWORK, CLIPS, np.random.default_rng(seed))
        assert len(judged) == 3
        arousal = [
            np.mean([r.frame.arousal for r in j.readings if r.frame.arousal is not None])
            for j in judged
        ]
        assert int(np.argmax(arousal)) == 1


def test_a_session_may_be_played_as_it_comes() -> None:
    """Without a generator the clips follow each other: each is heard later than the one before."""
    judged = session_protocol(NETWORK, CLIPS)
    begins = [j.readings[0].frame.timestamp_s for j in judged]
    assert begins == sorted(begins)
    assert begins[0] == BLOCK_S


def test_a_session_has_a_baseline() -> None:
    """Later clips are heard with more of the voice known than the first."""
    judged = session_protocol(NETWORK, CLIPS, np.random.default_rng(1))
    heard = [max(r.frame.heard_s for r in j.readings) for j in judged]
    assert max(heard) > 2 * min(heard)


def test_silence_has_no_judgement() -> None:
    """A clip without a reading on speech has no class."""
    (judged,) = clip_protocol(NETWORK, [silence(2.0)])
    assert judged.emotion is None
    assert judge([]).emotion is None


def test_the_judgement_is_the_mean_of_the_readings() -> None:
    """Log-probabilities of the readings on speech, averaged."""
    (judged,) = clip_protocol(NETWORK, CLIPS[:1])
    rows = [np.log(r.emotion) for r in judged.readings if r.emotion is not None]
    assert judged.emotion is not None
    assert judged.emotion == pytest.approx(np.mean(rows, axis=0), abs=1e-4)
