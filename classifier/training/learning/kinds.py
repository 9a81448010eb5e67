"""The sets of weights there are: what each is made of, and under which licence it may be used.

Owns names, licences, floors and limits. A set on free data never learns from data that is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from classifier.training.material.meaning import LIMITS, OPEN_LIMITS, RESEARCH_LIMITS


@dataclass(frozen=True, slots=True)
class Kind:
    """One set of weights."""

    name: str
    corpora: tuple[str, ...]
    licence: str
    data: tuple[str, ...]
    limits: tuple[str, ...]
    floor: float
    """Confidence below which no affect is named."""

    floor_unknown: float
    """The same before the voice's habit is known."""


_NOISES: Final = (
    "ESC-10 (Piczak 2015), CC BY 3.0, as what is not speech",
    "noises of Blanket and of Speech Commands' background set, CC0, public domain, "
    "CC BY 3.0 and CC BY 4.0, as background and as what is not speech",
    "room responses of OpenAIR (University of York), CC BY 4.0 and CC0, as rooms",
)
_EMODB: Final = "EMO-DB, Berlin Database of Emotional Speech (Burkhardt et al. 2005), CC0-1.0"

OPEN: Final = Kind(
    name="open",
    corpora=("emodb",),
    licence="CC-BY-4.0",
    data=(_EMODB, *_NOISES),
    limits=(*LIMITS, *OPEN_LIMITS),
    floor=0.52,
    floor_unknown=0.54,
)

RESEARCH: Final = Kind(
    name="research",
    corpora=("emodb", "ravdess", "nemo"),
    licence="CC-BY-NC-SA-4.0",
    data=(
        _EMODB,
        "RAVDESS, speech part (Livingstone and Russo 2018), CC BY-NC-SA 4.0",
        "nEMO (Christop 2024), CC BY-NC-SA 4.0",
        *_NOISES,
    ),
    limits=(*LIMITS, *RESEARCH_LIMITS),
    floor=0.52,
    floor_unknown=0.54,
)

KINDS: Final = {kind.name: kind for kind in (OPEN, RESEARCH)}
