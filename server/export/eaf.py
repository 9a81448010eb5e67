"""An ELAN annotation document, EAF 3.0 (Max Planck Institute for Psycholinguistics).

For each speaker a tier ``affect`` of the controlled vocabulary (an annotation as long as the
affect lasts), a tier ``label`` (an annotation per tone event), and tiers ``subtext`` and, where a
person has corrected any, ``correction``, whose annotations hang on those labels.

Ids are made from event numbers, so that time slots and annotations agree without being kept.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Final

from classifier.frames import Affect
from server.export.base import ExportFormat, ExportHead, SessionEvents
from server.export.readings import Outline, outline
from server.export.text import attribute, in_pieces, markup
from server.export.tones import Span, correction_words, episodes, in_time_order, spans

_LANGUAGE: Final = (
    '<LANGUAGE LANG_DEF="http://cdb.iso.org/lg/CDB-00138502-001" LANG_ID="eng"'
    ' LANG_LABEL="English (eng)"/>'
)
_TIME_UNIT_MS_MAX: Final = 2**32 - 1
"""Times are unsigned 32-bit milliseconds: 49 days."""

_KINDS: Final = ("affect", "label", "subtext", "correction")


async def write_eaf(head: ExportHead, events: SessionEvents) -> AsyncGenerator[bytes, None]:
    """First all times, then the tiers of every speaker."""
    async for piece in in_pieces(_document(head, events)):
        yield piece


async def _document(head: ExportHead, events: SessionEvents) -> AsyncIterator[str]:
    plan = await outline(events)
    yield _opening(head, plan)
    yield "    <TIME_ORDER>\n"
    streams = [_bounds(events, speaker) for speaker in plan.speakers]
    async for at_ms, slot in in_time_order(streams, lambda bound: bound[0]):
        value = min(at_ms, _TIME_UNIT_MS_MAX)
        yield f'        <TIME_SLOT TIME_SLOT_ID="{slot}" TIME_VALUE="{value}"/>\n'
    yield "    </TIME_ORDER>\n"
    for speaker in plan.speakers:
        async for text in _tiers(events, plan, speaker):
            yield text
    yield _closing()


async def _bounds(events: SessionEvents, speaker: str) -> AsyncIterator[tuple[int, str]]:
    async for span in spans(events, speaker):
        yield span.start_ms, _slot(span, 0)
        yield span.end_ms, _slot(span, 1)


async def _tiers(events: SessionEvents, plan: Outline, speaker: str) -> AsyncIterator[str]:
    yield _tier_opening(speaker, "affect")
    async for episode in episodes(spans(events, speaker), lambda span: span.affect):
        yield _aligned("affect", episode.first, episode.last, episode.first.affect)
    yield "    </TIER>\n"
    yield _tier_opening(speaker, "label")
    async for span in spans(events, speaker):
        yield _aligned("label", span, span, span.label)
    yield "    </TIER>\n"
    hanging: list[tuple[str, Callable[[Span], str]]] = [
        ("subtext", lambda tone: tone.subtext or "")
    ]
    if speaker in plan.corrected:
        hanging.append(("correction", _correction))
    for kind, text in hanging:
        yield _tier_opening(speaker, kind)
        async for span in spans(events, speaker):
            if value := text(span):
                yield _referring(kind, span, value)
        yield "    </TIER>\n"


def _correction(span: Span) -> str:
    return "" if span.correction is None else correction_words(span.correction)


def _tier_opening(speaker: str, kind: str) -> str:
    parent = f" PARENT_REF={_tier_id(speaker, 'label')}" if kind in _KINDS[2:] else ""
    return (
        f'    <TIER LINGUISTIC_TYPE_REF="{kind}"{parent} PARTICIPANT={attribute(speaker)}'
        f" TIER_ID={_tier_id(speaker, kind)}>\n"
    )


def _tier_id(speaker: str, kind: str) -> str:
    return attribute(f"{speaker} {kind}")


def _slot(span: Span, end: int) -> str:
    return f"ts{2 * span.seq - 1 + end}"


def _annotation(span: Span, kind: str) -> str:
    return f"a{len(_KINDS) * (span.seq - 1) + _KINDS.index(kind) + 1}"


def _aligned(kind: str, first: Span, last: Span, value: str) -> str:
    entry = f' CVE_REF="cve-{value}"' if kind == "affect" else ""
    return (
        "        <ANNOTATION>\n"
        f'            <ALIGNABLE_ANNOTATION ANNOTATION_ID="{_annotation(first, kind)}"{entry}'
        f' TIME_SLOT_REF1="{_slot(first, 0)}" TIME_SLOT_REF2="{_slot(last, 1)}">\n'
        f"                <ANNOTATION_VALUE>{markup(value)}</ANNOTATION_VALUE>\n"
        "            </ALIGNABLE_ANNOTATION>\n        </ANNOTATION>\n"
    )


def _referring(kind: str, span: Span, value: str) -> str:
    return (
        "        <ANNOTATION>\n"
        f'            <REF_ANNOTATION ANNOTATION_ID="{_annotation(span, kind)}"'
        f' ANNOTATION_REF="{_annotation(span, "label")}">\n'
        f"                <ANNOTATION_VALUE>{markup(value)}</ANNOTATION_VALUE>\n"
        "            </REF_ANNOTATION>\n        </ANNOTATION>\n"
    )


def _opening(head: ExportHead, plan: Outline) -> str:
    began = datetime.fromtimestamp(head.started_at_s, UTC).isoformat(timespec="milliseconds")
    properties = {
        "linnet:session_id": head.session_id,
        "linnet:started_at": began,
        "linnet:model": head.model_id,
        "linnet:model_sha256": head.model_sha256,
        "linnet:schema_version": str(head.schema_version),
        "lastUsedAnnotationId": str(len(_KINDS) * plan.last_seq),
    }
    lines = [
        f"        <PROPERTY NAME={attribute(name)}>{markup(value)}</PROPERTY>\n"
        for name, value in properties.items()
    ]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<ANNOTATION_DOCUMENT AUTHOR="Linnet" DATE="{began}" FORMAT="3.0" VERSION="3.0"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">\n'
        '    <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">\n'
        f"{''.join(lines)}    </HEADER>\n"
    )


def _closing() -> str:
    hanging = ' CONSTRAINTS="Symbolic_Association" GRAPHIC_REFERENCES="false"'
    free = ' GRAPHIC_REFERENCES="false"'
    types = (
        f'CONTROLLED_VOCABULARY_REF="affects"{free} LINGUISTIC_TYPE_ID="affect"'
        ' TIME_ALIGNABLE="true"',
        f'{free[1:]} LINGUISTIC_TYPE_ID="label" TIME_ALIGNABLE="true"',
        f'{hanging[1:]} LINGUISTIC_TYPE_ID="subtext" TIME_ALIGNABLE="false"',
        f'{hanging[1:]} LINGUISTIC_TYPE_ID="correction" TIME_ALIGNABLE="false"',
    )
    entries = "".join(
        f'        <CV_ENTRY_ML CVE_ID="cve-{affect}">\n'
        f'            <CVE_VALUE DESCRIPTION="" LANG_REF="eng">{affect}</CVE_VALUE>\n'
        "        </CV_ENTRY_ML>\n"
        for affect in Affect
    )
    return (
        f"{''.join(f'    <LINGUISTIC_TYPE {attributes}/>{chr(10)}' for attributes in types)}"
        f"    {_LANGUAGE}\n"
        '    <CONSTRAINT DESCRIPTION="1-1 association with a parent annotation"'
        ' STEREOTYPE="Symbolic_Association"/>\n'
        '    <CONTROLLED_VOCABULARY CV_ID="affects">\n'
        '        <DESCRIPTION LANG_REF="eng">How a voice sounds</DESCRIPTION>\n'
        f"{entries}    </CONTROLLED_VOCABULARY>\n"
        "</ANNOTATION_DOCUMENT>\n"
    )


EAF = ExportFormat("eaf", "text/x-eaf+xml", "eaf", paid=True, write=write_eaf)
