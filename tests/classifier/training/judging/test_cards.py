"""classifier.training.judging.cards and classifier.training.material.meaning"""

import math

from classifier.acoustic.card import read_card
from classifier.acoustic.model import MODELS
from classifier.frames import Affect
from classifier.training.judging.cards import render
from classifier.training.learning.kinds import OPEN
from classifier.training.material.corpora import EMODB_CLASSES
from classifier.training.material.meaning import EMODB_AFFECTS, EMODB_COORDINATES
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


def test_the_page_tells_what_the_card_knows() -> None:
    """Mapping, data, licence, limits and figures are on the page."""
    page = render(card(limits=OPEN.limits, measured={"clip: UAR": 0.5}))
    for text in (
        "| joy | warm |",
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
