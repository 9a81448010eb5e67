"""classifier.apart.messages"""

import asyncio
from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import BackendError, ConfigError, ModelError, Source, VoiceFrame
from classifier.apart.messages import (
    PAYLOAD_MAX_BYTES,
    About,
    Kind,
    Message,
    about_of,
    audio_of,
    error_of,
    frames_of,
    options_of,
    packed_about,
    packed_audio,
    packed_error,
    packed_frames,
    packed_options,
    read_messages,
)
from classifier.backend import ListenOptions
from classifier.frames import Affect, ProsodyFlag, QueueLabel, ShiftDirection, Sound

NUMBERS = st.integers(0, 2**32 - 1)
MESSAGES = st.lists(st.builds(Message, st.sampled_from(Kind), NUMBERS, NUMBERS, st.binary()))


def read(pieces: list[bytes]) -> list[Message]:
    """What is read where the pipe gives these pieces, one after the other."""

    async def run() -> list[Message]:
        reader = asyncio.StreamReader()

        async def write() -> None:
            for piece in pieces:
                reader.feed_data(piece)
                await asyncio.sleep(0)
            reader.feed_eof()

        writing = asyncio.create_task(write())
        found = [message async for message in read_messages(reader)]
        await writing
        return found

    return asyncio.run(run())


@given(MESSAGES, st.data())
def test_however_the_pipe_cuts_them_messages_come_whole(
    messages: list[Message], data: st.DataObject
) -> None:
    """Any pieces of the same bytes give the same messages, in order."""
    whole = b"".join(message.packed() for message in messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    ends = [0, *cuts, len(whole)]
    pieces = [whole[a:b] for a, b in pairwise(ends)]
    assert read([piece for piece in pieces if piece]) == messages


def test_half_a_message_at_the_end_is_none() -> None:
    """A process that dies while it writes has said what came before."""
    first = Message(Kind.DONE, 1, 2)
    half = Message(Kind.FRAMES, 1, 0, b"lost").packed()[:-1]
    assert read([first.packed() + half]) == [first]


@pytest.mark.parametrize(
    "garbage",
    [b"?" * 13, Message(Kind.DONE).packed()[:9] + (PAYLOAD_MAX_BYTES + 1).to_bytes(4, "little")],
)
def test_what_is_no_message_is_refused(garbage: bytes) -> None:
    """Of an unknown letter or an absurd length nothing is kept in memory."""
    with pytest.raises(BackendError, match="no message"):
        read([garbage])


def test_a_frame_comes_over_as_it_was() -> None:
    """Every field, each of its own type."""
    frame = VoiceFrame(
        timestamp_s=1.5,
        source=Source.TAB,
        speech=0.1 + 0.2,
        affect=Affect.WARM,
        confidence=0.7,
        arousal=-0.25,
        shift_direction=ShiftDirection.ESCALATING,
        prosody_flags=(ProsodyFlag.LOUD,),
        distribution={Affect.WARM: 0.7, Affect.TIRED: 0.3},
        sounds=(Sound(QueueLabel.BUSY, 0.5, 1.25),),
        named="speaker_c",
    )
    plain = VoiceFrame(2.0, Source.MIC, 0.0)
    there = frames_of(packed_frames([frame, plain]))
    assert there == [frame, plain]
    for one, other in zip(there, (frame, plain), strict=True):
        for field in fields(VoiceFrame):
            assert type(getattr(one, field.name)) is type(getattr(other, field.name)), field.name
    assert {type(affect) for affect in there[0].distribution} == {Affect}


def test_what_is_wished_and_what_is_heard_comes_over_as_it_was() -> None:
    """The options of a session, and what a backend says of itself."""
    options = ListenOptions(seed=3, num_speakers=2, window_ms=700, known_voices='{"ü": 1}')
    assert options_of(packed_options(options)) == options
    about = About("acoustic", "acoustic:open@6", "ab", 0.5)
    assert about_of(packed_about(about)) == about


@pytest.mark.parametrize("source", list(Source))
def test_audio_comes_over_as_it_was(source: Source) -> None:
    """Samples and source."""
    pcm = np.array([0, -32768, 32767, 5], np.int16)
    there, heard = audio_of(packed_audio(source, pcm))
    assert there is source
    assert heard.tolist() == pcm.tolist()


@pytest.mark.parametrize("kind", [ModelError, BackendError, ConfigError])
def test_an_error_is_of_the_same_kind_at_the_other_end(kind: type[Exception]) -> None:
    """With its text."""
    error = error_of(packed_error(kind("no weights gone.onnx")))  # type: ignore[arg-type]
    assert type(error) is kind
    assert str(error) == "no weights gone.onnx"
