"""The report as one HTML page that needs nothing else: no script, no network, no font.

The page's own policy allows the one style sheet in it, by its hash, and nothing more: text that
slipped through as markup could still do nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from importlib.resources import files
from typing import Final

from server import __version__
from server.export.base import ExportFormat, ExportHead, SessionEvents
from server.export.report import palette, sections
from server.export.report.survey import survey
from server.export.text import attribute, in_pieces, markup


def _style() -> str:
    sheet = files("server.export.report").joinpath("report.css").read_text(encoding="utf-8")
    return (
        f":root{{{palette.colours(dark=False)}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{palette.colours(dark=True)}}}}}"
        f"{palette.rules()}\n{sheet}"
    )


STYLE: Final = _style()
"""The style sheet. Read once: asking for a report touches no file."""

_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
)


async def write_html(head: ExportHead, events: SessionEvents) -> AsyncGenerator[bytes, None]:
    """The page; what it shows is bounded however long the session is."""
    async for piece in in_pieces(_page(head, events)):
        yield piece


async def _page(head: ExportHead, events: SessionEvents) -> AsyncIterator[str]:
    counted = await survey(events)
    yield (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content={attribute(POLICY)}>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        '<meta name="referrer" content="no-referrer">'
        f'<meta name="generator" content="Linnet {__version__}">'
        f"<title>{markup(sections.title(head))}</title>"
        f"<style>{STYLE}</style></head>\n<body>{palette.symbols()}<main>\n"
    )
    for section in (
        sections.opening(head, counted),
        sections.glance(counted),
        sections.timelines(counted),
        sections.shifts(counted),
        sections.episodes(counted),
        sections.table(counted),
        sections.closing(head),
    ):
        for text in section:
            yield text
        yield "\n"
    yield f"</main><footer><p>Made by Linnet {__version__}.</p></footer></body></html>\n"


HTML = ExportFormat("html", "text/html", "html", paid=True, write=write_html)
