"""classifier.acoustic.known"""

from dataclasses import fields
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.acoustic.baseline import Moments
from classifier.acoustic.known import MOST_VOICES, dump, parse
from classifier.frames import Source
from tests.classifier.acoustic.acquaintances import CARD, voice


def assert_alike(one: Any, other: Any) -> None:
    """Equal but for single precision."""
    for field in fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, Moments):
            assert_alike(a, b)
        elif a is None or isinstance(a, str):
            assert a == b
        elif isinstance(a, tuple):
            for mine, yours in zip(a, b, strict=True):
                np.testing.assert_allclose(mine, yours, rtol=1e-6, atol=1e-6)
        else:
            np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6, strict=True)


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


def test_a_voice_is_some_kilobytes_of_text() -> None:
    """Small enough to be kept with every session."""
    text = dump({Source.MIC: [voice(turns=True)]}, CARD.weights_sha256)
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
