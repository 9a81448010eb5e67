"""The timeline of one speaker as inline SVG: lanes of affect, then arousal and valence.

An affect has a lane of its own, so that its place tells it as well as its colour and shape. A bar
is as high as the affect's share of its bin. All geometry is in attributes: the page's policy
allows no inline styles.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from server.export.report.survey import Survey, Trace, Voice
from server.export.report.words import affect_word, length, moment, share
from server.export.text import markup
from server.export.tones import Span

LEFT: Final = 118
WIDTH: Final = 620
RIGHT: Final = 62
"""Room for names, for time, and for shares, in units of the picture."""

_TOP: Final = 30
"""Room for the numbers of the strongest shifts."""

_LANE: Final = 22
_BAR: Final = 16
_PLOT: Final = 64
_GAP: Final = 26
_AXIS: Final = 24
_STEPS: Final = 4
"""Heights that a bar may have: more would part bars that look the same."""

_SHORT_BIN_MS: Final = 2_000
"""Bins up to this long are as short as tones: there is one affect in a bin or another."""

_MARK: Final = 8.5
"""Radius of a number's circle."""

_ROUND_S: Final = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400,
)  # fmt: skip
_TICKS_MOST: Final = 8


def timeline(counted: Survey, voice: Voice, name: str, shifts: Sequence[tuple[int, Span]]) -> str:
    """One speaker's timeline.

    Args:
        counted: the session.
        voice: the speaker.
        name: what the speaker is called.
        shifts: this speaker's strongest shifts, each with its number in the table.
    """
    lanes = voice.by_share
    plots_top = _TOP + _LANE * len(lanes) + (_GAP if lanes else 0)
    bottom = plots_top + 2 * _PLOT + _GAP
    height = bottom + _AXIS
    place = f"tl-{voice_number(counted, voice)}"
    return "".join(
        [
            f'<svg class="timeline" viewBox="0 0 {LEFT + WIDTH + RIGHT} {height}" role="img"'
            f' aria-labelledby="{place}-title {place}-desc">'
            f'<title id="{place}-title">Timeline of {markup(name)}</title>'
            f'<desc id="{place}-desc">{markup(_description(counted, voice))}</desc>',
            *_axis(counted.end_ms, plots_top, bottom),
            *_lanes(counted, voice, lanes),
            *_plot(counted, voice.arousal, plots_top, ("Arousal", "excited", "calm")),
            *_plot(counted, voice.valence, plots_top + _PLOT + _GAP, _VALENCE),
            *_marks(counted, shifts, bottom),
            "</svg>",
        ]
    )


_VALENCE: Final = ("Valence", "pleasant", "unpleasant")


def voice_number(counted: Survey, voice: Voice) -> int:
    """The speaker's place in the report, from 1."""
    return counted.voices.index(voice) + 1


def step_s(end_ms: int, most: int) -> int:
    """Seconds of a step that is round and goes into the session ``most`` times at most."""
    for seconds in _ROUND_S:
        if end_ms / 1000 / seconds <= most:
            return seconds
    days = 86_400
    return days * -(-end_ms // (1000 * days * most))


def _description(counted: Survey, voice: Voice) -> str:
    named_ms = sum(voice.named_ms.values())
    parts = [
        f"{affect_word(affect)} {share(voice.named_ms[affect], named_ms)}"
        for affect in voice.by_share
    ]
    told = f"Affects over {length(counted.end_ms)}: {', '.join(parts)}. " if parts else ""
    return (
        f"{told}Below them arousal and valence, each from -1 to 1. "
        "The same as numbers: the timeline as a table, further below."
    )


def _x(counted: Survey, time_ms: float) -> float:
    return LEFT + WIDTH * time_ms / counted.end_ms


def _axis(end_ms: int, plots_top: int, bottom: int) -> Iterator[str]:
    step_ms = step_s(end_ms, _TICKS_MOST) * 1000
    hours = end_ms >= 3_600_000
    for at_ms in range(0, end_ms + 1, step_ms):
        x = LEFT + WIDTH * at_ms / end_ms
        yield f'<path class="tick" d="M{_n(x)} {_TOP - 4}V{bottom + 4}"/>'
        if x < LEFT + WIDTH - 12 or at_ms == end_ms:
            yield (
                f'<text class="small" x="{_n(x)}" y="{bottom + 18}" text-anchor="middle">'
                f"{moment(at_ms, hours=hours)}</text>"
            )


def _lanes(counted: Survey, voice: Voice, lanes: Sequence[str]) -> Iterator[str]:
    named_ms = sum(voice.named_ms.values())
    for row, affect in enumerate(lanes):
        top = _TOP + row * _LANE
        middle = top + _LANE / 2
        yield (
            f'<g class="is-{affect}"><use href="#shape-{affect}" class="shape" x="4"'
            f' y="{_n(middle - 7)}" width="14" height="14"/>'
            f'<text x="24" y="{_n(middle + 4.5)}">{affect_word(affect)}</text>'
            f'<path class="rest" d="M{LEFT} {_n(middle)}h{WIDTH}"/>'
            f'<path class="bars" d="{_bars(counted, voice.lanes[affect], middle)}"/>'
            f'<text class="share" x="{LEFT + WIDTH + RIGHT - 2}" y="{_n(middle + 4.5)}"'
            f' text-anchor="end">{share(voice.named_ms[affect], named_ms)}</text></g>'
        )


def _bars(counted: Survey, lane: Sequence[int], middle: float) -> str:
    """Neighbouring bins of the same height are one bar."""
    short = counted.bin_ms <= _SHORT_BIN_MS
    steps = [_steps(named_ms / counted.bin_ms, short=short) for named_ms in lane]
    unit = WIDTH / counted.bins
    parts: list[str] = []
    first = 0
    for place in range(1, len(steps) + 1):
        if place < len(steps) and steps[place] == steps[first]:
            continue
        if steps[first]:
            high = _BAR * steps[first] / _STEPS
            wide = max((place - first) * unit, 1.0)
            parts.append(
                f"M{_n(LEFT + first * unit)} {_n(middle - high / 2)}"
                f"h{_n(wide)}v{_n(high)}h{_n(-wide)}z"
            )
        first = place
    return "".join(parts)


def _steps(fraction: float, *, short: bool) -> int:
    if short:
        return _STEPS if fraction >= 0.3 else 0
    if fraction <= 0:
        return 0
    return max(1, min(_STEPS, round(fraction * _STEPS)))


def _plot(counted: Survey, trace: Trace, top: int, names: tuple[str, str, str]) -> Iterator[str]:
    name, high, low = names
    middle, half = top + _PLOT / 2, _PLOT / 2
    yield (
        f'<text x="4" y="{_n(middle + 4.5)}">{name}</text>'
        f'<text class="small" x="{LEFT - 8}" y="{top + 10}" text-anchor="end">{high}</text>'
        f'<text class="small" x="{LEFT - 8}" y="{top + _PLOT - 2}" text-anchor="end">{low}</text>'
        f'<path class="frame" d="M{LEFT} {top}h{WIDTH}v{_PLOT}h{-WIDTH}z"/>'
        f'<path class="zero" d="M{LEFT} {_n(middle)}h{WIDTH}"/>'
    )
    for points, spread in _runs(counted, trace):
        band = [f"{_n(x)} {_n(middle - half * hi)}" for x, _, hi in spread]
        band += [f"{_n(x)} {_n(middle - half * lo)}" for x, lo, _ in reversed(spread)]
        if any(hi - lo > 0.02 for _, lo, hi in spread):
            yield f'<path class="spread" d="M{"L".join(band)}z"/>'
        line = [f"{_n(x)} {_n(middle - half * value)}" for x, value in points]
        # A line of one point is drawn as a dot: its ends are round.
        yield f'<path class="line" d="M{"L".join(line if len(line) > 1 else line * 2)}"/>'
    yield (
        f'<text class="small quiet" x="{LEFT + WIDTH + 6}" y="{top + 10}">+1</text>'
        f'<text class="small quiet" x="{LEFT + WIDTH + 6}" y="{_n(middle + 4)}">0</text>'
        f'<text class="small quiet" x="{LEFT + WIDTH + 6}" y="{top + _PLOT - 2}">−1</text>'
    )


_Run = tuple[list[tuple[float, float]], list[tuple[float, float, float]]]
"""Points of a line, and the spread around it."""


def _runs(counted: Survey, trace: Trace) -> Iterator[_Run]:
    """The measure in stretches without a hole; a hole is more than 1.5 s without a reading."""
    hole = max(2, int(1_500 / counted.bin_ms) + 1)
    points: list[tuple[float, float]] = []
    spread: list[tuple[float, float, float]] = []
    last = -hole
    for place in range(counted.bins):
        value = trace.mean(place, place + 1)
        if value is None:
            continue
        if points and place - last > hole:
            yield points, spread
            points, spread = [], []
        x = _x(counted, (place + 0.5) * counted.bin_ms)
        points.append((x, value))
        spread.append((x, *trace.range(place)))
        last = place
    if points:
        yield points, spread


def _marks(counted: Survey, shifts: Sequence[tuple[int, Span]], bottom: int) -> Iterator[str]:
    """The strongest shifts: a number above, a line down to the axis."""
    lines = [min(_x(counted, span.start_ms), LEFT + WIDTH) for _, span in shifts]
    for (number, _), x, at in zip(shifts, lines, _apart(lines, 2 * _MARK + 1.5), strict=True):
        yield (
            f'<g class="mark"><path d="M{_n(at)} {_n(_TOP - 14 + _MARK)}L{_n(x)} {_TOP - 1}'
            f'V{bottom}"/><circle cx="{_n(at)}" cy="{_TOP - 14}" r="{_MARK}"/>'
            f'<text class="small" x="{_n(at)}" y="{_TOP - 10}" text-anchor="middle">{number}</text>'
            "</g>"
        )


def _apart(wanted: Sequence[float], distance: float) -> list[float]:
    """Places in rising order, moved so that none is nearer to the next than ``distance``."""
    placed: list[float] = []
    for x in wanted:
        placed.append(max(x, placed[-1] + distance) if placed else x)
    # What was pushed beyond the end pushes back.
    limit = LEFT + WIDTH + RIGHT - 2 * _MARK
    for place in range(len(placed) - 1, -1, -1):
        placed[place] = min(placed[place], limit)
        limit = placed[place] - distance
    return placed


def _n(value: float) -> str:
    """A number as short as a picture needs it."""
    return f"{value:.1f}".removesuffix(".0")
