"""classifier.training.gate_report, and the promises it measures, in small."""

import asyncio

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")

from classifier.acoustic.extractor import FrameExtractor
from classifier.frames import Affect, Source, VoiceFrame
from classifier.training.gate_report import (
    Counts,
    count,
    heard,
    mixes,
    streamed_gate,
    tone_events,
)
from classifier.training.gate_scenes import loop
from classifier.training.gate_train import noise_names
from classifier.training.material import sounds
from classifier.training.material.corpora import Corpora, CorporaMissingError
from tests.classifier.voices import recording, silence


def test_f1_of_counts() -> None:
    """Of three frames said two are right, and one is missed: two thirds."""
    counts = count(np.array([1, 1, 1, 0, 0], bool), np.array([1, 1, 0, 1, 0], bool))
    assert counts == Counts(2, 1, 1)
    assert counts.f1 == pytest.approx(2 / 3)
    assert Counts().f1 == 0.0


def test_streamed_decisions_are_one_per_frame() -> None:
    """Speech is found as it comes, and the silence after it is none."""
    frames = FrameExtractor().push(np.concatenate([recording("agitated"), silence(2.0)]))
    said = streamed_gate(frames)
    assert said.shape == (len(frames),)
    assert said[:150].mean() > 0.4
    assert not said[-150:].any()


def test_a_tone_that_begins_is_an_event() -> None:
    """Three readings in a row are one; after a gap there is another."""
    named = [False, True, True, True, False, True]
    frames = [
        VoiceFrame(n / 2, Source.MIC, 1.0, affect=Affect.WARM if on else None)
        for n, on in enumerate(named)
    ]
    assert tone_events(frames) == 2
    assert tone_events([]) == 0


@pytest.mark.parametrize("make", sounds.MADE)
def test_a_minute_without_a_voice_has_no_tone(make: object) -> None:
    """Music, machines, signal tones and noise, through the whole classifier, at most once."""
    assert callable(make)
    rng = np.random.default_rng(77)
    sound = np.concatenate([make(rng, 20.0) for _ in range(3)])
    assert tone_events(asyncio.run(heard(sound, "open"))) <= 1


@pytest.fixture(scope="module")
def corpora() -> Corpora:
    """The real corpora, or a skip that says what is missing."""
    try:
        return Corpora.find()
    except CorporaMissingError as error:
        pytest.skip(str(error))


@pytest.mark.corpora
@pytest.mark.parametrize(("snr_db", "least"), [(None, 0.93), (10.0, 0.91), (0.0, 0.78)])
def test_frames_of_unseen_voices_in_unseen_noise(
    corpora: Corpora, snr_db: float | None, least: float
) -> None:
    """Polish speakers under noises never trained on, decided as a stream decides."""
    total = Counts()
    for scene in mixes(corpora, "nemo", snr_db, 1.0):
        pcm = (np.clip(scene.signal, -1, 1) * 32767).astype(np.int16)
        said = streamed_gate(FrameExtractor().push(pcm))
        total += count(said, scene.speech[: said.size])
    assert total.f1 > least


@pytest.mark.corpora
def test_minutes_of_recorded_noise_have_no_tone(corpora: Corpora) -> None:
    """Noises never trained on, and a restaurant full of people, name nothing."""
    rng = np.random.default_rng(5)
    names = [name for name in noise_names(corpora, training=False) if "miaowing" not in name]
    noises = [corpora.pcm(name).astype(np.float32) / 32768 for name in names]
    assert tone_events(asyncio.run(heard(loop(rng, noises, 3 * 60 * 16_000), "open"))) <= 1
    babble = corpora.pcm("noise_open/blanket_coffee_shop.flac").astype(np.float32) / 32768
    assert tone_events(asyncio.run(heard(babble, "open"))) == 0
