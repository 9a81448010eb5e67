"""classifier.training.judging.recordings"""

from itertools import pairwise

import numpy as np

from classifier.acoustic.model import load_network
from classifier.training.judging.protocol import session_protocol
from classifier.training.judging.recordings import frames_of, record, replay
from tests.classifier.voices import recording

NETWORK = load_network("open")
CLIPS = [recording(name)[4000:36_000] for name in ("calm", "agitated", "tired")]


def test_a_replay_is_the_stream() -> None:
    """A recorded session gives the readings that the same session gives live."""
    order = np.random.default_rng(5).permutation(3)
    live = session_protocol(NETWORK, CLIPS, np.random.default_rng(5))
    (again,) = replay(NETWORK, [record(frames_of(CLIPS), order)])
    for index, judged in enumerate(live):
        said = [r.frame.affect for r in judged.readings]
        assert said == [r.frame.affect for r in again[index].readings]
        assert judged.emotion is not None
        other = again[index].emotion
        assert other is not None
        assert np.allclose(judged.emotion, other, atol=1e-3)


def test_recordings_do_not_hear_each_other() -> None:
    """Sessions replayed together, of unequal length, are as each alone."""
    frames = frames_of(CLIPS)
    sessions = [record(frames, [0, 1, 2]), record(frames, [1])]
    together = replay(NETWORK, sessions)
    for session, judged in zip(sessions, together, strict=True):
        (alone,) = replay(NETWORK, [session])
        for index, one in alone.items():
            other = judged[index].emotion
            assert one.emotion is not None
            assert other is not None
            assert np.allclose(one.emotion, other, atol=1e-3)


def test_windows_of_a_recording_share_their_frames() -> None:
    """A frame that lies in six windows is kept once."""
    windows = record(frames_of(CLIPS), [0, 1, 2]).windows
    contours = [window.contour for window in windows if window.contour is not None]
    assert len(contours) > 5
    for one, other in pairwise(contours):
        assert np.shares_memory(one.frames, other.frames) or one.frames.base is other.frames.base


def test_a_treatment_is_heard() -> None:
    """Silencing the clips leaves nothing to judge."""
    frames = frames_of(CLIPS[:1], lambda pcm, clip_samples: np.zeros_like(pcm))
    (judged,) = replay(NETWORK, [record(frames, [0])])
    assert judged[0].emotion is None
