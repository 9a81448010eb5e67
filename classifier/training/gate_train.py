"""Make the weights of the speech gate: ``python -m classifier.training.gate_train``.

Trained on speech of EMO-DB, half of the recorded noises, and made sounds, all free for any use;
:mod:`classifier.training.gate_report` measures it on what is not used here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import torch
import typer
from torch import nn

from classifier.acoustic.extractor import FrameExtractor
from classifier.acoustic.gate import INPUTS, REACHES, describe
from classifier.acoustic.layout import ANALYSIS_FRAMES, BLOCK_FRAMES, COLUMN, FRAME_WIDTH, Floats
from classifier.training import sounds
from classifier.training.augment import Signal, Surroundings, heard_as, random_voice
from classifier.training.console import console
from classifier.training.corpora import Corpora
from classifier.training.examples import as_pcm, as_signal, surroundings
from classifier.training.gate_scenes import (
    Scene,
    conversation,
    levelled,
    loop,
    mixed,
    nothing_said,
)

SEED: Final = 20260101
HIDDEN: Final = 40
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


def make_scenes(corpora: Corpora, count: int) -> list[Scene]:
    """Scenes to train on: two in three with speech, most of them under something."""
    rng = np.random.default_rng(SEED)
    around = surroundings(corpora, noise_names(corpora, training=True))
    without_noise = Surroundings((), around.rooms)
    speakers = _speakers(corpora)
    everyone = [clip for clips in speakers for clip in clips]
    samples = round(_SCENE_S * 16_000)
    scenes: list[Scene] = []
    for _ in range(count):
        kind = rng.random()
        if kind < 0.5:
            noise = loop(rng, around.noises, samples)
        elif kind < 0.75:
            noise = sounds.MADE[rng.integers(len(sounds.MADE))](rng, _SCENE_S)
        elif kind < 0.87:
            noise = sounds.music(rng, _SCENE_S)
        else:
            noise = sounds.babble(rng, _SCENE_S, everyone)
        if rng.random() < 0.25:
            scenes.append(levelled(nothing_said(noise), float(rng.uniform(-40, 0))))
            continue
        clips = speakers[rng.integers(len(speakers))]
        scene = conversation(rng, clips, _SCENE_S)
        voice = replace(
            random_voice(rng, without_noise),
            speed=float(np.exp(rng.uniform(-0.2, 0.2))),
            room=int(rng.integers(len(around.rooms))) if rng.random() < 0.25 else None,
        )
        changed = heard_as(scene.signal, voice, without_noise, rng)
        if voice.speed != 1.0:
            at = (np.arange(scene.speech.size) * voice.speed).astype(np.intp)
            size = min(changed.size // 8000 * 50, int((at < scene.speech.size).sum()) // 50 * 50)
            scene = Scene(changed[: size * 160], scene.speech[at[:size]])
        else:
            scene = Scene(changed, scene.speech)
        snr_db = rng.uniform(-3, 22) if rng.random() < 0.7 else rng.uniform(22, 70)
        if kind >= 0.87:
            snr_db = max(snr_db, 5.0)
        scene = mixed(scene, noise[: scene.signal.size], float(snr_db))
        scenes.append(levelled(scene, float(rng.uniform(-35, 0))))
    return scenes


def gate_windows(scene: Scene, rng: np.random.Generator) -> tuple[list[Floats], list[Floats]]:
    """Inputs and truth of a third of the windows a stream would judge, and of all early ones.

    Returns:
        Lists of ``(ANALYSIS_FRAMES, INPUTS)`` and ``(ANALYSIS_FRAMES,)``, the latter -1 for
        frames from before the scene.
    """
    frames = FrameExtractor().push(as_pcm(scene.signal))
    before = np.zeros((ANALYSIS_FRAMES, FRAME_WIDTH), np.float32)
    before[:, COLUMN["energy_db"]] = -120.0
    frames = np.concatenate([before, frames])
    truth = np.concatenate([np.full(ANALYSIS_FRAMES, -1.0), scene.speech]).astype(np.float32)
    seen: list[Floats] = []
    wanted: list[Floats] = []
    for end in range(ANALYSIS_FRAMES + BLOCK_FRAMES, len(frames) + 1, BLOCK_FRAMES):
        if end <= 2 * ANALYSIS_FRAMES or rng.random() < 0.33:
            seen.append(describe(frames[end - ANALYSIS_FRAMES : end])[0])
            wanted.append(truth[end - ANALYSIS_FRAMES : end])
    return seen, wanted


class GateNet(nn.Module):
    """The gate's network as it is trained; :func:`classifier.acoustic.gate.speech_odds` runs it."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(INPUTS, HIDDEN)
        self.second = nn.Linear(HIDDEN * (1 + len(REACHES)), HIDDEN)
        self.last = nn.Linear(HIDDEN, 1)

    def forward(self, seen: torch.Tensor, heard: torch.Tensor) -> torch.Tensor:
        """``(n, frames, INPUTS)`` and ``(n, frames)`` to log-odds ``(n, frames)``."""
        hidden = torch.relu(self.first(seen)) * heard[..., None]
        turned = hidden.transpose(1, 2)
        parts = [hidden]
        for reach in REACHES:
            mean = nn.functional.avg_pool1d(
                turned, 2 * reach + 1, 1, padding=reach, count_include_pad=False
            )
            parts.append(mean.transpose(1, 2))
        above = torch.relu(self.second(torch.cat(parts, dim=2)))
        return torch.as_tensor(self.last(above)[..., 0])

    def arrays(self) -> dict[str, Floats]:
        """The weights with their biases as last rows."""
        found: dict[str, Floats] = {}
        for name, layer in (("first", self.first), ("second", self.second), ("last", self.last)):
            both = torch.cat([layer.weight.T, layer.bias[None]]).detach().numpy()
            found[name] = np.asarray(both, dtype=np.float32)
        found["last"] = found["last"][:, 0]
        return found


def train(seen: Sequence[Floats], wanted: Sequence[Floats], epochs: int) -> GateNet:
    """Fit the network; the newest block of a window, which is decided first, counts five times."""
    torch.manual_seed(SEED)
    inputs, truth = torch.from_numpy(np.stack(seen)), torch.from_numpy(np.stack(wanted))
    net = GateNet()
    steps = epochs * (len(inputs) // 32)
    optimiser = torch.optim.AdamW(net.parameters(), lr=6e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 6e-3, total_steps=steps)
    weight = torch.ones(ANALYSIS_FRAMES)
    weight[-BLOCK_FRAMES:] = 5.0
    for epoch in range(epochs):
        order = torch.randperm(len(inputs))
        total = 0.0
        for at in range(0, len(inputs) // 32 * 32, 32):
            rows = order[at : at + 32]
            heard = (truth[rows] >= 0).float()
            odds = net(inputs[rows], heard)
            each = nn.functional.binary_cross_entropy_with_logits(
                odds, truth[rows].clamp(min=0), reduction="none"
            )
            loss = (each * heard * weight).sum() / (heard * weight).sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item()
        if epoch % 5 == 4:
            console.print(f"epoch {epoch + 1}: loss {total / (len(inputs) // 32):.4f}")
    return net


def main(
    out: Annotated[Path, typer.Option(help="Where the weights are written.")] = Path(
        "classifier/models/gate.npz"
    ),
    scenes: Annotated[int, typer.Option(help="How many scenes of 20 s.")] = 800,
    epochs: Annotated[int, typer.Option(help="How often each is seen.")] = 30,
) -> None:
    """Train the gate and write its weights."""
    rng = np.random.default_rng(SEED + 1)
    seen: list[Floats] = []
    wanted: list[Floats] = []
    for scene in make_scenes(Corpora.find(), scenes):
        inputs, truth = gate_windows(scene, rng)
        seen += inputs
        wanted += truth
    console.print(f"{len(seen)} windows")
    np.savez(out, **train(seen, wanted, epochs).arrays())  # type: ignore[arg-type]
    console.print(f"written {out}")


if __name__ == "__main__":
    typer.run(main)
