"""Windows of the corpora as the stream would see them: what the network is trained on.

Owns the making and the cache of examples. The cache holds measures, never audio, and lies in the
user's cache folder: about 3 GiB with all corpora.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.acoustic.contour import CONTOUR_WIDTH
from classifier.acoustic.gate import Mask
from classifier.acoustic.layout import ANALYSIS_FRAMES, BLOCK_FRAMES, Floats
from classifier.frames import SAMPLE_RATE_HZ
from classifier.training.material.augment import (
    Surroundings,
    Voice,
    heard_as,
    murmur,
    random_voice,
)
from classifier.training.material.corpora import Corpora
from classifier.training.material.hearing import (
    SEED,
    ClipWindows,
    Hearer,
    Task,
    as_pcm,
    as_signal,
    clip_windows,
    in_order,
)

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and of how much."""

MURMURS: Final = 8
"""Of each speaker."""

MURMUR_SAMPLES: Final = 5 * SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True)
class Examples:
    """Windows of many clips, one row each."""

    vectors: Floats
    """Of the whole windows, ``(rows, WIDTH)``."""

    recent: Floats
    """Of their newest second, ``(rows, WIDTH)``; not a number where that held too little."""

    clip: NDArray[np.int32]
    """Index of the clip that a row comes from."""

    voice: NDArray[np.int32]
    """Which way of hearing it (0: as recorded)."""

    new_speech_s: Floats
    """New speech in the row's newest block, seconds."""

    speech_s: Floats
    """Speech in the row's whole window, seconds."""

    recent_speech_s: Floats
    """Speech in its newest second, seconds."""

    frames: NDArray[np.float16]
    """The contours of all clips, one behind the other, ``(frames, CONTOUR_WIDTH)``."""

    begin: NDArray[np.int64]
    """First frame of the row's window. What lies before the clip is never marked as speech."""

    speech: NDArray[np.uint8]
    """Speech frames of the row's window, packed, ``(rows, MASK_BYTES)``."""

    voiced: NDArray[np.uint8]
    """Voiced frames, likewise."""

    def contours(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.float16], Mask, Mask]:
        """Frames ``(n, ANALYSIS_FRAMES, CONTOUR_WIDTH)`` of some windows, and their masks."""
        frames = self.frames[self.begin[rows, None] + np.arange(ANALYSIS_FRAMES)]
        return frames, *self.marks(rows)

    def newest(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.float16], Mask, Mask]:
        """The same of the newest block of each, ``(n, BLOCK_FRAMES, CONTOUR_WIDTH)``."""
        first = ANALYSIS_FRAMES - BLOCK_FRAMES
        frames = self.frames[self.begin[rows, None] + first + np.arange(BLOCK_FRAMES)]
        speech, voiced = self.marks(rows)
        return frames, speech[:, first:], voiced[:, first:]

    def marks(self, rows: NDArray[np.int64]) -> tuple[Mask, Mask]:
        """Speech and voiced frames of some windows, ``(n, ANALYSIS_FRAMES)`` each."""
        return _unpacked(self.speech[rows]), _unpacked(self.voiced[rows])


def _unpacked(masks: NDArray[np.uint8]) -> Mask:
    return np.unpackbits(masks, axis=1, count=ANALYSIS_FRAMES).astype(np.bool_)


_FIELDS: Final = tuple(field.name for field in fields(Examples))


def surroundings(corpora: Corpora, noise_names: Sequence[str]) -> Surroundings:
    """The given noises and all rooms."""
    noises = [as_signal(corpora.pcm(name)) for name in noise_names]
    rooms = [as_signal(corpora.pcm(name)) for name, _ in corpora.names("rir")]
    return Surroundings(noises, rooms)


def cache_folder(of: str = "examples") -> Path:
    """A folder in ``$XDG_CACHE_HOME/linnet`` or ``~/.cache/linnet``."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "linnet" / of


def code_digest() -> str:
    """Changes with any code that examples depend on."""
    here = Path(__file__).resolve()
    parts = (
        "layout",
        "spectrum",
        "pitch",
        "extractor",
        "gate",
        "pace",
        "functionals",
        "contour",
        "window",
    )
    root = here.parents[2]
    files = [*(root / "acoustic" / f"{part}.py" for part in parts)]
    files += [here, here.with_name("augment.py"), here.with_name("hearing.py")]
    files.append(root / "models" / "gate.npz")
    return hashlib.sha256(b"".join(f.read_bytes() for f in files)).hexdigest()


def make_examples(
    corpora: Corpora,
    names: Sequence[str],
    voices: Sequence[Sequence[Voice]],
    around: Surroundings,
    progress: Progress,
    own: Sequence[Sequence[str]] = (),
) -> Examples:
    """Examples of clips, each heard in several ways.

    Args:
        corpora: where they are.
        names: the clips.
        voices: for each clip, the ways of hearing it.
        around: what the voices' noises and rooms refer to.
        progress: told how far it is.
        own: for each clip, clips of the same speaker, for babble.

    Returns:
        Rows ordered by clip, then voice, then time.
    """
    key = hashlib.sha256(repr((names, voices, own, len(around.noises), code_digest())).encode())
    file = cache_folder() / f"{key.hexdigest()[:24]}.npz"
    kept = _kept(file)
    if kept is not None:
        return kept
    hearer = Hearer(corpora, around)
    tasks = [
        Task(index, name, tuple(ways), tuple(own[index]) if own else ())
        for index, (name, ways) in enumerate(zip(names, voices, strict=True))
    ]
    found: list[ClipWindows] = []
    clip: list[NDArray[np.int32]] = []
    voice_of: list[NDArray[np.int32]] = []
    for index, heard in enumerate(in_order(hearer, tasks)):
        progress("features", index, len(names))
        found += heard
        for way, windows in enumerate(heard):
            clip.append(np.full(len(windows.vectors), index, np.int32))
            voice_of.append(np.full(len(windows.vectors), way, np.int32))
    return _keep(file, found, clip, voice_of)


def make_murmurs(
    corpora: Corpora,
    speakers: Sequence[Sequence[str]],
    around: Surroundings,
    progress: Progress,
) -> Examples:
    """Many voices at once, without one that stands out; made of one speaker each.

    Args:
        corpora: where they are.
        speakers: the clips of each speaker.
        around: rooms to choose from.
        progress: told how far it is.

    Returns:
        Rows ordered by speaker, whose index is in ``clip``.
    """
    key = hashlib.sha256(repr(("murmurs", speakers, MURMURS, code_digest())).encode())
    file = cache_folder() / f"{key.hexdigest()[:24]}.npz"
    kept = _kept(file)
    if kept is not None:
        return kept
    found: list[ClipWindows] = []
    speaker: list[NDArray[np.int32]] = []
    way: list[NDArray[np.int32]] = []
    for index, names in enumerate(speakers):
        progress("murmurs", index, len(speakers))
        own = [as_signal(corpora.pcm(name)) for name in names]
        for number in range(MURMURS):
            rng = np.random.default_rng([SEED, index, number, len(speakers)])
            crowd = murmur(own, MURMUR_SAMPLES, rng)
            crowd = crowd * np.float32(0.05 / np.sqrt(np.mean(crowd**2)))
            # Voices of number 0 are without a background: this is the background itself.
            voice = replace(random_voice(rng, around), speed=1.0)
            windows = clip_windows(as_pcm(heard_as(crowd, voice, around, rng)))
            found.append(windows)
            speaker.append(np.full(len(windows.vectors), index, np.int32))
            way.append(np.full(len(windows.vectors), number, np.int32))
    return _keep(file, found, speaker, way)


def _kept(file: Path) -> Examples | None:
    """Examples from the cache, if they are there."""
    if not file.is_file():
        return None
    with np.load(file) as kept:
        return Examples(**{name: kept[name] for name in _FIELDS})


def _keep(
    file: Path,
    found: Sequence[ClipWindows],
    clip: Sequence[NDArray[np.int32]],
    voice_of: Sequence[NDArray[np.int32]],
) -> Examples:
    """Put the windows of clips together, and into the cache."""
    before = np.zeros((ANALYSIS_FRAMES, CONTOUR_WIDTH), np.float16)
    first = np.cumsum([len(before), *(len(one.frames) for one in found)])
    made = Examples(
        vectors=np.concatenate([one.vectors for one in found]),
        recent=np.concatenate([one.recent for one in found]),
        clip=np.concatenate(clip),
        voice=np.concatenate(voice_of),
        new_speech_s=np.concatenate([one.new_speech_s for one in found]),
        speech_s=np.concatenate([one.speech_s for one in found]),
        recent_speech_s=np.concatenate([one.recent_speech_s for one in found]),
        frames=np.concatenate([before, *(one.frames for one in found)]),
        begin=np.concatenate([at + one.begin for at, one in zip(first, found, strict=False)]),
        speech=np.concatenate([one.speech for one in found]),
        voiced=np.concatenate([one.voiced for one in found]),
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial.npz")
    np.savez(partial, **{name: getattr(made, name) for name in _FIELDS})
    partial.replace(file)
    return made
