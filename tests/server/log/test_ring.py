"""The ring: a bounded run of the last events."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.log.base import Event
from server.log.ring import RING_EVENTS, Ring


def events(first_seq: int, count: int) -> list[Event]:
    """Consecutive events."""
    return [Event(seq, "service-event", b"{}") for seq in range(first_seq, first_seq + count)]


@given(
    size=st.integers(1, 12),
    bursts=st.lists(st.integers(0, 6), max_size=12),
    seq=st.integers(0, 80),
    limit=st.integers(1, 20),
)
def test_gives_the_events_that_follow_or_says_that_they_have_left(
    size: int, bursts: list[int], seq: int, limit: int
) -> None:
    """Whatever came in by whatever bursts: the next events in order, or None when gone."""
    ring, last = Ring(size), 0
    for count in bursts:
        ring.extend(events(last + 1, count))
        last += count
    oldest = max(1, last - size + 1)
    answer = ring.after(seq, limit)
    if last == 0 or seq + 1 < oldest:
        assert answer is None
    else:
        wanted = range(seq + 1, min(seq + limit, last) + 1)
        assert answer is not None
        assert [event.seq for event in answer] == list(wanted)


def test_first_gives_the_oldest_that_are_left() -> None:
    """When the ring has overflowed, first() begins at the oldest event still here."""
    ring = Ring(3)
    ring.extend(events(1, 5))
    assert [event.seq for event in ring.first(2)] == [3, 4]
    assert [event.seq for event in ring.first(9)] == [3, 4, 5]


def test_the_ring_of_a_session_holds_a_bounded_number() -> None:
    """Without a size it holds RING_EVENTS and no more."""
    ring = Ring()
    ring.extend(events(1, RING_EVENTS + 1))
    assert ring.after(0, 1) is None
    assert len(ring.first(2 * RING_EVENTS)) == RING_EVENTS


def test_an_event_has_the_locked_shape() -> None:
    """Name, data, number, in this order; in history and export the number is the last key."""
    event = Event(7, "tone-event", '{"label":"müde"}'.encode())
    assert event.block == 'event: tone-event\ndata: {"label":"müde"}\nid: 7\n\n'.encode()
    assert event.numbered_json() == '{"label":"müde","seq":7}'.encode()
