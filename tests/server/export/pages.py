"""Sessions to export: any events, cut into any pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from hypothesis import strategies as st

from classifier import Affect, ProsodyFlag
from server.export.base import ExportFormat, ExportHead
from server.log.base import Event
from tests.support.events import numbered, tone_draft

_hostile = st.sampled_from(
    ['"', "'", ",", ";", "\n", "\r\n", "\r", "\t", "=1+1", "+1", "-1", "@SUM(A1)", "\\", "\x00"]
)
_anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
texts = st.lists(_hostile | _anything, max_size=5).map("".join)
"""Text with whatever could break out of a cell or a string."""

tone_drafts = st.builds(
    tone_draft,
    st.integers(0, 10**7).map(lambda ms: ms / 1000),
    confidence=st.integers(0, 1000).map(lambda thousandths: thousandths / 1000),
    affect=st.sampled_from(Affect),
    speaker_id=st.sampled_from(["speaker_a", "speaker_b"]),
    label=texts,
    subtext=st.none() | texts,
    flags=st.lists(st.sampled_from([flag.value for flag in ProsodyFlag]), max_size=3).map(tuple),
)

paged = st.lists(st.lists(tone_drafts, min_size=1, max_size=4), max_size=4).map(
    lambda pages: [
        numbered(*page, first_seq=1 + sum(map(len, pages[:n]))) for n, page in enumerate(pages)
    ]
)
"""Pages of numbered tone events, as the store gives them."""


async def written(fmt: ExportFormat, pages: Sequence[list[Event]], *, elcor: bool = False) -> bytes:
    """The whole file."""

    async def give() -> AsyncIterator[list[Event]]:
        for page in pages:
            yield page

    pieces = fmt.write(ExportHead("the-session", elcor), give())
    return b"".join([piece async for piece in pieces])
