"""What stands in the report, in words and tables."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

import orjson

from server.export.base import ExportHead
from server.export.report.picture import step_s, timeline
from server.export.report.survey import EPISODES_MAX, Survey, Voice
from server.export.report.words import (
    affect_word,
    direction,
    length,
    moment,
    share,
    signed,
    wall_clock,
)
from server.export.text import markup, plain_speaker
from server.export.tones import Episode, Span, correction_words

_ROWS_MAX: Final = 24
"""Rows of the timeline as a table."""

_ROW_S_MIN: Final = 2
"""Seconds that a row tells of at least: times are written in whole seconds."""


def name_of(voice: Voice) -> str:
    """What a speaker is called in the report."""
    return plain_speaker(voice.speaker_id)


def opening(head: ExportHead, counted: Survey) -> Iterator[str]:
    """Title, and what the report is about at a glance."""
    yield f'<header><p class="maker">Linnet</p><h1>{markup(title(head))}</h1>'
    facts = [
        ("Began", wall_clock(head.started_at_s)),
        ("Length", length(counted.end_ms) if counted.voices else "nothing was heard"),
        ("Voices", ", ".join(name_of(voice) for voice in counted.voices) or "none"),
    ]
    yield '<dl class="facts">'
    for name, value in facts:
        yield f"<div><dt>{name}</dt><dd>{markup(value)}</dd></div>"
    yield "</dl>"
    if head.ended_at_s is None:
        yield "<p>The session was still running when this report was made.</p>"
    yield (
        '<p class="claim">This report tells how voices <em>sounded</em> to a statistical model, '
        "from their sound alone. It does not know what was said, felt or meant, and it can be "
        "wrong: read it beside the recording and what you know of the people. It is no "
        "diagnosis.</p></header>"
    )


def title(head: ExportHead) -> str:
    """What the report is called."""
    return f"How the voices sounded: {head.title}" if head.title else "How the voices sounded"


def glance(counted: Survey) -> Iterator[str]:
    """A sentence and a table of shares for every speaker."""
    yield '<section aria-labelledby="glance"><h2 id="glance">At a glance</h2>'
    if not any(voice.named_ms for voice in counted.voices):
        yield "<p>No tone was named in this session.</p></section>"
        return
    for voice in counted.voices:
        yield f"<p>{markup(_sentence(voice))}</p>"
    affects = sorted(
        {affect for voice in counted.voices for affect in voice.named_ms},
        key=lambda one: (-sum(voice.named_ms[one] for voice in counted.voices), one),
    )
    longest = max(
        max(voice.named_ms.values()) / sum(voice.named_ms.values())
        for voice in counted.voices
        if voice.named_ms
    )
    yield (
        '<div class="wide" role="region" aria-labelledby="shares" tabindex="0"><table>'
        '<caption id="shares">Share of the time in which a tone was named</caption>'
        '<thead><tr><th scope="col">Affect</th>'
    )
    for voice in counted.voices:
        yield f'<th scope="col">{markup(name_of(voice))}</th>'
    yield "</tr></thead><tbody>"
    for affect in affects:
        yield f'<tr><th scope="row">{_affect(affect)}</th>'
        for voice in counted.voices:
            yield _share_cell(affect, voice, longest)
        yield "</tr>"
    yield "</tbody></table></div></section>"


def _sentence(voice: Voice) -> str:
    named_ms = sum(voice.named_ms.values())
    name = name_of(voice)
    heard = f"{length(voice.speech_s * 1000)} of speech heard" if voice.speech_s else ""
    if not named_ms:
        return f"{name}: no tone was named" + (f" in {heard}." if heard else ".")
    told = [
        f"{affect_word(affect).lower()} ({share(voice.named_ms[affect], named_ms)})"
        for affect in voice.by_share[:3]
    ]
    sounded = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
    mostly = "sounded mostly" if len(voice.named_ms) > len(told) else "sounded"
    return f"{name} {mostly} {sounded}" + (f", in {heard}." if heard else ".")


def _share_cell(affect: str, voice: Voice, longest: float) -> str:
    """The share in words and as a bar; the longest bar of the table is as wide as there is room."""
    whole, part = sum(voice.named_ms.values()), voice.named_ms[affect]
    if not part:
        return '<td class="none">–</td>'
    wide = 100 * part / whole / longest
    return (
        f'<td class="is-{affect}"><div class="share"><b>{share(part, whole)}</b>'
        f"<small>{length(part)}</small>"
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="bars" width="{wide:.2f}" height="8"/></svg></div></td>'
    )


def timelines(counted: Survey) -> Iterator[str]:
    """A picture for every speaker."""
    if not counted.voices:
        return
    numbered = list(enumerate(counted.shifts, start=1))
    yield (
        '<section aria-labelledby="timeline"><h2 id="timeline">Timeline</h2>'
        "<p>Each affect has a row of its own. Circled numbers mark the strongest shifts, listed "
        "below. Lines show the mean of arousal and valence"
    )
    if counted.bin_ms > 2_000:
        yield f" in each {length(counted.bin_ms)}, the paler ground how far they reached"
    yield ".</p>"
    for voice in counted.voices:
        own = [(number, span) for number, span in numbered if span.speaker_id == voice.speaker_id]
        name = name_of(voice)
        place = f"voice-{counted.voices.index(voice) + 1}"
        yield (
            f'<figure><figcaption><h3 id="{place}">{markup(name)}</h3></figcaption>'
            f'<div class="wide" role="region" aria-labelledby="{place}" tabindex="0">'
            f"{timeline(counted, voice, name, own)}</div></figure>"
        )
    yield "</section>"


def shifts(counted: Survey) -> Iterator[str]:
    """The moments at which a voice moved furthest."""
    if not counted.shifts:
        return
    yield (
        '<section aria-labelledby="shifts"><h2 id="shifts">Strongest shifts</h2>'
        '<div class="wide" role="region" aria-labelledby="shifts-caption" tabindex="0"><table>'
        '<caption id="shifts-caption">Moments at which a voice moved furthest from how it had '
        "sounded in the seconds before, in order of time</caption>"
        '<thead><tr><th scope="col">No.</th><th scope="col">At</th><th scope="col">Voice</th>'
        '<th scope="col">Tone</th><th scope="col">Moved</th><th scope="col">How far (0 to 1)</th>'
        "</tr></thead><tbody>"
    )
    hours = _hours(counted)
    for number, span in enumerate(counted.shifts, start=1):
        yield (
            f'<tr><td class="number"><span class="dot">{number}</span></td>'
            f'<td class="number">{moment(span.start_ms, hours=hours)}</td>'
            f'<td class="voice">{markup(plain_speaker(span.speaker_id))}</td>'
            f'<th scope="row">{_affect(span.affect)}</th>'
            f"<td>{markup(direction(span.shift_direction))}</td>"
            f'<td class="number">{span.shift_magnitude:.2f}</td></tr>'
        )
    yield "</tbody></table></div></section>"


def episodes(counted: Survey) -> Iterator[str]:
    """Every tone for as long as it lasted."""
    if not counted.episodes:
        return
    yield '<section aria-labelledby="tones"><h2 id="tones">Tones, one after another</h2>'
    if counted.episodes_all > len(counted.episodes):
        kept = (
            "those a person has corrected and the longest" if counted.corrected else "the longest"
        )
        yield (
            f"<p>{counted.episodes_all:,} tones were named; these {EPISODES_MAX} are {kept}. "
            "All of them are in the exports as tables (CSV, JSON).</p>"
        )
    yield (
        '<div class="wide" role="region" aria-labelledby="tones-caption" tabindex="0"><table>'
        '<caption id="tones-caption">When each tone began, how long it lasted, and what was '
        "measured when it was surest</caption>"
        '<thead><tr><th scope="col">At</th><th scope="col">For</th><th scope="col">Voice</th>'
        '<th scope="col">Tone</th><th scope="col">What was measured</th>'
        '<th scope="col">Confidence</th>'
    )
    if counted.corrected:
        yield '<th scope="col">A person says</th>'
    yield "</tr></thead><tbody>"
    for episode in counted.episodes:
        yield _episode_row(episode, counted)
    yield "</tbody></table></div></section>"


def _episode_row(episode: Episode, counted: Survey) -> str:
    tone, hours = episode.surest, _hours(counted)
    # The tone that stands at the end does not outlast the session.
    lasted_ms = min(episode.end_ms, counted.end_ms) - episode.start_ms
    cells = [
        f'<tr><td class="number">{moment(episode.start_ms, hours=hours)}</td>',
        f'<td class="number">{length(lasted_ms) if lasted_ms > 0 else "–"}</td>',
        f'<td class="voice">{markup(plain_speaker(tone.speaker_id))}</td>',
        f'<th scope="row">{_affect(tone.affect, tone.label)}</th>',
        f"<td><bdi>{markup(tone.subtext or '')}</bdi></td>",
        f'<td class="number">{tone.confidence:.2f}</td>',
    ]
    if counted.corrected:
        cells.append(f"<td>{''.join(_correction(span, hours) for span in episode.corrected)}</td>")
    return "".join(cells) + "</tr>"


def _correction(span: Span, hours: bool) -> str:
    if span.correction is None:
        return ""
    words = correction_words(span.correction)
    return (
        f'<p class="correction">{moment(span.start_ms, hours=hours)} <bdi>{markup(words)}</bdi></p>'
    )


def table(counted: Survey) -> Iterator[str]:
    """The picture's numbers, for those who cannot see it or want them."""
    if not counted.voices:
        return
    step_ms = max(step_s(counted.end_ms, _ROWS_MAX), _ROW_S_MIN) * 1000
    # What is left of the last step, if it is little, belongs to the row before.
    starts_ms = range(0, max(1, counted.end_ms - step_ms // 2), step_ms)
    times_ms = [*starts_ms, counted.end_ms]
    bounds = [(time_ms, round(time_ms / counted.bin_ms)) for time_ms in times_ms]
    hours = _hours(counted)
    yield '<section aria-labelledby="numbers"><h2 id="numbers">The timeline as a table</h2>'
    for voice in counted.voices:
        name = markup(name_of(voice))
        place = f"numbers-{counted.voices.index(voice) + 1}"
        yield (
            f'<div class="wide" role="region" aria-labelledby="{place}" tabindex="0"><table>'
            f'<caption id="{place}">{name}: what was named longest, and means, in each stretch'
            '</caption><thead><tr><th scope="col">From</th><th scope="col">To</th>'
            '<th scope="col">Mostly</th><th scope="col">Arousal</th><th scope="col">Valence</th>'
            "</tr></thead><tbody>"
        )
        for (from_ms, first), (to_ms, end) in pairwise(bounds):
            main = voice.main(first, end)
            yield (
                f'<tr><th scope="row" class="number">'
                f"{moment(from_ms, hours=hours)}</th>"
                f'<td class="number">{moment(to_ms, hours=hours)}</td>'
                f"<td>{_affect(main[0]) if main else '–'}</td>"
                f'<td class="number">{_mean(voice.arousal.mean(first, end))}</td>'
                f'<td class="number">{_mean(voice.valence.mean(first, end))}</td></tr>'
            )
        yield "</tbody></table></div>"
    yield "</section>"


def closing(head: ExportHead) -> Iterator[str]:
    """How to read it, and what it was made with."""
    yield (
        '<section aria-labelledby="reading"><h2 id="reading">How to read this</h2>'
        "<dl><dt>Tone, affect</dt><dd>One of ten words for how a voice sounded over the last three "
        "seconds. Where the model is not sure enough, or nobody speaks, none is named: holes in "
        "the timeline are holes in what can be said.</dd>"
        "<dt>Confidence</dt><dd>How often the model was right when it was this sure, on speakers "
        "that it had never heard.</dd>"
        "<dt>Arousal, valence</dt><dd>Calm to excited, and unpleasant to pleasant, each from "
        "−1 to 1.</dd>"
        "<dt>Shift</dt><dd>How far a voice moved in arousal and valence from its own last "
        "seconds, from 0 to 1, and whether towards more or less tension.</dd>"
        "<dt>Time</dt><dd>Of the audio, from its beginning. A tone counts from the moment it is "
        "named to the next one, or for two seconds.</dd></dl></section>"
        '<section aria-labelledby="made"><h2 id="made">What it was made with</h2><dl class="made">'
    )
    for name, value in _made_with(head):
        yield f"<dt>{name}</dt><dd>{value}</dd>"
    yield "</dl></section>"


def _made_with(head: ExportHead) -> Iterator[tuple[str, str]]:
    yield "Session", f"<code>{markup(head.session_id)}</code>"
    yield "Model", markup(head.model_id or "unknown")
    if head.model_sha256:
        yield "Its hash (SHA-256)", f"<code>{markup(head.model_sha256)}</code>"
    for name, value in sorted(head.settings.items()):
        yield f"<code>{markup(name)}</code>", f"<code>{markup(_setting(value))}</code>"
    for gap in head.gaps:
        yield (
            "Gap",
            f"Events {gap.first_seq} to {gap.last_seq} were heard live but could not be kept; "
            "they are missing here.",
        )
    yield "Schema", str(head.schema_version)


def _setting(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _mean(value: float | None) -> str:
    return "–" if value is None else signed(value)


def _affect(affect: str, label: str | None = None) -> str:
    """An affect's shape and word; or what a tone was called, should it say more."""
    word = affect_word(affect) if label is None else label
    return (
        f'<span class="affect is-{affect}"><svg class="shape" aria-hidden="true">'
        f'<use href="#shape-{affect}"/></svg><bdi>{markup(word)}</bdi></span>'
    )


def _hours(counted: Survey) -> bool:
    return counted.end_ms >= 3_600_000
