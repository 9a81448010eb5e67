"""A convolution over frames with all that follows it in training, as one product of matrices.

Normalisation, ReLU and dropout belong to it. Rows of frames lie with their channels side by side,
so that what a step sees is one stretch of memory: laid out step by step, that is a matrix, and a
product of matrices in half the bits is what processors do fastest. It takes a third of the time of
the same layers one by one.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch
from torch import nn

from classifier.acoustic.layout import Floats

MOMENTUM: Final = 0.1
"""What a batch adds to the mean and deviation that are kept."""

LEAST: Final = 1e-5
"""Added to variances."""

_SIEVES: Final = 8
"""How many different draws of a dropout are kept, at least."""


class Sieve:
    """Dropout from a stock of draws: to draw each number anew takes longer than to convolve.

    Every call takes a stretch of the stock that begins somewhere else.
    """

    def __init__(self, share: float) -> None:
        """Nothing drawn yet.

        Args:
            share: of the values that become 0; the others grow, so that the mean stays.
        """
        self.growth = 1.0 / (1.0 - share)
        self._share = share
        self._stock = torch.empty(0)

    def __call__(self, like: torch.Tensor) -> torch.Tensor | None:
        """Factors for as many values, or None where nothing is taken away."""
        if not self._share:
            return None
        count = like.numel()
        if len(self._stock) < _SIEVES * count:
            kept = torch.rand(_SIEVES * count, device=like.device) >= self._share
            self._stock = (kept * self.growth).to(like.dtype)
        begin = int(torch.randint(len(self._stock) - count + 1, ()))
        return self._stock[begin : begin + count].view(like.shape)


class Convolution(nn.Module):
    """One layer."""

    def __init__(self, width: int, wide: int, taps: int, stride: int, dropout: float) -> None:
        """As it is before any training.

        Args:
            width: channels that come in.
            wide: channels that go out.
            taps: frames that a step sees; odd.
            stride: frames between two steps.
            dropout: share of what goes out that is taken away.
        """
        super().__init__()
        self.taps, self.stride = taps, stride
        # What is added to all steps alike is lost in the normalisation: no bias.
        self.product = nn.Linear(taps * width, wide, bias=False)
        self.norm = nn.BatchNorm1d(wide, eps=LEAST, momentum=MOMENTUM)
        self._sieve = Sieve(dropout)

    def forward(self, heard: torch.Tensor) -> torch.Tensor:
        """``(rows, steps, wide)`` of ``(rows, frames, width)``, in the same precision."""
        norm = self.norm
        convolved: torch.Tensor = _Convolved.apply(
            heard,
            self.product.weight,
            norm.weight,
            norm.bias,
            (norm.running_mean, norm.running_var),
            self._sieve,
            (self.taps, self.stride),
        )
        return convolved

    def arrays(self) -> tuple[Floats, Floats]:
        """Weights ``(wide, width, taps)`` and bias of a convolution that needs no normalisation."""
        norm = self.norm
        spread: Any = norm.running_var
        centre: Any = norm.running_mean
        factor = norm.weight / torch.sqrt(spread + norm.eps)
        weight = (self.product.weight * factor[:, None]).unflatten(1, (self.taps, -1))
        return plain(weight.transpose(1, 2)), plain(norm.bias - centre * factor)


def plain(values: torch.Tensor) -> Floats:
    """An array of it, in float32."""
    return np.ascontiguousarray(values.detach().cpu().float().numpy())


class _Convolved(torch.autograd.Function):
    """The arithmetic of a layer forwards and backwards: only what backwards needs is kept."""

    @staticmethod
    def forward(
        ctx: Any,
        heard: torch.Tensor,
        weight: torch.Tensor,
        gain: torch.Tensor,
        shift: torch.Tensor,
        kept: tuple[torch.Tensor, torch.Tensor],
        sieve: Sieve,
        shape: tuple[int, int],
    ) -> torch.Tensor:
        taps, stride = shape
        rows, frames, width = heard.shape
        aside = taps // 2
        steps = (frames + 2 * aside - taps) // stride + 1
        framed = nn.functional.pad(heard, (0, 0, aside, aside))
        laid_out = framed.as_strided(
            (rows, steps, taps * width), (framed.stride(0), stride * width, 1)
        ).reshape(rows * steps, taps * width)
        weight = weight.to(heard.dtype)
        summed = nn.functional.linear(laid_out, weight)
        normal, mean, scale = torch.native_batch_norm(
            summed, gain, shift, *kept, True, MOMENTUM, LEAST
        )
        found = normal.relu_()
        factors = sieve(found)
        if factors is not None:
            found.mul_(factors)
        ctx.save_for_backward(laid_out, summed, found, weight, gain, mean, scale)
        ctx.geometry = rows, frames, steps, taps, stride
        ctx.growth = sieve.growth
        return found.view(rows, steps, -1)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        laid_out, summed, found, weight, gain, mean, scale = ctx.saved_tensors
        rows, frames, steps, taps, stride = ctx.geometry
        # What ReLU or dropout made 0 passes nothing on, all else grew alike.
        passed = torch.ops.aten.threshold_backward(
            gradients[0].reshape(found.shape), found, 0
        ).mul_(ctx.growth)
        of_sum, of_gain, of_shift = torch.ops.aten.native_batch_norm_backward(
            passed, summed, gain, None, None, mean, scale, True, LEAST, [True, True, True]
        )
        of_weight = (of_sum.t() @ laid_out).float()
        if not ctx.needs_input_grad[0]:
            return None, of_weight, of_gain, of_shift, None, None, None
        of_taps = of_sum @ weight
        # As many taps as steps are apart lie side by side in the frames as well.
        aside, beside = taps // 2, stride * (of_taps.shape[1] // taps)
        of_taps = of_taps.view(rows, steps, -1)
        reach = steps + -(-taps // stride) - 1
        of_framed = of_taps.new_zeros(rows, max(reach, -(-(frames + aside) // stride)), beside)
        for number, part in enumerate(of_taps.split(beside, dim=2)):
            of_framed[:, number : number + steps, : part.shape[2]] += part
        of_heard = of_framed.view(rows, -1, beside // stride)[:, aside : aside + frames]
        return of_heard, of_weight, of_gain, of_shift, None, None, None
