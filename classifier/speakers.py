"""What the voices of a session are called: speaker_a, speaker_b, ...

Owns the names and how many voices each source may still have. Knows nothing of how voices are told
apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase

from classifier.frames import Source


class SpeakerNames:
    """The names of one session's voices. A voice keeps its name.

    The first voice of the microphone is ``speaker_a`` and the first voice of the other side is
    ``speaker_b``, as without telling voices apart. Every further voice of either takes the next
    letter that no voice has, and that is not the other source's while that source is open. When
    the other source opens after its letter was given away, it takes the next one, too.
    """

    def __init__(self) -> None:
        self._names: dict[tuple[Source, int], str] = {}

    def open(self, source: Source) -> None:
        """Audio of a source has come: its first voice has a name from now on."""
        self.name(source, 0)

    def keep(self, source: Source, names: Sequence[str]) -> None:
        """Before anything is heard: the voices of a source have these names, of an earlier session
        in which they were heard in this order."""
        for voice, name in enumerate(names):
            if name and name not in self._names.values():
                self._names[source, voice] = name

    def name(self, source: Source, voice: int) -> str:
        """What a voice is called.

        Args:
            source: where it is heard.
            voice: its number there, in the order they were heard.
        """
        known = self._names.get((source, voice))
        if known is None:
            taken = set(self._names.values())
            wanted = source.speaker_id if voice == 0 else None
            letters = (f"speaker_{letter}" for letter in ascii_lowercase)
            known = (
                wanted
                if wanted and wanted not in taken
                else next(name for name in letters if name not in taken)
            )
            self._names[source, voice] = known
        return known

    def room(self, source: Source, num_speakers: int) -> int:
        """How many voices a source may have, at least 1.

        Args:
            source: it.
            num_speakers: of the whole session.
        """
        elsewhere = sum(other is not source for other, _ in self._names)
        return max(1, num_speakers - elsewhere)
