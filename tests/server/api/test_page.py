"""The built page: every file of it is served, safely, and nothing that is not in it."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from aiohttp.pytest_plugin import AiohttpClient

from server.api.page import PageFile, find_page, read_page
from server.api.routes import ENDPOINTS
from server.app import build_app
from server.settings import Settings
from tests.support.api import Api
from tests.support.classifier import ScriptedBackend

_ROOT = Path(__file__).resolve().parents[3]
_SCRIPT = b"export const words = ['" + b"warm tired urgent " * 200 + b"'];"
_FILES = {
    "index.html": b"<!doctype html><title>The page</title>",
    "favicon.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "assets/index-a1.js": _SCRIPT,
    "assets/index-a1.js.map": b"{}",
    "assets/deep/style-b2.css": b"body { color: red }" * 50,
    "assets/photo-c3.png": b"\x89PNG\r\n" + bytes(range(256)),
    ".built": b"a note",
    "docs": b"not the page that documents the interface",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A build."""
    for name, body in _FILES.items():
        path = tmp_path / "dist" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    (tmp_path / "secret.txt").write_text("not of the page")
    return tmp_path / "dist"


@pytest.fixture
def page(folder: Path) -> dict[str, PageFile]:
    """That build, read."""
    return read_page(folder)


@pytest.fixture
async def api(aiohttp_client: AiohttpClient, tmp_path: Path, page: dict[str, PageFile]) -> Api:
    """An application with that build, which asks for a token."""
    backend = ScriptedBackend()
    settings = Settings(_env_file=None, data_dir=tmp_path / "log", api_token="x" * 16)
    app = build_app(settings, backend=backend, page=page)
    return Api(await aiohttp_client(app), backend)


@pytest.mark.parametrize(
    ("path", "name", "content_type"),
    [
        ("/", "index.html", "text/html"),
        ("/favicon.svg", "favicon.svg", "image/svg+xml"),
        ("/assets/index-a1.js", "assets/index-a1.js", "text/javascript"),
        ("/assets/deep/style-b2.css", "assets/deep/style-b2.css", "text/css"),
        ("/assets/photo-c3.png", "assets/photo-c3.png", "image/png"),
    ],
)
async def test_each_file_is_served_without_credentials(
    api: Api, path: str, name: str, content_type: str
) -> None:
    """Whole, of the right type, with a policy that lets it ask no other host."""
    async with api.client.get(path) as answer:
        assert answer.status == 200
        assert answer.content_type == content_type
        assert await answer.read() == _FILES[name]
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "http" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "microphone=(self)" in answer.headers["Permissions-Policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/index.js",
        "/.built",
        "/assets/",
        "/assets/index-a1.js.map",
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/assets/%2e%2e%2f%2e%2e%2fsecret.txt",
    ],
)
async def test_what_is_not_of_the_page_is_not_there(api: Api, path: str) -> None:
    """Neither a file beside the build, nor a note of it, nor a folder."""
    async with api.client.get(path) as answer:
        assert answer.status == 404
        assert b"not of the page" not in await answer.read()


async def test_a_file_of_the_page_takes_no_route_of_the_interface(api: Api) -> None:
    """The interface wins where the two would share an address."""
    async with api.client.get("/docs") as answer:
        assert answer.content_type == "text/html"
        assert b"not the page" not in await answer.read()


async def test_scripts_are_compressed_for_who_can_read_it(api: Api) -> None:
    """Once, at the start; who cannot gets them plain."""
    path = "/assets/index-a1.js"
    async with api.client.get(path, headers={"Accept-Encoding": "gzip, br"}) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert int(answer.headers["Content-Length"]) < len(_SCRIPT) / 4
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert await answer.read() == _SCRIPT
    async with api.client.get(path, headers={"Accept-Encoding": "identity"}) as answer:
        assert "Content-Encoding" not in answer.headers
        assert await answer.read() == _SCRIPT
    async with api.client.get("/assets/photo-c3.png") as answer:
        assert "Content-Encoding" not in answer.headers


async def test_a_browser_keeps_what_cannot_change(api: Api) -> None:
    """Files with a hash in their names for a year, all else until it has changed."""
    async with api.client.get("/assets/index-a1.js") as answer:
        assert "immutable" in answer.headers["Cache-Control"]
    async with api.client.get("/") as answer:
        assert answer.headers["Cache-Control"] == "no-cache"
        tag = answer.headers["ETag"]
    async with api.client.get("/", headers={"If-None-Match": tag}) as answer:
        assert (answer.status, await answer.read()) == (304, b"")


def test_the_same_build_is_the_same_to_the_byte(folder: Path) -> None:
    """What was compressed today has the tag and the bytes of yesterday."""
    first, second = read_page(folder), read_page(folder)
    assert first == second
    script = first["assets/index-a1.js"]
    assert script.gzipped is not None
    assert gzip.decompress(script.gzipped) == script.body


def test_a_build_without_its_front_page_is_none(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build cut short is not served; the first place that has a whole one is."""
    monkeypatch.setattr("server.api.page._PLACES", (tmp_path / "nowhere", folder))
    assert find_page() == folder
    (folder / "index.html").unlink()
    assert find_page() is None


def test_in_development_every_route_reaches_the_server() -> None:
    """What Vite passes on is all that the server answers, but for the front page."""
    text = (_ROOT / "web" / "vite.config.ts").read_text(encoding="utf-8")
    (served,) = re.findall(r"const SERVED = \[(.*?)\]", text, re.DOTALL)
    prefixes = tuple(re.findall(r"'([^']+)'", served))
    paths = {endpoint.path for endpoint in ENDPOINTS} - {"/"}
    assert {path for path in paths if not path.startswith(prefixes)} == set()
