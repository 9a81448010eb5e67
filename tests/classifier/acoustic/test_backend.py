"""classifier.acoustic.backend"""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from classifier import BackendError, ConfigError, ContextClassifier, ModelError, Source, VoiceFrame
from classifier.acoustic import backend as acoustic
from classifier.acoustic.analysis import analyse
from classifier.acoustic.backend import AcousticBackend
from classifier.acoustic.lane import Lane, Reading
from classifier.acoustic.model import Network, load_network
from classifier.backend import ListenOptions
from classifier.context import backend_from_env
from classifier.frames import Affect
from tests.classifier.listening import collect, hear
from tests.classifier.voices import Pcm, higher, recording, silence

SPEECH = recording("agitated")


@pytest.fixture
async def backend() -> AsyncIterator[AcousticBackend]:
    made = AcousticBackend()
    await made.load()
    yield made
    await made.aclose()


def offline(pcm: Pcm) -> list[VoiceFrame]:
    network = load_network("open")
    lane = Lane(Source.MIC, network.card)
    lane.push(pcm)
    return [reading.frame for reading in analyse([lane], network)[0]]


EXPECTED = offline(SPEECH)


@pytest.mark.parametrize("chunk", [1600, 777, 40_000])
async def test_a_session_hears_what_a_lane_hears(backend: AcousticBackend, chunk: int) -> None:
    """Through the engine, in any chunks, the frames are those of the plain arithmetic."""
    assert await hear(backend.open(), SPEECH, chunk) == EXPECTED


async def test_the_environment_gives_a_listener_of_its_own() -> None:
    """From the environment alone: audio in, frames out, and stopping closes its backend."""
    frames = await hear(ContextClassifier.from_env({}), SPEECH)
    assert any(frame.affect is not None for frame in frames)
    assert "linnet-acoustic" not in {thread.name for thread in threading.enumerate()}


async def test_a_listener_of_ones_own_can_be_asked_whom_it_knows() -> None:
    """As any other; what it says fits a listener of another backend with the same weights."""
    context = ContextClassifier.from_env({})
    await context.feed(SPEECH)
    known = await context.known_voices()
    await context.stop()
    again = AcousticBackend()
    frames = await hear(again.open(ListenOptions(known_voices=known)), SPEECH)
    await again.aclose()
    assert frames != EXPECTED
    assert frames[-1].heard_s == pytest.approx(EXPECTED[-1].heard_s)


async def test_which_model_it_is() -> None:
    """Loaded, it says name and version of its weights, and the digest that their card holds."""
    backend = AcousticBackend()
    assert (backend.model_id, backend.model_sha256) == ("acoustic", "")
    await backend.load()
    card = backend.network.card
    assert backend.model_id == f"acoustic:open@{card.version}"
    assert backend.model_sha256 == card.weights_sha256
    await backend.aclose()


async def test_feeding_returns_when_the_audio_is_analysed(backend: AcousticBackend) -> None:
    """After feed, the frames are there without further waiting."""
    context = backend.open()
    await context.feed(SPEECH[:24_000])
    await context.stop()
    assert [frame.timestamp_s for frame in await collect(context)] == [0.5, 1.0, 1.5]


async def test_sources_have_lanes_of_their_own(backend: AcousticBackend) -> None:
    """Two sources fed at once: each with its own clock, its own speaker, its own readings."""
    context = backend.open()
    reader = asyncio.create_task(collect(context))

    async def play(pcm: Pcm, source: Source) -> None:
        for at in range(0, pcm.size, 1600):
            await context.feed(pcm[at : at + 1600], source)

    await asyncio.gather(play(SPEECH, Source.MIC), play(silence(4.0), Source.TAB))
    await context.stop()
    frames = await reader
    mine = [frame for frame in frames if frame.source is Source.MIC]
    theirs = [frame for frame in frames if frame.speaker_id == "speaker_b"]
    assert [f.affect for f in mine] == [f.affect for f in EXPECTED]
    assert len(theirs) == 8
    assert all(frame.affect is None for frame in theirs)


async def test_many_sessions_share_one_thread(backend: AcousticBackend) -> None:
    """Sessions at once hear the same as alone, with one worker between them."""
    pcms = [SPEECH[: 16_000 + 1600 * i] for i in range(12)]
    heard = await asyncio.gather(*(hear(backend.open(), pcm) for pcm in pcms))
    expected = [frame.affect for frame in EXPECTED]
    for frames in heard:
        assert [frame.affect for frame in frames] == expected[: len(frames)]
    names = [thread.name for thread in threading.enumerate()]
    assert names.count("linnet-acoustic") == 1


async def test_the_loop_stays_free_while_the_worker_computes(backend: AcousticBackend) -> None:
    """A minute fed at once is analysed outside the loop: other tasks run meanwhile."""
    context = backend.open()
    turns = 0

    async def tick() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    await context.feed(np.resize(SPEECH, 60 * 16_000))
    ticking.cancel()
    await context.stop()
    assert turns > 20


async def test_stopping_does_not_wait_for_a_reader(
    backend: AcousticBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nobody at the stream feed waits at the bound; stop ends it all the same."""
    monkeypatch.setattr(acoustic, "MAX_UNREAD", 4)
    context = backend.open()
    await context.feed(silence(2.0))
    feeding = asyncio.create_task(context.feed(silence(8.0)))
    await asyncio.sleep(0)
    # The engine takes one after the other: when this is through, so is what came before it.
    await backend.open().feed(silence(0.5))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(feeding), 0.2)
    await asyncio.wait_for(context.stop(), 5)
    await asyncio.wait_for(feeding, 5)
    assert len(await collect(context)) == 4


async def test_a_full_stream_loses_nothing(
    backend: AcousticBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow reader makes feed wait and gets every frame in order."""
    monkeypatch.setattr(acoustic, "MAX_UNREAD", 2)
    context = backend.open()
    feeding = asyncio.create_task(context.feed(silence(6.0)))
    times: list[float] = []
    async for frame in context.stream():
        times.append(frame.timestamp_s)
        await asyncio.sleep(0.001)
        if len(times) == 12:
            break
    await asyncio.wait_for(feeding, 5)
    assert times == [0.5 * (i + 1) for i in range(12)]
    await context.stop()


async def test_stopping_twice_and_feeding_after_is_harmless(backend: AcousticBackend) -> None:
    """The second stop does nothing, and audio after the end is let go."""
    context = backend.open()
    await context.stop()
    await context.stop()
    await context.feed(SPEECH)
    assert await collect(context) == []


async def test_stopping_wakes_a_waiting_reader(backend: AcousticBackend) -> None:
    """A reader that waits for the first frame ends when the session does."""
    context = backend.open()
    reader = asyncio.create_task(collect(context))
    await asyncio.sleep(0)
    await context.stop()
    assert await asyncio.wait_for(reader, 5) == []


async def test_a_cancelled_feed_loses_no_frame(
    backend: AcousticBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a cancelled feed left in the engine is delivered by the next one, in order."""
    context = backend.open()
    go = threading.Event()

    def slowly(lanes: Sequence[Lane], network: Network) -> list[list[Reading]]:
        assert go.wait(10)
        return analyse(lanes, network)

    monkeypatch.setattr(acoustic, "analyse", slowly)
    feeding = asyncio.create_task(context.feed(silence(1.0)))
    await asyncio.sleep(0.05)
    feeding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await feeding
    go.set()
    await context.feed(silence(1.0))
    await context.stop()
    assert [frame.timestamp_s for frame in await collect(context)] == [0.5, 1.0, 1.5, 2.0]


async def test_a_failure_reaches_feeder_and_reader(
    backend: AcousticBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frames made before it are read first, then both sides get the BackendError, and keep it."""
    context = backend.open()
    await context.feed(silence(1.0))

    def broken(lanes: Sequence[Lane], network: Network) -> list[list[Reading]]:
        raise FloatingPointError("on request")

    monkeypatch.setattr(acoustic, "analyse", broken)
    with pytest.raises(BackendError):
        await context.feed(silence(1.0))
    with pytest.raises(BackendError):
        await context.feed(silence(1.0))
    frames: list[VoiceFrame] = []

    async def read() -> None:
        async for frame in context.stream():
            frames.append(frame)  # noqa: PERF401 - what was read before the error must be kept

    with pytest.raises(BackendError):
        await read()
    assert len(frames) == 2
    monkeypatch.undo()
    assert len(await hear(backend.open(), silence(1.0))) == 2
    await context.stop()


async def test_a_closed_backend_fails_its_sessions() -> None:
    """Sessions still open get a BackendError when they are fed."""
    backend = AcousticBackend()
    context = backend.open()
    await context.feed(silence(1.0))
    await backend.aclose()
    with pytest.raises(BackendError, match="closed"):
        await context.feed(silence(1.0))
    await context.stop()


async def test_an_unloaded_backend_knows_nothing() -> None:
    """Before loading there are no affects to ask for; after it, exactly the card's."""
    backend = AcousticBackend()
    with pytest.raises(BackendError, match="not loaded"):
        _ = backend.possible_affects
    await backend.load()
    await backend.load()
    assert backend.possible_affects == {
        Affect.DISMISSIVE,
        Affect.FRUSTRATED,
        Affect.NEUTRAL,
        Affect.TIRED,
        Affect.URGENT,
        Affect.WARM,
    }
    await backend.aclose()


@pytest.mark.parametrize("pcm", [np.zeros(10, np.float32), np.zeros((2, 10), np.int16)])
async def test_what_is_no_pcm_is_refused(backend: AcousticBackend, pcm: Pcm) -> None:
    """Floats and several channels raise ValueError, and the session goes on."""
    context = backend.open()
    with pytest.raises(ValueError, match="int16"):
        await context.feed(pcm)
    await context.feed(silence(0.5))
    await context.stop()
    assert len(await collect(context)) == 1


async def test_weights_that_are_missing_fail_the_load(tmp_path: Path) -> None:
    """A path without weights is a ModelError when it is loaded, by load or by the first feed."""
    env = {"LINNET_WEIGHTS": str(tmp_path / "none.onnx")}
    backend = backend_from_env(env)
    assert backend.name == "acoustic"
    with pytest.raises(ModelError, match="no weights"):
        await backend.load()
    with pytest.raises(ModelError, match="no weights"):
        await backend.open().feed(silence(0.5))
    await backend.aclose()


@pytest.mark.parametrize("weights", ["", "  ", "../secret", "a\0b"])
def test_senseless_weights_are_a_config_error(weights: str) -> None:
    """A name that is none, or no path of weights, is refused at once, naming the setting."""
    with pytest.raises(ConfigError, match="LINNET_WEIGHTS"):
        AcousticBackend.from_env({"LINNET_WEIGHTS": weights})


async def said(floor: str) -> tuple[list[Affect], str]:
    """The words said of an agitated voice, and what the exports say listened."""
    backend = AcousticBackend.from_env({"LINNET_FLOOR": floor})
    await backend.load()
    try:
        readings = await hear(backend.open(), SPEECH)
        return [r.affect for r in readings if r.affect is not None], backend.model_id
    finally:
        await backend.aclose()


async def test_a_floor_of_ones_own_is_kept() -> None:
    """A higher one says fewer words, a lower one more; which it was stands in the exports."""
    (few, careful), (usual, model), (many, bold) = [await said(f) for f in ("0.95", "", "0.2")]
    assert len(few) < len(usual) <= len(many)
    assert "floor" not in model
    assert careful == f"{model},floor=0.95"
    assert bold == f"{model},floor=0.2"


@pytest.mark.parametrize("floor", ["0.1", "1", "nan", "often"])
def test_a_senseless_floor_is_a_config_error(floor: str) -> None:
    """What is no number between the bounds is refused at once, naming the setting."""
    with pytest.raises(ConfigError, match="LINNET_FLOOR"):
        AcousticBackend.from_env({"LINNET_FLOOR": floor})


LOW = recording("calm")
TWO = np.concatenate([LOW, silence(0.3), higher(SPEECH), silence(0.3), LOW])


@pytest.mark.parametrize("chunk", [1600, 40_000])
async def test_two_voices_of_one_source_are_told_apart(
    backend: AcousticBackend, chunk: int
) -> None:
    """Where two are announced each has a name and a habit of its own, in any chunks."""
    frames = await hear(backend.open(ListenOptions(num_speakers=2)), TWO, chunk)
    assert [frame.speaker_id for frame in frames[3:10]] == ["speaker_a"] * 7
    second = [frame for frame in frames if frame.speaker_id == "speaker_b"]
    assert len(second) >= 6
    assert second[0].timestamp_s >= LOW.size / 16_000
    assert second[0].heard_s < 1.5 < frames[10].heard_s
    assert frames[-1].speaker_id == "speaker_a"
    assert frames[-1].heard_s > max(frame.heard_s for frame in second)


async def known_after(
    backend: AcousticBackend, options: ListenOptions, *heard: Source, pcm: Pcm = TWO
) -> str:
    """What is known after a session in which these sources were heard, one after the other."""
    context = backend.open(options)
    reader = asyncio.create_task(collect(context))
    for source in heard:
        await context.feed(pcm, source)
    known = await context.known_voices()
    await context.stop()
    await asyncio.wait_for(reader, 10)
    return known


async def test_a_later_session_begins_with_what_an_earlier_one_learnt(
    backend: AcousticBackend,
) -> None:
    """The voice is known from its first window on, where it was a stranger before."""
    long = np.concatenate([SPEECH] * 3)
    known = await known_after(backend, ListenOptions(), Source.MIC, pcm=long)
    anew = await hear(backend.open(), SPEECH)
    again = await hear(backend.open(ListenOptions(known_voices=known)), SPEECH)
    assert next(frame.habit_known for frame in anew if frame.distribution) is False
    assert all(frame.habit_known for frame in again if frame.distribution)
    assert [frame.heard_s for frame in again] == pytest.approx([frame.heard_s for frame in anew])


async def test_the_other_side_is_not_forgotten_where_only_one_is_heard(
    backend: AcousticBackend,
) -> None:
    """Each source is known by itself; one that says nothing in between stays known."""
    both = await known_after(backend, ListenOptions(), Source.TAB, Source.MIC)
    one = await known_after(backend, ListenOptions(known_voices=both), Source.MIC)
    context = backend.open(ListenOptions(known_voices=one))
    await context.feed(silence(0.5), Source.TAB)
    await context.stop()
    [frame] = await collect(context)
    assert frame.habit_known
    assert (frame.speaker_id, frame.heard_s) == ("speaker_b", 0.0)


async def test_voices_told_apart_keep_names_and_habits(backend: AcousticBackend) -> None:
    """Whoever of two speaks first the next time has the name and the habit of before."""
    two = ListenOptions(num_speakers=2)
    known = await known_after(backend, two, Source.MIC)
    second = np.concatenate([higher(SPEECH), higher(SPEECH), silence(0.3), LOW])
    frames = await hear(backend.open(replace(two, known_voices=known)), second)
    named = {frame.speaker_id for frame in frames[6:12] if frame.distribution}
    assert named == {"speaker_b"}
    assert frames[-1].speaker_id == "speaker_a"


async def test_where_voices_are_not_told_apart_a_source_keeps_its_name(
    backend: AcousticBackend,
) -> None:
    """Two voices of the microphone were told apart before; now it is one, and the other side is
    called what clients expect it to be called."""
    known = await known_after(backend, ListenOptions(num_speakers=2), Source.MIC)
    context = backend.open(ListenOptions(known_voices=known))
    await context.feed(silence(0.5), Source.MIC)
    await context.feed(silence(0.5), Source.TAB)
    await context.stop()
    assert [frame.speaker_id for frame in await collect(context)] == ["speaker_a", "speaker_b"]


async def test_what_other_weights_learnt_is_learnt_anew(backend: AcousticBackend) -> None:
    """Their population is another: a voice measured against it would be wrong."""
    research = AcousticBackend("research")
    await research.load()
    known = await known_after(research, ListenOptions(), Source.MIC)
    await research.aclose()
    assert known
    assert await hear(backend.open(ListenOptions(known_voices=known)), SPEECH) == EXPECTED


async def test_of_audio_not_heard_to_its_end_nothing_is_known(
    backend: AcousticBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A feed that was cancelled left its lane to the engine: nobody waits for it, or reads it."""
    context = backend.open()
    await context.feed(silence(0.5))
    feeding = asyncio.create_task(context.feed(np.resize(SPEECH, 40 * 16_000)))
    await asyncio.sleep(0.02)
    feeding.cancel()
    await asyncio.wait([feeding])
    assert await asyncio.wait_for(context.known_voices(), 1) == ""
    await context.stop()


async def test_a_window_of_five_seconds_moves_slower_than_one_of_a_tenth(
    backend: AcousticBackend,
) -> None:
    """What a session asks for as ``window_ms`` reaches the readings."""
    both = np.concatenate([recording("calm"), recording("agitated")])
    quick = await hear(backend.open(ListenOptions(window_ms=100)), both)
    slow = await hear(backend.open(ListenOptions(window_ms=5000)), both)

    def travelled(frames: list[VoiceFrame]) -> float:
        heights = [frame.arousal for frame in frames if frame.arousal is not None]
        return sum(abs(b - a) for a, b in pairwise(heights))

    assert travelled(slow) < travelled(quick)


@pytest.mark.parametrize("num_speakers", [0, 1])
async def test_without_word_of_a_second_voice_there_is_one(
    backend: AcousticBackend, num_speakers: int
) -> None:
    """Unknown and one are the same: nobody is split in two by an emotion."""
    frames = await hear(backend.open(ListenOptions(num_speakers=num_speakers)), TWO)
    assert {frame.speaker_id for frame in frames} == {"speaker_a"}
    assert [frame.heard_s for frame in frames] == sorted(frame.heard_s for frame in frames)


async def test_speakers_are_counted_over_both_sources(backend: AcousticBackend) -> None:
    """Two people, one on each side of a call: neither side is split."""
    context = backend.open(ListenOptions(num_speakers=2))
    reader = asyncio.create_task(collect(context))
    await context.feed(SPEECH[:16_000], Source.TAB)
    for at in range(0, TWO.size, 16_000):
        await context.feed(TWO[at : at + 16_000], Source.MIC)
    await context.stop()
    frames = await asyncio.wait_for(reader, 10)
    assert {(frame.source, frame.speaker_id) for frame in frames} == {
        (Source.MIC, "speaker_a"),
        (Source.TAB, "speaker_b"),
    }
