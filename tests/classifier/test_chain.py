"""classifier.chain, and the list of backends in classifier.context"""

import asyncio
from pathlib import Path

import pytest

from classifier import BackendError, ConfigError, Listener, ModelError, Source, VoiceFrame
from classifier.acoustic.backend import AcousticBackend
from classifier.apart.backend import ApartBackend
from classifier.backend import PLAIN, ListenOptions
from classifier.chain import ChainBackend
from classifier.context import backend_from_env
from classifier.frames import Affect
from classifier.mock import MockBackend
from tests.classifier.voices import recording, silence
from tests.server.log.subscriber import until
from tests.support.classifier import ScriptedBackend, ScriptedListener

CHUNK = silence(0.1)


class Named(ScriptedBackend):
    """A scripted backend with a name; its listeners fail the feed from the start if told so."""

    def __init__(self, name: str, *, load_error: str = "", feed_error: str = "") -> None:
        super().__init__()
        self.name = name
        if load_error:
            self.load_error = ModelError(load_error)
        self._feed_error = feed_error

    def open(self, options: ListenOptions = PLAIN) -> ScriptedListener:
        listener = super().open(options)
        listener.frame_per_feed = Affect.WARM
        if self._feed_error:
            listener.feed_error = BackendError(self._feed_error)
        return listener


def reading(listener: Listener) -> tuple[list[VoiceFrame], asyncio.Task[None]]:
    frames: list[VoiceFrame] = []

    async def collect() -> None:
        async for frame in listener.stream():
            frames.append(frame)  # noqa: PERF401 - what came before an error must be kept

    return frames, asyncio.create_task(collect())


async def test_the_first_that_loads_listens() -> None:
    """What does not load is passed over, and each session is told so once, by name and reason."""
    chain = ChainBackend([Named("a", load_error="no file"), Named("b"), Named("c")])
    await chain.load()
    await chain.load()
    assert chain.name == chain.model_id == "b"
    assert chain.model_sha256 == ""
    for _ in range(2):
        listener = chain.open()
        assert list(listener.take_notices()) == [
            "The classifier a could not be used (no file). Listening now: b."
        ]
        assert list(listener.take_notices()) == []


async def test_when_none_loads_every_reason_is_given() -> None:
    """Loading fails, again too, and so does whoever feeds without having loaded."""
    chain = ChainBackend([Named("a", load_error="no file"), Named("b", load_error="no sense")])
    for _ in range(2):
        with pytest.raises(ModelError, match=r"a could not.*no file.*b could not.*no sense"):
            await chain.load()
    with pytest.raises(ModelError):
        await chain.open().feed(CHUNK)


async def test_a_failing_first_feed_moves_on_with_its_audio() -> None:
    """The next one hears everything from the beginning; frames come of it alone."""
    bad, good = Named("bad", feed_error="broken"), Named("good")
    chain = ChainBackend([bad, good])
    listener = chain.open()
    frames, reader = reading(listener)
    await listener.feed(CHUNK)
    await listener.feed(CHUNK, Source.TAB)
    await listener.stop()
    await reader
    assert chain.name == "good"
    assert bad.last.stopped
    assert [source for _, source in good.last.fed] == [Source.MIC, Source.TAB]
    assert [frame.source for frame in frames] == [Source.MIC, Source.TAB]
    assert list(listener.take_notices()) == [
        "The classifier bad could not be used (broken). Listening now: good."
    ]


async def test_audio_taken_before_the_failure_goes_along() -> None:
    """A backend that swallows some audio and then fails has lost none of it."""
    bad, good = Named("bad"), Named("good")
    listener = ChainBackend([bad, good]).open()
    await listener.feed(CHUNK)
    bad.last.frame_per_feed = None
    bad.last.feed_error = BackendError("broken")
    await listener.feed(CHUNK)
    assert sum(pcm.size for pcm, _ in good.last.fed) == 2 * CHUNK.size


async def test_several_may_be_passed_over_at_the_first_feed() -> None:
    """The third listens, and both failures are told."""
    members = [Named("a", feed_error="x"), Named("b", feed_error="y"), Named("c")]
    chain = ChainBackend(members)
    listener = chain.open()
    await listener.feed(CHUNK)
    assert chain.name == "c"
    assert len(members[2].last.fed) == 1
    assert len(list(listener.take_notices())) == 2


async def test_after_its_first_reading_a_failure_is_final() -> None:
    """Feeder and reader get the error; the next backend is not even opened."""
    first, second = Named("first"), Named("second")
    chain = ChainBackend([first, second])
    listener = chain.open()
    frames, reader = reading(listener)
    await listener.feed(CHUNK)
    await until(lambda: bool(frames))
    first.last.feed_error = BackendError("too late")
    first.last.fail(BackendError("too late"))
    with pytest.raises(BackendError, match="too late"):
        await listener.feed(CHUNK)
    with pytest.raises(BackendError, match="too late"):
        await reader
    assert chain.name == "first"
    assert not second.opened
    assert list(listener.take_notices()) == []


async def test_half_a_second_taken_counts_as_a_reading() -> None:
    """Also where nobody reads the frames: what had been heard is not heard again by another."""
    first, second = Named("first"), Named("second")
    listener = ChainBackend([first, second]).open()
    await listener.feed(silence(0.5))
    first.last.feed_error = BackendError("too late")
    with pytest.raises(BackendError, match="too late"):
        await listener.feed(CHUNK)
    assert not second.opened


async def test_the_last_of_the_chain_has_nobody_after_it() -> None:
    """Its first failure is the session's."""
    listener = ChainBackend([Named("a"), Named("b", feed_error="broken")]).open()
    await listener.feed(CHUNK)
    alone = ChainBackend([Named("b", feed_error="broken")]).open()
    with pytest.raises(BackendError, match="broken"):
        await alone.feed(CHUNK)


async def test_a_stream_that_fails_first_moves_on_too() -> None:
    """Whoever notices first, the reader goes on with the next backend."""
    bad, good = Named("bad"), Named("good")
    chain = ChainBackend([bad, good])
    listener = chain.open()
    frames, reader = reading(listener)
    await until(lambda: bool(bad.opened))
    bad.last.fail()
    await until(lambda: bool(good.opened))
    await listener.feed(CHUNK)
    await listener.stop()
    await reader
    assert len(frames) == 1
    assert chain.name == "good"


async def test_other_sessions_follow_when_they_fail() -> None:
    """The first failure settles it for the process; who was open on the failed one moves too."""
    bad, good = Named("bad", feed_error="broken"), Named("good")
    chain = ChainBackend([bad, good])
    one, two = chain.open(), chain.open()
    await asyncio.gather(one.feed(CHUNK), two.feed(CHUNK))
    three = chain.open()
    await three.feed(CHUNK)
    assert len(good.opened) == 3
    assert len(chain.notices) == 1


async def test_stopping_ends_a_stream_whenever_it_comes() -> None:
    """Before the first audio, twice, or after it."""
    listener = ChainBackend([Named("a"), Named("b")]).open()
    await listener.stop()
    await listener.stop()
    frames, reader = reading(listener)
    await asyncio.wait_for(reader, 5)
    assert frames == []


async def test_closing_the_chain_closes_every_member() -> None:
    """Also those that were never used."""
    members = [Named("a", load_error="x"), Named("b"), Named("c")]
    chain = ChainBackend(members)
    await chain.load()
    await chain.aclose()
    assert all(member.closed for member in members)


async def test_a_missing_model_leaves_it_to_the_acoustic_one(tmp_path: Path) -> None:
    """The real ones: the audio is heard, and the notice names no folder."""
    env = {"LINNET_CLASSIFIER": f"onnx:{tmp_path}/gone.onnx, acoustic ,mock"}
    backend = backend_from_env(env)
    await backend.load()
    assert backend.name == "acoustic"
    listener = backend.open()
    frames, reader = reading(listener)
    await listener.feed(recording("agitated"))
    await listener.stop()
    await reader
    assert any(frame.affect is not None for frame in frames)
    (notice,) = listener.take_notices()
    assert "no model gone.onnx" in notice
    assert str(tmp_path) not in notice
    await backend.aclose()


@pytest.mark.parametrize(
    ("env", "kind"),
    [
        ({}, AcousticBackend),
        ({"LINNET_CLASSIFIER": ""}, AcousticBackend),
        ({"LINNET_CLASSIFIER": "acoustic"}, AcousticBackend),
        ({"LINNET_CLASSIFIER": "mock"}, MockBackend),
        ({"LINNET_CLASSIFIER": "acoustic", "CF_VOICE_MOCK": "1"}, MockBackend),
        ({"LINNET_CLASSIFIER": "acoustic,mock"}, ChainBackend),
        ({"LINNET_CLASSIFIER_PROCESSES": "2"}, ApartBackend),
        ({"LINNET_CLASSIFIER_PROCESSES": "2", "CF_VOICE_MOCK": "1"}, MockBackend),
    ],
)
def test_one_name_is_that_backend_and_several_are_a_chain(env: dict[str, str], kind: type) -> None:
    """The mock setting wins over the list."""
    assert type(backend_from_env(env)) is kind


@pytest.mark.parametrize(
    "text",
    [
        "acustic",
        "acoustic,",
        ",",
        "onnx:",
        "onnx:model.pt",
        "onnx",
        "acoustic,acoustic",
        "mock,acoustic",
        "onnx:a\0b.onnx",
    ],
)
def test_a_senseless_list_is_a_config_error(text: str) -> None:
    """One line that names the setting."""
    with pytest.raises(ConfigError, match="LINNET_CLASSIFIER") as caught:
        backend_from_env({"LINNET_CLASSIFIER": text})
    assert "\n" not in str(caught.value)


def test_processes_of_every_member_count() -> None:
    """Also of one that was passed over: it may still run."""

    class Apart(Named):
        pids = (1, 2)

    assert list(ChainBackend([Apart("one"), Named("none"), Apart("other")]).pids) == [1, 2, 1, 2]


async def test_what_is_known_is_known_by_who_listens() -> None:
    """Asked of that one and passed to it; nothing before anybody listens."""
    backend = Named("b")
    chain = ChainBackend([Named("a", load_error="no file"), backend])
    listener = chain.open(ListenOptions(known_voices="from before"))
    assert await listener.known_voices() == ""
    await listener.feed(CHUNK)
    backend.last.knows = "everybody"
    assert await listener.known_voices() == "everybody"
    assert [options.known_voices for options in backend.asked_for] == ["from before"]
    await listener.stop()


async def test_a_block_is_that_of_who_listens() -> None:
    """Before anybody does, any amount is taken; a backend that names none takes any amount."""
    chain = ChainBackend([AcousticBackend(), Named("b")])
    acoustic = chain.open()
    assert acoustic.block_s == 0
    await acoustic.feed(CHUNK)
    assert acoustic.block_s == 0.5
    await chain.aclose()
    scripted = ChainBackend([Named("a")]).open()
    await scripted.feed(CHUNK)
    assert scripted.block_s == 0
