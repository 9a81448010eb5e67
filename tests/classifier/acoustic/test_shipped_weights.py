"""The shipped weights on real recordings of people and of everyday noises."""

import numpy as np
import pytest

from classifier.acoustic.model import load_network
from classifier.training.judging.meetings import measure_meetings
from classifier.training.judging.protocol import clip_protocol
from classifier.training.material.corpora import Corpora, CorporaMissingError


@pytest.fixture(scope="module")
def corpora() -> Corpora:
    """The real corpora, or a skip that says what is missing."""
    try:
        return Corpora.find()
    except CorporaMissingError as error:
        pytest.skip(str(error))


@pytest.mark.corpora
def test_the_shipped_weights_tell_real_emotions_apart(corpora: Corpora) -> None:
    """Clips of each emotion are mostly heard as its affect, and many affects occur."""
    network = load_network("open")
    clips = [clip for clip in corpora.speech("emodb") if clip.speaker == "emodb:08"]
    judged = clip_protocol(network, [corpora.pcm(clip.name) for clip in clips])
    right, named = 0, 0
    words: set[str] = set()
    for clip, answer in zip(clips, judged, strict=True):
        affects = [r.frame.affect for r in answer.readings if r.frame.affect is not None]
        words.update(affects)
        named += len(affects)
        right += sum(affect == network.card.affects[clip.emotion] for affect in affects)
    assert len(words) >= 5
    assert right / named > 0.7


@pytest.mark.corpora
def test_another_language_is_heard_by_its_arousal(corpora: Corpora) -> None:
    """Of actors never trained on, in English, most sound more aroused angry than calm."""
    network = load_network("open")
    clips = [
        clip
        for clip in corpora.speech("ravdess")
        if clip.emotion in {"angry", "calm"} and "-02-01-01-" in clip.name
    ]
    judged = clip_protocol(network, [corpora.pcm(clip.name) for clip in clips])
    arousal: dict[str, dict[str, float]] = {}
    for clip, answer in zip(clips, judged, strict=True):
        values = [r.frame.arousal for r in answer.readings if r.frame.arousal is not None]
        if values:
            arousal.setdefault(clip.speaker, {})[clip.emotion] = float(np.mean(values))
    pairs = [both for both in arousal.values() if len(both) == 2]
    assert len(pairs) >= 15
    assert np.mean([both["angry"] > both["calm"] for both in pairs]) > 0.7


@pytest.mark.corpora
@pytest.mark.parametrize("weights", ["open", "research"])
def test_people_who_just_talk_are_neutral_rather_than_anything_else(
    corpora: Corpora, weights: str
) -> None:
    """In meetings, in which nobody plays an emotion, no other word is said as often."""
    said = measure_meetings(corpora, load_network(weights))
    assert said.named > 0.2
    assert next(iter(said.words)) == "neutral"


@pytest.mark.corpora
def test_real_noises_have_no_tone(corpora: Corpora) -> None:
    """Of everyday noises hardly a reading names an affect."""
    network = load_network("open")
    names = [name for name, _ in corpora.names("noise")][::8]
    judged = clip_protocol(network, [corpora.pcm(name) for name in names])
    named = [r.frame.affect is not None for answer in judged for r in answer.readings]
    assert np.mean(named) < 0.01
