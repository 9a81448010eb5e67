"""The pages: readable offline, without a script, asking no other host for anything."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from server.errors import LinnetError
from tests.support.api import Api


class _Links(HTMLParser):
    """Every address that a page would load or lead to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.found += [
            value or "" for name, value in attrs if name in {"src", "href", "action", "data"}
        ]


@pytest.mark.parametrize("path", ["/", "/docs"])
async def test_a_page_refers_to_nothing_outside(api: Api, path: str) -> None:
    """No script, image or style from elsewhere; every link stays here and leads somewhere."""
    async with api.client.get(path) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/html"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        text = await answer.text()
    links = _Links()
    links.feed(text)
    assert not links.tags & {"script", "img", "link", "iframe", "object", "embed"}
    assert not re.search(r"@import|url\(", text)
    for link in links.found:
        if link.startswith("#"):
            assert f'id="{link[1:]}"' in text, link
            continue
        assert re.match(r"/[^/]", link), link
        async with api.client.get(link) as answer:
            assert answer.status == 200


async def test_the_docs_page_holds_every_operation_and_every_problem(api: Api) -> None:
    """What is in the document is on the page, as is each error that can be answered."""
    _, document = await api.get("/openapi.json")
    async with api.client.get("/docs") as answer:
        text = await answer.text()
    for path, methods in document["paths"].items():
        for method in methods:
            assert f"{method.upper()} {path}" in text
    for name in document["components"]["schemas"]:
        assert f'id="{name}"' in text
    raised = {error.code for error in LinnetError.__subclasses__()} - {"bad_setting"}
    assert all(f'id="{code}"' in text for code in raised)


async def test_a_hostile_host_is_written_as_text(api: Api) -> None:
    """What the caller sends is never part of a page's markup."""
    async with api.client.get("/", headers={"Host": "127.0.0.1:<script>"}) as answer:
        assert "<script>" not in await answer.text()
