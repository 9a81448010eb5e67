"""Measure how voices of one source are told apart:
``python -m classifier.training.diarization_report``.

Writes ``classifier/models/VOICES.md``: error rates on joins of unseen speakers and on transcribed
recordings, and what telling voices apart does to what is said of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer

from classifier.acoustic.layout import BLOCK_S, Floats
from classifier.acoustic.model import Network, load_network
from classifier.acoustic.voices import VoiceTracker
from classifier.acoustic.window import Voices
from classifier.training.console import console
from classifier.training.judging.diarization import (
    COLLAR_S,
    Errors,
    Talk,
    joins,
    recorded_talks,
    total,
)
from classifier.training.judging.judgements import FOUR, Answer, Figures, figures
from classifier.training.judging.recordings import Recording, frames_of, record, replay
from classifier.training.material.corpora import Clip, Corpora
from classifier.training.material.meaning import class_of

UNSEEN: Final = ("ravdess", "nemo")
"""The model is made of EMO-DB; these it never heard."""

_MOST: Final = 8
"""Voices allowed where nobody says how many there are."""


class OneAfterTheOther:
    """Stands where voices are told apart, and is told who it is."""

    changed_blocks = 1

    def __init__(self, who: Sequence[int]) -> None:
        self._who = iter(who)

    def follow(self, turn: Floats | None, new_speech_s: float) -> int:
        """See :class:`classifier.acoustic.window.Voices`."""
        return next(self._who)


@dataclass(frozen=True, slots=True)
class Pair:
    """The clips of two speakers in random order."""

    clips: tuple[int, ...]
    """Indices in the corpus."""

    frames: tuple[Floats, ...]
    who: tuple[int, ...]
    """0 or 1 for each clip."""


def pairs(corpora: Corpora, corpus: str, every: int) -> list[Pair]:
    """Neighbouring speakers of a corpus two by two, with every second, third... clip of theirs;
    with an odd number the last is left out."""
    clips = corpora.speech(corpus)
    speakers = sorted({clip.speaker for clip in clips})
    made: list[Pair] = []
    for number in range(0, len(speakers) - 1, 2):
        two = speakers[number : number + 2]
        own = [i for i, clip in enumerate(clips) if clip.speaker in two][::every]
        order = np.random.default_rng([number, every]).permutation(len(own))
        chosen = tuple(own[i] for i in order)
        frames = frames_of([corpora.pcm(clips[i].name) for i in chosen])
        who = tuple(two.index(clips[i].speaker) for i in chosen)
        made.append(Pair(chosen, tuple(frames), who))
    return made


def _session(pair: Pair, voices: Voices | None) -> Recording:
    recording = record(pair.frames, range(len(pair.frames)), voices)
    spans = tuple((pair.clips[place], first, last) for place, first, last in recording.spans)
    return Recording(recording.windows, spans)


def _true_voices(pair: Pair) -> Voices:
    blocks = [round(len(part) / 100 / BLOCK_S) for part in pair.frames]
    first_heard = {who: n for n, who in enumerate(dict.fromkeys(pair.who))}
    who = [first_heard[w] for w, count in zip(pair.who, blocks, strict=True) for _ in range(count)]
    return OneAfterTheOther(who)


HOW: Final[dict[str, Callable[[Pair], Voices | None]]] = {
    "one baseline for both": lambda pair: None,
    "told apart (2 voices)": lambda pair: VoiceTracker(2),
    "told apart (up to 8)": lambda pair: VoiceTracker(_MOST),
    "told who it is": _true_voices,
}
"""How the two voices of a session are kept apart."""


def session_figures(
    corpora: Corpora, corpus: str, network: Network, made: Sequence[Pair]
) -> dict[str, Figures]:
    """What is heard in sessions of two speakers, by how their baselines are kept."""
    clips = corpora.speech(corpus)
    found: dict[str, Figures] = {}
    for name, voices in HOW.items():
        sessions = [_session(pair, voices(pair)) for pair in made]
        found[name] = _judged(clips_of(clips), network, sessions)
    return found


def single_figures(
    corpora: Corpora, corpus: str, network: Network, every: int
) -> dict[str, Figures]:
    """The same in sessions of one speaker, with and without telling voices apart."""
    clips = corpora.speech(corpus)
    found: dict[str, Figures] = {}
    alone: list[Pair] = []
    for speaker in sorted({clip.speaker for clip in clips}):
        own = [i for i, clip in enumerate(clips) if clip.speaker == speaker][::every]
        frames = frames_of([corpora.pcm(clips[i].name) for i in own])
        alone.append(Pair(tuple(own), tuple(frames), (0,) * len(own)))
    for name in ("one baseline for both", "told apart (2 voices)", "told apart (up to 8)"):
        sessions = [_session(one, HOW[name](one)) for one in alone]
        found[name] = _judged(clips_of(clips), network, sessions)
    return found


def clips_of(clips: Sequence[Clip]) -> Sequence[tuple[str, str]]:
    """Speaker and class of each clip."""
    return [(clip.speaker, class_of(clip.emotion)) for clip in clips]


def _judged(
    clips: Sequence[tuple[str, str]], network: Network, sessions: Sequence[Recording]
) -> Figures:
    card = network.card
    answers = [
        Answer(*clips[index], judged, card.classes, card.floor)
        for one in replay(network, sessions)
        for index, judged in one.items()
    ]
    return figures(answers, FOUR)


def _row(name: str, talks: Sequence[Talk], most: int) -> str:
    plain, heard = total(talks, most)
    within, _ = total(talks, most, COLLAR_S)
    return f"| {name} | {_percent(plain)} | {100 * within.rate:.1f} | {heard:.1f} |"


def _percent(found: Errors) -> str:
    whole = max(1, found.speech)
    parts = (found.missed, found.false, found.confused)
    shares = " + ".join(f"{100 * part / whole:.1f}" for part in parts)
    return f"{100 * found.rate:.1f} ({shares})"


def cost_ms() -> float:
    """CPU of telling voices apart, milliseconds per second of speech."""
    rng = np.random.default_rng(1)
    tracker = VoiceTracker(4)
    turns = tracker.model.mean + rng.normal(0, 3, (2000, len(tracker.model.mean)))
    begin = time.process_time()
    for turn in turns.astype(np.float32):
        tracker.follow(turn, 0.4)
    return 1000 * (time.process_time() - begin) / (len(turns) * BLOCK_S)


def main(
    out: Annotated[Path, typer.Option(help="Where the report is written.")] = Path(
        "classifier/models/VOICES.md"
    ),
    count: Annotated[int, typer.Option(help="Joins per corpus.")] = 24,
    every: Annotated[int, typer.Option(help="Of the clips, every so-manieth in sessions.")] = 3,
    weights: Annotated[str, typer.Option(help="Weights of the classifier.")] = "open",
) -> None:
    """Measure and write the report."""
    corpora = Corpora.find()
    network = load_network(weights)
    lines = [_HEAD, _TABLE]
    for corpus in UNSEEN:
        two, one = list(joins(corpora, corpus, count)), list(joins(corpora, corpus, count // 2, 1))
        for most, name in ((2, "two voices allowed"), (_MOST, "eight"), (1, "one: not told apart")):
            lines.append(_row(f"{corpus}, two speakers, {name}", two, most))
        for most, name in ((2, "two voices allowed"), (_MOST, "eight")):
            lines.append(_row(f"{corpus}, one speaker, {name}", one, most))
        console.print(f"{corpus}: joins done")
    talks = recorded_talks(corpora)
    few = [talk for talk in talks if talk.who.shape[1] <= 2]
    for most, name in ((_MOST, "eight voices allowed"), (1, "one")):
        lines.append(_row(f"16 transcribed recordings, {name}", talks, most))
    for most, name in ((2, "two voices allowed"), (1, "one")):
        lines.append(_row(f"those of one or two speakers ({len(few)}), {name}", few, most))
    console.print("recordings done")
    lines += [_SESSIONS.format(weights=weights)]
    for corpus in UNSEEN:
        made = pairs(corpora, corpus, every)
        for name, found in session_figures(corpora, corpus, network, made).items():
            lines.append(_figures_row(f"{corpus}, two speakers", name, found))
        for name, found in single_figures(corpora, corpus, network, every).items():
            lines.append(_figures_row(f"{corpus}, one speaker", name, found))
        console.print(f"{corpus}: sessions done")
    lines.append(_COST.format(cost_ms=cost_ms()))
    out.write_text("\n".join(lines), encoding="utf-8")
    console.print(f"written {out}")


def _figures_row(condition: str, name: str, found: Figures) -> str:
    low, high = found.interval
    return (
        f"| {condition} | {name} | {found.uar:.3f} | {low:.3f} to {high:.3f} | "
        f"{found.arousal:.3f} | {100 * found.named:.0f}%, {100 * found.named_right:.0f}% |"
    )


_HEAD: Final = """# Telling voices apart

Written by `python -m classifier.training.diarization_report`. The model (`voices.npz`) is made of
EMO-DB alone (CC0; `python -m classifier.training.voices_train`); nobody measured here was in it.
Every decision is what a stream says as it goes, never revised; who speaks is decided every half
second, and speech by the gate.

## Who spoke when

Diarization error rate, percent of the speech (missed + false + the wrong voice), without and with
a collar of 0.25 s. Joins are a minute each: turns of one to three clips of acted emotion, any
emotion after any other, so that a voice changes within itself as it hardly does in life. A
transcript counts pauses as speech, and overlapping speech twice: of which one is always missed.
"""

_TABLE: Final = """| | error rate | with collar | voices heard, mean |
|---|---|---|---|"""

_SESSIONS: Final = """
## What it does to what is said

Sessions of the clips of two neighbouring speakers, or of one, in random order with pauses of 3 s,
judged by `{weights}`: recall of four classes, of high against low arousal, and how many readings
name an affect and how many of these are right.

| session | baselines | UAR | 95 % over speakers | arousal | named, of these right |
|---|---|---|---|---|---|"""

_COST: Final = """
## Cost

{cost_ms:.2f} ms of CPU per second of speech, only where voices are told apart.
"""


if __name__ == "__main__":
    typer.run(main)
