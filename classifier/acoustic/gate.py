"""Which frames are speech: a small network over measures that no gain can change.

Owns the first half of the speech decision, frame by frame. The second half, whether a window of
such frames is a voice worth reading, is learnt with the emotions (see the network).

Every frame is described against its own window (the quietest tenth of each band, the loudest
frames), so the background is followed within seconds whatever its level, and no state is kept
but the lane's levels. Between the frame's own layer and the decision lies a second, slower path:
convolutions over steps of 50 ms and the mean of the window see what a frame alone does not show,
the pace of syllables, and pitch that moves as voices do. At a fifth of the rate, depth is cheap.
Made by :mod:`classifier.training.gate_train`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.acoustic.layout import COLUMN, FIRST_MEL, FIRST_MFCC, MEL_BANDS, MFCCS, Floats
from classifier.acoustic.pitch import VOICED

Mask = NDArray[np.bool_]

SILENCE_DB: Final = -80.0
"""Frames below this are silence whatever surrounds them (dB re full scale)."""

RANGE_DB: Final = 50.0
"""Frames this far below the loud parts are silence or room, not voice."""

LEVEL_FALL_DB: Final = 1.0
"""How fast the level of the loud parts may fall, per block; it rises at once."""

ODDS: Final = -0.7
"""Log-odds from which a frame is taken for speech where there is a background: where F1 is best on
mixes of all three corpora with noise, those of the gate's report among them."""

ODDS_ALONE: Final = -3.5
"""The same where there is none: what is faint there can only be speech."""

ALONE_DB: Final = (60.0, 70.0)
"""How far the quietest frames lie below the loud ones, from where the background begins to count
as absent to where it is."""

STEP: Final = 5
"""Frames in a step of the slower path."""

DILATIONS: Final = (1, 3, 9)
"""Steps between the three taps of each convolution: together they see 650 ms to each side."""

_ABSENT_DB: Final = -119.0
"""Energy of frames from before the lane began."""

_ENERGY: Final = COLUMN["energy_db"]
_VOICING: Final = COLUMN["voicing"]
_PITCH: Final = COLUMN["pitch_st"]
_TILTS: Final = [COLUMN[name] for name in ("alpha_db", "hammarberg_db", "flatness_db")]
_MEL: Final = slice(FIRST_MEL, FIRST_MEL + MEL_BANDS)
_MFCC: Final = slice(FIRST_MFCC, FIRST_MFCC + MFCCS)

INPUTS: Final = MEL_BANDS + MFCCS + len(_TILTS) + 6
"""Measures of a frame that the gate's network sees."""

_EACH_BAND: Final = np.full(MEL_BANDS, 1.0 / MEL_BANDS, np.float32)
_UNITS: Final = np.array(
    [0.05] * MEL_BANDS + [0.03] * MFCCS + [0.05] * len(_TILTS) + [0.05, 0.05, 1, 1, 1, 0.1],
    np.float32,
)
"""What each measure is multiplied by, so that all are of about the same size."""
_NOUGHT: Final = np.float32(0.0)
_ONE: Final = np.float32(1.0)
_LEAST: Final = np.float32(-3.0)
_MOST: Final = np.array(
    [3.0] * MEL_BANDS + [np.inf] * (MFCCS + len(_TILTS) + 1) + [3.0, np.inf, np.inf, 3.0, 3.0],
    np.float32,
)
"""What each measure, so multiplied, is at most."""


@dataclass(slots=True)
class Levels:
    """Loud level of one lane, dB re full scale; None until heard."""

    level_db: float | None = None

    def update(self, energy_db: Floats) -> None:
        """Follow one more block's energies, ``(frames,)``."""
        # The 95th percentile. For so few numbers the library's own costs twenty times as much.
        ordered = np.sort(energy_db).tolist()
        below, part = divmod(0.95 * (len(ordered) - 1), 1.0)
        low, high = ordered[int(below)], ordered[min(int(below) + 1, len(ordered) - 1)]
        loud = low + part * (high - low)
        self.level_db = loud if self.level_db is None else max(loud, self.level_db - LEVEL_FALL_DB)

    @property
    def threshold_db(self) -> float:
        """Energy below which a frame is background whatever it sounds like."""
        if self.level_db is None:
            return SILENCE_DB
        return max(SILENCE_DB, self.level_db - RANGE_DB)


@dataclass(frozen=True, slots=True)
class GateWeights:
    """The gate's network. In every matrix the last row is the bias."""

    first: Floats
    """``(INPUTS + 1, hidden)``: of a frame."""

    step: Floats
    """``(2 * hidden + 1, slow)``: of the mean and the maximum of a step's frames."""

    whole: Floats
    """``(slow + 1, slow)``: of the mean of the window's steps, added to the first convolution."""

    convolutions: Floats
    """``(len(DILATIONS), 3 * slow + 1, slow)``: of a step and one to each side; each adds to what
    it is given."""

    second: Floats
    """``(hidden + slow + 1, out)``: of a frame and its step."""

    last: Floats
    """``(out + 1,)``: the log-odds of speech."""


@cache
def shipped_weights() -> GateWeights:
    """The weights that come with the classifier."""
    file = Path(__file__).resolve().parents[1] / "models" / "gate.npz"
    with np.load(file) as kept:
        return GateWeights(**{part.name: kept[part.name] for part in fields(GateWeights)})


def describe(frames: Floats) -> tuple[Floats, Mask]:
    """What the gate's network sees of the frames of one window.

    Args:
        frames: ``(frames, FRAME_WIDTH)``.

    Returns:
        ``(frames, INPUTS)``, independent of gain, and which frames were heard at all; the others
        (from before the lane began) are zero.
    """
    heard = frames[:, _ENERGY] > _ABSENT_DB
    if heard.all():
        return _measures(frames), heard
    seen = np.zeros((len(frames), INPUTS), np.float32)
    if heard.any():
        seen[heard] = _measures(frames[heard])
    return seen, heard


def _measures(frames: Floats) -> Floats:
    """Of windows that were heard throughout and hold at least one frame:
    ``(..., frames, FRAME_WIDTH) -> (..., frames, INPUTS)``."""
    count = frames.shape[-2]
    tenth = count // 10
    mel, energy, pitch = frames[..., _MEL], frames[..., _ENERGY], frames[..., _PITCH]
    by_band = np.ascontiguousarray(np.swapaxes(mel, -1, -2))
    by_band.partition(tenth, axis=-1)
    ordered = np.sort(energy, axis=-1)[..., None]
    both = (pitch[..., 1:] > 0) & (pitch[..., :-1] > 0)
    rows = np.empty((*energy.shape, INPUTS), np.float32)
    np.subtract(mel, by_band[..., None, :, tenth], out=rows[..., :MEL_BANDS])
    at = MEL_BANDS + MFCCS
    rows[..., MEL_BANDS:at] = frames[..., _MFCC]
    rows[..., at : at + len(_TILTS)] = frames[..., _TILTS]
    at += len(_TILTS)
    np.subtract(energy, ordered[..., -1 - count // 20, :], out=rows[..., at])
    np.subtract(energy, ordered[..., tenth, :], out=rows[..., at + 1])
    rows[..., at + 2] = frames[..., _VOICING]
    rows[..., at + 3] = pitch > 0
    rows[..., 0, at + 4 :] = 0.0
    # Voices glide: a pitch that stands still or leaps is an instrument or a machine.
    np.multiply(np.abs(pitch[..., 1:] - pitch[..., :-1]), both, out=rows[..., 1:, at + 4])
    flux = np.abs(mel[..., 1:, :] - mel[..., :-1, :])
    np.matmul(flux, _EACH_BAND, out=rows[..., 1:, at + 5])
    rows *= _UNITS
    np.minimum(rows, _MOST, out=rows)
    np.maximum(rows, _LEAST, out=rows)
    return rows


def speech_odds(frames: Floats, weights: GateWeights) -> Floats:
    """Log-odds of speech per frame, ``(..., frames, FRAME_WIDTH) -> (..., frames)``.

    Args:
        frames: whole steps of them. A window's odds do not depend on those beside it.
        weights: the network.

    Raises:
        ValueError: a step is not whole.
    """
    *windows, count, _ = frames.shape
    if count % STEP:
        raise ValueError(f"frames come in steps of {STEP}, not {count}")
    heard = frames[..., _ENERGY] > _ABSENT_DB
    if heard.all():
        seen, absent = _measures(frames), None
    else:
        seen = np.empty((*heard.shape, INPUTS), np.float32)
        for window in np.ndindex(*windows):
            seen[window] = describe(frames[window])[0]
        absent = ~heard
    hidden = _rectified(_layer(seen, weights.first), absent)
    width = hidden.shape[-1]
    steps = hidden.reshape(*windows, -1, STEP, width)
    slow = _slow_path(steps, heard[..., STEP - 1 :: STEP], weights)
    above = hidden @ weights.second[:width]
    # What a step says is the same for its frames: computed once for all of them.
    by_step = above.reshape(*windows, -1, STEP, above.shape[-1])
    by_step += _layer(slow, weights.second[width:])[..., None, :]
    return _layer(_rectified(above, None), weights.last)


def _depth_db(energy: Floats) -> float:
    """From the quietest frames of a window to its loud ones, of those that were heard."""
    ordered = np.sort(energy[energy > _ABSENT_DB])
    if not ordered.size:
        return 0.0
    return float(ordered[-1 - len(ordered) // 20] - ordered[len(ordered) // 33])


def _slow_path(steps: Floats, heard: Mask, weights: GateWeights) -> Floats:
    """``(..., steps, STEP, hidden)`` to ``(..., steps, slow)``."""
    # What was not heard must stay nought, where there is such a thing.
    absent = None if heard.all() else ~heard
    *windows, count, _, hidden = steps.shape
    of_step = np.empty((*windows, count, 2 * hidden), np.float32)
    # Frame by frame of all steps: numpy reduces an axis of five one number at a time.
    mean, most = of_step[..., :hidden], of_step[..., hidden:]
    mean[:] = most[:] = steps[..., 0, :]
    for frame in range(1, STEP):
        mean += steps[..., frame, :]
        np.maximum(most, steps[..., frame, :], out=most)
    mean /= np.float32(STEP)
    slow = _rectified(_layer(of_step, weights.step), absent)
    heard_steps = np.maximum(np.add.reduce(heard, axis=-1, dtype=np.float32), _ONE)
    of_window = np.add.reduce(slow, axis=-2) / heard_steps[..., None]
    whole = _layer(of_window[..., None, :], weights.whole)
    width = slow.shape[-1]
    taps = np.empty((*windows, count, 3 * width), np.float32)
    for order, reach in enumerate(DILATIONS):
        taps[..., :reach, :width] = _NOUGHT
        taps[..., reach:, :width] = slow[..., :-reach, :]
        taps[..., width : 2 * width] = slow
        taps[..., :-reach, 2 * width :] = slow[..., reach:, :]
        taps[..., -reach:, 2 * width :] = _NOUGHT
        more = _layer(taps, weights.convolutions[order])
        if order == 0:
            more += whole
        slow += _rectified(more, absent)
    return slow


def _rectified(values: Floats, absent: Mask | None) -> Floats:
    """Nought where negative or absent; in place."""
    np.maximum(values, _NOUGHT, out=values)
    if absent is not None:
        values[absent] = 0.0
    return values


def _layer(values: Floats, weights: Floats) -> Floats:
    """A matrix with its bias as the last row."""
    result: Floats = values @ weights[:-1]
    result += weights[-1]
    return result


def mark_speech(frames: Floats, levels: Levels) -> tuple[Mask, Mask]:
    """Frames that may be speech, and those of them that are voiced.

    Args:
        frames: ``(frames, FRAME_WIDTH)``.
        levels: of the lane, with these frames taken in.

    Returns:
        Two masks of shape ``(frames,)``; the second lies within the first.
    """
    speech, voiced = mark_together(frames[None], [levels])
    return speech[0], voiced[0]


def mark_together(frames: Floats, levels: Sequence[Levels]) -> tuple[Mask, Mask]:
    """The same for the windows of several lanes, none of which depends on those beside it.

    Args:
        frames: ``(lanes, frames, FRAME_WIDTH)``.
        levels: of each lane.

    Returns:
        Two masks of shape ``(lanes, frames)``.
    """
    energy = frames[..., _ENERGY]
    speech = energy > np.array([lane.threshold_db for lane in levels], np.float32)[:, None]
    sounds = speech.any(axis=1)
    if sounds.any():
        some = frames if sounds.all() else frames[sounds]
        least = np.array([_least_odds(lane) for lane in energy[sounds]], np.float32)
        speech[sounds] &= speech_odds(some, shipped_weights()) > least[:, None]
    voiced = speech & (frames[..., _VOICING] >= VOICED) & (frames[..., _PITCH] > 0)
    # A lone voiced frame in noise is chance: of five in a row, at least three.
    around = np.zeros((len(voiced), voiced.shape[1] + 4), np.int8)
    around[:, 2:-2] = voiced
    beside = around[:, :-4] + around[:, 1:-3] + around[:, 2:-2] + around[:, 3:-1] + around[:, 4:]
    voiced &= beside >= 3
    return speech, voiced


def _least_odds(energy: Floats) -> float:
    """Log-odds from which a frame of a window is speech: lower where there is no background."""
    some_db, most_db = ALONE_DB
    alone = (_depth_db(energy) - some_db) / (most_db - some_db)
    return ODDS + (ODDS_ALONE - ODDS) * min(max(alone, 0.0), 1.0)
