"""A model's card: what the weights were made for, what they may say, how well they do.

Owns the file format and its checks. The card is the only place where a class of a corpus becomes
an affect of the wire.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from classifier.acoustic.contour import CONTOUR_WIDTH
from classifier.acoustic.functionals import FUNCTIONALS
from classifier.acoustic.layout import LAYOUT_VERSION
from classifier.errors import ModelError
from classifier.frames import Affect

CARD_FORMAT: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Everything about a set of weights that is not in the weights."""

    name: str
    version: str
    format: int = CARD_FORMAT
    layout_version: int = LAYOUT_VERSION
    """Of the frames and functionals that the weights were trained on."""

    functionals_sha256: str
    """Digest of the functionals' names, in order."""

    weights_sha256: str
    classes: tuple[str, ...]
    """Names of the network's emotion outputs, in order."""

    affects: Mapping[str, str]
    """Class to affect of the wire."""

    coordinates: Mapping[str, tuple[float, float, float]]
    """Class to arousal, valence and dominance, -1..1."""

    odds: Mapping[str, float]
    """Class to how much more likely it is in use than it was in training, above 0: training knows
    every class as often as the others, people are mostly neutral. A word is chosen by the network's
    probabilities times these."""

    mean: tuple[float, ...]
    """Population mean of each functional."""

    scale: tuple[float, ...]
    """Population deviation of each functional."""

    recent_mean: tuple[float, ...]
    """Population mean of each functional over one second: a deviation over a second is smaller
    than over three."""

    recent_scale: tuple[float, ...]
    """Population deviation of each functional over one second."""

    frame_mean: tuple[float, ...]
    """Population mean of each column of a contour, over frames of speech."""

    frame_scale: tuple[float, ...]
    """Population deviation of each, likewise."""

    clip: float
    """Standardised functionals are held within plus and minus this."""

    baseline_weight_s: float
    temperature: float
    """Divides the log-probabilities, so that confidence means what it says."""

    little_evidence_s: float
    """The temperature grows by the share that this is of the speech in the window, seconds:
    little speech, less certainty."""

    strangeness: float = 0.0
    """The temperature also grows by this share for a voice not heard before, and by less the more
    of its own habit is in use."""

    floor: float
    """Confidence below which no affect is named."""

    floor_unknown: float = 0.0
    """The same before the voice's habit is known, where that is higher."""

    known_s: float = 8.0
    """Seconds of speech after which a voice's habit counts as known."""

    speech_threshold: float
    """Speech probability below which nothing is said about a voice."""

    data: tuple[str, ...]
    licence: str
    measured: Mapping[str, Any] = field(default_factory=dict)
    limits: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    """Affects that these weights never name, for want of evidence in their training."""

    @property
    def possible_affects(self) -> frozenset[Affect]:
        """The affects that these weights can name."""
        return frozenset(Affect(word) for word in self.affects.values())

    def floor_at(self, heard_s: float) -> float:
        """The confidence that an affect needs when so much of the voice was heard, 0..1."""
        return self.floor if heard_s >= self.known_s else max(self.floor, self.floor_unknown)

    def with_floor(self, floor: float) -> Card:
        """The same card with another floor; before a voice is known it is higher by as much."""
        return replace(self, floor=floor, floor_unknown=floor + self.floor_unknown - self.floor)

    def dump(self) -> str:
        """The card as JSON text."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"

    def check(self, weights: bytes) -> None:
        """Refuse weights or features that the card was not written for.

        Raises:
            ModelError: says which of them does not fit.
        """
        if self.format != CARD_FORMAT:
            raise ModelError(f"card {self.name!r} has format {self.format}, not {CARD_FORMAT}")
        if self.layout_version != LAYOUT_VERSION or self.functionals_sha256 != functionals_digest():
            raise ModelError(f"weights {self.name!r} were made for other features")
        if hashlib.sha256(weights).hexdigest() != self.weights_sha256:
            raise ModelError(f"weights {self.name!r} do not match their card")
        population = (self.mean, self.scale, self.recent_mean, self.recent_scale)
        if any(len(values) != len(FUNCTIONALS) for values in population):
            raise ModelError(f"card {self.name!r} does not describe every functional")
        if any(len(values) != CONTOUR_WIDTH for values in (self.frame_mean, self.frame_scale)):
            raise ModelError(f"card {self.name!r} does not describe every column of a contour")
        mapped = (self.affects, self.coordinates, self.odds)
        if any(set(of_class) != set(self.classes) for of_class in mapped):
            raise ModelError(f"card {self.name!r} does not map every class")
        positive = (
            min(self.scale),
            min(self.recent_scale),
            min(self.frame_scale),
            self.temperature,
            self.baseline_weight_s,
            self.clip,
            *self.odds.values(),
        )
        if min(positive) <= 0 or min(self.little_evidence_s, self.strangeness) < 0:
            raise ModelError(f"card {self.name!r} has a scale that is not above 0")
        try:
            possible = self.possible_affects
            never = {Affect(word) for word in self.never}
        except ValueError as error:
            raise ModelError(f"card {self.name!r}: {error}") from error
        if never != set(Affect) - possible:
            raise ModelError(f"card {self.name!r} must list exactly the affects it never names")


def functionals_digest() -> str:
    """Digest of the names of the functionals, in order."""
    return hashlib.sha256("\n".join(FUNCTIONALS).encode()).hexdigest()


def read_card(path: Path) -> Card:
    """Read a card.

    Raises:
        ModelError: it is missing or is no card.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"no readable card {path.name}") from error
    if not isinstance(raw, dict):
        raise ModelError(f"{path.name} is no card")
    for key in (
        "classes",
        "mean",
        "scale",
        "recent_mean",
        "recent_scale",
        "frame_mean",
        "frame_scale",
        "data",
        "limits",
        "never",
    ):
        if isinstance(raw.get(key), list):
            raw[key] = tuple(raw[key])
    try:
        raw["coordinates"] = {k: tuple(v) for k, v in raw["coordinates"].items()}
        return Card(**raw)
    except (AttributeError, KeyError, TypeError) as error:
        raise ModelError(f"{path.name} is no card: {error}") from error
