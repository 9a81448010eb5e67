"""A recording on its way in: the body of a request into a temporary file without a name.

The file is unlinked as soon as it is made: nobody else can open it, and when it is closed, or the
process dies, nothing is left of it. Bounded in bytes and in time, whatever the headers say.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import IO, Final, TypeVar

from aiohttp import BodyPartReader, web

from server.errors import InvalidInputError, StoreError, TooLargeError, UploadStalledError

UPLOAD_S: Final = 900.0
"""How long a whole upload may take: 200 MB over two megabits a second."""

_WRITE_BYTES: Final = 512 * 1024
"""Written in one go, off the event loop."""

_PARTS_MAX: Final = 32
_FIELD_MAX_BYTES: Final = 1024
_FORM_MAX_BYTES: Final = _PARTS_MAX * _FIELD_MAX_BYTES
"""What a form may hold beside the recording."""

T = TypeVar("T")


@dataclass(slots=True)
class Upload:
    """What was sent."""

    file: IO[bytes]
    """The recording."""

    fields: dict[str, str] = field(default_factory=dict)
    """What a form said beside it."""

    file_name: str | None = None


@asynccontextmanager
async def receive(request: web.Request, *, max_bytes: int, stall_s: float) -> AsyncIterator[Upload]:
    """Take the recording that a request carries, as its body or in a form.

    Args:
        request: not yet read.
        max_bytes: the largest recording that is taken.
        stall_s: how long nothing may come.

    Raises:
        TooLargeError: larger, or said to be.
        UploadStalledError: it does not come to its end.
        InvalidInputError: a form that is none, or has no recording in it.
        StoreError: there is no room to put it.
    """
    if (request.content_length or 0) > max_bytes + _FORM_MAX_BYTES:
        raise _too_large(max_bytes)
    with tempfile.TemporaryFile() as file:
        upload = Upload(file)
        spool = _Spool(file, max_bytes, stall_s)
        try:
            async with asyncio.timeout(UPLOAD_S):
                if request.content_type == "multipart/form-data":
                    await _read_form(request, upload, spool)
                else:
                    await spool.fill(request.content.readany)
        except TimeoutError:
            raise UploadStalledError(
                f"The upload did not come to its end within {UPLOAD_S / 60:g} minutes."
            ) from None
        except web.RequestPayloadError:
            raise InvalidInputError("body: cannot be read as its encoding says.") from None
        except OSError as exc:
            if isinstance(exc, ConnectionError):
                raise
            raise StoreError("There is no room to take the recording at the moment.") from exc
        yield upload


async def _read_form(request: web.Request, upload: Upload, spool: _Spool) -> None:
    try:
        reader = await request.multipart()
        for _ in range(_PARTS_MAX):
            part = await spool.in_time(reader.next)
            if part is None:
                break
            if not isinstance(part, BodyPartReader):
                raise InvalidInputError("body: a form within a form is not taken.")
            if part.name == "file" or part.filename:
                if spool.filled:
                    raise InvalidInputError("body: one recording at a time.")
                # The one character that browsers write otherwise, for the sake of the header.
                upload.file_name = (part.filename or "").replace("%22", '"') or None
                await spool.fill(part.read_chunk)
            elif part.name:
                upload.fields[part.name] = await _read_field(part, spool)
        else:
            raise InvalidInputError(f"body: a form of more than {_PARTS_MAX} parts is not taken.")
    except (ValueError, AssertionError):
        raise InvalidInputError("body: not a well-formed multipart/form-data form.") from None
    if not spool.filled:
        raise InvalidInputError('body: the form has no recording (a part named "file").')


async def _read_field(part: BodyPartReader, spool: _Spool) -> str:
    value = b""
    while chunk := await spool.in_time(part.read_chunk):
        value += chunk
        if len(value) > _FIELD_MAX_BYTES:
            raise InvalidInputError(f"{part.name}: longer than {_FIELD_MAX_BYTES} bytes.")
    return value.decode(errors="replace")


class _Spool:
    """Fills the file."""

    def __init__(self, file: IO[bytes], max_bytes: int, stall_s: float) -> None:
        self.filled = False
        self._file = file
        self._max_bytes = max_bytes
        self._stall_s = stall_s

    async def fill(self, read: Callable[[], Awaitable[bytes]]) -> None:
        """Write everything that ``read`` gives, until it gives nothing."""
        self.filled = True
        size = 0
        waiting = bytearray()
        while chunk := await self.in_time(read):
            size += len(chunk)
            if size > self._max_bytes:
                raise _too_large(self._max_bytes)
            waiting += chunk
            if len(waiting) >= _WRITE_BYTES:
                await asyncio.to_thread(self._file.write, bytes(waiting))
                waiting.clear()
        await asyncio.to_thread(self._finish, bytes(waiting))

    async def in_time(self, read: Callable[[], Awaitable[T]]) -> T:
        """Wait for the next piece.

        Raises:
            UploadStalledError: nothing came for too long.
        """
        try:
            async with asyncio.timeout(self._stall_s):
                return await read()
        except TimeoutError:
            raise UploadStalledError(
                f"Nothing of the upload arrived for {self._stall_s:g} s; it was given up."
            ) from None

    def _finish(self, rest: bytes) -> None:
        self._file.write(rest)
        self._file.flush()


def _too_large(max_bytes: int) -> TooLargeError:
    return TooLargeError(
        f"The recording is larger than {max_bytes / 1e6:g} MB, the most that is taken "
        "(LINNET_MAX_UPLOAD_MB)."
    )
