"""The trainable part that hears how a voice moves: convolutions over frames, attention over time,
and beside what they find the functionals against the voice's habit.

A frame strays from a voice's habit with every sound that is spoken, so small shifts of the whole
drown in it; the functionals know those, and the convolutions need only learn what moves. Owns its
architecture and optimisation (PyTorch). Gives plain arrays back; what becomes of them is the
graph's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from classifier.acoustic.contour import CHANNELS, CONTOUR_WIDTH, SPEECH_CHANNEL
from classifier.acoustic.functionals import WIDTH
from classifier.acoustic.layout import ANALYSIS_FRAMES, Floats
from classifier.acoustic.steps import STEP, STRIDES, TAPS
from classifier.acoustic.window import RECENT_FRAMES
from classifier.training.learning.convolution import Convolution, plain
from classifier.training.learning.device import DEVICE, PRECISION
from classifier.training.learning.network import IMPOSSIBLE

SILENT: Final = 30.0
"""Taken off the attention to steps without speech."""

LEAST_VARIANCE: Final = 1e-4


@dataclass(frozen=True, slots=True)
class Part:
    """Some windows, as the network sees them, on the device."""

    seen: torch.Tensor
    """Contours, ``(n, ANALYSIS_FRAMES, CHANNELS)``."""

    whole: torch.Tensor
    """Functionals against the habit, ``(n, WIDTH)``."""

    newest: torch.Tensor
    """The same of the newest second; not a number where that held too little."""


Parts = Callable[[torch.Tensor], Part]
"""Gives some rows, whose numbers lie on the device."""


@dataclass(frozen=True, slots=True)
class ContourSettings:
    """How a contour network is made and trained."""

    widths: tuple[int, int, int] = (96, 128, 128)
    attention: int = 32
    hidden: int = 128
    members: int = 2
    epochs: int = 12
    rows: int = 64_000
    """Seen in an epoch."""

    batch: int = 128
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    dropout: float = 0.2
    hidden_dropout: float = 0.4
    channel_dropout: float = 0.1
    functional_dropout: float = 0.2
    alone: float = 0.5
    """Weight of the same question put to the convolutions without the functionals."""

    gap_frames: int = 30
    """Longest stretch of a window that is taken out."""

    label_smoothing: float = 0.1


@dataclass(frozen=True, slots=True)
class ContourLayers:
    """One network as arrays."""

    convolutions: tuple[tuple[Floats, Floats], ...]
    """Weights ``(outputs, inputs, taps)`` and biases, with ReLU after each."""

    attention: tuple[tuple[Floats, Floats], ...]
    """Two convolutions of one tap, with a hyperbolic tangent between."""

    head: tuple[tuple[Floats, Floats], ...]
    """Weights ``(inputs, outputs)`` and biases, with ReLU between layers, over the weighted means
    and deviations of the last convolution and the functionals."""


class _ContourNet(nn.Module):
    def __init__(self, classes: int, settings: ContourSettings) -> None:
        super().__init__()
        widths = (CHANNELS, *settings.widths)
        self.convolutions = nn.Sequential(
            *(
                Convolution(width, wide, taps, stride, settings.dropout)
                for width, wide, taps, stride in zip(
                    widths, widths[1:], TAPS, STRIDES, strict=False
                )
            )
        )
        width = settings.widths[-1]
        self.attention = nn.Sequential(
            nn.Linear(width, settings.attention), nn.Tanh(), nn.Linear(settings.attention, 1)
        )
        self.pooled_dropout = nn.Dropout(settings.hidden_dropout)
        self.functional_dropout = nn.Dropout(settings.functional_dropout)
        self.head = nn.Sequential(
            nn.Linear(2 * width + WIDTH, settings.hidden),
            nn.ReLU(),
            nn.Dropout(settings.hidden_dropout),
            nn.Linear(settings.hidden, settings.hidden),
            nn.ReLU(),
            nn.Dropout(settings.hidden_dropout),
            nn.Linear(settings.hidden, classes),
        )
        # Asked the same without the functionals, the convolutions cannot leave the work to them.
        self.alone = nn.Linear(2 * width, classes)

    def forward(
        self, seen: torch.Tensor, speech: torch.Tensor, functionals: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits with the functionals and without, ``(rows, classes)`` each.

        Args:
            seen: ``(rows, ANALYSIS_FRAMES, CHANNELS)``, in :data:`PRECISION`.
            speech: what to attend to, ``(rows, ANALYSIS_FRAMES)``.
            functionals: ``(rows, WIDTH)``.
        """
        heard = self.convolutions(seen).float()
        pooled = self.pooled_dropout(attended(heard, self.attention(heard), speech))
        functionals = self.functional_dropout(functionals)
        together: torch.Tensor = self.head(torch.cat([pooled, functionals], dim=1))
        alone: torch.Tensor = self.alone(pooled)
        return together, alone


def attended(heard: torch.Tensor, scores: torch.Tensor, speech: torch.Tensor) -> torch.Tensor:
    """Mean and deviation over the steps with speech, weighed by attention: ``(rows, 2 * width)``.

    Attentive statistics pooling (Okabe et al. 2018).

    Args:
        heard: ``(rows, steps, width)``.
        scores: ``(rows, steps, 1)``.
        speech: 1 for frames of speech, ``(rows, STEP * steps)``.
    """
    spoken = nn.functional.max_pool1d(speech[:, None], STEP, STEP)
    weight = torch.softmax(scores.transpose(1, 2) + (spoken - 1.0) * SILENT, dim=2)
    mean = torch.bmm(weight, heard).squeeze(1)
    variance = torch.bmm(weight, heard * heard).squeeze(1) - mean * mean
    return torch.cat([mean, torch.sqrt(torch.clamp(variance, min=LEAST_VARIANCE))], dim=1)


CONTOURS = ContourSettings()
"""For the weights that ship."""


def fit_contours(
    parts: Parts,
    labels: NDArray[np.int64],
    allowed: NDArray[np.bool_],
    weight: Floats,
    settings: ContourSettings,
    seed: int,
    progress: Callable[[int, int], None],
) -> list[ContourLayers]:
    """Train an ensemble.

    Args:
        parts: gives the inputs of rows.
        labels: ``(rows,)``.
        allowed: classes that a row could have had, ``(rows, classes)``.
        weight: how often each row is drawn, ``(rows,)``, in any unit.
        settings: see :class:`ContourSettings`.
        seed: the same seed and data give the same weights on the same processor; on a graphics
            card nearly the same.
        progress: called with epochs done, and of how many.

    Returns:
        The layers of each member.
    """
    torch.set_num_threads(1)
    steps = max(1, settings.rows // settings.batch)
    possible = torch.from_numpy(allowed.astype(np.float32)).to(DEVICE)
    smooth = settings.label_smoothing
    target = smooth * possible / possible.sum(1, keepdim=True)
    wanted_class = torch.from_numpy(labels).to(DEVICE)
    target[torch.arange(len(labels), device=DEVICE), wanted_class] += 1.0 - smooth
    penalty = (possible - 1.0) * IMPOSSIBLE
    chances = torch.from_numpy(np.ascontiguousarray(weight, dtype=np.float32)).to(DEVICE)
    members: list[ContourLayers] = []
    for member in range(settings.members):
        torch.manual_seed(seed * 1000 + member)
        model = _ContourNet(allowed.shape[1], settings).to(DEVICE)
        optimiser = torch.optim.AdamW(
            model.parameters(),
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
            fused=True,
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, settings.learning_rate, total_steps=settings.epochs * steps + 1
        )
        for epoch in range(settings.epochs):
            progress(member * settings.epochs + epoch, settings.members * settings.epochs)
            drawn = torch.multinomial(chances, steps * settings.batch, replacement=True)
            for some in drawn.split(settings.batch):
                seen, speech, functionals = _damaged(parts(some), settings)
                optimiser.zero_grad()
                together, alone = model(seen, speech, functionals)
                error: Any = 0.0
                for logits, share in ((together, 1.0), (alone, settings.alone)):
                    logs = torch.log_softmax(logits + penalty[some], dim=1)
                    error = error - share * (target[some] * logs).sum(1).mean()
                error.backward()
                optimiser.step()
                schedule.step()
        model.eval()
        members.append(_arrays(model))
    return members


def _damaged(
    part: Part, settings: ContourSettings
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Take away what must not be leant on.

    Returns:
        The contours, the speech that is attended to ``(n, ANALYSIS_FRAMES)`` and the functionals:
        for half of the windows those of their newest second.
    """
    count = len(part.seen)

    def chance(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, device=DEVICE)

    short = torch.isfinite(part.newest[:, :1]) & (chance(count, 1) < 0.5)
    functionals = torch.where(short, torch.nan_to_num(part.newest), part.whole)
    at = torch.arange(ANALYSIS_FRAMES, device=DEVICE)
    speech = part.seen[:, :, SPEECH_CHANNEL] * ~(short & (at < ANALYSIS_FRAMES - RECENT_FRAMES))
    begin = (chance(count, 1) * (ANALYSIS_FRAMES - settings.gap_frames)).floor()
    length = (chance(count, 1) * settings.gap_frames).floor()
    heard = ~((at >= begin) & (at < begin + length))
    listened = torch.ones(count, 1, CHANNELS, device=DEVICE)
    listened[:, :, :CONTOUR_WIDTH] = (
        chance(count, 1, CONTOUR_WIDTH) >= settings.channel_dropout
    ).float()
    seen = part.seen.to(PRECISION) * heard[:, :, None].to(PRECISION)
    return seen.mul_(listened.to(PRECISION)), speech, functionals


def _arrays(model: _ContourNet) -> ContourLayers:
    """The trained layers, each convolution with its normalisation."""
    convolutions = [
        layer.arrays() for layer in model.convolutions if isinstance(layer, Convolution)
    ]
    attention = [
        (plain(layer.weight[:, :, None]), plain(layer.bias))
        for layer in model.attention
        if isinstance(layer, nn.Linear)
    ]
    head = [
        (plain(layer.weight.T), plain(layer.bias))
        for layer in model.head
        if isinstance(layer, nn.Linear)
    ]
    return ContourLayers(tuple(convolutions), tuple(attention), tuple(head))


def predict_contours(members: Sequence[ContourLayers], part: Part) -> tuple[Floats, Floats]:
    """What the graph computes too.

    Args:
        members: at least one.
        part: the windows.

    Returns:
        Mean probability of the ensemble by the whole windows and by their newest seconds,
        ``(n, classes)`` each; of no meaning where a newest second held too little.
    """
    if not members:
        raise ValueError("an ensemble has members")
    speech = part.seen[:, :, SPEECH_CHANNEL]
    newest = speech.clone()
    newest[:, :-RECENT_FRAMES] = 0.0
    late = torch.nan_to_num(part.newest)
    sums: list[Any] = [0.0, 0.0]
    for layers in members:
        heard = part.seen.transpose(1, 2)
        for (weights, bias), taps, stride in zip(layers.convolutions, TAPS, STRIDES, strict=True):
            w, b = _there(weights), _there(bias)
            heard = torch.relu(nn.functional.conv1d(heard, w, b, stride, taps // 2))
        scores = heard
        for index, (weights, bias) in enumerate(layers.attention):
            scores = torch.tanh(scores) if index else scores
            scores = nn.functional.conv1d(scores, _there(weights), _there(bias))
        heard, scores = heard.transpose(1, 2), scores.transpose(1, 2)
        for row, (spoken, functionals) in enumerate(((speech, part.whole), (newest, late))):
            values = torch.cat([attended(heard, scores, spoken), functionals], dim=1)
            for index, (weights, bias) in enumerate(layers.head):
                values = torch.relu(values) if index else values
                values = values @ _there(weights) + _there(bias)
            sums[row] = sums[row] + torch.softmax(values, dim=1)
    whole, late_said = (plain(total / len(members)) for total in sums)
    return whole, late_said


def _there(values: Floats) -> torch.Tensor:
    return torch.from_numpy(values).to(DEVICE)
