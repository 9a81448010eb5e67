"""The trainable part: small perceptrons, an average of several.

Owns the architecture and its optimisation (PyTorch). Gives plain arrays back; what becomes of them
is the graph's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from classifier.acoustic.layout import Floats
from classifier.training.learning.device import DEVICE

Layers = list[tuple[Floats, Floats]]
"""Weights ``(inputs, outputs)`` and biases ``(outputs,)``, with ReLU between layers."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a perceptron is made and trained."""

    hidden: tuple[int, ...] = (96, 96)
    members: int = 3
    epochs: int = 8
    rows: int = 100_000
    """Seen in an epoch at most: neighbouring windows are nearly the same."""

    batch: int = 256
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    dropout: float = 0.4
    input_dropout: float = 0.1
    label_smoothing: float = 0.1


IMPOSSIBLE: Final = 30.0
"""Taken off the logits of classes that a row cannot have had."""

AGAINST_HABIT = Settings(members=2)
"""For members that see how a voice differs from its own habit."""

AMONG_VOICES = Settings(members=1, input_dropout=0.3)
"""For members that also see how it differs from other voices, and must not lean on that."""

SPEECH = Settings(hidden=(32,), members=1, epochs=4, dropout=0.2, label_smoothing=0.02)


def fit(
    inputs: Floats,
    labels: NDArray[np.int64],
    classes: int,
    settings: Settings,
    seed: int,
    progress: Callable[[int, int], None],
    *,
    weight: Floats | None = None,
    allowed: NDArray[np.bool_] | None = None,
) -> list[Layers]:
    """Train an ensemble.

    Args:
        inputs: ``(rows, features)``.
        labels: ``(rows,)``, each below ``classes``.
        classes: number of outputs.
        settings: see :class:`Settings`.
        seed: the same seed and data give the same weights on the same machine.
        progress: called with epochs done, and of how many.
        weight: of each row, ``(rows,)``; without it every class weighs the same.
        allowed: classes that a row could have had, ``(rows, classes)``: a corpus in which nobody
            is bored says nothing about boredom. Without it, all.

    Returns:
        The layers of each member.
    """
    torch.set_num_threads(1)
    rows = torch.from_numpy(np.ascontiguousarray(inputs)).to(DEVICE)
    wanted = torch.from_numpy(labels).to(DEVICE)
    if weight is None:
        counts = np.maximum(np.bincount(labels, minlength=classes), 1)
        weight = (len(labels) / (classes * counts))[labels].astype(np.float32)
    weights = torch.from_numpy(np.ascontiguousarray(weight)).to(DEVICE)
    if allowed is None:
        allowed = np.ones((len(labels), classes), np.bool_)
    smooth = settings.label_smoothing
    possible = torch.from_numpy(allowed.astype(np.float32)).to(DEVICE)
    target = smooth * possible / possible.sum(1, keepdim=True)
    target[torch.arange(len(labels), device=DEVICE), wanted] += 1.0 - smooth
    penalty = (possible - 1.0) * IMPOSSIBLE
    steps = max(1, min(settings.rows, len(labels)) // settings.batch)
    members: list[Layers] = []
    for member in range(settings.members):
        torch.manual_seed(seed * 1000 + member)
        model = _perceptron(inputs.shape[1], classes, settings).to(DEVICE)
        optimiser = torch.optim.AdamW(
            model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, settings.learning_rate, total_steps=settings.epochs * steps + 1
        )
        for epoch in range(settings.epochs):
            progress(member * settings.epochs + epoch, settings.members * settings.epochs)
            order = torch.randperm(len(labels), device=DEVICE)
            for step in range(steps):
                part = order[step * settings.batch : (step + 1) * settings.batch]
                optimiser.zero_grad()
                logs = torch.log_softmax(model(rows[part]) + penalty[part], dim=1)
                error: Any = -((target[part] * logs).sum(1) * weights[part]).mean()
                error.backward()
                optimiser.step()
                schedule.step()
        members.append(_layers(model))
    return members


def _perceptron(inputs: int, outputs: int, settings: Settings) -> nn.Sequential:
    parts: list[nn.Module] = [nn.Dropout(settings.input_dropout)]
    width = inputs
    for hidden in settings.hidden:
        parts += [nn.Linear(width, hidden), nn.ReLU(), nn.Dropout(settings.dropout)]
        width = hidden
    return nn.Sequential(*parts, nn.Linear(width, outputs))


def _layers(model: nn.Sequential) -> Layers:
    return [
        (
            part.weight.detach().cpu().numpy().T.copy().astype(np.float32),
            part.bias.detach().cpu().numpy().copy().astype(np.float32),
        )
        for part in model
        if isinstance(part, nn.Linear)
    ]


def predict(members: Sequence[Layers], inputs: Floats) -> Floats:
    """Mean probability of the ensemble, ``(rows, classes)``: what the graph computes too.

    Members with fewer inputs than there are see the last of them.
    """
    total: Floats | None = None
    for layers in members:
        values = inputs[:, inputs.shape[1] - len(layers[0][0]) :]
        for index, (weights, bias) in enumerate(layers):
            values = values @ weights + bias
            if index < len(layers) - 1:
                values = np.maximum(values, 0.0)
        values = np.exp(values - values.max(axis=1, keepdims=True))
        values = values / values.sum(axis=1, keepdims=True)
        total = values if total is None else total + values
    if total is None:
        raise ValueError("an ensemble has members")
    return np.asarray(total / len(members), dtype=np.float32)
