"""Words for how a voice differs from its own habit: higher, flatter, louder, faster, more pressed.

Owns the thresholds. Every flag is a measured difference from what this voice was like so far, so
nothing is flagged before the voice is known.
"""

from __future__ import annotations

from typing import Final

from classifier.acoustic.functionals import FUNCTIONAL
from classifier.acoustic.layout import Floats
from classifier.frames import ProsodyFlag

KNOWN_S: Final = 5.0
"""Seconds of speech before a voice has a habit to differ from."""

MOST: Final = 3
"""Flags in one reading."""

LEVEL_STEP_DB: Final = 4.0
"""Change of level that counts as one step: clearly audible, about a third louder or softer."""

_STEPS: Final = 1.0
"""Population deviations that count as one step, for everything but level."""

_PITCH: Final = FUNCTIONAL["pitch_st:p50"]
_LIVELINESS: Final = FUNCTIONAL["pitch_st:std"]
_PACE: Final = FUNCTIONAL["syllable_rate"]
_HARMONICS: Final = FUNCTIONAL["h1_a3_db:mean"]
_TILT: Final = FUNCTIONAL["alpha_db:mean"]
_CLARITY: Final = FUNCTIONAL["hnr_db:mean"]


def prosody_flags(
    difference: Floats, level_difference_db: float, heard_s: float
) -> tuple[ProsodyFlag, ...]:
    """What stands out about a voice now.

    Args:
        difference: ``(WIDTH,)``, standardised functionals minus the voice's own mean.
        level_difference_db: level of the window's speech minus the voice's own mean level.
        heard_s: seconds of speech that the means are made of.

    Returns:
        At most :data:`MOST` flags, most notable first.
    """
    if heard_s < KNOWN_S:
        return ()
    tilt, harmonics = float(difference[_TILT]), float(difference[_HARMONICS])
    # A pressed voice has a flat spectrum. A breathy one has a steep one and noise besides.
    pressed = -0.5 * (tilt + harmonics)
    breathy = min(0.5 * (tilt + harmonics), -float(difference[_CLARITY]))
    pairs = (
        (float(difference[_PITCH]), ProsodyFlag.RAISED_PITCH, ProsodyFlag.LOWERED_PITCH),
        (float(difference[_LIVELINESS]), ProsodyFlag.LIVELY_PITCH, ProsodyFlag.FLAT_PITCH),
        (level_difference_db / LEVEL_STEP_DB, ProsodyFlag.LOUD, ProsodyFlag.QUIET),
        (float(difference[_PACE]), ProsodyFlag.FAST, ProsodyFlag.SLOW),
    )
    notable = [(abs(steps), more if steps > 0 else less) for steps, more, less in pairs]
    notable += [(pressed, ProsodyFlag.TENSE), (breathy, ProsodyFlag.BREATHY)]
    standing_out = sorted((f for f in notable if f[0] >= _STEPS), key=lambda f: -f[0])
    return tuple(flag for _, flag in standing_out[:MOST])
