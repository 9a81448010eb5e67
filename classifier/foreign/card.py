"""The description of somebody else's model: what it wants to hear and what its answer means.

Owns the file format (``docs/models.md``) and its checks against itself. Whether the network fits
is for :mod:`classifier.foreign.model`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from classifier.acoustic.layout import BLOCK_S
from classifier.errors import ModelError
from classifier.frames import Affect

MAX_CARD_BYTES: Final = 256 * 1024
"""A description is a page of text; what is larger is something else."""

Name = Annotated[str, Field(min_length=1, max_length=100)]
Unit = Annotated[float, Field(ge=-1, le=1)]
Dimension = Literal["arousal", "valence", "dominance"]


class _Part(BaseModel):
    # Unknown fields are refused: a slip of the pen would otherwise be silence.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class FixedNormalisation(_Part):
    """The same mean and deviation for all audio."""

    mean: float
    std: float = Field(gt=0)


class InputCard(_Part):
    """What the network is given: a raw waveform, -1..1 before normalisation."""

    name: Name
    """Of the network's input."""

    shape: Literal["[1,T]", "[B,T]"] = "[B,T]"
    """One window at a time, or any number of them."""

    rate_hz: int = Field(16_000, ge=8_000, le=48_000)
    window_s: float = Field(gt=0, le=15)
    """Audio in one window, seconds. Where less has been heard, zeros stand before it."""

    hop_s: float = Field(BLOCK_S, gt=0, le=15)
    """From one window to the next, seconds: a multiple of 0.5, the pace of the speech gate."""

    normalisation: Literal["none", "zero-mean-unit-variance"] | FixedNormalisation = "none"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not (self.hop_s / BLOCK_S).is_integer():
            raise ValueError(f"hop_s must be a multiple of {BLOCK_S:g}")
        if self.hop_s > self.window_s:
            raise ValueError("hop_s must not be longer than window_s, or audio goes unheard")
        return self

    @property
    def window(self) -> int:
        """Samples in one window, at the network's rate."""
        return round(self.window_s * self.rate_hz)

    @property
    def hop_blocks(self) -> int:
        """Readings of the gate from one window to the next."""
        return round(self.hop_s / BLOCK_S)


class LabelsCard(_Part):
    """An output with a number for each label."""

    output: Name
    names: tuple[Name, ...] = Field(min_length=1, max_length=100)
    """Labels, in the order of the output."""

    affects: dict[str, Affect | None]
    """What each label is called here; null for one that is none of our affects."""

    softmax: bool
    """True where the output is logits, false where it is probabilities already."""

    temperature: float = Field(1.0, gt=0, le=100)
    """Divides the log-probabilities (Guo et al. 2017); above 1 for an overconfident network."""

    floor: float = Field(0.5, ge=0, le=1)
    """Probability below which no affect is named."""

    coordinates: dict[str, tuple[Unit, Unit, Unit]] | None = None
    """Arousal, valence and dominance of each label, -1..1; without them none are given."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(set(self.names)) != len(self.names):
            raise ValueError("names must differ")
        if set(self.affects) != set(self.names):
            raise ValueError("affects must map exactly the labels in names")
        if not self.possible_affects:
            raise ValueError("affects must map at least one label to an affect")
        if self.coordinates is not None and set(self.coordinates) != set(self.names):
            raise ValueError("coordinates must place exactly the labels in names")
        return self

    @property
    def possible_affects(self) -> frozenset[Affect]:
        """What can be named."""
        return frozenset(affect for affect in self.affects.values() if affect is not None)


class DimensionsCard(_Part):
    """An output with a number for each dimension."""

    output: Name
    order: tuple[Dimension, ...] = Field(min_length=1, max_length=3)
    low: float = 0.0
    """The output's value for -1 here."""

    high: float = 1.0
    """The output's value for 1 here."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(set(self.order)) != len(self.order):
            raise ValueError("order must not name a dimension twice")
        if self.low >= self.high:
            raise ValueError("low must be below high")
        return self


class ForeignCard(_Part):
    """The whole description."""

    name: Name
    licence: Name
    """Under what terms the model may be used; shown, not judged."""

    input: InputCard
    labels: LabelsCard | None = None
    dimensions: DimensionsCard | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.labels is None and self.dimensions is None:
            raise ValueError("labels or dimensions must be described, or both")
        if self.dimensions is not None and self.labels is not None and self.labels.coordinates:
            raise ValueError("coordinates are of no use beside dimensions; leave them out")
        return self


def read_foreign_card(path: Path) -> ForeignCard:
    """Read a description.

    Raises:
        ModelError: one line that says what is missing or wrong, and where.
    """
    try:
        if path.stat().st_size > MAX_CARD_BYTES:
            raise ModelError(f"{path.name} is too large to be the description of a model")
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"no readable description {path.name} beside the model") from error
    try:
        return ForeignCard.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        message = first["msg"].removeprefix("Value error, ")
        where = ".".join(str(part) for part in first["loc"])
        line = f"{where}: {message}" if where else message
        raise ModelError(f"{path.name}: {' '.join(line.split())[:300]}") from None
