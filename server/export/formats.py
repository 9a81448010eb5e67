"""The formats there are, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from server.export.base import ExportFormat
from server.export.captions import SRT, WEBVTT
from server.export.csv_table import CSV
from server.export.eaf import EAF
from server.export.json_document import JSON
from server.export.json_lines import JSONL
from server.export.report.page import HTML
from server.export.rttm import RTTM
from server.export.textgrid import TEXTGRID

FORMATS: Final[Mapping[str, ExportFormat]] = MappingProxyType(
    {fmt.name: fmt for fmt in (JSON, JSONL, CSV, WEBVTT, SRT, TEXTGRID, EAF, RTTM, HTML)}
)


def format_for_file(name: str) -> ExportFormat | None:
    """The format that a file's ending asks for, in any case; None when it asks for none."""
    ending = name.rpartition(".")[2].lower()
    return next((fmt for fmt in FORMATS.values() if fmt.extension.lower() == ending), None)
