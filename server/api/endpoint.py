"""What is known of a route beside its handler: enough to document it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from aiohttp.typedefs import Handler
from pydantic import BaseModel

from server.errors import LinnetError


class Access(Enum):
    """What a route asks for where a token is set."""

    OPEN = "open"
    """Nothing: it says nothing of anybody."""
    TOKEN = "token"
    """The token in a header, or a browser's login."""
    TICKET = "ticket"
    """The same, or ``?ticket=``."""
    SOCKET = "socket"
    """As TICKET, but the handler asks itself: it answers with a close code."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One route, and what is said of it in the documents."""

    method: str
    path: str
    handler: Handler
    summary: str
    answers: Mapping[int, type[BaseModel] | str] = field(default_factory=dict)
    """Status to model, or to the media type of something that is no JSON model."""

    media: tuple[str, ...] = ()
    """Further media types that a 200 may come as."""

    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    takes_recording: bool = False
    """Whether the body is a recording, or a form with one."""

    errors: tuple[type[LinnetError], ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Further query parameters, each with a sentence."""

    headers: Mapping[str, str] = field(default_factory=dict)
    """Request headers that matter here, each with a sentence."""

    access: Access = Access.TOKEN
