"""Captions of tone: WebVTT (W3C) and SubRip.

A caption stands as long as a speaker's tone says the same: from the tone to the next of that
speaker, or for two seconds after the last. Speakers overlap; captions are in order of their start.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from datetime import UTC, datetime
from typing import Final

from server.export.base import ExportFormat, ExportHead, SessionEvents
from server.export.readings import outline
from server.export.text import clock, in_pieces, markup, one_line, plain_speaker
from server.export.tones import Episode, Span, episodes, in_time_order, spans


async def write_webvtt(head: ExportHead, events: SessionEvents) -> AsyncGenerator[bytes, None]:
    """A cue per caption: who in a voice span, the tone in a class of its affect."""
    async for piece in in_pieces(_webvtt(head, events)):
        yield piece


async def write_srt(head: ExportHead, events: SessionEvents) -> AsyncGenerator[bytes, None]:
    """A numbered subtitle per caption: who and the tone, then what was measured."""
    async for piece in in_pieces(_srt(events)):
        yield piece


async def _webvtt(head: ExportHead, events: SessionEvents) -> AsyncIterator[str]:
    yield "WEBVTT\n\n"
    yield "NOTE\n" + "\n".join(markup(line) for line in _notes(head)) + "\n\n"
    async for caption in _captions(events):
        tone = caption.first
        # The identifier is the number of the first tone event that says so.
        yield (
            f"{tone.seq}\n{clock(caption.start_ms)} --> {clock(caption.end_ms)}\n"
            f"<v {markup(plain_speaker(tone.speaker_id)) or '-'}>"
            f"<c.{tone.affect}>{markup(tone.label)}</c>"
            f"{_second_line(markup(tone.subtext or ''))}</v>\n\n"
        )


async def _srt(events: SessionEvents) -> AsyncIterator[str]:
    number = 0
    async for caption in _captions(events):
        number += 1
        tone = caption.first
        yield (
            f"{number}\n{clock(caption.start_ms, comma=True)} --> "
            f"{clock(caption.end_ms, comma=True)}\n"
            f"{_plain(f'{plain_speaker(tone.speaker_id)}: {tone.label}')}"
            f"{_second_line(_plain(tone.subtext or ''))}\n\n"
        )


async def _captions(events: SessionEvents) -> AsyncIterator[Episode]:
    speakers = (await outline(events)).speakers
    streams = [episodes(spans(events, speaker_id), _saying) for speaker_id in speakers]
    async for caption in in_time_order(streams, lambda caption: caption.start_ms):
        yield caption


def _saying(span: Span) -> object:
    return span.affect, span.label, span.subtext


def _notes(head: ExportHead) -> list[str]:
    began = datetime.fromtimestamp(head.started_at_s, UTC).isoformat(timespec="milliseconds")
    return [
        f"Captions of tone by Linnet: how the voices sounded in session {head.session_id},",
        f"which began at {began}, heard by {head.model_id or 'an unnamed model'}.",
    ]


_SRT_MARKUP: Final = str.maketrans({"<": "‹", ">": "›", "{": "(", "}": ")"})
"""SubRip has no way to escape: players take these for tags."""


def _plain(text: str) -> str:
    return one_line(text).translate(_SRT_MARKUP).strip()


def _second_line(text: str) -> str:
    return f"\n{text}" if text.strip() else ""


WEBVTT = ExportFormat("vtt", "text/vtt", "vtt", paid=True, write=write_webvtt)
SRT = ExportFormat("srt", "application/x-subrip", "srt", paid=True, write=write_srt)
