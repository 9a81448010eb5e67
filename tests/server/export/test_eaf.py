"""An ELAN document: its parts in the order and with the references that EAF 3.0 asks for, and
pympi reads every annotation back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pympi
import pytest
from hypothesis import given
from lxml import etree

from classifier import Affect
from server.export.eaf import EAF
from server.export.text import one_line
from server.log.base import Event
from tests.server.export.pages import CorrectionMark, cuts, logged, logs, tones, written
from tests.support.events import numbered, tone_draft

ORDER = [
    "HEADER", "TIME_ORDER", "TIER", "LINGUISTIC_TYPE", "LANGUAGE", "CONSTRAINT",
    "CONTROLLED_VOCABULARY",
]  # fmt: skip
"""Elements of a document in the order of the schema, those in use here."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where files lie for readers that want a path."""
    return tmp_path_factory.mktemp("eaf")


def read(data: bytes, folder: Path) -> Any:
    """As another program reads it."""
    path = folder / "session.eaf"
    path.write_bytes(data)
    return pympi.Elan.Eaf(path)


def check_structure(root: Any) -> None:
    """What the schema of EAF 3.0 asks of a document: order, types and references."""
    assert root.tag == "ANNOTATION_DOCUMENT"
    assert {"DATE", "AUTHOR", "VERSION"} <= set(root.attrib)
    assert root.get("FORMAT") == "3.0"
    places = [ORDER.index(child.tag) for child in root]
    assert places == sorted(places)
    assert places.count(0) == places.count(1) == 1
    slots = {
        slot.get("TIME_SLOT_ID"): int(slot.get("TIME_VALUE")) for slot in root.iter("TIME_SLOT")
    }
    assert len(slots) == len(list(root.iter("TIME_SLOT")))
    assert list(slots.values()) == sorted(slots.values())
    ids = [
        node.get("ANNOTATION_ID") for node in root.iter("ALIGNABLE_ANNOTATION", "REF_ANNOTATION")
    ]
    assert len(ids) == len(set(ids))
    assert not set(ids) & set(slots)
    kinds = {kind.get("LINGUISTIC_TYPE_ID"): kind for kind in root.iter("LINGUISTIC_TYPE")}
    stereotypes = {constraint.get("STEREOTYPE") for constraint in root.iter("CONSTRAINT")}
    vocabularies = {one.get("CV_ID"): one for one in root.iter("CONTROLLED_VOCABULARY")}
    tiers = {tier.get("TIER_ID"): tier for tier in root.iter("TIER")}
    assert len(tiers) == len(list(root.iter("TIER")))
    for tier in tiers.values():
        kind = kinds[tier.get("LINGUISTIC_TYPE_REF")]
        parent = tier.get("PARENT_REF")
        assert (parent is not None) is (kind.get("CONSTRAINTS") in stereotypes)
        vocabulary = vocabularies.get(kind.get("CONTROLLED_VOCABULARY_REF"))
        end_ms = 0
        for node in tier.iterfind("ANNOTATION/*"):
            [value] = node
            assert value.tag == "ANNOTATION_VALUE"
            if parent is None:
                assert node.tag == "ALIGNABLE_ANNOTATION"
                from_ms, to_ms = (slots[node.get(f"TIME_SLOT_REF{n}")] for n in (1, 2))
                assert end_ms <= from_ms < to_ms
                end_ms = to_ms
            else:
                assert node.tag == "REF_ANNOTATION"
                path, wanted = "ANNOTATION/ALIGNABLE_ANNOTATION", node.get("ANNOTATION_REF")
                assert tiers[parent].find(f"{path}[@ANNOTATION_ID='{wanted}']") is not None
            if vocabulary is not None:
                entry = vocabulary.find(f"CV_ENTRY_ML[@CVE_ID='{node.get('CVE_REF')}']/CVE_VALUE")
                assert entry.text == value.text
    languages = {language.get("LANG_ID") for language in root.iter("LANGUAGE")}
    assert {node.get("LANG_REF") for node in root.iter("CVE_VALUE", "DESCRIPTION")} <= languages


@given(log=logs, page_events=cuts)
def test_any_session_is_a_sound_document(log: list[Event], page_events: int) -> None:
    """Whatever the text and the times, a strict XML parser reads it and its parts fit."""
    check_structure(etree.fromstring(written(EAF, log, page_events=page_events)))


@given(log=logs)
def test_pympi_reads_what_was_written(folder: Path, log: list[Event]) -> None:
    """Another program's reader finds each tone's label in order, and each person's note."""
    document = read(written(EAF, log), folder)
    speakers = {json.loads(event.data)["speaker_id"] for event in tones(log)}
    for speaker in speakers:
        own = [event for event in tones(log) if json.loads(event.data)["speaker_id"] == speaker]
        found = sorted(document.get_annotation_data_for_tier(f"{speaker} label"))
        labels = [one_line(json.loads(event.data)["label"]) for event in own]
        assert [row[2] or "" for row in found] == labels
        assert {row[2] for row in document.get_annotation_data_for_tier(f"{speaker} affect")} == {
            json.loads(event.data)["affect"] for event in own
        }
        marked = [event for event in own if event.correction is not None]
        tier = f"{speaker} correction"
        assert (tier in document.get_tier_names()) is bool(marked)


def test_the_tiers_of_a_small_session(folder: Path) -> None:
    """An affect lasts as one annotation; what was measured and corrected hangs on its tone."""
    log = logged(
        [
            tone_draft(
                1.0, label="Warm", affect=Affect.WARM, subtext="Pitch is <raised> & lively."
            ),
            (
                tone_draft(2.0, label="Warm, and rising", affect=Affect.WARM),
                CorrectionMark(affect=Affect.GENUINE, note="she meant it", at=5.0),
            ),
            tone_draft(6.0, label="Tired", affect=Affect.TIRED, speaker_id="speaker_b"),
        ]
    )
    document = read(written(EAF, log), folder)
    kinds = ("affect", "label", "subtext")
    assert list(document.get_tier_names()) == [
        *(f"speaker_a {kind}" for kind in (*kinds, "correction")),
        *(f"speaker_b {kind}" for kind in kinds),
    ]
    data = {name: document.get_annotation_data_for_tier(name) for name in document.get_tier_names()}
    assert data["speaker_a affect"] == [(1000, 4000, "warm")]
    assert data["speaker_a label"] == [(1000, 2000, "Warm"), (2000, 4000, "Warm, and rising")]
    [(*times, text, _)] = data["speaker_a subtext"]
    assert (times, text) == ([1000, 2000], "Pitch is <raised> & lively.")
    [(*times, text, _)] = data["speaker_a correction"]
    assert (times, text) == ([2000, 4000], "genuine · she meant it")
    assert data["speaker_b affect"] == [(6000, 8000, "tired")]
    assert document.get_controlled_vocabulary_names()
    assert document.get_parameters_for_tier("speaker_a label")["PARTICIPANT"] == "speaker_a"


def test_the_head_says_what_the_session_was_made_with() -> None:
    """Session, wall clock and model are properties of the document."""
    root = etree.fromstring(written(EAF, numbered(tone_draft())))
    found = {node.get("NAME"): node.text for node in root.iter("PROPERTY")}
    assert found["linnet:session_id"] == "the-session"
    assert found["linnet:model"] == "acoustic:open@2"
    assert found["linnet:started_at"] == "2023-11-14T22:13:20.250+00:00" == root.get("DATE")


def test_an_empty_session_is_a_document_without_tiers() -> None:
    """It can be opened all the same."""
    root = etree.fromstring(written(EAF, []))
    check_structure(root)
    assert root.find("TIER") is None


def test_it_is_paid_xml() -> None:
    """With the ending that ELAN knows."""
    assert (EAF.name, EAF.content_type, EAF.extension, EAF.paid) == (
        "eaf",
        "text/x-eaf+xml",
        "eaf",
        True,
    )
