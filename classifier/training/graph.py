"""Trained layers as an ONNX file, built node by node.

Owns the graph's shape: one input, two outputs, a free batch dimension.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from classifier.acoustic.functionals import WIDTH
from classifier.acoustic.layout import Floats
from classifier.acoustic.model import EMOTION_OUTPUT, INPUT, SPEECH_OUTPUT
from classifier.training.network import Layers

OPSET: Final = 17
IR_VERSION: Final = 8
"""Old enough for every runtime that the project supports."""


class _Builder:
    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, values: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> str:
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def node(self, kind: str, inputs: Sequence[str], output: str, axis: int | None = None) -> str:
        made = helper.make_node(kind, list(inputs), [output])
        if axis is not None:
            made.attribute.append(helper.make_attribute("axis", axis))
        self.nodes.append(made)
        return output

    def perceptron(self, name: str, start: str, layers: Layers) -> str:
        """Layers, and a softmax at the end."""
        at = start
        for index, (weights, bias) in enumerate(layers):
            step = f"{name}_{index}"
            w, b = self.constant(f"{step}_w", weights), self.constant(f"{step}_b", bias)
            at = self.node("Gemm", [at, w, b], f"{step}_sum")
            if index < len(layers) - 1:
                at = self.node("Relu", [at], f"{step}_out")
        return self.node("Softmax", [at], f"{name}_p", axis=1)


def build_graph(emotion: Sequence[Layers], speech: Layers) -> bytes:
    """The file's bytes.

    Args:
        emotion: members of the ensemble over the last ``WIDTH`` inputs or all ``2 * WIDTH``.
        speech: two outputs (other, voice) over the first ``WIDTH`` inputs: whether something is
            a voice does not depend on whose habit it is compared with.
    """
    build = _Builder()
    members = [
        build.perceptron(f"emotion_{i}", INPUT, _over_all(m, 0)) for i, m in enumerate(emotion)
    ]
    build.node("Mean", members, EMOTION_OUTPUT)
    both = build.perceptron("speech", INPUT, _over_all(speech, WIDTH))
    build.constant("speech_from", np.array([1], np.int64))
    build.constant("speech_to", np.array([2], np.int64))
    build.constant("speech_axis", np.array([1], np.int64))
    build.node("Slice", [both, "speech_from", "speech_to", "speech_axis"], SPEECH_OUTPUT)
    classes = emotion[0][-1][1].size
    graph = helper.make_graph(
        build.nodes,
        "linnet",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["batch", 2 * WIDTH])],
        [
            helper.make_tensor_value_info(EMOTION_OUTPUT, TensorProto.FLOAT, ["batch", classes]),
            helper.make_tensor_value_info(SPEECH_OUTPUT, TensorProto.FLOAT, ["batch", 1]),
        ],
        build.constants,
    )
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opset, producer_name="linnet")
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def _over_all(layers: Layers, after: int) -> Layers:
    """Layers over some of the inputs, made to ignore the others.

    Args:
        layers: the first may have fewer than ``2 * WIDTH`` inputs.
        after: how many inputs follow those that it has; the rest comes before them.
    """
    weights, bias = layers[0]
    before = 2 * WIDTH - after - len(weights)
    deaf: Floats = (
        np.pad(weights, ((before, after), (0, 0))) if len(weights) < 2 * WIDTH else weights
    )
    return [(deaf, bias), *layers[1:]]
