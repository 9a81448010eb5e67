"""classifier.foreign.backend and classifier.foreign.lane"""

import asyncio
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifier import Affect, BackendError, ContextClassifier, Listener, ModelError, Source
from classifier.acoustic.analysis import analyse
from classifier.acoustic.lane import Lane, Reading
from classifier.acoustic.model import load_network
from classifier.context import backend_from_env
from classifier.foreign.backend import ForeignBackend
from classifier.foreign.lane import ForeignLane, analyse_foreign
from classifier.foreign.model import load_foreign
from classifier.frames import ShiftDirection, VoiceFrame
from tests.classifier.voices import Pcm, noise, recording, silence
from tests.support.foreign import brought, description

SPEECH = recording("agitated")
GATE = load_network("open")


async def hear(context: Listener, pcm: Pcm, chunk: int = 1600) -> list[VoiceFrame]:
    async def collect() -> list[VoiceFrame]:
        return [frame async for frame in context.stream()]

    reader = asyncio.create_task(collect())
    for at in range(0, pcm.size, chunk):
        await context.feed(pcm[at : at + chunk])
    await context.stop()
    return await asyncio.wait_for(reader, 10)


def gated(pcm: Pcm) -> list[Reading]:
    lane = Lane(Source.MIC, GATE.card)
    lane.push(pcm)
    return analyse([lane], GATE)[0]


def offline(path: Path, pcm: Pcm) -> list[VoiceFrame]:
    model = load_foreign(path)
    lane = ForeignLane(Source.MIC, GATE.card, model.card)
    lane.push(pcm)
    return [reading.frame for reading in analyse_foreign([lane], GATE, model)[0]]


async def test_which_model_it_is(tmp_path: Path) -> None:
    """Once loaded it says its name and the digest of the model's file."""
    path = brought(tmp_path)
    backend = ForeignBackend(path)
    assert backend.model_sha256 == ""
    await backend.load()
    assert backend.model_id == f"onnx:{path.stem}"
    assert backend.model_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    await backend.aclose()


@pytest.mark.parametrize("chunk", [1600, 777, 40_000])
async def test_any_chunking_gives_the_same_frames(tmp_path: Path, chunk: int) -> None:
    """Through engine and listener, the frames are those of the plain arithmetic."""
    path = brought(tmp_path)
    backend = ForeignBackend(path)
    frames = await hear(backend.open(), SPEECH, chunk)
    await backend.aclose()
    assert frames == await asyncio.to_thread(offline, path, SPEECH)
    assert any(frame.affect is not None for frame in frames)


def test_the_model_is_heard_where_the_gate_hears_a_voice(tmp_path: Path) -> None:
    """Speech, clock, flags and seconds heard are the gate's; the tone is the model's."""
    frames = offline(brought(tmp_path, bias=(9.0, 0.0, 0.0), gain=(0, 0, 0)), SPEECH)
    expected = gated(SPEECH)
    assert len(frames) == len(expected)
    for frame, reading in zip(frames, expected, strict=True):
        gate = reading.frame
        assert frame.speech == gate.speech
        assert frame.timestamp_s == gate.timestamp_s
        assert frame.heard_s == gate.heard_s
        assert frame.prosody_flags == gate.prosody_flags
        assert bool(frame.distribution) == (reading.emotion is not None)
        assert frame.affect in {None, Affect.FRUSTRATED}
    assert [f.affect for f in frames].count(Affect.FRUSTRATED) >= 3


def test_silence_and_noise_have_no_tone_however_sure_the_model(tmp_path: Path) -> None:
    """The gate stands before it."""
    path = brought(tmp_path, bias=(9.0, 0.0, 0.0), gain=(0, 0, 0))
    for pcm in (silence(4.0), noise(4.0)):
        assert all(frame.affect is None for frame in offline(path, pcm))
        assert all(frame.arousal is None for frame in offline(path, pcm))


def test_the_model_hears_the_window_that_ends_with_the_reading(tmp_path: Path) -> None:
    """What it answers is computed from exactly that audio, zeros before its beginning."""
    path = brought(tmp_path, description(input__hop_s=0.5))
    model = load_foreign(path)
    lane = ForeignLane(Source.MIC, GATE.card, model.card)
    for at in range(0, SPEECH.size, 4000):
        lane.push(SPEECH[at : at + 4000])
        for reading in analyse_foreign([lane], GATE, model)[0]:
            if reading.emotion is None:
                continue
            end = round(reading.frame.timestamp_s * 16_000)
            answer = model.hear([SPEECH[max(0, end - 16_000) : end]])[0]
            assert answer.labels is not None
            np.testing.assert_allclose(reading.emotion, answer.labels, atol=1e-6)


def test_a_longer_hop_asks_the_model_less_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In between the last answer holds, with the clock going on."""
    model = load_foreign(brought(tmp_path, description(input__hop_s=1.0)))
    asked = 0
    hear_windows = model.hear

    def counting(windows: Any) -> Any:
        nonlocal asked
        asked += len(windows)
        return hear_windows(windows)

    monkeypatch.setattr(model, "hear", counting)
    lane = ForeignLane(Source.MIC, GATE.card, model.card)
    lane.push(SPEECH)
    frames = [reading.frame for reading in analyse_foreign([lane], GATE, model)[0]]
    voiced = [frame for frame in frames if frame.distribution]
    assert len(voiced) >= 4
    assert len(voiced) / 2 <= asked <= len(voiced) / 2 + 1
    assert voiced[1].distribution == voiced[0].distribution
    assert voiced[1].timestamp_s > voiced[0].timestamp_s


def test_a_label_without_an_affect_keeps_its_share(tmp_path: Path) -> None:
    """It is never named, and the rest sums to less than one."""
    frames = offline(brought(tmp_path, bias=(0.0, 0.0, 3.0), gain=(0, 0, 0)), SPEECH)
    voiced = [frame for frame in frames if frame.distribution]
    assert voiced
    for frame in voiced:
        assert frame.affect is None
        assert sum(frame.distribution.values()) < 0.2


def test_dimensions_alone_draw_the_trace_and_name_nothing(tmp_path: Path) -> None:
    """Arousal and valence are there, dominance is not, and no word is put to them."""
    dims = {"output": "dims", "order": ["arousal", "valence"], "low": -10.0, "high": 10.0}
    card = description(labels=None, dimensions=dims)
    frames = offline(brought(tmp_path, card), SPEECH)
    voiced = [frame for frame in frames if frame.arousal is not None]
    assert len(voiced) >= 3
    for frame in voiced:
        assert frame.valence is not None
        assert frame.dominance is None
        assert frame.affect is None
        assert not frame.distribution


def test_coordinates_place_labels_in_the_plane(tmp_path: Path) -> None:
    """Without dimensions the trace comes from where the labels lie."""
    places = {"angry": [0.8, -0.6, 0.4], "calm": [-0.5, 0.2, 0.0], "odd": [0, 0, 0]}
    card = description(labels__coordinates=places)
    path = brought(tmp_path, card, bias=(20.0, 0.0, 0.0), gain=(0, 0, 0))
    voiced = [frame for frame in offline(path, SPEECH) if frame.arousal is not None]
    assert voiced
    for frame in voiced:
        assert frame.arousal == pytest.approx(0.8, abs=1e-3)
        assert frame.valence == pytest.approx(-0.6, abs=1e-3)
        assert frame.dominance == pytest.approx(0.4, abs=1e-3)


def test_who_cannot_tell_lies_in_the_middle(tmp_path: Path) -> None:
    """All labels alike are no arousal and no valence, wherever most of them lie."""
    places = {"angry": [0.8, -0.6, 0.4], "calm": [0.5, -0.2, 0.0], "odd": [0.4, -0.4, 0.1]}
    card = description(labels__coordinates=places)
    path = brought(tmp_path, card, bias=(1.0, 1.0, 1.0), gain=(0, 0, 0))
    voiced = [frame for frame in offline(path, SPEECH) if frame.arousal is not None]
    assert voiced
    for frame in voiced:
        assert frame.arousal == pytest.approx(0.0, abs=1e-3)
        assert frame.valence == pytest.approx(0.0, abs=1e-3)


def test_without_coordinates_there_is_no_movement(tmp_path: Path) -> None:
    """No arousal, no valence, and nothing said to escalate."""
    for frame in offline(brought(tmp_path), SPEECH):
        assert frame.arousal is None
        assert frame.shift_magnitude == 0.0
        assert frame.shift_direction is ShiftDirection.STABLE


def test_lanes_side_by_side_hear_what_they_hear_alone(tmp_path: Path) -> None:
    """The answers of one batch go to the lanes they belong to."""
    path = brought(tmp_path)
    model = load_foreign(path)
    pcms = [SPEECH, silence(2.0), recording("calm"), SPEECH[8000:]]
    lanes = [ForeignLane(Source.MIC, GATE.card, model.card) for _ in pcms]
    for lane, pcm in zip(lanes, pcms, strict=True):
        lane.push(pcm)
    for pcm, readings in zip(pcms, analyse_foreign(lanes, GATE, model), strict=True):
        for frame, alone in zip((r.frame for r in readings), offline(path, pcm), strict=True):
            assert frame.affect is alone.affect
            assert frame.confidence == pytest.approx(alone.confidence, abs=1e-4)
            assert replace(frame, distribution={}, confidence=0.0, speech=0.0) == replace(
                alone, distribution={}, confidence=0.0, speech=0.0
            )


def test_a_lane_keeps_no_more_audio_than_a_window(tmp_path: Path) -> None:
    """An hour of talk does not grow it."""
    model = load_foreign(brought(tmp_path))
    lane = ForeignLane(Source.MIC, GATE.card, model.card)
    for _ in range(20):
        lane.push(SPEECH[:16_000])
        analyse_foreign([lane], GATE, model)
        assert lane.audio_before(1e9).size <= 16_000


async def test_a_model_that_breaks_fails_its_sessions(tmp_path: Path) -> None:
    """A failing network is a BackendError for whoever feeds."""
    backend = ForeignBackend(brought(tmp_path, gain=(3e38,) * 3, bias=(3e38, 0, 0)))
    context = backend.open()
    loud = np.clip(SPEECH.astype(np.int32) * 20, -32768, 32767).astype(np.int16)
    with pytest.raises(BackendError):
        await context.feed(np.tile(loud, 2))
    await backend.aclose()


async def test_the_setting_brings_it_along(tmp_path: Path) -> None:
    """``onnx:PATH`` alone: named after the file, loaded from there, an error where it is not."""
    path = brought(tmp_path)
    context = ContextClassifier.from_env({"LINNET_CLASSIFIER": f"onnx:{path}"})
    assert any(frame.affect for frame in await hear(context, SPEECH))
    backend = backend_from_env({"LINNET_CLASSIFIER": f"onnx:{path}"})
    assert backend.name == "onnx:loudness"
    assert isinstance(backend, ForeignBackend)
    with pytest.raises(BackendError, match="not loaded"):
        _ = backend.possible_affects
    await backend.load()
    assert backend.possible_affects == {Affect.FRUSTRATED, Affect.TIRED}
    await backend.aclose()
    gone = backend_from_env({"LINNET_CLASSIFIER": f"onnx:{tmp_path / 'gone.onnx'}"})
    with pytest.raises(ModelError, match="no model gone"):
        await gone.load()
    await gone.aclose()
