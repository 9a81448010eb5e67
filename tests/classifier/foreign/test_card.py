"""classifier.foreign.card"""

import json
from pathlib import Path
from typing import Any

import pytest

from classifier import Affect, ModelError
from classifier.foreign.card import MAX_CARD_BYTES, read_foreign_card
from tests.support.foreign import description


def written(folder: Path, card: Any) -> Path:
    path = folder / "voice.json"
    path.write_text(json.dumps(card), encoding="utf-8")
    return path


def test_a_description_says_what_the_model_wants_and_means(tmp_path: Path) -> None:
    """Defaults are filled in; a label without an affect is none of the possible ones."""
    card = read_foreign_card(written(tmp_path, description()))
    assert (card.input.window, card.input.hop_blocks) == (16_000, 1)
    assert card.labels is not None
    assert card.labels.possible_affects == {Affect.FRUSTRATED, Affect.TIRED}


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"licence": None}, "licence"),
        ({"colour": "red"}, "colour"),
        ({"input__rate_hz": 4000}, "input.rate_hz"),
        ({"input__window_s": 0}, "input.window_s"),
        ({"input__hop_s": 0.3}, "multiple of 0.5"),
        ({"input__hop_s": 2.0}, "longer than window_s"),
        ({"input__shape": "[B,1,T]"}, "input.shape"),
        ({"input__normalisation": "loud"}, "input.normalisation"),
        ({"input__normalisation": {"mean": 0, "std": 0}}, "input.normalisation"),
        ({"labels__softmax": None}, "labels.softmax"),
        ({"labels__names": ["angry", "angry", "odd"]}, "names must differ"),
        ({"labels__affects": {"angry": "frustrated"}}, "exactly the labels"),
        ({"labels__affects": {"angry": "furious", "calm": None, "odd": None}}, "affects.angry"),
        ({"labels__affects": {"angry": None, "calm": None, "odd": None}}, "at least one label"),
        ({"labels__floor": 1.5}, "labels.floor"),
        ({"labels__coordinates": {"angry": [0, 0, 0]}}, "coordinates must place"),
        ({"labels": None}, "labels or dimensions"),
        ({"dimensions": {"output": "dims", "order": ["arousal", "arousal"]}}, "twice"),
        ({"dimensions": {"output": "dims", "order": ["arousal"], "low": 1}}, "low must be below"),
        ({"dimensions": {"output": "dims", "order": ["anger"]}}, "dimensions.order"),
    ],
)
def test_every_mistake_is_one_line_that_says_where(
    tmp_path: Path, changes: dict[str, Any], where: str
) -> None:
    """The line names the file and the field or the rule that was broken."""
    path = written(tmp_path, description(**changes))
    with pytest.raises(ModelError) as caught:
        read_foreign_card(path)
    line = str(caught.value)
    assert line.startswith("voice.json: ")
    assert where in line
    assert "\n" not in line


def test_coordinates_beside_dimensions_are_refused(tmp_path: Path) -> None:
    """There would be two answers to one question."""
    places = {name: [0, 0, 0] for name in ("angry", "calm", "odd")}
    dims = {"output": "dims", "order": ["arousal", "valence"]}
    card = description(labels__coordinates=places, dimensions=dims)
    with pytest.raises(ModelError, match="leave them out"):
        read_foreign_card(written(tmp_path, card))


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", '{"name": NaN}'])
def test_what_is_no_description_is_refused(tmp_path: Path, text: str) -> None:
    """Not JSON, or not an object: one line."""
    path = tmp_path / "voice.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=r"voice\.json"):
        read_foreign_card(path)


def test_a_missing_or_huge_file_is_refused(tmp_path: Path) -> None:
    """Neither is read; the line names the file without its folder."""
    with pytest.raises(ModelError, match="no readable description"):
        read_foreign_card(tmp_path / "none.json")
    path = tmp_path / "huge.json"
    path.write_bytes(b" " * (MAX_CARD_BYTES + 1))
    with pytest.raises(ModelError, match="too large") as caught:
        read_foreign_card(path)
    assert str(tmp_path) not in str(caught.value)
