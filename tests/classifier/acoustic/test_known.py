"""classifier.acoustic.known"""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.acoustic.analysis import analyse
from classifier.acoustic.baseline import Moments
from classifier.acoustic.contour import CONTOUR_WIDTH
from classifier.acoustic.functionals import WIDTH
from classifier.acoustic.known import MOST_VOICES, KnownVoice, dump, parse
from classifier.acoustic.lane import TAKEN_UP_S, Lane
from classifier.acoustic.model import load_network
from classifier.acoustic.voices import VoiceTracker, shipped_voice_model
from classifier.frames import Source
from tests.classifier.voices import Pcm, higher, recording, silence

NETWORK = load_network("open")
CARD = NETWORK.card
AGITATED, TIRED = recording("agitated"), recording("tired")


def heard(pcm: Pcm, known: tuple[KnownVoice, ...] = (), voices: VoiceTracker | None = None) -> Lane:
    """A lane after this recording."""
    lane = Lane(Source.MIC, CARD, voices)
    lane.expect(known)
    lane.push(pcm)
    analyse([lane], NETWORK)
    return lane


def some(width: int, weights: int, seconds: float) -> Moments:
    rng = np.random.default_rng(width)
    total = rng.normal(0.0, seconds, width)
    return Moments(total, total**2 / max(seconds, 1.0) + seconds, np.full(weights, seconds))


def voice(seconds: float = 7.0, name: str = "speaker_a", *, turns: bool = False) -> KnownVoice:
    """A voice that was heard for so long."""
    width = len(shipped_voice_model().between)
    return KnownVoice(
        windows=some(WIDTH, 1, seconds),
        newest=some(WIDTH, 1, seconds),
        frames=some(CONTOUR_WIDTH, CONTOUR_WIDTH, seconds),
        level=Moments(*np.array([[-30.0 * seconds], [900.0 * seconds], [seconds]])),
        tenor=(np.full(len(CARD.classes), seconds / len(CARD.classes)), seconds),
        turns=(np.ones(width), 2.0) if turns else None,
        name=name,
    )


def assert_alike(one: Any, other: Any) -> None:
    """Equal but for single precision."""
    for field in fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, Moments):
            assert_alike(a, b)
        elif a is None or isinstance(a, str):
            assert a == b
        else:
            for mine, yours in zip(a, b, strict=True):
                np.testing.assert_allclose(mine, yours, rtol=1e-6, atol=1e-6)


@given(
    st.lists(st.tuples(st.floats(0.0, 1e5), st.booleans()), max_size=MOST_VOICES),
    st.sampled_from([Source.MIC, Source.TAB]),
)
def test_what_is_kept_is_found_again(heard_s: list[tuple[float, bool]], source: Source) -> None:
    """Every sum of every voice, its name and its source."""
    voices = [voice(s, f"speaker_{n}", turns=turns) for n, (s, turns) in enumerate(heard_s)]
    found = parse(dump({source: voices}, CARD.weights_sha256), CARD)
    assert list(found) == [source]
    for one, other in zip(voices, found[source], strict=True):
        assert_alike(one, other)


def test_of_a_real_voice_it_is_some_kilobytes_of_text() -> None:
    """Small enough to be kept with every session, and no sound."""
    text = dump({Source.MIC: heard(AGITATED).known}, CARD.weights_sha256)
    assert 1_000 < len(text) < 16_000


@pytest.mark.parametrize("text", ["", "{}", "[]", "7", "no JSON", '{"layout": null}'])
def test_what_is_no_such_text_says_nothing(text: str) -> None:
    """It is no reason not to listen."""
    assert parse(text, CARD) == {}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda document: document.update(layout=0),
        lambda document: document.update(weights="0" * 64),
        lambda document: document.update(sources=[]),
        lambda document: document["sources"].update(radio=[]),
        lambda document: document["sources"]["mic"].append({}),
        lambda document: document["sources"]["mic"][0].pop("tenor"),
        lambda document: document["sources"]["mic"][0]["windows"][0].pop(),
        lambda document: document["sources"]["mic"][0]["windows"][0].__setitem__(0, None),
        lambda document: document["sources"]["mic"][0]["windows"][0].__setitem__(0, 1e12),
        lambda document: document["sources"]["mic"][0]["windows"][1].__setitem__(0, -1.0),
        lambda document: document["sources"]["mic"][0]["frames"][2].__setitem__(0, -1.0),
        lambda document: document["sources"]["mic"][0]["level"].pop(),
        lambda document: document["sources"]["mic"][0].update(turns=[[1.0], 1.0]),
        lambda document: document["sources"]["mic"][0]["tenor"].__setitem__(1, "long"),
    ],
)
def test_what_does_not_fit_says_nothing(spoil: Any) -> None:
    """Other weights, another layout, or a document that was damaged."""
    document = orjson.loads(dump({Source.MIC: [voice(turns=True)]}, CARD.weights_sha256))
    assert parse(orjson.dumps(document).decode(), CARD)
    spoil(document)
    assert parse(orjson.dumps(document).decode(), CARD) == {}


def test_a_source_has_so_many_voices_at_most() -> None:
    """What lies beyond was never asked for."""
    text = dump({Source.MIC: [voice()] * (MOST_VOICES + 3)}, CARD.weights_sha256)
    assert len(parse(text, CARD)[Source.MIC]) == MOST_VOICES


# -- a lane that expects them -------------------------------------------------------------------


def test_nothing_is_known_where_nobody_spoke() -> None:
    """Silence, and a lane that was only made, leave nothing."""
    assert Lane(Source.MIC, CARD).known == ()
    assert heard(silence(3.0)).known == ()


def test_a_known_voice_is_measured_against_itself_at_once() -> None:
    """The first window of a voice that was heard before lies nearer to its own usual than to that
    of people, and what is known of it is known at once."""
    before = heard(np.concatenate([AGITATED, AGITATED, TIRED]))
    lane = Lane(Source.MIC, CARD)
    lane.expect(before.known)
    assert lane.heard_s == pytest.approx(min(TAKEN_UP_S, before.heard_s))
    assert lane.heard_s >= CARD.known_s
    lane.push(AGITATED)
    first = next(r.frame for r in analyse([lane], NETWORK)[0] if r.frame.distribution)
    assert first.habit_known
    assert 0.0 < first.heard_s <= 0.5
    usual = lane.habits[0].with_new(np.zeros(WIDTH, np.float32), 0.0).mean
    own = before.habits[0].own_mean
    assert own is not None
    assert np.abs(usual - own).mean() < 0.5 * np.abs(own).mean()


def test_however_long_it_was_heard_it_can_be_learnt_anew() -> None:
    """An hour counts as much as a quarter of a minute, with the same mean."""
    lane = Lane(Source.MIC, CARD)
    known = voice(3600.0)
    lane.expect([known])
    assert lane.heard_s == pytest.approx(TAKEN_UP_S)
    own = lane.habits[0].own_mean
    assert own is not None
    np.testing.assert_allclose(own, known.windows.total / 3600.0, rtol=1e-5)
    _, _, frames = lane.habits
    assert frames.moments.seconds.max() == pytest.approx(TAKEN_UP_S)
    kept = lane.known[0]
    assert kept.tenor[1] == pytest.approx(TAKEN_UP_S)
    assert kept.tenor[0].sum() == pytest.approx(TAKEN_UP_S)
    assert kept.level.total[0] == pytest.approx(-30.0 * TAKEN_UP_S)


def test_a_short_acquaintance_counts_for_what_it_is() -> None:
    """Two seconds are not made more of."""
    lane = Lane(Source.MIC, CARD)
    lane.expect([voice(2.0)])
    assert lane.heard_s == pytest.approx(2.0)
    assert lane.heard_s < CARD.known_s


def test_an_empty_one_is_none() -> None:
    """Of a voice that was never heard nothing is expected."""
    lane = Lane(Source.MIC, CARD)
    lane.expect([voice(0.0)])
    assert lane.heard_s == 0.0
    assert lane.known == ()


def test_where_voices_are_not_told_apart_it_is_the_one_heard_most() -> None:
    """A habit made of two voices would be wrong for both."""
    lane = Lane(Source.MIC, CARD)
    lane.expect([voice(3.0, turns=True), voice(9.0, turns=True), voice(1.0, turns=True)])
    assert lane.heard_s == pytest.approx(9.0)
    assert len(lane.known) == 1


def test_voices_that_are_told_apart_are_told_apart_again() -> None:
    """In a later session each is found by its own number, also who was second, and has its own
    habit from its first window on."""
    low, high = recording("calm"), higher(AGITATED)
    tracker = VoiceTracker(2)
    known = heard(np.concatenate([low, high, low, high]), voices=tracker).known
    assert len(known) == tracker.heard == 2
    assert all(one.turns is not None for one in known)
    lane = Lane(Source.MIC, CARD, VoiceTracker(2))
    lane.expect(known)
    lane.push(np.concatenate([high, high]))
    frames = [reading.frame for reading in analyse([lane], NETWORK)[0]]
    assert {frame.voice for frame in frames[6:12] if frame.distribution} == {1}
    assert lane.heard_s > known[1].heard_s + 2.0
    lane.push(low)
    frames = [reading.frame for reading in analyse([lane], NETWORK)[0]]
    assert frames[-1].voice == 0
    assert lane.heard_s > known[0].heard_s + 2.0
    assert len(lane.known) == 2


def test_voices_that_were_not_told_apart_then_are_one_now() -> None:
    """Without what tells them apart the first that speaks has the habit, the next its own."""
    lane = Lane(Source.MIC, CARD, VoiceTracker(2))
    lane.expect([replace(voice(5.0), turns=None), voice(8.0, turns=True)])
    assert lane.heard_s == pytest.approx(8.0)
    assert lane.voices is not None
    assert lane.voices.heard == 0
