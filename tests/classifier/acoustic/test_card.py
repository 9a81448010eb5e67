"""classifier.acoustic.card"""

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from classifier.acoustic.card import Card, functionals_digest, read_card
from classifier.acoustic.contour import CONTOUR_WIDTH
from classifier.acoustic.functionals import WIDTH
from classifier.acoustic.model import MODELS, load_network
from classifier.errors import ModelError
from classifier.frames import Affect

WEIGHTS = b"weights"


def card(**changes: Any) -> Card:
    made = Card(
        name="test",
        version="1",
        functionals_sha256=functionals_digest(),
        weights_sha256=hashlib.sha256(WEIGHTS).hexdigest(),
        classes=("joy", "rest"),
        affects={"joy": "warm", "rest": "neutral"},
        coordinates={"joy": (0.5, 0.8, 0.4), "rest": (0.0, 0.0, 0.0)},
        odds={"joy": 0.6, "rest": 1.0},
        mean=(0.0,) * WIDTH,
        scale=(1.0,) * WIDTH,
        recent_mean=(0.0,) * WIDTH,
        recent_scale=(1.0,) * WIDTH,
        frame_mean=(0.0,) * CONTOUR_WIDTH,
        frame_scale=(1.0,) * CONTOUR_WIDTH,
        clip=5.0,
        baseline_weight_s=8.0,
        temperature=1.0,
        little_evidence_s=0.0,
        floor=0.5,
        speech_threshold=0.5,
        data=("nothing",),
        licence="CC0-1.0",
        never=tuple(str(a) for a in Affect if a not in {Affect.WARM, Affect.NEUTRAL}),
    )
    return dataclasses.replace(made, **changes)


def test_a_card_survives_its_file(tmp_path: Path) -> None:
    """What is written is read back equal."""
    path = tmp_path / "test.json"
    path.write_text(card().dump(), encoding="utf-8")
    assert read_card(path) == card()


def test_weights_that_fit_are_accepted() -> None:
    """A card made for these weights and features raises nothing."""
    card().check(WEIGHTS)
    assert card().possible_affects == {Affect.WARM, Affect.NEUTRAL}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format": 99}, "format"),
        ({"layout_version": 99}, "other features"),
        ({"functionals_sha256": "0"}, "other features"),
        ({"weights_sha256": "0"}, "do not match"),
        ({"mean": (0.0,)}, "every functional"),
        ({"affects": {"joy": "warm"}}, "every class"),
        ({"odds": {"joy": 1.0}}, "every class"),
        ({"odds": {"joy": 0.0, "rest": 1.0}}, "above 0"),
        ({"coordinates": {}}, "every class"),
        ({"recent_mean": (0.0,)}, "every functional"),
        ({"scale": (0.0,) * WIDTH}, "above 0"),
        ({"recent_scale": (0.0,) * WIDTH}, "above 0"),
        ({"frame_mean": (0.0,)}, "every column"),
        ({"frame_scale": (0.0,) * CONTOUR_WIDTH}, "above 0"),
        ({"temperature": 0.0}, "above 0"),
        ({"little_evidence_s": -1.0}, "above 0"),
        ({"affects": {"joy": "glad", "rest": "neutral"}}, "glad"),
        ({"never": ()}, "never names"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], reason: str) -> None:
    """Every way in which card, weights and features can disagree is a ModelError that says so."""
    with pytest.raises(ModelError, match=reason):
        card(**changes).check(WEIGHTS)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"name": 1, "coordinates": 3}', '{"coordinates": {"a": 1}}']
)
def test_what_is_no_card_is_refused(tmp_path: Path, text: str) -> None:
    """A file that is no card raises ModelError, not what its parser happens to raise."""
    path = tmp_path / "bad.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match="card"):
        read_card(path)


def test_a_missing_card_is_refused(tmp_path: Path) -> None:
    """Weights without a card cannot be used."""
    with pytest.raises(ModelError, match="no readable card"):
        read_card(tmp_path / "none.json")


def test_the_shipped_card_says_where_it_comes_from() -> None:
    """Data, licence, measured accuracy and limits are on the card that ships."""
    shipped = read_card(MODELS / "open.json")
    assert shipped.data
    assert shipped.licence
    assert shipped.limits
    assert float(shipped.measured["clip: UAR"]) >= 0.60
    assert float(shipped.measured["session: UAR"]) >= 0.60
    page = (MODELS / "open.md").read_text(encoding="utf-8")
    for word in (*shipped.classes, *shipped.never, shipped.weights_sha256, shipped.licence):
        assert word in page


def test_the_shipped_card_never_names_what_it_was_not_taught() -> None:
    """EMO-DB holds no confusion, apology, script or sincerity: these are never named."""
    shipped = read_card(MODELS / "open.json")
    assert set(shipped.never) == {"apologetic", "confused", "genuine", "scripted"}


def test_the_shipped_report_agrees_with_the_card() -> None:
    """The figures on the card are those of the report."""
    report = json.loads((MODELS / "report.json").read_text(encoding="utf-8"))
    shipped = read_card(MODELS / "open.json")
    for protocol in ("clip", "session"):
        figures = report["conditions"]["emodb, speakers left out"]["clean"][protocol]
        assert round(figures["uar"], 3) == shipped.measured[f"{protocol}: UAR"]


def test_the_floor_is_higher_for_a_stranger() -> None:
    """Until the voice's habit is known an affect needs more confidence, never less."""
    made = dataclasses.replace(card(), floor=0.5, floor_unknown=0.6, known_s=8.0)
    assert [made.floor_at(heard_s) for heard_s in (0.0, 7.9, 8.0)] == [0.6, 0.6, 0.5]
    assert dataclasses.replace(made, floor_unknown=0.0).floor_at(0.0) == 0.5


def test_the_research_weights_carry_their_licence() -> None:
    """Opt-in by name, with the licence on the card and in a file beside it; both sets differ."""
    network = load_network("research")
    assert network.card.licence == "CC-BY-NC-SA-4.0"
    notice = (MODELS / "research.LICENSE.md").read_text(encoding="utf-8")
    assert "CC BY-NC-SA 4.0" in notice
    assert any("RAVDESS" in line for line in network.card.data)
    assert network.card.weights_sha256 != read_card(MODELS / "open.json").weights_sha256
