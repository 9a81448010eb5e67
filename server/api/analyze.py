"""Recordings in: one request, one recording, one session; its events as they come, or all at once.

The handler owns the analysis: when the client leaves, it is cancelled, and the session ends.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import orjson
from aiohttp import web
from pydantic import ValidationError

from server.api.guard import owner_of, request_tier
from server.api.keys import CLOCK, MANAGER, PLACES, REQUEST_ID, SETTINGS
from server.api.problems import from_error, invalid
from server.api.respond import json_bytes
from server.api.stream import cut_short, follow_log, subscriber_stream
from server.api.upload import Upload, receive
from server.log.base import Event
from server.models import WireModel
from server.recordings.analysis import Analysis, Outcome, start_analysis
from server.recordings.documents import (
    NAME_MAX_CHARS,
    AnalyseRequest,
    DoneEvent,
    ErrorEvent,
    ProgressEvent,
    RecordingSession,
)
from server.recordings.recording import open_recording

_MEGABYTE: Final = 1_000_000
_PROGRESS_EVERY_S: Final = 0.2
"""Often enough for a bar that moves."""

_OPTIONS: Final = frozenset({"elcor", "num_speakers", "channels", "file_name", "window_ms"})
"""What may stand in the address. A licence key may not: addresses are written into logs."""

_DEMO_NOTICE: Final = (
    "The demo does not export: the events are in the stream of this session and in its history. "
    "Linnet on your own machine gives them here, too."
)

_NOT_SHOWN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

_ReadAfter = Callable[[int], Awaitable[list[Event]]]


async def analyze(request: web.Request) -> web.StreamResponse:
    """The body is a WAV, FLAC, OGG, MP3 or AIFF file of any rate and channel count, or a form with
    one in its part ``file``. It is heard as fast as the classifier can and never stored. With
    ``Accept: text/event-stream`` the answer is a stream: ``session``, then ``progress`` and the
    session's events as they come, with the bytes and numbers of its own stream, and at the end one
    ``done`` with the summary, or one ``error`` with what was reached. Otherwise it is one JSON
    object at the end (in the demo without the events). Either way the session can be read
    afterwards like any other."""
    async with AsyncExitStack() as held:
        upload, wanted = await held.enter_async_context(_received(request))
        recording = await held.enter_async_context(
            open_recording(
                upload.file.fileno(),
                split=wanted.channels == "split",
                max_s=request.app[SETTINGS].max_recording_min * 60,
            )
        )
        analysis = await held.enter_async_context(
            start_analysis(
                request.app[MANAGER],
                recording,
                wanted,
                tier=request_tier(request, wanted.license_key),
                owner=owner_of(request),
                clock=request.app[CLOCK],
            )
        )
        if _wants_stream(request):
            return await _stream(request, analysis, wanted, held)
        return await _whole(request, analysis, wanted, held)


@asynccontextmanager
async def _received(request: web.Request) -> AsyncIterator[tuple[Upload, AnalyseRequest]]:
    """The recording and how it is to be heard. What can be refused before the upload is."""
    settings = request.app[SETTINGS]
    owner_of(request)
    _request_of(request, {})
    with request.app[PLACES].take():
        async with receive(
            request, max_bytes=settings.max_upload_mb * _MEGABYTE, stall_s=settings.stall_s
        ) as upload:
            wanted = _request_of(request, upload.fields, upload.file_name)
            yield upload, wanted


def _request_of(
    request: web.Request, fields: dict[str, str], file_name: str | None = None
) -> AnalyseRequest:
    data: dict[str, object] = {"file_name": file_name} if file_name else {}
    data |= {name: value for name, value in request.query.items() if name in _OPTIONS}
    data |= fields
    if data.get("file_name"):
        data["file_name"] = _shown(str(data["file_name"]))
    try:
        # From an address or a form everything comes as text.
        return AnalyseRequest.model_validate(data, strict=False)
    except ValidationError as exc:
        raise invalid(exc) from None


def _shown(name: str) -> str:
    """A file's name without its folders and without what would disturb a line of text."""
    last = re.split(r"[/\\]", name)[-1]
    return _NOT_SHOWN.sub("", last)[:NAME_MAX_CHARS]


def _wants_stream(request: web.Request) -> bool:
    accepted = request.headers.get("Accept", "").lower().split(",")
    return any(part.partition(";")[0].strip() == "text/event-stream" for part in accepted)


# -- as they come -------------------------------------------------------------------------------


async def _stream(
    request: web.Request, analysis: Analysis, wanted: AnalyseRequest, held: AsyncExitStack
) -> web.StreamResponse:
    manager, session = request.app[MANAGER], analysis.session
    response = subscriber_stream(request)
    cursor = manager.subscribe(session, 0)
    try:
        with cut_short(response):
            await response.begin(request, session.channel)
            async with response:
                await response.write_paced(_block("session", _session_of(analysis, wanted)))
                progress = _throttled(request, response.offer)
                running = asyncio.create_task(analysis.run(progress), name="analysis")
                try:
                    await follow_log(response, session.channel, cursor)
                    outcome = await running
                finally:
                    running.cancel()
                    await asyncio.gather(running, return_exceptions=True)
                # Its place is free before it says that it is done: the next may come at once.
                await held.aclose()
                await response.write_paced(_last_block(analysis, outcome))
    finally:
        manager.unsubscribe(session)
    return response


def _throttled(
    request: web.Request, offer: Callable[[bytes], bool]
) -> Callable[[ProgressEvent], None]:
    now_s = request.app[CLOCK].monotonic_s
    told_s: float | None = None

    def tell(progress: ProgressEvent) -> None:
        nonlocal told_s
        if told_s is None or now_s() - told_s >= _PROGRESS_EVERY_S:
            told_s = now_s()
            # Offered only: a reader that is behind needs the events, not how far they are.
            offer(_block("progress", progress))

    return tell


def _session_of(analysis: Analysis, wanted: AnalyseRequest) -> RecordingSession:
    info = analysis.recording.info
    return RecordingSession(
        **analysis.session.info().model_dump(),
        file_name=wanted.file_name,
        kind=info.kind,
        rate_hz=info.rate_hz,
        channels=info.channels,
        duration_s=info.duration_s,
        speakers=[source.speaker_id for source in analysis.recording.sources],
    )


def _last_block(analysis: Analysis, outcome: Outcome) -> bytes:
    session = analysis.session
    if outcome.error is None:
        done = DoneEvent(
            session_id=session.session_id,
            last_seq=session.channel.last_seq,
            summary=outcome.summary,
            persist_failed=outcome.persist_failed,
        )
        return _block("done", done)
    error = ErrorEvent(
        session_id=session.session_id,
        code=outcome.error.code,
        detail=outcome.error.detail,
        last_seq=session.channel.last_seq,
        summary=outcome.summary,
        persist_failed=outcome.persist_failed,
    )
    return _block("error", error)


def _block(name: str, event: WireModel) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), event.to_json())


# -- all at once --------------------------------------------------------------------------------


async def _whole(
    request: web.Request, analysis: Analysis, wanted: AnalyseRequest, held: AsyncExitStack
) -> web.StreamResponse:
    outcome = await analysis.run(lambda _: None)
    await held.aclose()
    session = analysis.session
    if outcome.error is not None:
        extra = {
            "session_id": session.session_id,
            "partial": True,
            "summary": outcome.summary.model_dump(mode="json"),
            "persist_failed": outcome.persist_failed,
        }
        return from_error(outcome.error, request[REQUEST_ID], extra)
    head = {
        "session_id": session.session_id,
        "file_name": wanted.file_name,
        "summary": outcome.summary.model_dump(mode="json"),
        "persist_failed": outcome.persist_failed,
    }
    if request.app[SETTINGS].demo_mode:
        # A whole session in one piece is an export, and the demo has none.
        return json_bytes(orjson.dumps(head | {"notice": _DEMO_NOTICE}))
    # The first page before the headers: a log out of reach is still an ordinary problem answer.
    page = await session.channel.read_after(0)
    response = web.StreamResponse(headers={"Content-Type": "application/json; charset=utf-8"})
    await response.prepare(request)
    try:
        async for piece in _pieces(orjson.dumps(head), page, session.channel.read_after):
            async with asyncio.timeout(request.app[SETTINGS].stall_s):
                await response.write(piece)
    except TimeoutError:
        # Nothing is taken any more: what is cut off must not look complete.
        if request.transport is not None:
            request.transport.abort()
        return response
    await response.write_eof()
    return response


async def _pieces(head: bytes, page: list[Event], read_after: _ReadAfter) -> AsyncIterator[bytes]:
    yield head[:-1] + b',"events":['
    separator = b""
    while page:
        yield separator + b",".join([event.numbered_json() for event in page])
        separator = b","
        page = await read_after(page[-1].seq)
    yield b"]}"
