"""Windows of the corpora as the stream would see them: what the network is trained on.

Owns the making and the cache of examples. The cache holds functionals, never audio, and lies in
the user's cache folder.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.acoustic.extractor import FrameExtractor
from classifier.acoustic.functionals import WIDTH
from classifier.acoustic.layout import BLOCK, BLOCK_FRAMES, Floats
from classifier.acoustic.window import SlidingWindow
from classifier.training.augment import AS_RECORDED, Signal, Surroundings, Voice, heard_as
from classifier.training.corpora import Corpora

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and of how much."""

_SEED: Final = 20050904
_FIELDS: Final = ("vectors", "clip", "voice", "new_speech_s", "speech_s")


@dataclass(frozen=True, slots=True)
class Examples:
    """Windows of many clips, one row each."""

    vectors: Floats
    """``(rows, WIDTH)``."""

    clip: NDArray[np.int32]
    """Index of the clip that a row comes from."""

    voice: NDArray[np.int32]
    """Which way of hearing it (0: as recorded)."""

    new_speech_s: Floats
    """New speech in the row's newest block, seconds."""

    speech_s: Floats
    """Speech in the row's whole window, seconds."""


def clip_windows(pcm: NDArray[np.int16], lead: int = 0) -> tuple[Floats, Floats, Floats]:
    """Stream a clip on its own, and a pause after it, through a fresh lane.

    Args:
        pcm: ``(samples,)``.
        lead: samples of silence before it, so that the grid of blocks falls differently.

    Returns:
        Functionals ``(n, WIDTH)`` of the windows with speech, and the new speech and all the
        speech in each, seconds.
    """
    tail = BLOCK + (-(lead + pcm.size)) % BLOCK
    padded = np.concatenate([np.zeros(lead, np.int16), pcm, np.zeros(tail, np.int16)])
    frames = FrameExtractor().push(padded)
    window = SlidingWindow()
    vectors: list[Floats] = []
    new: list[float] = []
    total: list[float] = []
    for start in range(0, len(frames), BLOCK_FRAMES):
        seen = window.advance(frames[start : start + BLOCK_FRAMES])
        if seen.vector is not None:
            vectors.append(seen.vector)
            new.append(seen.new_speech_s)
            total.append(seen.speech_s)
    stacked = np.stack(vectors) if vectors else np.zeros((0, WIDTH), np.float32)
    return stacked, np.asarray(new, np.float32), np.asarray(total, np.float32)


def as_signal(pcm: NDArray[np.int16]) -> Signal:
    """PCM as floats, -1..1."""
    return np.asarray(pcm, np.float32) / np.float32(32768.0)


def as_pcm(signal: Signal) -> NDArray[np.int16]:
    """Floats as PCM."""
    return np.asarray(np.clip(np.rint(signal * 32767.0), -32768, 32767), dtype=np.int16)


def surroundings(corpora: Corpora, noise_names: Sequence[str]) -> Surroundings:
    """The given noises and all rooms."""
    noises = [as_signal(corpora.pcm(name)) for name in noise_names]
    rooms = [as_signal(corpora.pcm(name)) for name, _ in corpora.names("rir")]
    return Surroundings(noises, rooms)


def cache_folder() -> Path:
    """``$XDG_CACHE_HOME/linnet`` or ``~/.cache/linnet``."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "linnet" / "examples"


def _code_digest() -> str:
    """Changes with any code that examples depend on."""
    here = Path(__file__).resolve()
    parts = ("layout", "spectrum", "pitch", "extractor", "gate", "pace", "functionals", "window")
    files = [*(here.parents[1] / "acoustic" / f"{part}.py" for part in parts)]
    files += [here, here.with_name("augment.py"), here.parents[1] / "models" / "gate.npz"]
    return hashlib.sha256(b"".join(f.read_bytes() for f in files)).hexdigest()


def make_examples(
    corpora: Corpora,
    names: Sequence[str],
    voices: Sequence[Sequence[Voice]],
    around: Surroundings,
    progress: Progress,
) -> Examples:
    """Examples of clips, each heard in several ways.

    Args:
        names: the clips.
        voices: for each clip, the ways of hearing it.
        around: what the voices' noises and rooms refer to.

    Returns:
        Rows ordered by clip, then voice, then time.
    """
    key = hashlib.sha256(repr((names, voices, len(around.noises), _code_digest())).encode())
    file = cache_folder() / f"{key.hexdigest()[:24]}.npz"
    if file.is_file():
        with np.load(file) as kept:
            return Examples(**{name: kept[name] for name in _FIELDS})
    vectors: list[Floats] = []
    new_speech: list[Floats] = []
    speech: list[Floats] = []
    clip: list[NDArray[np.int32]] = []
    voice_of: list[NDArray[np.int32]] = []
    for index, (name, ways) in enumerate(zip(names, voices, strict=True)):
        progress("features", index, len(names))
        pcm = corpora.pcm(name)
        for way, voice in enumerate(ways):
            rng = np.random.default_rng([_SEED, index, way])
            heard = pcm
            if voice != AS_RECORDED:
                heard = as_pcm(heard_as(as_signal(pcm), voice, around, rng))
            found, new_s, all_s = clip_windows(heard, lead=int(rng.integers(BLOCK)))
            vectors.append(found)
            new_speech.append(new_s)
            speech.append(all_s)
            clip.append(np.full(len(found), index, np.int32))
            voice_of.append(np.full(len(found), way, np.int32))
    made = Examples(
        np.concatenate(vectors),
        np.concatenate(clip),
        np.concatenate(voice_of),
        np.concatenate(new_speech),
        np.concatenate(speech),
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial.npz")
    np.savez(partial, **{name: getattr(made, name) for name in _FIELDS})
    partial.replace(file)
    return made
