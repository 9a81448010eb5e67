"""The formats there are, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from server.export.base import ExportFormat
from server.export.csv_table import CSV
from server.export.json_document import JSON

FORMATS: Final[Mapping[str, ExportFormat]] = MappingProxyType(
    {fmt.name: fmt for fmt in (JSON, CSV)}
)
