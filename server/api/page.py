"""The built page: its files, read once, compressed once, handed out from memory.

Owns where a build is looked for and with which headers its files go out. Knows nothing of what is
in them. Without a build the plain front page of :mod:`server.api.docs` stands in.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from server.api.endpoint import Access
from server.api.keys import ACCESS

_SERVER: Final = Path(__file__).resolve().parents[1]
_PLACES: Final = (_SERVER / "page", _SERVER.parent / "web" / "dist")
"""In an installed package; in a source tree."""

_TYPES: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
"""Our own table: systems' registries disagree, and some name scripts what no browser runs."""

_HASHED: Final = "assets/"
"""Folder of files whose names carry a hash of what is in them: they never change."""

_COMPRESSED_TYPES: Final = ("text/", "image/svg+xml", "application/")

_HEADERS: Final = {
    # Nothing but what this server has: the page can ask no other host for anything.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "microphone=(self), display-capture=(self), screen-wake-lock=(self), "
    "geolocation=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file of the build, ready to be sent."""

    body: bytes
    gzipped: bytes | None
    """None where compressing gains nothing."""
    content_type: str
    etag: str
    cache_control: str


FRONT: Final = web.AppKey("front", PageFile)
"""The front page of a build, where there is one."""


def find_page() -> Path | None:
    """The folder of the built page; None where it was not built."""
    for place in _PLACES:
        if (place / "index.html").is_file():
            return place
    return None


def read_page(folder: Path) -> dict[str, PageFile]:
    """Every file of a build by its path below ``folder``.

    Raises:
        OSError: a file cannot be read.
    """
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    names = [path.relative_to(folder).as_posix() for path in paths]
    return {
        name: _read(path, name)
        for path, name in zip(paths, names, strict=True)
        # Hidden files are notes of the build, maps are for those who have the source anyway.
        if not name.startswith(".") and path.suffix != ".map"
    }


def add_page(app: web.Application, files: Mapping[str, PageFile]) -> None:
    """Routes for the files of a build; ``index.html`` becomes the front page.

    Args:
        app: an application that has its other routes already: they win.
        files: as of :func:`read_page`.
    """
    taken = {resource.canonical for resource in app.router.resources()}
    for name, file in files.items():
        path = f"/{name}"
        if name == "index.html":
            app[FRONT] = file
        elif path not in taken:
            app.router.add_get(path, _handler(file), allow_head=False)
            app[ACCESS]["GET", path] = Access.OPEN


def send(request: web.Request, file: PageFile) -> web.Response:
    """The file as this caller wants it: compressed or not, or nothing if it has it already."""
    headers = {
        **_HEADERS,
        "Cache-Control": file.cache_control,
        "ETag": file.etag,
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("If-None-Match") == file.etag:
        return web.Response(status=304, headers=headers)
    body = file.body
    if file.gzipped is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
        body = file.gzipped
        headers["Content-Encoding"] = "gzip"
    return web.Response(body=body, headers={**headers, "Content-Type": file.content_type})


def _handler(file: PageFile) -> Handler:
    async def page_file(request: web.Request) -> web.StreamResponse:
        return send(request, file)

    return page_file


def _read(path: Path, name: str) -> PageFile:
    body = path.read_bytes()
    content_type = _TYPES.get(path.suffix, "application/octet-stream")
    gzipped = None
    if content_type.startswith(_COMPRESSED_TYPES):
        packed = gzip.compress(body, compresslevel=9, mtime=0)
        gzipped = packed if len(packed) < len(body) else None
    if content_type.startswith("text/"):
        content_type += "; charset=utf-8"
    hashed = name.startswith(_HASHED)
    return PageFile(
        body=body,
        gzipped=gzipped,
        content_type=content_type,
        etag=f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        # All else is asked for each time, and sent only when it has changed.
        cache_control="public, max-age=31536000, immutable" if hashed else "no-cache",
    )
