"""Make the weights of the speech gate: ``python -m classifier.training.gate_train``.

Trained on speech of EMO-DB, half of the recorded noises, and made sounds, all free for any use;
:mod:`classifier.training.gate_report` measures it on what is not used here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from torch import nn

from classifier.acoustic.extractor import FrameExtractor
from classifier.acoustic.gate import DILATIONS, INPUTS, STEP, describe
from classifier.acoustic.layout import (
    ANALYSIS_FRAMES,
    BLOCK,
    BLOCK_FRAMES,
    COLUMN,
    FRAME_WIDTH,
    HOP,
    Floats,
)
from classifier.frames import SAMPLE_RATE_HZ
from classifier.training.console import console
from classifier.training.gate_scenes import (
    Scene,
    as_loud,
    conversation,
    levelled,
    loop_varied,
    mixed,
    nothing_said,
)
from classifier.training.material import sounds
from classifier.training.material.augment import Signal, Surroundings, heard_as, random_voice
from classifier.training.material.corpora import Corpora
from classifier.training.material.examples import surroundings
from classifier.training.material.hearing import as_pcm, as_signal

Halves = NDArray[np.float16]

SEED: Final = 20260101
HIDDEN: Final = 40
SLOW: Final = 48
OUT: Final = 32
_SCENE_S: Final = 20.0


def noise_names(corpora: Corpora, *, training: bool) -> list[str]:
    """The recorded noises for training, or the others; every second of each class."""
    names = [path for path, _ in corpora.names("noise")]
    names += [path for path, _ in corpora.names("noise_open")]
    return names[0::2] if training else names[1::2]


def _speakers(corpora: Corpora) -> list[list[Signal]]:
    by_speaker: dict[str, list[Signal]] = {}
    for clip in corpora.speech("emodb"):
        by_speaker.setdefault(clip.speaker, []).append(as_signal(corpora.pcm(clip.name)))
    return list(by_speaker.values())


def make_scenes(corpora: Corpora, count: int) -> Iterator[Scene]:
    """Scenes to train on: seven in ten with speech, most of them under something."""
    rng = np.random.default_rng(SEED)
    around = surroundings(corpora, noise_names(corpora, training=True))
    without_noise = Surroundings((), around.rooms)
    speakers = _speakers(corpora)
    everyone = [clip for clips in speakers for clip in clips]
    for _ in range(count):
        kind = rng.random()
        noise = _background(rng, kind, around, everyone)
        if rng.random() < 0.3:
            yield levelled(nothing_said(noise), float(rng.uniform(-40, 0)))
            continue
        clips = speakers[rng.integers(len(speakers))]
        scene = _heard(rng, conversation(rng, clips, _SCENE_S), without_noise)
        how_clean = rng.random()
        if how_clean < 0.85:
            snr_db = rng.uniform(-4, 22) if how_clean < 0.6 else rng.uniform(22, 70)
            if kind >= _BABBLE:
                snr_db = max(snr_db, 5.0)  # nobody can tell one voice of many from the others
            scene = mixed(scene, np.resize(noise, scene.signal.size), float(snr_db))
        yield levelled(scene, float(rng.uniform(-35, 0)))


_BABBLE: Final = 0.88


def _background(
    rng: np.random.Generator, kind: float, around: Surroundings, voices: Sequence[Signal]
) -> Signal:
    """A sound without a near voice; ``kind`` from 0 to 1 chooses among recorded, made, two at
    once, and babble."""
    samples = round(_SCENE_S * SAMPLE_RATE_HZ)
    if kind < 0.55:
        return loop_varied(rng, around, samples)
    if kind < 0.70:
        return sounds.MADE[rng.integers(len(sounds.MADE))](rng, _SCENE_S)[:samples]
    if kind < 0.80:
        return sounds.music(rng, _SCENE_S)[:samples]
    if kind < _BABBLE:
        one = loop_varied(rng, around, samples)
        other = np.resize(_background(rng, float(rng.uniform(0, 0.8)), around, voices), samples)
        return as_loud(one, 0.0) + as_loud(other, float(rng.uniform(-10, 10)))
    return sounds.babble(rng, _SCENE_S, voices)[:samples]


def _heard(rng: np.random.Generator, scene: Scene, around: Surroundings) -> Scene:
    """The conversation as another speaker, through another microphone, maybe in a room."""
    voice = replace(
        random_voice(rng, around),
        speed=float(np.exp(rng.uniform(-0.25, 0.25))),
        tilt_db=float(rng.normal(0.0, 1.5)),
        bump_db=float(rng.normal(0.0, 4.0)),
        telephone=bool(rng.random() < 0.08),
    )
    changed = heard_as(scene.signal, voice, around, rng)
    at = (np.arange(scene.speech.size) * voice.speed).astype(np.intp)
    inside = int((at < scene.speech.size).sum())
    size = min(changed.size // BLOCK, inside // BLOCK_FRAMES) * BLOCK_FRAMES
    return Scene(changed[: size * HOP], scene.speech[at[:size]])


def gate_windows(scene: Scene, rng: np.random.Generator) -> tuple[list[Halves], list[Floats]]:
    """Inputs and truth of a third of the windows a stream would judge, and of all early ones.

    Returns:
        Lists of ``(ANALYSIS_FRAMES, INPUTS)``, in half precision, and ``(ANALYSIS_FRAMES,)``, the
        latter -1 for frames from before the scene.
    """
    frames = FrameExtractor().push(as_pcm(scene.signal))
    before = np.zeros((ANALYSIS_FRAMES, FRAME_WIDTH), np.float32)
    before[:, COLUMN["energy_db"]] = -120.0
    frames = np.concatenate([before, frames])
    truth = np.concatenate([np.full(ANALYSIS_FRAMES, -1.0), scene.speech]).astype(np.float32)
    seen: list[Halves] = []
    wanted: list[Floats] = []
    for end in range(ANALYSIS_FRAMES + BLOCK_FRAMES, len(frames) + 1, BLOCK_FRAMES):
        if end <= 2 * ANALYSIS_FRAMES or rng.random() < 0.33:
            seen.append(describe(frames[end - ANALYSIS_FRAMES : end])[0].astype(np.float16))
            wanted.append(truth[end - ANALYSIS_FRAMES : end])
    return seen, wanted


class GateNet(nn.Module):
    """The gate's network as it is trained; :func:`classifier.acoustic.gate.speech_odds` runs it."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(INPUTS, HIDDEN)
        self.step = nn.Linear(2 * HIDDEN, SLOW)
        self.whole = nn.Linear(SLOW, SLOW)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(SLOW, SLOW, 3, dilation=reach, padding=reach) for reach in DILATIONS
        )
        self.second = nn.Linear(HIDDEN + SLOW, OUT)
        self.last = nn.Linear(OUT, 1)

    def forward(self, seen: torch.Tensor, heard: torch.Tensor) -> torch.Tensor:
        """``(n, frames, INPUTS)`` and ``(n, frames)`` to log-odds ``(n, frames)``."""
        hidden = torch.relu(self.first(seen)) * heard[..., None]
        steps = hidden.unflatten(1, (-1, STEP))
        heard_steps = heard.unflatten(1, (-1, STEP))[:, :, -1:]
        slow = torch.relu(self.step(torch.cat([steps.mean(2), steps.amax(2)], dim=2)))
        slow = slow * heard_steps
        whole = self.whole(slow.sum(1) / heard_steps.sum(1).clamp(min=1))[:, None]
        for order, convolution in enumerate(self.convolutions):
            more = convolution(slow.transpose(1, 2)).transpose(1, 2)
            slow = slow + torch.relu(more + whole if order == 0 else more) * heard_steps
        both = torch.cat([hidden, slow.repeat_interleave(STEP, 1)], dim=2)
        return torch.as_tensor(self.last(torch.relu(self.second(both)))[..., 0])

    def arrays(self) -> dict[str, Floats]:
        """The weights with their biases as last rows."""
        found: dict[str, Floats] = {}
        for name in ("first", "step", "whole", "second", "last"):
            layer = getattr(self, name)
            found[name] = torch.cat([layer.weight.T, layer.bias[None]]).detach().numpy()
        found["last"] = found["last"][:, 0]
        taps = [
            torch.cat([*part.weight.permute(2, 1, 0), part.bias[None]])
            for part in self.convolutions
        ]
        found["convolutions"] = torch.stack(taps).detach().numpy()
        return {name: np.asarray(values, np.float32) for name, values in found.items()}


def train(seen: Sequence[Halves], wanted: Sequence[Floats], epochs: int) -> GateNet:
    """Fit the network; the newest block of a window, which is decided first, counts five times."""
    torch.manual_seed(SEED)
    inputs, truth = torch.from_numpy(np.stack(seen)), torch.from_numpy(np.stack(wanted))
    net = GateNet()
    steps = epochs * (len(inputs) // 32)
    optimiser = torch.optim.AdamW(net.parameters(), lr=4e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
    weight = torch.ones(ANALYSIS_FRAMES)
    weight[-BLOCK_FRAMES:] = 5.0
    for epoch in range(epochs):
        order = torch.randperm(len(inputs))
        total = 0.0
        for at in range(0, len(inputs) // 32 * 32, 32):
            rows = order[at : at + 32]
            heard = (truth[rows] >= 0).float()
            odds = net(inputs[rows].float(), heard)
            each = nn.functional.binary_cross_entropy_with_logits(
                odds, truth[rows].clamp(min=0), reduction="none"
            )
            loss = (each * heard * weight).sum() / (heard * weight).sum()
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += loss.item()
        console.print(f"epoch {epoch + 1}: loss {total / (len(inputs) // 32):.4f}")
    return net


def main(
    out: Annotated[Path, typer.Option(help="Where the weights are written.")] = Path(
        "classifier/models/gate.npz"
    ),
    scenes: Annotated[int, typer.Option(help="How many scenes of 20 s.")] = 3000,
    epochs: Annotated[int, typer.Option(help="How often each is seen.")] = 8,
) -> None:
    """Train the gate and write its weights."""
    rng = np.random.default_rng(SEED + 1)
    seen: list[Halves] = []
    wanted: list[Floats] = []
    for number, scene in enumerate(make_scenes(Corpora.find(), scenes), start=1):
        inputs, truth = gate_windows(scene, rng)
        seen += inputs
        wanted += truth
        if number % 500 == 0:
            console.print(f"{number} scenes of {scenes}")
    console.print(f"{len(seen)} windows")
    np.savez(out, **train(seen, wanted, epochs).arrays())  # type: ignore[arg-type]
    console.print(f"written {out}")


if __name__ == "__main__":
    typer.run(main)
