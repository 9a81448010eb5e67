"""What a session is made of: the pace of its tones, its bound of audio, its first row."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifier import Affect, Listener, Source
from server.errors import AudioRefusedError
from server.models import SessionState, StartRequest, Tier
from tests.server.house import House, opened
from tests.server.log.subscriber import until
from tests.support.classifier import ScriptedBackend, ScriptedListener, voice_frame

HOP_S = 0.25


async def tones_s(house: House, affects: list[Affect]) -> list[float]:
    """A reading every quarter of a second; the timestamps of the tones that are said."""
    session, listener = await house.start()
    guest = house.follow(session)
    listener.emit(*(voice_frame(n * HOP_S, affect) for n, affect in enumerate(affects)))
    await until(lambda: len(guest.said("affect")) == len(affects))
    await guest.leave()
    return [event["timestamp"] for event in guest.said("tone")]


async def test_a_lasting_tone_is_said_once_a_second(house: House) -> None:
    """The pace that front ends expect; a new one is said at once and counts from there."""
    affects = [Affect.WARM] * 6 + [Affect.TIRED] * 6
    assert await tones_s(house, affects) == [0.0, 1.0, 1.5, 2.5]


async def test_a_synthetic_conversation_keeps_its_own_pace(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of its readings is said: it has a rate of its own."""
    monkeypatch.setattr(ScriptedBackend, "name", "mock")
    assert await tones_s(house, [Affect.WARM] * 4) == [0.0, 0.25, 0.5, 0.75]


@pytest.mark.parametrize("buffer_s", [1.0, 2.5])
async def test_so_much_audio_waits_as_the_setting_says(tmp_path: Path, buffer_s: float) -> None:
    """For each source by itself; beyond it is an overrun."""
    house = await opened(tmp_path, audio_buffer_s=buffer_s)
    house.backend.load_gate.clear()
    session, _ = await house.start()
    for source in Source:
        feed = session.feed(source)
        for _ in range(round(buffer_s * 10)):
            feed.offer(bytes(3_200))
        with pytest.raises(AudioRefusedError) as refusal:
            feed.offer(bytes(2))
        assert refusal.value.reason == "overrun"
        session.unfeed(source)
    house.backend.load_gate.set()
    await house.manager.aclose()


async def test_the_first_row_says_whose_it_is_how_it_listens_and_by_which_model(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything an export needs later, before there is any event; the licence key is not kept."""
    monkeypatch.setattr(ScriptedBackend, "model_id", "scripted-7", raising=False)
    monkeypatch.setattr(ScriptedBackend, "model_sha256", "ab" * 32, raising=False)
    request = StartRequest(
        elcor=True, window_ms=700, num_speakers=2, license_key="CFG-LNNT-not-to-be-kept"
    )
    session = await house.manager.start(request, tier=Tier.PAID, owner="ann")
    row = await house.row(session)
    assert (row.state, row.tier, row.owner) == (SessionState.RUNNING, Tier.PAID, "ann")
    assert (row.model_id, row.model_sha256) == ("scripted-7", "ab" * 32)
    assert (row.elcor, row.settings["window_ms"], row.settings["num_speakers"]) == (True, 700, 2)
    assert "not-to-be-kept" not in str(row)
    assert row.resumed_from is None


async def test_what_hears_a_session_may_be_wrapped(house: House) -> None:
    """Whoever starts it may put something in the way, made of the backend's own listener: it is
    what is fed, and what is stopped."""
    inner: list[Listener] = []
    outer = ScriptedListener()

    def wrap(listener: Listener) -> Listener:
        inner.append(listener)
        return outer

    session = await house.manager.start(
        StartRequest(), tier=Tier.FREE, owner="", wrap_listener=wrap
    )
    session.feed(Source.MIC).offer(bytes(3_200))
    await until(lambda: len(outer.fed) == 1)
    session.unfeed(Source.MIC)
    await house.manager.end(session.session_id, owner="")
    assert outer.stopped
    assert inner == [house.backend.last]
    assert house.backend.last.fed == []
    assert not house.backend.last.stopped
    await house.backend.last.stop()  # in place of the wrapping, which has nothing behind it
