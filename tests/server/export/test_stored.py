"""A session's events read from a real store: the same from the first reading to the last."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.errors import StoreError
from server.export.stored import PAGE_EVENTS, StoredEvents, head_of
from server.log.base import Event, Gap
from server.log.sqlite import SqliteStore
from server.models import CorrectionMark, EndReason
from tests.support.clock import FakeClock
from tests.support.events import SESSION_ID, numbered, service_draft, session_row, tone_draft


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """A store with a session of more than two pages, every third event a tone."""
    opened = SqliteStore(tmp_path, FakeClock())
    await opened.open()
    await opened.create_session(session_row())
    drafts = [
        tone_draft(float(n)) if n % 3 == 0 else service_draft(str(n))
        for n in range(2 * PAGE_EVENTS + 10)
    ]
    await opened.append(SESSION_ID, numbered(*drafts))
    yield opened
    await opened.aclose()


async def seqs(pages: AsyncIterator[list[Event]]) -> list[int]:
    """The numbers of all events."""
    return [event.seq async for page in pages for event in page]


@pytest.mark.parametrize("last_seq", [0, 1, PAGE_EVENTS, PAGE_EVENTS + 1, 2 * PAGE_EVENTS + 10])
async def test_every_event_up_to_a_number(store: SqliteStore, last_seq: int) -> None:
    """Once each and in order, over any number of pages, as often as it is asked."""
    events = StoredEvents(store, SESSION_ID, last_seq)
    for _ in range(2):
        assert await seqs(events.everything()) == list(range(1, last_seq + 1))
        assert await seqs(events.tones()) == list(range(1, last_seq + 1, 3))


async def test_what_comes_later_is_not_for_this_export(store: SqliteStore) -> None:
    """The session goes on while it is exported: every reading ends with the same event."""
    last_seq = 2 * PAGE_EVENTS + 10
    events = StoredEvents(store, SESSION_ID, last_seq)
    pages = events.everything()
    first = await anext(pages)
    await store.append(SESSION_ID, numbered(tone_draft(9_999.0), first_seq=last_seq + 1))
    assert len(first) + len(await seqs(pages)) == last_seq
    assert (await seqs(events.tones()))[-1] <= last_seq


async def test_corrections_stand_beside_their_events_in_every_reading(store: SqliteStore) -> None:
    """Those of the first reading: one that is made meanwhile waits for the next export."""
    mark = CorrectionMark(note="no", at=1.0)
    await store.correct(SESSION_ID, 4, mark)
    events = StoredEvents(store, SESSION_ID, 20)

    async def marked() -> list[list[int]]:
        return [
            [event.seq async for page in pages for event in page if event.correction == mark]
            for pages in (events.tones(), events.everything())
        ]

    assert await marked() == [[4], [4]]
    await store.correct(SESSION_ID, 7, mark)
    await store.correct(SESSION_ID, 4, None)
    assert await marked() == [[4], [4]]
    events = StoredEvents(store, SESSION_ID, 20)
    assert await marked() == [[7], [7]]


async def test_a_session_erased_meanwhile_is_an_error(store: SqliteStore) -> None:
    """A file that breaks off must not look like a short session."""
    events = StoredEvents(store, SESSION_ID, 2 * PAGE_EVENTS)
    pages = events.everything()
    await anext(pages)
    await store.end_session(SESSION_ID, reason=EndReason.CLIENT, ended_at_s=2.0, last_seq=1)
    await store.erase(SESSION_ID)
    with pytest.raises(StoreError, match="erased"):
        await seqs(pages)


async def test_numbers_that_were_never_kept_end_nothing(store: SqliteStore) -> None:
    """A gap at the end: what there is, is read."""
    events = StoredEvents(store, SESSION_ID, 3 * PAGE_EVENTS)
    assert len(await seqs(events.everything())) == 2 * PAGE_EVENTS + 10


def test_the_head_is_made_from_the_sessions_row() -> None:
    """Whose, when, with what; and what is missing."""
    head = head_of(session_row(), gaps=[Gap(2, 3)], title="Tuesday")
    assert (head.session_id, head.started_at_s, head.ended_at_s) == (
        SESSION_ID,
        1_700_000_000.0,
        None,
    )
    assert (head.gaps, head.title) == ((Gap(2, 3),), "Tuesday")
