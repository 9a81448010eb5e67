"""classifier.acoustic.steps"""

from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifier.acoustic.baseline import Usual
from classifier.acoustic.contour import CHANNELS, CONTOUR_WIDTH, Contour, contour_input
from classifier.acoustic.gate import Mask
from classifier.acoustic.layout import (
    ANALYSIS_BLOCKS,
    ANALYSIS_FRAMES,
    BLOCK_FRAMES,
    BLOCK_S,
    Floats,
)
from classifier.acoustic.steps import (
    CHUNK_FRAMES,
    CHUNK_STEPS,
    REACH,
    RECENT_STEPS,
    STEP,
    STEPS,
    Halves,
    StepBatch,
    StepCache,
    Steps,
    steps_by,
)
from classifier.acoustic.window import Window

WIDTH = 3
STRANGER = Usual(np.zeros((1, CONTOUR_WIDTH), np.float32), np.ones((1, CONTOUR_WIDTH), np.float32))
WEIGHTS = np.random.default_rng(1).integers(-1, 2, (WIDTH, CHANNELS, 2 * REACH + 1))
"""Of what stands for the network's convolutions: whole numbers, so that nothing is rounded."""


def convolved(line: Floats) -> Halves:
    """A step for every four frames, from those to either side of it: ``(steps, WIDTH)``.

    The first is that of the frame ``REACH`` after the first; after the last there is silence.
    """
    steps = (line.shape[1] - REACH) // STEP
    line = np.pad(line, ((0, 0), (0, REACH)))
    seen = [line[:, at * STEP :][:, : 2 * REACH + 1] for at in range(steps)]
    return np.array([np.einsum("wcf,cf->w", WEIGHTS, one) for one in seen], np.float16)


def made_of(steps: Steps) -> Halves:
    """What the network would give back."""
    return np.stack([convolved(chunk) for chunk in steps.chunks])


def all_of(steps: Steps) -> Halves:
    """The steps that the network would attend to, by their places."""
    every = steps.past.reshape(-1, WIDTH).copy()
    every[steps.place] = made_of(steps).reshape(-1, WIDTH)[steps.taken]
    return every.reshape(steps.past.shape)


@dataclass
class Stream:
    """What was said: frames of whole numbers, and which of them are speech."""

    frames: Floats
    speech: Mask

    def window(self, blocks: int, voice: int = 0, own_blocks: int = ANALYSIS_BLOCKS) -> Window:
        """The window that ends with so many blocks, with the speech of the newest of them alone."""
        before = np.zeros((ANALYSIS_FRAMES, CONTOUR_WIDTH), np.float32)
        end = blocks * BLOCK_FRAMES + ANALYSIS_FRAMES
        late = slice(end - ANALYSIS_FRAMES, end)
        speech = np.concatenate([np.zeros(ANALYSIS_FRAMES, np.bool_), self.speech])[late].copy()
        speech[: ANALYSIS_FRAMES - own_blocks * BLOCK_FRAMES] = False
        contour = Contour(np.concatenate([before, self.frames])[late], speech, speech)
        return Window(
            end_s=blocks * BLOCK_S,
            vector=None,
            recent=None,
            contour=contour,
            speech_s=1.0,
            recent_speech_s=1.0,
            new_speech_s=0.5,
            heard_s=1.0,
            level_db=0.0,
            threshold_db=-60.0,
            voice=voice,
        )


def stream_of(spoken: list[bool], seed: int = 1) -> Stream:
    """A stream of blocks with speech here and there, or without any."""
    rng = np.random.default_rng(seed)
    count = len(spoken) * BLOCK_FRAMES
    speech = np.repeat(spoken, BLOCK_FRAMES) & (rng.random(count) < 0.7)
    return Stream(rng.integers(-2, 3, (count, CONTOUR_WIDTH)).astype(np.float32), speech)


def heard(cache: StepCache, window: Window) -> Steps:
    batch = StepBatch([cache], [window], STRANGER, 1.0, WIDTH)
    batch.keep(made_of(batch.steps))
    return batch.steps


def seen_until(stream: Stream, blocks: int) -> Floats:
    """The contour of all that was said by then, as a stranger's."""
    late = slice(0, blocks * BLOCK_FRAMES)
    speech = stream.speech[None, late]
    level, mean, deviation = np.zeros(1, np.float32), STRANGER.mean, STRANGER.deviation
    return contour_input(stream.frames[None, late], speech, speech, level, mean, deviation, 1.0)[0]


Said = st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 9)), min_size=1, max_size=24)
"""Of each block: whether something is said, whether its window is heard; 0 for another voice."""


@given(Said)
def test_what_is_heard_block_by_block_is_the_whole(said: list[tuple[bool, bool, int]]) -> None:
    """Whatever was heard when, every step with speech is what the whole stream makes of it."""
    stream, cache = stream_of([speech for speech, _, _ in said]), StepCache()
    voice = turned = last = 0
    silent_until = 0
    for number, (_, hear, turn) in enumerate(said, start=1):
        if turn == 0:
            voice, turned = voice + 1, number - 1
        window = stream.window(number, voice, min(ANALYSIS_BLOCKS, number - turned))
        assert window.contour is not None
        if not hear or not window.contour.speech.any():
            continue
        if not last or turned >= last or number - last >= ANALYSIS_BLOCKS:
            # Begun anew: what lies before its first block with speech was never heard.
            first = int(window.contour.speech.argmax()) // BLOCK_FRAMES
            silent_until = (number - ANALYSIS_BLOCKS + first) * BLOCK_FRAMES
        last = number
        steps = heard(cache, window)
        seen = seen_until(stream, number)
        seen[:, : max(0, silent_until)] = 0.0
        missing = steps_by(number) * STEP - seen.shape[1]
        expected = convolved(np.pad(seen, ((0, 0), (REACH, missing))))
        first_step = steps_by(number) - STEPS
        found = all_of(steps)[0]
        assert len(set(steps.place.tolist())) == len(steps.place)
        attended = np.flatnonzero(steps.spoken[0, 0])
        assert len(attended)
        for place in attended:
            step = first_step + (place - first_step) % STEPS
            assert np.array_equal(found[place], expected[step])


def test_only_what_is_new_is_heard() -> None:
    """A block later there is one chunk; a second later two; after a pause all that holds speech."""
    stream, cache = stream_of([True] * 20), StepCache()
    assert len(heard(cache, stream.window(6)).chunks) == ANALYSIS_BLOCKS
    assert len(heard(cache, stream.window(7)).chunks) == 1
    assert len(heard(cache, stream.window(9)).chunks) == 2
    assert len(heard(cache, stream.window(18)).chunks) == ANALYSIS_BLOCKS
    assert len(heard(cache, stream.window(19, voice=1, own_blocks=2)).chunks) == 2


def test_steps_are_attended_to_where_there_is_speech() -> None:
    """In the window and in its newest second, and nothing that was not heard."""
    stream, cache = stream_of([False, False, True, False, True, True, True]), StepCache()
    for blocks in (6, 7):
        steps = heard(cache, stream.window(blocks))
        end = steps_by(blocks)
        begun = np.zeros(end * STEP, np.bool_)
        begun[: blocks * BLOCK_FRAMES] = stream.speech[: blocks * BLOCK_FRAMES]
        by_step = begun.reshape(end, STEP).any(axis=1)[end - STEPS :]
        in_order = (np.arange(STEPS) + end) % STEPS
        assert np.array_equal(steps.spoken[0, 0, in_order], by_step)
        assert np.array_equal(
            steps.spoken[0, 1, in_order], by_step * (np.arange(STEPS) >= STEPS - RECENT_STEPS)
        )


def test_what_was_not_heard_is_not_attended_to() -> None:
    """A block that was silent when the first window was heard stays so, whatever the gate thinks
    of it later."""
    stream, cache = stream_of([False] * 4 + [True] * 3), StepCache()
    assert len(heard(cache, stream.window(6)).chunks) == 2
    stream.speech[:] = True
    steps = heard(cache, stream.window(7))
    in_order = (np.arange(STEPS) + steps_by(7)) % STEPS
    spoken = steps.spoken[0, 0, in_order]
    begins = 4 * BLOCK_FRAMES // STEP - (steps_by(7) - STEPS)
    assert not spoken[:begins].any()
    assert spoken[begins:].all()


def test_lanes_do_not_mix() -> None:
    """Windows of several lanes, of different ages, are put together and kept as each alone."""
    streams = [stream_of([True] * 9, seed) for seed in range(3)]
    together, alone = ([StepCache() for _ in streams] for _ in range(2))
    usual = Usual(*(np.repeat(part, 3, axis=0) for part in (STRANGER.mean, STRANGER.deviation)))
    heard(together[1], streams[1].window(6))
    heard(alone[1], streams[1].window(6))
    for blocks in (7, 8, 9):
        windows = [stream.window(blocks) for stream in streams]
        batch = StepBatch(together, windows, usual, 1.0, WIDTH)
        found = all_of(batch.steps)
        batch.keep(made_of(batch.steps))
        for row, (cache, window) in enumerate(zip(alone, windows, strict=True)):
            by_itself = heard(cache, window)
            assert np.array_equal(all_of(by_itself)[0], found[row])
            assert np.array_equal(by_itself.spoken[0], batch.steps.spoken[row])


def test_what_failed_is_heard_again() -> None:
    """A network that fails keeps nothing: the next window makes up for it."""
    stream, cache = stream_of([True] * 9), StepCache()
    heard(cache, stream.window(6))
    StepBatch([cache], [stream.window(7)], STRANGER, 1.0, WIDTH)
    steps = heard(cache, stream.window(8))
    assert len(steps.chunks) == 2
    expected = convolved(np.pad(seen_until(stream, 8), ((0, 0), (REACH, 0))))[-STEPS:]
    in_order = (np.arange(STEPS) + steps_by(8)) % STEPS
    assert np.array_equal(all_of(steps)[0, in_order], expected)


def test_the_grid_holds_together() -> None:
    """A chunk has all that its steps are made of, and blocks follow each other without a gap."""
    assert STEPS * STEP == ANALYSIS_FRAMES
    assert CHUNK_STEPS * STEP - REACH == BLOCK_FRAMES
    assert CHUNK_FRAMES == CHUNK_STEPS * STEP + REACH
    for block in range(1, 50):
        assert steps_by(block) * STEP - block * BLOCK_FRAMES in range(STEP)
        assert steps_by(block + 1) - steps_by(block) <= CHUNK_STEPS
