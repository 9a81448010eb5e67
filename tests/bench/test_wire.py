"""Reading event streams: the same events however the bytes are cut; nothing lost unnoticed."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.wire import ChunkedBody, Event, EventBlocks, EventStream, Ledger, WireError

TEXT = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=40)
EVENTS = st.lists(
    st.tuples(st.sampled_from(["tone-event", "affect-event"]), TEXT), min_size=1, max_size=6
)


def block(kind: str, text: str, number: int, end: str, *, id_first: bool) -> bytes:
    """An event as one of the servers writes it."""
    fields = [f"event: {kind}", f"data: {text}", f"id: {number}"]
    if id_first:
        fields = [fields[2], fields[0], fields[1]]
    return (end.join(fields) + end + end).encode()


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """``data`` in pieces."""
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[a:b] for a, b in pairwise(edges)]


@given(
    events=EVENTS,
    end=st.sampled_from(["\n", "\r\n"]),
    id_first=st.booleans(),
    chunk_places=st.none() | st.lists(st.integers(0), max_size=8),
    read_places=st.lists(st.integers(0), max_size=20),
)
def test_any_cut_of_a_stream_gives_the_same_events(
    events: list[tuple[str, str]],
    end: str,
    id_first: bool,
    chunk_places: list[int] | None,
    read_places: list[int],
) -> None:
    """Events, ids and sizes are the same for every server's dialect, chunking and cut of bytes."""
    body = f": heartbeat{end}{end}".encode() + b"".join(
        block(kind, text, number, end, id_first=id_first)
        for number, (kind, text) in enumerate(events, 1)
    )
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
    if chunk_places is None:
        wire = head + b"\r\n" + body
    else:
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(c), c) for c in cut(body, chunk_places))
        wire = head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
    stream = EventStream()
    read: list[Event] = []
    for piece in cut(wire, read_places):
        read += stream.feed(piece)
    assert read == [
        Event(kind, text.encode(), number) for number, (kind, text) in enumerate(events, 1)
    ]
    assert stream.body_bytes == len(body)


def test_a_block_without_an_id_is_an_event_without_a_number() -> None:
    """The end of a session has no sequence number and is not counted as a delivery."""
    assert EventBlocks().feed(b"event: session-end\ndata: {}\n\n") == [
        Event("session-end", b"{}", None)
    ]


def test_a_refused_stream_is_an_error() -> None:
    """Whatever is not a 200 is not taken for an open stream."""
    with pytest.raises(WireError, match="429"):
        EventStream().feed(b"HTTP/1.1 429 Too Many Requests\r\n\r\n")


def test_a_chunk_without_a_size_is_an_error() -> None:
    """A body that is not chunked as announced is not guessed at."""
    with pytest.raises(WireError, match="chunk size"):
        ChunkedBody().feed(b"event: tone-event\r\n")


@given(st.lists(st.integers(1, 30), min_size=1, max_size=40))
def test_a_ledger_is_whole_only_when_nothing_is_missing_or_twice(numbers: list[int]) -> None:
    """A ledger is whole exactly when the numbers taken follow one another."""
    ledger = Ledger()
    for number in numbers:
        ledger.take(number)
    assert ledger.whole == (numbers == list(range(numbers[0], numbers[0] + len(numbers))))
    assert ledger.count == len(numbers)
    assert ledger.last_id == max(numbers)


def test_a_ledger_counts_what_was_lost() -> None:
    """Three numbers skipped are three events lost."""
    ledger = Ledger()
    for number in (4, 5, 9):
        ledger.take(number)
    assert (ledger.lost, ledger.repeated, ledger.first_id) == (3, 0, 4)
