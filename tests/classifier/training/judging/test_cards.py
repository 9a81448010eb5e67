"""classifier.training.judging.cards and classifier.training.material.meaning"""

import math

import pytest

from classifier.acoustic.card import read_card
from classifier.acoustic.model import MODELS
from classifier.frames import Affect
from classifier.training.judging.cards import render
from classifier.training.learning.kinds import OPEN
from classifier.training.material.corpora import EMODB_CLASSES
from classifier.training.material.meaning import (
    COORDINATES,
    EMODB_AFFECTS,
    EMODB_COORDINATES,
    odds_of,
)
from tests.classifier.acoustic.test_card import card


def test_every_class_has_a_meaning() -> None:
    """Each of EMO-DB's classes has an affect of the wire and a place within the cube."""
    assert set(EMODB_AFFECTS) == set(EMODB_COORDINATES) == set(EMODB_CLASSES)
    for place in EMODB_COORDINATES.values():
        assert all(-1 <= value <= 1 for value in place)


def test_no_affect_without_evidence() -> None:
    """Nothing in EMO-DB is confused, apologetic, scripted or genuine."""
    unheard = {Affect.CONFUSED, Affect.APOLOGETIC, Affect.SCRIPTED, Affect.GENUINE}
    assert set(EMODB_AFFECTS.values()) == set(Affect) - unheard


def test_neutral_is_the_middle() -> None:
    """Neutral lies at the origin, every other class away from it."""
    for name, place in EMODB_COORDINATES.items():
        assert (math.hypot(*place) == 0) == (name == "neutral")


def test_neutral_is_met_most_and_classes_share() -> None:
    """Half way between even and what is met; boredom takes half of what sadness has alone."""
    odds = odds_of(EMODB_CLASSES)
    assert max(odds.values()) == odds["neutral"] == 1.0
    assert odds["anger"] == pytest.approx((0.117 / 0.470) ** 0.5, abs=1e-3)
    alone = odds_of([name for name in EMODB_CLASSES if name != "boredom"])["sadness"]
    assert odds["boredom"] == odds["sadness"] == pytest.approx(alone / 2**0.5, abs=1e-3)


def test_the_shipped_odds_are_those_of_the_recipe() -> None:
    """Both shipped cards carry what the recipe would give their classes; every class has some."""
    for name in ("open", "research"):
        shipped = read_card(MODELS / f"{name}.json")
        assert shipped.odds == odds_of(shipped.classes)
    assert set(odds_of(list(COORDINATES))) == set(COORDINATES)


def test_the_page_tells_what_the_card_knows() -> None:
    """Mapping, data, licence, limits and figures are on the page."""
    page = render(card(limits=OPEN.limits, measured={"clip: UAR": 0.5}))
    for text in (
        "| joy | warm | 0.6 |",
        "nothing",
        "CC0-1.0",
        "clip: UAR: 0.5",
        *OPEN.limits,
        "confused",
    ):
        assert text in page


def test_without_figures_the_page_says_how_to_get_them() -> None:
    """A card that was never measured does not pretend."""
    assert "classifier.training.evaluate" in render(card())


def test_the_shipped_page_is_that_of_the_shipped_card() -> None:
    """The page for people is made from the JSON, not written beside it."""
    shipped = read_card(MODELS / "open.json")
    assert (MODELS / "open.md").read_text(encoding="utf-8") == render(shipped)
    assert shipped.limits == OPEN.limits
    assert dict(shipped.affects) == {name: str(a) for name, a in EMODB_AFFECTS.items()}
