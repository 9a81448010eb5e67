"""The formats there are."""

from __future__ import annotations

from server.export.formats import FORMATS


def test_each_format_is_found_by_its_own_name() -> None:
    """JSON is the only one that is free."""
    assert all(name == fmt.name for name, fmt in FORMATS.items())
    assert [fmt.name for fmt in FORMATS.values() if not fmt.paid] == ["json"]
