"""classifier.training.learning.convolution"""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from classifier.training.learning.convolution import LEAST, MOMENTUM, Convolution, Sieve

ROWS, WIDTH, WIDE = 4, 3, 5


def exact(taps: int, stride: int, dropout: float = 0.0) -> Convolution:
    """A layer in float64, so that what differs is the arithmetic and not its rounding."""
    torch.manual_seed(taps)
    return Convolution(WIDTH, WIDE, taps, stride, dropout).double()


def one_by_one(layer: Convolution, heard: torch.Tensor) -> torch.Tensor:
    """The same by the layers of the library."""
    weight = layer.product.weight.unflatten(1, (layer.taps, WIDTH)).transpose(1, 2)
    summed = nn.functional.conv1d(
        heard.transpose(1, 2), weight, None, layer.stride, layer.taps // 2
    )
    normal = nn.functional.batch_norm(
        summed, None, None, layer.norm.weight, layer.norm.bias, True, MOMENTUM, LEAST
    )
    return torch.relu(normal).transpose(1, 2)


@settings(deadline=None, max_examples=40)
@given(frames=st.integers(5, 40), taps=st.sampled_from([1, 3, 5, 7]), stride=st.integers(1, 4))
def test_it_is_the_layers_one_by_one(frames: int, taps: int, stride: int) -> None:
    """What comes out, and what is learnt from it, is that of the library's own layers."""
    layer = exact(taps, stride)
    heard = torch.randn(ROWS, frames, WIDTH, dtype=torch.float64, requires_grad=True)
    ours, theirs = layer(heard), one_by_one(layer, heard)
    assert torch.allclose(ours, theirs, atol=1e-9)
    of = [heard, *layer.parameters()]
    wanted = torch.randn_like(theirs)
    pairs = zip(
        torch.autograd.grad(ours, of, wanted), torch.autograd.grad(theirs, of, wanted), strict=True
    )
    # Gradients of weights are summed in float32, as the weights are.
    assert all(torch.allclose(mine, other, atol=1e-4) for mine, other in pairs)


def test_half_the_bits_say_nearly_the_same() -> None:
    """In bfloat16 it strays by no more than that rounds."""
    layer = Convolution(WIDTH, WIDE, 5, 2, 0.0)
    heard = torch.randn(64, 40, WIDTH)
    whole, half = layer(heard), layer(heard.bfloat16())
    assert half.dtype == torch.bfloat16
    assert float((whole - half.float()).detach().abs().max()) < 0.05


def test_its_arrays_are_the_layer_with_what_it_kept() -> None:
    """Weights and bias alone do what the trained layer does with its running moments."""
    layer = exact(5, 2)
    heard = torch.randn(200, 40, WIDTH, dtype=torch.float64) * 2.0 + 1.0
    with torch.no_grad():
        layer.norm.weight.uniform_(0.5, 2.0)
        layer.norm.bias.uniform_(-1.0, 1.0)
        for _ in range(200):
            wanted = layer(heard)
    weight, bias = (torch.from_numpy(values).double() for values in layer.arrays())
    found = torch.relu(nn.functional.conv1d(heard.transpose(1, 2), weight, bias, 2, 2))
    assert torch.allclose(found.transpose(1, 2), wanted, atol=0.02)


def test_dropout_takes_its_share_and_keeps_the_mean() -> None:
    """A fifth becomes nothing, the rest grows, and no two draws are alike."""
    torch.manual_seed(1)
    sieve = Sieve(0.2)
    values = torch.ones(100, 50)
    first, second = sieve(values), sieve(values)
    assert first is not None
    assert second is not None
    assert float((first == 0).float().mean()) == pytest.approx(0.2, abs=0.03)
    assert float(first.mean()) == pytest.approx(1.0, abs=0.04)
    assert not torch.equal(first, second)


def test_what_was_dropped_learns_nothing() -> None:
    """Gradients pass where something came out, grown like it, and nowhere else."""
    layer = exact(1, 1, dropout=0.5)
    with torch.no_grad():
        layer.norm.bias.fill_(100.0)  # nothing is below zero, so that only dropout takes away
    heard = torch.randn(50, 8, WIDTH, dtype=torch.float64)
    found = layer(heard)
    (of_shift,) = torch.autograd.grad(found.sum(), layer.norm.bias)
    kept = (found != 0).sum(dim=(0, 1)).double()
    assert torch.allclose(of_shift, 2.0 * kept)
    assert np.all((kept.numpy() > 120) & (kept.numpy() < 280))


def test_without_dropout_nothing_is_drawn() -> None:
    """A share of nothing leaves all as it is."""
    assert Sieve(0.0)(torch.ones(3)) is None
