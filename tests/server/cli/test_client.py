"""The client's reading of a stream: any split of the bytes gives the same events."""

from __future__ import annotations

from itertools import pairwise

import orjson
from hypothesis import given
from hypothesis import strategies as st

from server.api.sse import HEARTBEAT
from server.cli.client import SseParser, StreamEvent
from server.log.base import Event

_TEXT = st.text(max_size=30)
_EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["tone-event", "affect-event", "service-event"]),
        st.dictionaries(_TEXT, st.one_of(_TEXT, st.integers(-9, 9), st.none(), st.booleans())),
    ),
    max_size=6,
)


def _feed(parser: SseParser, data: bytes, cuts: list[int]) -> list[StreamEvent]:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [event for start, stop in pairwise(places) for event in parser.feed(data[start:stop])]


@given(events=_EVENTS, cuts=st.lists(st.integers(0, 10_000), max_size=12), beats=st.booleans())
def test_any_split_of_the_bytes_gives_the_events_that_were_sent(
    events: list[tuple[str, dict[str, object]]], cuts: list[int], beats: bool
) -> None:
    """Events of any text, cut anywhere, also within a character or a line end, come out whole."""
    sent = [
        Event(seq, name, orjson.dumps(data)) for seq, (name, data) in enumerate(events, start=1)
    ]
    between = HEARTBEAT if beats else b""
    data = HEARTBEAT + between.join(event.block for event in sent)
    assert _feed(SseParser(), data, cuts) == [
        StreamEvent(event.kind, orjson.loads(event.data), event.seq) for event in sent
    ]


@given(data=st.binary(max_size=60).filter(lambda data: b"\n\n" not in data))
def test_an_unfinished_block_is_no_event_yet(data: bytes) -> None:
    """What the connection broke off in the middle of is not shown, whatever it is."""
    assert SseParser().feed(data.rstrip(b"\n")) == []


def test_the_end_of_a_session_has_no_number() -> None:
    """``session-end`` is read though no ``id:`` belongs to it."""
    (event,) = SseParser().feed(b'event: session-end\ndata: {"reason":"client"}\n\n')
    assert event == StreamEvent("session-end", {"reason": "client"}, None)
