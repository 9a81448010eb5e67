"""Trained layers as an ONNX file, built node by node.

Owns the graph's shape: what the stream measures goes in, two probabilities of each row come out,
for any number of rows. The convolutions hear only what is new of a window; what they heard of the
rest before comes in, and what they made of the new goes out, to come in again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from classifier.acoustic.contour import CHANNELS
from classifier.acoustic.functionals import WIDTH
from classifier.acoustic.layout import Floats
from classifier.acoustic.model import (
    CHUNK_INPUT,
    EMOTION_OUTPUT,
    NEWEST_INPUT,
    PAST_INPUT,
    PLACE_INPUT,
    SPEECH_OUTPUT,
    SPOKEN_INPUT,
    STEPS_OUTPUT,
    TAKEN_INPUT,
    VOICE_INPUT,
)
from classifier.acoustic.steps import CHUNK_FRAMES, CHUNK_STEPS, STEPS, STRIDES, TAPS
from classifier.training.learning.contour_network import LEAST_VARIANCE, SILENT, ContourLayers
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

    def part(self, of: str, first: int, last: int, output: str, axis: int = 1) -> str:
        """Columns or channels from the first up to the last."""
        ends = [self.numbers(first), self.numbers(last), self.numbers(axis)]
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

    def left_aside(self) -> str:
        """What is taken off the attention to each step: of windows and of newest seconds."""
        one = self.constant("one", np.ones(1, np.float32))
        silent = self.constant("silent", np.full(1, SILENT, np.float32))
        missing = self.node("Sub", [SPOKEN_INPUT, one], "missing")
        return self.node("Mul", [missing, silent], "left_aside")

    def pictures(self) -> str:
        """The chunks as pictures one frame high, with as many channels as suit the runtime.

        Its fast convolutions are those of pictures: on rows it takes half as long again.
        """
        missing = np.zeros(8, np.int64)
        missing[5] = self.filled - CHANNELS
        high = self.node("Unsqueeze", [CHUNK_INPUT, self.numbers(2)], "high")
        return self.node("Pad", [high, self.constant("missing_channels", missing)], "pictures")

    def convolved(self, name: str, pictures: str, layers: ContourLayers) -> str:
        """What the convolutions of a network make of chunks, ``(chunks, width, 1, CHUNK_STEPS)``.

        A chunk begins with all that its first step is made of; it may end where the stream does.
        """
        heard = pictures
        for index, (weights, bias) in enumerate(layers.convolutions):
            taps, stride = TAPS[index], STRIDES[index]
            step = f"{name}_conv_{index}"
            if index == 0:
                weights = np.pad(weights, ((0, 0), (0, self.filled - CHANNELS), (0, 0)))
            w, b = self.constant(f"{step}_w", weights[:, :, None]), self.constant(f"{step}_b", bias)
            wide = {
                "kernel_shape": [1, taps],
                "strides": [1, stride],
                "pads": [0, 0, 0, taps // 2],
            }
            heard = self.node("Conv", [heard, w, b], f"{step}_sum", **wide)
            heard = self.node("Relu", [heard], f"{step}_out")
        return heard

    def steps(self, convolved: Sequence[str], width: int) -> str:
        """All steps of the windows, what was heard before with the new in its place:
        ``(windows, STEPS, width)``. The new alone becomes an output."""
        heard = self.node("Concat", convolved, "heard", axis=1)
        rows = self.node("Squeeze", [heard, self.numbers(2)], "heard_rows")
        made = self.node("Transpose", [rows], "made", perm=[0, 2, 1])
        self.node("Cast", [made], STEPS_OUTPUT, to=TensorProto.FLOAT16)
        # A step is heard like those that were kept, whenever it was made.
        halves = self.node("Cast", [STEPS_OUTPUT], "made_halves", to=TensorProto.FLOAT)
        flat = self.constant("flat", np.array([-1, width], np.int64))
        every = self.node("Reshape", [halves, flat], "made_steps")
        new = self.node("Gather", [every, TAKEN_INPUT], "new_steps", axis=0)
        place = self.node("Unsqueeze", [PLACE_INPUT, self.numbers(1)], "places")
        past = self.node("Cast", [PAST_INPUT], "past_wide", to=TensorProto.FLOAT)
        past = self.node("Reshape", [past, flat], "past_steps")
        steps = self.node("ScatterND", [past, place, new], "all_steps")
        by_window = self.constant("by_window", np.array([-1, STEPS, width], np.int64))
        return self.node("Reshape", [steps, by_window], "window_steps")

    def contour(self, name: str, heard: str, layers: ContourLayers, left_aside: str) -> str:
        """A network over contours and functionals; what each row says.

        Args:
            name: of the network.
            heard: its part of the steps, ``(windows, STEPS, width)``.
            layers: of the network.
            left_aside: see :meth:`left_aside`.
        """
        scores = heard
        for index, (weights, bias) in enumerate(layers.attention):
            step = f"{name}_attention_{index}"
            scores = self.node("Tanh", [scores], f"{step}_in") if index else scores
            w = self.constant(f"{step}_w", np.ascontiguousarray(weights[:, :, 0].T))
            scores = self.node("MatMul", [scores, w], f"{step}_product")
            scores = self.node("Add", [scores, self.constant(f"{step}_b", bias)], f"{step}_out")
        row = self.node("Transpose", [scores], f"{name}_row", perm=[0, 2, 1])
        left = self.node("Add", [row, left_aside], f"{name}_left")
        weight = self.node("Softmax", [left], f"{name}_weight", axis=2)
        # Sums as products of matrices: what is weighed need not be written down.
        mean = self.node("MatMul", [weight, heard], f"{name}_mean")
        squares = self.node("Mul", [heard, heard], f"{name}_squares")
        square = self.node("MatMul", [weight, squares], f"{name}_square")
        of_mean = self.node("Mul", [mean, mean], f"{name}_of_mean")
        variance = self.node("Sub", [square, of_mean], f"{name}_variance")
        least = self.constant("least_variance", np.full(1, LEAST_VARIANCE, np.float32))
        held = self.node("Max", [variance, least], f"{name}_held_variance")
        deviation = self.node("Sqrt", [held], f"{name}_deviation")
        pooled = self.node("Concat", [mean, deviation], f"{name}_pooled", axis=2)
        at_first, at_second = (self.constant(f"row_{i}", np.array(i, np.int64)) for i in (0, 1))
        whole = self.node("Gather", [pooled, at_first], f"{name}_whole", axis=1)
        newest = self.node("Gather", [pooled, at_second], f"{name}_newest", axis=1)
        late = self.node("Gather", [newest, NEWEST_INPUT], f"{name}_late", axis=0)
        rows = self.node("Concat", [whole, late], f"{name}_rows", axis=0)
        both = self.node("Concat", [rows, "against_habit"], f"{name}_both", axis=1)
        return self.layers(name, both, layers.head)


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
    left_aside = build.left_aside()
    pictures = build.pictures()
    widths = [layers.convolutions[-1][1].size for layers in contours]
    steps = build.steps(
        [build.convolved(f"contour_{i}", pictures, each) for i, each in enumerate(contours)],
        sum(widths),
    )
    moving: list[str] = []
    for i, (each, width) in enumerate(zip(contours, widths, strict=True)):
        first = sum(widths[:i])
        own = build.part(steps, first, first + width, f"contour_{i}_steps", axis=2)
        moving.append(build.contour(f"contour_{i}", own, each, left_aside))
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
                CHUNK_INPUT, TensorProto.FLOAT, ["chunks", CHANNELS, CHUNK_FRAMES]
            ),
            helper.make_tensor_value_info(
                PAST_INPUT, TensorProto.FLOAT16, ["windows", STEPS, sum(widths)]
            ),
            helper.make_tensor_value_info(TAKEN_INPUT, TensorProto.INT64, ["new"]),
            helper.make_tensor_value_info(PLACE_INPUT, TensorProto.INT64, ["new"]),
            helper.make_tensor_value_info(SPOKEN_INPUT, TensorProto.FLOAT, ["windows", 2, STEPS]),
            helper.make_tensor_value_info(NEWEST_INPUT, TensorProto.INT64, ["newest"]),
        ],
        [
            helper.make_tensor_value_info(EMOTION_OUTPUT, TensorProto.FLOAT, ["rows", classes]),
            helper.make_tensor_value_info(SPEECH_OUTPUT, TensorProto.FLOAT, ["rows", 1]),
            helper.make_tensor_value_info(
                STEPS_OUTPUT, TensorProto.FLOAT16, ["chunks", CHUNK_STEPS, sum(widths)]
            ),
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
