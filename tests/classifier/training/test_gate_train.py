"""classifier.training.gate_train"""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")

import torch

from classifier.acoustic.extractor import FrameExtractor
from classifier.acoustic.gate import INPUTS, GateWeights, describe, speech_odds
from classifier.acoustic.layout import ANALYSIS_FRAMES
from classifier.training.gate_scenes import Scene
from classifier.training.gate_train import GateNet, gate_windows, train
from tests.classifier.voices import noise, syllables


def scene(seconds: int = 6) -> Scene:
    """Syllables for half of the time, and hiss."""
    voice = syllables(4.0, seconds / 2).astype(np.float32) / 32768
    hiss = noise(float(seconds), 0.001).astype(np.float32) / 32768
    hiss[: voice.size] += voice
    return Scene(hiss, np.arange(seconds * 100) < seconds * 50)


def test_what_is_trained_is_what_runs() -> None:
    """The network in training and the gate's arithmetic give the same odds."""
    torch.manual_seed(3)
    net = GateNet()
    frames = FrameExtractor().push(syllables(4.0, 3.0))
    seen, heard = describe(frames)
    with torch.no_grad():
        wanted = net(torch.from_numpy(seen)[None], torch.from_numpy(heard)[None].float())[0]
    found = speech_odds(frames, GateWeights(**net.arrays()))
    np.testing.assert_allclose(found, wanted.numpy(), atol=1e-4)


def test_windows_are_those_of_a_stream() -> None:
    """Early ones begin before the lane did; truth is unknown there."""
    seen, wanted = gate_windows(scene(), np.random.default_rng(0))
    assert len(seen) == len(wanted) >= 6
    assert seen[0].shape == (ANALYSIS_FRAMES, INPUTS)
    assert (wanted[0][:250] == -1).all()
    assert (wanted[0][250:] == 1).all()
    assert not seen[0][:250].any()


def test_training_learns() -> None:
    """A few rounds on one easy scene tell its halves apart."""
    seen, wanted = gate_windows(scene(16), np.random.default_rng(0))
    many = 64 // len(seen) + 1
    net = train(seen * many, wanted * many, epochs=20)
    inputs, truth = seen[-1], wanted[-1]
    with torch.no_grad():
        odds = net(torch.from_numpy(inputs).float()[None], torch.ones(1, ANALYSIS_FRAMES))[
            0
        ].numpy()
    assert np.mean((odds > 0) == (truth > 0)) > 0.9
