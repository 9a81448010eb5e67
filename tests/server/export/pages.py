"""Sessions to export: any events, cut into any pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence

from hypothesis import strategies as st

from classifier import Affect, ProsodyFlag, ShiftDirection
from server.export.base import ExportFormat, ExportHead, SessionEvents
from server.log.base import Draft, Event, Gap
from server.models import AffectEvent, CorrectionMark
from tests.support.events import SESSION_ID, service_draft, tone_draft

HEAD = ExportHead(
    "the-session",
    elcor=False,
    started_at_s=1_700_000_000.25,
    ended_at_s=1_700_000_100.5,
    model_id="acoustic:open@2",
    model_sha256="ab" * 32,
    settings={"elcor": False, "window_ms": 1000},
    gaps=(Gap(7, 9),),
)

SPEAKERS = ("speaker_a", "speaker_b")

_hostile = st.sampled_from(
    [
        '"', '""', "'", ",", ";", "\n", "\n\n", "\r\n", "\r", "\t", "=1+1", "+1", "-1", "@SUM(A1)",
        "\\", "\x00", "-->", "00:00:01.000 --> 00:00:02.000", "<v x>", "</v>", "<script>alert(1)",
        "</style>", "]]>", "<!--", "&lt;", "&#0;", "{\\an8}", "\u202e", "\u2066", "\u2028", "\x85",
        "\x0b", "\x0c", "\x1c", "\x1b[31m", "\ufeff", "\ufffe", "\ufdd0", "\U0001ffff",
        "\U0001f600", "\U000e0001", "שלום",
        "\r\n\r\n1\r\n", "NOTE", "STYLE", "WEBVTT", "<exists>", "!", "xmin = 0", "＝1",
    ]
)  # fmt: skip
_anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
texts = st.lists(_hostile | _anything, max_size=5).map("".join)
"""Text with whatever could break out of a cell, a string, a cue or an element."""

units = st.integers(0, 1000).map(lambda thousandths: thousandths / 1000)
signed = st.integers(-1000, 1000).map(lambda thousandths: thousandths / 1000)
times_s = st.integers(0, 10**7).map(lambda ms: ms / 1000)

tone_drafts = st.builds(
    tone_draft,
    times_s | st.integers(0, 20).map(float),
    confidence=units,
    affect=st.sampled_from(Affect),
    speaker_id=st.sampled_from(SPEAKERS),
    label=texts,
    subtext=st.none() | texts,
    flags=st.lists(st.sampled_from([flag.value for flag in ProsodyFlag]), max_size=3).map(tuple),
    shift_magnitude=units,
    shift_direction=st.sampled_from(ShiftDirection),
)


def reading_draft(
    timestamp_s: float,
    *,
    speaker_id: str = "speaker_a",
    heard_s: float = 0.0,
    arousal: float | None = None,
    valence: float | None = None,
) -> Draft:
    """An affect-event that has no number yet."""
    event = AffectEvent(
        session_id=SESSION_ID,
        timestamp=timestamp_s,
        speaker_id=speaker_id,
        speech=0.9 if arousal is not None else 0.0,
        arousal=arousal,
        valence=valence,
        dominance=arousal,
        distribution={},
        heard_s=heard_s,
    )
    return Draft("affect-event", event.to_json())


reading_drafts = st.builds(
    lambda at_s, speaker_id, heard_s, point: reading_draft(
        at_s,
        speaker_id=speaker_id,
        heard_s=heard_s,
        arousal=None if point is None else point[0],
        valence=None if point is None else point[1],
    ),
    times_s | st.integers(0, 20).map(float),
    st.sampled_from(SPEAKERS),
    st.integers(0, 100).map(float),
    st.none() | st.tuples(signed, signed),
)

corrections = st.builds(
    CorrectionMark,
    label=st.none() | texts,
    affect=st.none() | st.sampled_from(Affect),
    note=st.none() | texts,
    at=times_s,
)


def logged(drafts: Iterable[Draft | tuple[Draft, CorrectionMark | None]]) -> list[Event]:
    """The drafts as a log's events, tones with the correction that stands beside them."""
    pairs = [draft if isinstance(draft, tuple) else (draft, None) for draft in drafts]
    return [
        Event(seq, draft.kind, draft.data, draft.keys, mark)
        for seq, (draft, mark) in enumerate(pairs, start=1)
    ]


logs = st.lists(
    st.tuples(tone_drafts, st.none() | corrections) | reading_drafts | texts.map(service_draft),
    max_size=12,
).map(logged)
"""The numbered events of a session of any kind, in any order of time."""

cuts = st.integers(1, 5)
"""How many events a page has."""


class Given(SessionEvents):
    """Events from a list."""

    def __init__(self, events: Sequence[Event], page_events: int = 3) -> None:
        self._events = events
        self._page_events = page_events

    async def tones(self) -> AsyncIterator[list[Event]]:
        async for page in self._cut([event for event in self._events if event.keys is not None]):
            yield page

    async def everything(self) -> AsyncIterator[list[Event]]:
        async for page in self._cut(self._events):
            yield page

    async def _cut(self, events: Sequence[Event]) -> AsyncIterator[list[Event]]:
        for start in range(0, len(events), self._page_events):
            yield list(events[start : start + self._page_events])


def tones(events: Iterable[Event]) -> list[Event]:
    """The tone events among them."""
    return [event for event in events if event.keys is not None]


def written(
    fmt: ExportFormat, events: Sequence[Event], *, page_events: int = 3, head: ExportHead = HEAD
) -> bytes:
    """The whole file."""

    async def write() -> bytes:
        pieces = [piece async for piece in fmt.write(head, Given(events, page_events))]
        assert all(pieces), "no piece is empty"
        return b"".join(pieces)

    return asyncio.run(write())
