"""server.sessions.remembering"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from classifier import BackendError
from server.sessions import remembering
from server.sessions.remembering import Remembering
from server.sessions.voices import Acquaintance, Voices
from tests.server.house import House
from tests.server.log.subscriber import until

MODEL = "ab" * 32
BEFORE = Acquaintance("before", MODEL)


@dataclass
class Classifier:
    """Says what it knows, if it can."""

    knows: str = ""
    broken: bool = False
    stuck: bool = False
    asked: int = 0
    kept: list[str] = field(default_factory=list)

    async def __call__(self) -> str:
        """What :meth:`classifier.backend.Listener.known_voices` says."""
        self.asked += 1
        if self.stuck:
            await asyncio.Event().wait()
        if self.broken:
            raise BackendError("it broke")
        return self.knows


class Noting(Voices):
    """Voices that note what is kept, and can be made to fail."""

    def __init__(self, house: House, classifier: Classifier, *, keep: bool = True) -> None:
        super().__init__(house.store, keep=keep)
        self._classifier = classifier
        self.fail = False

    async def keep(self, session_id: str, known: str) -> bool:
        """Only what can be kept counts."""
        if self.fail or not known:
            return False
        self._classifier.kept.append(known)
        return True


def remembered(
    voices: Voices, classifier: Classifier, before: Acquaintance | None = None
) -> Remembering:
    return Remembering("s", voices, classifier, lambda: MODEL, before)


async def test_what_the_classifier_knows_is_news_once(house: House) -> None:
    """The same is not written again; what could not be kept is."""
    classifier = Classifier("one")
    voices = Noting(house, classifier)
    memory = remembered(voices, classifier)
    await memory.keep()
    await memory.keep()
    assert classifier.kept == ["one"]
    classifier.knows, voices.fail = "two", True
    await memory.keep()
    voices.fail = False
    await memory.keep()
    assert classifier.kept == ["one", "two"]


@pytest.mark.parametrize("trouble", ["broken", "stuck", "silent"])
async def test_who_cannot_answer_is_known_as_before(
    house: House, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    """First as when the session began, then as when the classifier last answered."""
    monkeypatch.setattr(remembering, "ANSWER_S", 0.02)
    classifier = Classifier()
    memory = remembered(Noting(house, classifier), classifier, BEFORE)
    assert await memory.now() == BEFORE
    classifier.knows = "more"
    assert await memory.now() == Acquaintance("more", MODEL)
    classifier.knows = ""
    if trouble != "silent":
        setattr(classifier, trouble, True)
    assert await memory.now() == Acquaintance("more", MODEL)


@pytest.mark.parametrize("before", [None, Acquaintance("", MODEL), Acquaintance("old", "cd" * 32)])
async def test_where_nothing_fits_nothing_is_known(
    house: House, before: Acquaintance | None
) -> None:
    """Nor kept: what another model learnt says nothing to this one."""
    classifier = Classifier()
    memory = remembered(Noting(house, classifier), classifier, before)
    assert await memory.now() == Acquaintance("", MODEL)
    await memory.keep()
    assert classifier.kept == []


async def test_where_nothing_is_to_be_kept_nobody_is_asked(house: House) -> None:
    """The classifier has better things to do."""
    classifier = Classifier("one")
    await remembered(Voices(house.store, keep=False), classifier).keep()
    assert classifier.asked == 0


async def test_it_is_kept_every_now_and_then_until_the_session_ends(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is learnt meanwhile too; the end is not waited out."""
    monkeypatch.setattr(remembering, "KEEP_EVERY_S", 0.02)
    classifier, ended = Classifier("one"), asyncio.Event()
    task = asyncio.create_task(remembered(Noting(house, classifier), classifier).keep_on(ended))
    await until(lambda: classifier.kept == ["one"])
    classifier.knows = "two"
    await until(lambda: classifier.kept == ["one", "two"])
    monkeypatch.setattr(remembering, "KEEP_EVERY_S", 3_600.0)
    asked = classifier.asked
    await until(lambda: classifier.asked > asked)  # now it waits for an hour
    ended.set()
    await asyncio.wait_for(task, 5)
