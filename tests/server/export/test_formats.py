"""The formats there are."""

from __future__ import annotations

import pytest

from server.export.formats import FORMATS, format_for_file
from server.models import EXPORT_FORMATS


def test_each_format_is_found_by_its_own_name() -> None:
    """JSON is the only one that is free."""
    assert all(name == fmt.name for name, fmt in FORMATS.items())
    assert [fmt.name for fmt in FORMATS.values() if not fmt.paid] == ["json"]


def test_the_documents_name_every_format() -> None:
    """What OpenAPI lists is what there is, in the same order."""
    assert tuple(FORMATS) == EXPORT_FORMATS


@pytest.mark.parametrize("name", FORMATS)
def test_a_files_ending_asks_for_its_format(name: str) -> None:
    """In any case; no two formats share an ending."""
    fmt = FORMATS[name]
    assert format_for_file(f"talk.of.monday.{fmt.extension}") is fmt
    assert format_for_file(f"talk.{fmt.extension.upper()}") is fmt


@pytest.mark.parametrize("name", ["talk", "talk.", "talk.docx", ""])
def test_another_ending_asks_for_none(name: str) -> None:
    """The caller decides what to do then."""
    assert format_for_file(name) is None


def test_text_is_served_with_its_encoding() -> None:
    """Text types say UTF-8; others say it themselves."""
    assert FORMATS["vtt"].media_type == "text/vtt; charset=utf-8"
    assert FORMATS["json"].media_type == "application/json"
