"""What is known of voices, in a form that outlives the session in which it was learnt.

Owns the form: sums of what was measured, as JSON. No sound can be made of it, but it describes how
people sound, so whoever keeps it keeps it like what they said. Knows nothing of lanes.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from classifier.acoustic.baseline import Moments
from classifier.acoustic.card import Card
from classifier.acoustic.contour import CONTOUR_WIDTH
from classifier.acoustic.functionals import WIDTH
from classifier.acoustic.layout import LAYOUT_VERSION
from classifier.acoustic.voices import shipped_voice_model
from classifier.frames import Source

logger = logging.getLogger(__name__)

MOST_VOICES: Final = 8
"""Of a source: as many as a session may ask for."""

_FARTHEST: Final = 1e9
"""No sum of a day of speech is larger."""

Heard = tuple[NDArray[np.float64], float]
"""A weighted sum, and the weight of it."""


@dataclass(frozen=True, slots=True)
class KnownVoice:
    """One voice of one source."""

    windows: Moments
    """Of its standardised functionals, ``(WIDTH,)`` each."""

    newest: Moments
    """The same of newest seconds."""

    frames: Moments
    """Of the columns of its contour, ``(CONTOUR_WIDTH,)`` each."""

    level: Moments
    """Of its level, dB re full scale, ``(1,)`` each."""

    tenor: Heard
    """What it was heard as, ``(classes,)``, over how many seconds."""

    turns: Heard | None = None
    """What tells it from other voices; None where nobody asked for that."""

    name: str = ""
    """What it was called, such as ``speaker_a``."""

    @property
    def heard_s(self) -> float:
        """Seconds of speech that it is known from."""
        return float(self.windows.seconds[0])


KnownVoices = Mapping[Source, Sequence[KnownVoice]]


def dump(voices: KnownVoices, weights_sha256: str) -> str:
    """As text, for :func:`parse`.

    Args:
        voices: in the order they were heard.
        weights_sha256: of the network whose population they are measured against.
    """
    document = {
        "layout": LAYOUT_VERSION,
        "weights": weights_sha256,
        "sources": {
            source.value: [_fields(voice) for voice in known] for source, known in voices.items()
        },
    }
    return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY).decode()


def parse(text: str, card: Card) -> dict[Source, tuple[KnownVoice, ...]]:
    """What :func:`dump` wrote; nothing where other weights learnt it or it cannot be read.

    Args:
        text: empty where nothing is known.
        card: of the network that is to hear these voices.
    """
    if not text:
        return {}
    try:
        document = orjson.loads(text)
        if (document["layout"], document["weights"]) != (LAYOUT_VERSION, card.weights_sha256):
            return {}
        return {
            Source(source): tuple(_voice(fields, card) for fields in known[:MOST_VOICES])
            for source, known in document["sources"].items()
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        logger.warning("what was known of voices cannot be read: %r", error)
        return {}


def _fields(voice: KnownVoice) -> dict[str, Any]:
    return {
        "name": voice.name,
        **{part: _sums(getattr(voice, part)) for part in ("windows", "newest", "frames", "level")},
        "tenor": list(voice.tenor),
        "turns": None if voice.turns is None else list(voice.turns),
    }


def _sums(moments: Moments) -> list[NDArray[np.float32]]:
    parts = (moments.total, moments.squares, moments.seconds)
    return [np.asarray(part, dtype=np.float32) for part in parts]


def _voice(fields: Mapping[str, Any], card: Card) -> KnownVoice:
    turns = fields["turns"]
    return KnownVoice(
        windows=_moments(fields["windows"], WIDTH, 1),
        newest=_moments(fields["newest"], WIDTH, 1),
        frames=_moments(fields["frames"], CONTOUR_WIDTH, CONTOUR_WIDTH),
        level=_moments(fields["level"], 1, 1),
        tenor=_heard(fields["tenor"], len(card.classes)),
        turns=None if turns is None else _heard(turns, len(shipped_voice_model().between)),
        name=str(fields["name"]),
    )


def _moments(sums: Sequence[Sequence[float]], width: int, weights: int) -> Moments:
    total, squares, seconds = sums
    return Moments(_row(total, width), _row(squares, width, 0.0), _row(seconds, weights, 0.0))


def _heard(parts: Sequence[Any], width: int) -> Heard:
    total, weight = parts
    return _row(total, width), float(_row([weight], 1, 0.0)[0])


def _row(values: Sequence[float], width: int, least: float = -_FARTHEST) -> NDArray[np.float64]:
    row = np.array(values, np.float64)
    # Written so that what is not a number is refused as well.
    if row.shape != (width,) or not np.all((row >= least) & (row <= _FARTHEST)):
        raise ValueError(f"expected {width} numbers from {least:g}")
    return row
