"""classifier.apart.backend, with real processes"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from classifier import BackendError, ModelError, Source, VoiceFrame
from classifier.acoustic.backend import AcousticBackend
from classifier.apart import backend as apart
from classifier.apart import hearer as hearers
from classifier.apart.backend import ApartBackend
from classifier.backend import ListenOptions
from classifier.context import backend_from_env
from tests.classifier.listening import collect, hear
from tests.classifier.voices import Pcm, recording, silence

SPEECH = recording("agitated")
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def expected() -> list[VoiceFrame]:
    """What the same backend says in this process."""

    async def run() -> list[VoiceFrame]:
        backend = AcousticBackend()
        frames = await hear(backend.open(), SPEECH)
        await backend.aclose()
        return frames

    return asyncio.run(run())


@pytest.fixture
async def backend() -> AsyncIterator[ApartBackend]:
    made = ApartBackend("acoustic", "acoustic", {}, processes=1)
    await made.load()
    yield made
    await made.aclose()


def runs(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def gone(pid: int) -> bool:
    """Whether a process ends within ten seconds."""
    until_s = time.monotonic() + 10
    while runs(pid) and time.monotonic() < until_s:
        time.sleep(0.02)
    return not runs(pid)


@pytest.mark.parametrize("chunk", [1600, 777, 40_000])
async def test_what_is_heard_elsewhere_is_what_is_heard_here(
    backend: ApartBackend, chunk: int, expected: list[VoiceFrame]
) -> None:
    """In any chunks, the frames are those of the backend in this process, number for number."""
    assert await hear(backend.open(), SPEECH, chunk) == expected
    assert any(frame.affect is not None for frame in expected)


async def test_it_says_what_the_backend_there_says_of_itself() -> None:
    """Name at once; model, digest and block once loaded, also after the process has gone."""
    backend = ApartBackend("acoustic", "acoustic", {"LINNET_WEIGHTS": "research"}, processes=1)
    assert (backend.name, backend.model_id, backend.model_sha256) == ("acoustic", "acoustic", "")
    assert backend.open().block_s == 0.0
    here = AcousticBackend("research")
    await asyncio.gather(backend.load(), here.load())
    for _ in range(2):
        assert (backend.model_id, backend.model_sha256) == (here.model_id, here.model_sha256)
        assert backend.open().block_s == here.open().block_s
        await backend.aclose()
    await here.aclose()


async def test_sources_and_sessions_are_kept_apart(
    backend: ApartBackend, expected: list[VoiceFrame]
) -> None:
    """Two sources of one session and other sessions at once: each hears its own."""
    both = backend.open()
    reader = asyncio.create_task(collect(both))

    async def play(pcm: Pcm, source: Source) -> None:
        for at in range(0, pcm.size, 8000):
            await both.feed(pcm[at : at + 8000], source)

    others = [hear(backend.open(), SPEECH[: 16_000 * (2 + i)]) for i in range(4)]
    _, _, *heard = await asyncio.gather(
        play(SPEECH, Source.MIC), play(silence(4.0), Source.TAB), *others
    )
    await both.stop()
    frames = await reader
    affects = [frame.affect for frame in expected]
    assert [f.affect for f in frames if f.source is Source.MIC] == affects
    assert [f.affect for f in frames if f.source is Source.TAB] == [None] * 8
    for some in heard:
        assert [frame.affect for frame in some] == affects[: len(some)]


async def test_a_feed_that_was_cancelled_loses_nothing(
    backend: ApartBackend, expected: list[VoiceFrame]
) -> None:
    """Its audio is heard all the same, and once."""
    listener = backend.open()
    reader = asyncio.create_task(collect(listener))
    for at in range(0, SPEECH.size, 8000):
        feeding = asyncio.create_task(listener.feed(SPEECH[at : at + 8000]))
        if at in (16_000, 24_000):
            await asyncio.sleep(0.005)
            feeding.cancel()
            await asyncio.wait([feeding])
        else:
            await feeding
    await listener.stop()
    assert await asyncio.wait_for(reader, 20) == expected


async def test_nobody_who_does_not_read_fills_the_memory(
    backend: ApartBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With too much unread feed waits; reading lets it go on, and nothing is lost."""
    monkeypatch.setattr(apart, "MAX_UNREAD", 4)
    listener = backend.open()

    async def play() -> None:
        for at in range(0, 12 * 8000, 8000):
            await listener.feed(SPEECH[at : at + 8000])
        await listener.stop()

    playing = asyncio.create_task(play())
    await asyncio.sleep(0.5)
    assert not playing.done()
    frames = await asyncio.wait_for(collect(listener), 20)
    await playing
    assert [frame.timestamp_s for frame in frames] == [0.5 * i for i in range(1, 13)]


async def test_stopping_ends_a_stream_that_never_heard_anything(backend: ApartBackend) -> None:
    """And again is harmless, as is audio after it."""
    listener = backend.open()
    reader = asyncio.create_task(collect(listener))
    await asyncio.sleep(0)
    await listener.stop()
    await listener.stop()
    assert await asyncio.wait_for(reader, 5) == []
    await listener.feed(SPEECH[:8000])


async def test_stopped_while_its_process_is_being_started_it_leaves_nothing_there() -> None:
    """The feed that waited for it returns, the stream ends, and nobody is counted as listening."""
    backend = ApartBackend("acoustic", "acoustic", {}, processes=1)
    listener = backend.open()
    reader = asyncio.create_task(collect(listener))
    feeding = asyncio.create_task(listener.feed(SPEECH[:8000]))
    await asyncio.sleep(0.02)
    await listener.stop()
    assert await asyncio.wait_for(reader, 5) == []
    await asyncio.wait_for(feeding, 20)
    assert [hearer.listeners for hearer in backend._hearers] == [0]
    await backend.aclose()


async def test_stopping_among_feeds_harms_no_other_session(
    backend: ApartBackend, expected: list[VoiceFrame]
) -> None:
    """Whatever crosses on the way, feeds return, and the next session hears as ever."""
    (pid,) = backend.pids
    for delay_s in (0.0, 0.001, 0.005):
        listener = backend.open()
        reader = asyncio.create_task(collect(listener))
        sources = [source for source in Source for _ in range(3)]
        feeds = [asyncio.create_task(listener.feed(SPEECH[:8000], one)) for one in sources]
        await asyncio.sleep(delay_s)
        await listener.stop()
        await asyncio.wait_for(asyncio.gather(reader, *feeds), 20)
    assert await hear(backend.open(), SPEECH) == expected
    assert backend.pids == [pid]


@pytest.mark.parametrize("pcm", [np.zeros((2, 2), np.int16), np.zeros(4, np.float32)])
async def test_what_is_no_pcm_is_refused(backend: ApartBackend, pcm: Pcm) -> None:
    """As by every backend."""
    with pytest.raises(ValueError, match="int16"):
        await backend.open().feed(pcm)


async def test_a_process_that_dies_fails_its_sessions_and_no_others(
    backend: ApartBackend, expected: list[VoiceFrame]
) -> None:
    """Whoever feeds or reads is told at once; the next session has a new process."""
    listener = backend.open()
    await listener.feed(SPEECH[:16_000])
    reader = asyncio.create_task(collect(listener))
    (pid,) = backend.pids
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(BackendError, match="ended"):
        await asyncio.wait_for(reader, 10)
    with pytest.raises(BackendError, match="ended"):
        await listener.feed(SPEECH[:8000])
    await listener.stop()
    assert await hear(backend.open(), SPEECH) == expected
    assert len(backend.pids) == 1
    assert backend.pids != [pid]


async def test_a_process_that_says_nonsense_is_given_up(
    backend: ApartBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever we make of it: who waits is told at once, and the process is gone."""
    (pid,) = backend.pids
    monkeypatch.setattr(apart, "frames_of", lambda payload: payload["frames"])
    listener = backend.open()
    reader = asyncio.create_task(collect(listener))
    with contextlib.suppress(BackendError):  # it may return before the frames are looked at
        await asyncio.wait_for(listener.feed(SPEECH[:8000]), 10)
    with pytest.raises(BackendError, match="TypeError"):
        await asyncio.wait_for(reader, 10)
    with pytest.raises(BackendError, match="TypeError"):
        await listener.feed(SPEECH[:8000])
    assert gone(pid)


async def test_a_process_that_hangs_is_given_up(
    backend: ApartBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A feed has a deadline, the end of a stream too, and closing kills what does not end."""
    monkeypatch.setattr(apart, "DEADLINE_S", 0.3)
    monkeypatch.setattr(apart, "END_S", 0.3)
    monkeypatch.setattr(hearers, "END_S", 0.3)
    listener, other = backend.open(), backend.open()
    await listener.feed(SPEECH[:8000])
    await other.feed(SPEECH[:8000])
    (pid,) = backend.pids
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(BackendError, match="does not answer"):
        await listener.feed(SPEECH[8000:16_000])
    await other.stop()
    assert len(await asyncio.wait_for(collect(other), 5)) == 1
    await backend.aclose()
    assert gone(pid)


async def test_a_process_that_hangs_is_asked_by_nobody_else(
    backend: ApartBackend, expected: list[VoiceFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever else is heard in it is told, and the next session has another."""
    listener, other = backend.open(), backend.open()
    for one in (listener, other):
        await one.feed(SPEECH[:8000])
    (pid,) = backend.pids
    os.kill(pid, signal.SIGSTOP)
    monkeypatch.setattr(apart, "DEADLINE_S", 0.3)
    monkeypatch.setattr(hearers, "HUNG_S", 0.2)
    with pytest.raises(BackendError, match="does not answer"):
        await listener.feed(SPEECH[8000:16_000])
    monkeypatch.undo()
    with pytest.raises(BackendError, match="ended"):
        await asyncio.wait_for(collect(other), 10)
    assert gone(pid)
    assert await hear(backend.open(), SPEECH) == expected


async def test_one_that_hangs_is_noticed_when_whoever_asked_has_gone(
    backend: ApartBackend, expected: list[VoiceFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next session finds out and has another."""
    listener = backend.open()
    await listener.feed(SPEECH[:8000])
    (pid,) = backend.pids
    os.kill(pid, signal.SIGSTOP)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(listener.feed(SPEECH[8000:16_000]), 0.3)
    await listener.stop()
    assert backend.pids == [pid]
    monkeypatch.setattr(hearers, "HUNG_S", 0.2)
    await backend.load()
    monkeypatch.undo()
    assert gone(pid)
    assert await hear(backend.open(), SPEECH) == expected


async def test_all_are_told_where_whoever_gives_it_up_is_cancelled(backend: ApartBackend) -> None:
    """A session may end while it waits for that."""
    listener = backend.open()
    await listener.feed(SPEECH[:8000])
    reader = asyncio.create_task(collect(listener))
    (hearer,) = backend._hearers
    giving_up = asyncio.create_task(hearer.give_up())
    await asyncio.sleep(0)
    giving_up.cancel()
    with pytest.raises(BackendError, match="ended"):
        await asyncio.wait_for(reader, 10)
    assert gone(hearer.pid)


async def test_one_that_is_slow_or_idle_is_not_given_up(
    backend: ApartBackend, expected: list[VoiceFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a listener waited too long, but others are answered; and where nobody asked."""
    (pid,) = backend.pids
    monkeypatch.setattr(apart, "DEADLINE_S", 0.001)
    with pytest.raises(BackendError, match="does not answer"):
        await backend.open().feed(SPEECH[:16_000])
    monkeypatch.undo()
    assert await hear(backend.open(), SPEECH) == expected
    monkeypatch.setattr(hearers, "HUNG_S", 0.0)
    await backend.load()
    assert backend.pids == [pid]


async def test_signals_of_a_terminal_are_not_for_it(
    backend: ApartBackend, expected: list[VoiceFrame]
) -> None:
    """Who ends the server by them may still want to hear the last words."""
    (pid,) = backend.pids
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(pid, number)
    assert await hear(backend.open(), SPEECH) == expected


async def test_closing_ends_the_process_and_fails_who_is_left() -> None:
    """Nothing is left behind, and nothing begins after it."""
    backend = ApartBackend("acoustic", "acoustic", {}, processes=1)
    listener = backend.open()
    await listener.feed(SPEECH[:8000])
    (pid,) = backend.pids
    await backend.aclose()
    await backend.aclose()
    assert not runs(pid)
    assert backend.pids == []
    with pytest.raises(BackendError):
        await listener.feed(SPEECH[:8000])
    with pytest.raises(BackendError, match="closed"):
        await backend.load()


async def test_weights_that_are_not_there_are_the_same_error_as_here() -> None:
    """A chain can go on to the next, and is told why."""
    backend = ApartBackend("acoustic", "acoustic", {"LINNET_WEIGHTS": "gone"}, processes=2)
    with pytest.raises(ModelError, match=r"no weights gone\.onnx"):
        await backend.load()
    assert backend.pids == []
    await backend.aclose()


async def test_a_chain_passes_over_what_fails_elsewhere() -> None:
    """The rules of the chain are those of backends in this process."""
    chain = backend_from_env(
        {
            "LINNET_CLASSIFIER": "onnx:/nowhere/gone.onnx,acoustic",
            "LINNET_CLASSIFIER_PROCESSES": "1",
        }
    )
    listener = chain.open()
    frames = await hear(listener, SPEECH)
    assert any(frame.affect is not None for frame in frames)
    (notice,) = listener.take_notices()
    assert "gone.onnx" in notice
    await chain.aclose()


async def test_where_one_has_enough_the_next_is_started() -> None:
    """As many as may be and no more; whoever comes goes where the fewest are."""
    backend = ApartBackend("acoustic", "acoustic", {}, processes=2, enough=2)
    listeners = []
    for expected_processes in (1, 1, 2, 2, 2, 2):
        listeners.append(backend.open())
        await listeners[-1].feed(SPEECH[:8000])
        assert len(backend.pids) == expected_processes
    counts = sorted(hearer.listeners for hearer in backend._hearers)
    assert counts == [3, 3]
    for listener in listeners:
        await listener.stop()
        assert len(await collect(listener)) == 1
    assert [hearer.listeners for hearer in backend._hearers] == [0, 0]
    await backend.aclose()


def test_run_by_hand_it_says_what_it_is_for() -> None:
    """And does not sit there in silence."""
    told = subprocess.run(
        [sys.executable, "-m", "classifier"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert told.returncode == 1
    assert "linnet analyze" in told.stderr


def test_there_is_at_least_one_process() -> None:
    """None is a matter for whoever chooses the backend."""
    with pytest.raises(ValueError, match="above 0"):
        ApartBackend("acoustic", "acoustic", {}, processes=0)


ORPHAN = """
import asyncio
from classifier.apart.backend import ApartBackend
from classifier.backend import ListenOptions

async def main():
    backend = ApartBackend("acoustic", "acoustic", {}, processes=1)
    await backend.load()
    print(*backend.pids, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_it_does_not_outlive_who_started_it() -> None:
    """Killed without a word, a server leaves no process behind."""
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHAN], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert runs(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone(pid)


async def test_what_is_known_of_voices_goes_there_and_back(backend: ApartBackend) -> None:
    """As in this process: learnt in one session, known in the next from its first reading on; of
    who was not fed or was stopped nothing is known, and of another process's end nobody waits."""
    first = backend.open()
    assert await first.known_voices() == ""
    reader = asyncio.create_task(collect(first))
    await first.feed(np.concatenate([SPEECH, SPEECH]))
    known = await first.known_voices()
    await first.stop()
    await reader
    assert await first.known_voices() == ""
    here = AcousticBackend()
    inner = here.open()
    await inner.feed(np.concatenate([SPEECH, SPEECH]))
    assert await inner.known_voices() == known
    await inner.stop()
    await here.aclose()
    again = backend.open(ListenOptions(known_voices=known))
    frames = await hear(again, SPEECH)
    assert all(frame.habit_known for frame in frames if frame.distribution)


async def test_a_process_that_dies_knows_nobody(backend: ApartBackend) -> None:
    """Whoever asks is told at once."""
    listener = backend.open()
    await listener.feed(SPEECH[:16_000])
    [pid] = backend.pids
    os.kill(pid, signal.SIGSTOP)
    asking = asyncio.create_task(listener.known_voices())
    await asyncio.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(BackendError):
        await asyncio.wait_for(asking, 10)
    assert await listener.known_voices() == ""
