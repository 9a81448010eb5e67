"""The OpenAPI document: valid, and whole."""

from __future__ import annotations

import re
from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.support.api import Api


async def _document(api: Api) -> dict[str, Any]:
    status, document = await api.get("/openapi.json")
    assert status == 200
    return document


async def test_the_document_is_valid_openapi_3_1(api: Api) -> None:
    """A tool that knows OpenAPI 3.1 finds nothing wrong with it."""
    document = await _document(api)
    assert document["openapi"] == "3.1.0"
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


async def test_every_route_is_in_the_document(api: Api) -> None:
    """No route of the router is undocumented, and none is documented that does not exist."""
    routed = {
        (route.resource.canonical, route.method.lower())
        for route in api.app.router.routes()
        if route.resource is not None and route.method != "OPTIONS"
    }
    paths = (await _document(api))["paths"]
    documented = {(path, method) for path, methods in paths.items() for method in methods}
    assert routed == documented


async def test_every_operation_says_what_it_does(api: Api) -> None:
    """Each has a name of its own, a summary, a description and at least one answer."""
    operations = [
        operation
        for methods in (await _document(api))["paths"].values()
        for operation in methods.values()
    ]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for operation in operations:
        assert operation["summary"]
        assert operation["description"]
        assert operation["responses"]


async def test_every_event_of_a_stream_has_its_schema(api: Api) -> None:
    """Each event name of the description is a schema of the document, in its own spelling."""
    document = await _document(api)
    named = re.findall(r"[a-z]+-(?:event|end)", document["info"]["description"])
    assert len(named) == 7
    for name in named:
        stem = "".join(part.capitalize() for part in name.split("-"))
        schema = stem if stem.endswith("Event") else f"{stem}Event"
        assert schema in document["components"]["schemas"]
