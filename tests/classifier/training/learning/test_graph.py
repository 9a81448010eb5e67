"""classifier.training.learning.graph"""

import hashlib
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

import torch

from classifier.acoustic.functionals import WIDTH
from classifier.acoustic.layout import Floats
from classifier.acoustic.model import Batch, Network
from classifier.training.learning.contour_network import ContourLayers, Part, predict_contours
from classifier.training.learning.graph import build_graph
from classifier.training.learning.network import Layers, predict
from tests.classifier.acoustic.chunks import BEFORE, chunked
from tests.classifier.acoustic.test_card import card
from tests.classifier.training.learning.test_contour_network import QUICK, train, windows

CONTOURS = train(QUICK)


def layers(*widths: int, seed: int = 1) -> Layers:
    """Layers of these widths that nobody trained."""
    rng = np.random.default_rng(seed)
    pairs = pairwise(widths)
    return [
        (rng.normal(size=(a, b)).astype(np.float32) / 8, rng.normal(size=b).astype(np.float32))
        for a, b in pairs
    ]


def loaded(emotion: list[Layers], contours: list[ContourLayers], speech: Layers) -> Network:
    weights = build_graph(emotion, contours, speech)
    return Network(card(weights_sha256=hashlib.sha256(weights).hexdigest()), weights)


def heard_by_hand(part: Part, voices: Floats, emotion: list[Layers]) -> tuple[Floats, Floats]:
    whole, newest = predict_contours(CONTOURS, part)
    late = np.isfinite(newest_of(part)[:, 0])
    by_functionals = predict(emotion, voices)
    count = len(part.seen)
    return (by_functionals[:count] + whole) / 2, (by_functionals[count:] + newest[late]) / 2


def newest_of(part: Part) -> Floats:
    """Functionals of the newest seconds, no longer on the device."""
    values: Floats = part.newest.cpu().numpy()
    return values


@pytest.mark.parametrize("count", [1, 9])
def test_the_graph_computes_what_was_trained(count: int) -> None:
    """The ONNX file gives the same probabilities as the trained layers, for any batch."""
    emotion, speech = [layers(WIDTH, 8, 2), layers(2 * WIDTH, 8, 2, seed=2)], layers(WIDTH, 4, 2)
    network = loaded(emotion, CONTOURS, speech)
    part, _ = windows(count, seed=7)
    newest_seconds = newest_of(part)
    late = np.isfinite(newest_seconds[:, 0])
    among = np.random.default_rng(3).normal(size=(count + late.sum(), WIDTH)).astype(np.float32)
    against = np.concatenate([part.whole.cpu().numpy(), newest_seconds[late]])
    voices = np.concatenate([among, against], axis=1)
    ones = np.ones(len(voices), np.float32)
    contours = part.seen.transpose(1, 2).cpu().numpy()
    steps = chunked(contours, network.step_width)
    heard = network.hear(Batch(voices, steps, np.flatnonzero(late), ones, ones))
    # In the graph silence comes before what was heard first; beside a window lies nothing.
    silence = torch.zeros_like(part.seen[:, :BEFORE])
    part = replace(part, seen=torch.cat([silence, part.seen], dim=1))
    whole, newest = heard_by_hand(part, voices, emotion)
    assert np.allclose(heard.emotion[:count], whole, atol=1e-3)
    assert np.allclose(heard.emotion[count:], newest, atol=1e-3)
    assert np.allclose(heard.speech, predict([speech], among)[:, 1], atol=1e-5)


def test_the_same_layers_make_the_same_file() -> None:
    """The graph is written without dates or chance: equal weights have equal hashes."""
    parts = [layers(WIDTH, 8, 2)], CONTOURS, layers(WIDTH, 2)
    assert build_graph(*parts) == build_graph(*parts)
