"""Trained layers as an ONNX file, built node by node.

Owns the graph's shape: what the stream measures goes in, two probabilities of each row come out,
for any number of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from classifier.acoustic.contour import CHANNELS, SPEECH_CHANNEL
from classifier.acoustic.functionals import WIDTH
from classifier.acoustic.layout import ANALYSIS_FRAMES, Floats
from classifier.acoustic.model import (
    CONTOUR_INPUT,
    EMOTION_OUTPUT,
    NEWEST_INPUT,
    SPEECH_OUTPUT,
    VOICE_INPUT,
)
from classifier.acoustic.window import RECENT_FRAMES
from classifier.training.learning.contour_network import (
    LEAST_VARIANCE,
    SILENT,
    STEP,
    STRIDES,
    TAPS,
    ContourLayers,
)
from classifier.training.learning.network import Layers

OPSET: Final = 17
IR_VERSION: Final = 8
"""Old enough for every runtime that the project supports."""

CHANNELS_AT_ONCE: Final = 16
"""The runtime's fast convolutions take channels by so many: inputs are filled up with silent ones.
"""


Values = np.ndarray[tuple[int, ...], np.dtype[np.generic]]


class _Builder:
    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self.filled = CHANNELS + -CHANNELS % CHANNELS_AT_ONCE

    def constant(self, name: str, values: Values) -> str:
        self.constants[name] = numpy_helper.from_array(values, name)
        return name

    def numbers(self, *values: int) -> str:
        """Whole numbers as an input, such as the axes of a sum."""
        return self.constant(f"at_{'_'.join(map(str, values))}", np.array(values, np.int64))

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def part(self, of: str, first: int, last: int, output: str) -> str:
        """Columns or channels from the first up to the last."""
        ends = [self.numbers(first), self.numbers(last), self.numbers(1)]
        return self.node("Slice", [of, *ends], output)

    def layers(self, name: str, start: str, layers: Sequence[tuple[Floats, Floats]]) -> str:
        """Layers with ReLU between, and a softmax at the end."""
        at = start
        for index, (weights, bias) in enumerate(layers):
            step = f"{name}_{index}"
            w, b = self.constant(f"{step}_w", weights), self.constant(f"{step}_b", bias)
            at = self.node("Gemm", [at, w, b], f"{step}_sum")
            if index < len(layers) - 1:
                at = self.node("Relu", [at], f"{step}_out")
        return self.node("Softmax", [at], f"{name}_p", axis=1)

    def spoken(self) -> tuple[str, str]:
        """How much the attention must leave aside, by steps: of windows and of newest seconds."""
        speech = self.part(CONTOUR_INPUT, SPEECH_CHANNEL, SPEECH_CHANNEL + 1, "speech_frames")
        late = np.zeros((1, 1, ANALYSIS_FRAMES), np.float32)
        late[..., -RECENT_FRAMES:] = 1.0
        newest = self.node("Mul", [speech, self.constant("late", late)], "late_frames")
        one = self.constant("one", np.ones(1, np.float32))
        silent = self.constant("silent", np.full(1, SILENT, np.float32))
        held: list[str] = []
        for name, frames in (("whole", speech), ("newest", newest)):
            steps = self.node(
                "MaxPool", [frames], f"{name}_steps", kernel_shape=[STEP], strides=[STEP]
            )
            missing = self.node("Sub", [steps, one], f"{name}_missing")
            held.append(self.node("Mul", [missing, silent], f"{name}_held"))
        return held[0], held[1]

    def pictures(self) -> str:
        """The contours as pictures one frame high, with as many channels as suit the runtime.

        Its fast convolutions are those of pictures: on rows it takes half as long again.
        """
        missing = np.zeros(8, np.int64)
        missing[5] = self.filled - CHANNELS
        high = self.node("Unsqueeze", [CONTOUR_INPUT, self.numbers(2)], "high")
        return self.node("Pad", [high, self.constant("missing_channels", missing)], "pictures")

    def contour(
        self, name: str, pictures: str, layers: ContourLayers, held: tuple[str, str]
    ) -> str:
        """A network over contours and functionals; what each row says."""
        heard = pictures
        for index, (weights, bias) in enumerate(layers.convolutions):
            taps, stride = TAPS[index], STRIDES[index]
            step = f"{name}_conv_{index}"
            if index == 0:
                weights = np.pad(weights, ((0, 0), (0, self.filled - CHANNELS), (0, 0)))
            w, b = self.constant(f"{step}_w", weights[:, :, None]), self.constant(f"{step}_b", bias)
            aside = taps // 2
            wide = {
                "kernel_shape": [1, taps],
                "strides": [1, stride],
                "pads": [0, aside, 0, aside],
            }
            heard = self.node("Conv", [heard, w, b], f"{step}_sum", **wide)
            heard = self.node("Relu", [heard], f"{step}_out")
        heard = self.node("Squeeze", [heard, self.numbers(2)], f"{name}_heard")
        scores = heard
        for index, (weights, bias) in enumerate(layers.attention):
            step = f"{name}_attention_{index}"
            scores = self.node("Tanh", [scores], f"{step}_in") if index else scores
            w, b = self.constant(f"{step}_w", weights), self.constant(f"{step}_b", bias)
            scores = self.node("Conv", [scores, w, b], f"{step}_out", kernel_shape=[1])
        squares = self.node("Mul", [heard, heard], f"{name}_squares")
        whole, newest = (
            self.attended(f"{name}_{kind}", heard, squares, scores, left_aside)
            for kind, left_aside in zip(("whole", "newest"), held, strict=True)
        )
        late = self.node("Gather", [newest, NEWEST_INPUT], f"{name}_late", axis=0)
        pooled = self.node("Concat", [whole, late], f"{name}_pooled", axis=0)
        both = self.node("Concat", [pooled, "against_habit"], f"{name}_both", axis=1)
        return self.layers(name, both, layers.head)

    def attended(self, name: str, heard: str, squares: str, scores: str, left_aside: str) -> str:
        """Mean and deviation over the steps, weighed by attention."""
        left = self.node("Add", [scores, left_aside], f"{name}_scores")
        flat = self.node("Softmax", [left], f"{name}_flat", axis=2)
        weight = self.node("Transpose", [flat], f"{name}_weight", perm=[0, 2, 1])
        # Sums as products of matrices: what is weighed need not be written down.
        mean = self.node("MatMul", [heard, weight], f"{name}_mean")
        square = self.node("MatMul", [squares, weight], f"{name}_square")
        of_mean = self.node("Mul", [mean, mean], f"{name}_of_mean")
        variance = self.node("Sub", [square, of_mean], f"{name}_variance")
        least = self.constant("least_variance", np.full(1, LEAST_VARIANCE, np.float32))
        held = self.node("Max", [variance, least], f"{name}_held_variance")
        deviation = self.node("Sqrt", [held], f"{name}_deviation")
        both = self.node("Concat", [mean, deviation], f"{name}_both", axis=1)
        return self.node("Squeeze", [both, self.numbers(2)], f"{name}_pooled")


def build_graph(
    emotion: Sequence[Layers], contours: Sequence[ContourLayers], speech: Layers
) -> bytes:
    """The file's bytes.

    Args:
        emotion: perceptrons over the last ``WIDTH`` inputs or all ``2 * WIDTH``.
        contours: networks over contours, which weigh together as much as the perceptrons do.
        speech: two outputs (other, voice) over the first ``WIDTH`` inputs: whether something is
            a voice does not depend on whose habit it is compared with.
    """
    build = _Builder()
    alone = [
        build.layers(f"emotion_{i}", VOICE_INPUT, _over_all(m, 0)) for i, m in enumerate(emotion)
    ]
    build.part(VOICE_INPUT, WIDTH, 2 * WIDTH, "against_habit")
    held = build.spoken()
    pictures = build.pictures()
    moving = [
        build.contour(f"contour_{i}", pictures, layers, held) for i, layers in enumerate(contours)
    ]
    halves = [
        build.node("Mean", alone, "by_functionals"),
        build.node("Mean", moving, "by_contours"),
    ]
    build.node("Mean", halves, EMOTION_OUTPUT)
    both = build.layers("speech", VOICE_INPUT, _over_all(speech, WIDTH))
    build.part(both, 1, 2, SPEECH_OUTPUT)
    classes = emotion[0][-1][1].size
    graph = helper.make_graph(
        build.nodes,
        "linnet",
        [
            helper.make_tensor_value_info(VOICE_INPUT, TensorProto.FLOAT, ["rows", 2 * WIDTH]),
            helper.make_tensor_value_info(
                CONTOUR_INPUT, TensorProto.FLOAT, ["windows", CHANNELS, ANALYSIS_FRAMES]
            ),
            helper.make_tensor_value_info(NEWEST_INPUT, TensorProto.INT64, ["newest"]),
        ],
        [
            helper.make_tensor_value_info(EMOTION_OUTPUT, TensorProto.FLOAT, ["rows", classes]),
            helper.make_tensor_value_info(SPEECH_OUTPUT, TensorProto.FLOAT, ["rows", 1]),
        ],
        list(build.constants.values()),
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
