"""A small network that somebody might bring along, made here, and its description."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LABELS = ("angry", "calm", "odd")


def network(
    path: Path,
    *,
    gain: Sequence[float] = (40.0, -40.0, 0.0),
    bias: Sequence[float] = (-2.0, 2.0, -4.0),
    samples: int | str = "T",
    windows: int | str = "B",
) -> Path:
    """Write a network: ``logits = gain * mean(|audio|) + bias``, ``dims`` the first two of them,
    and ``level`` the mean itself."""
    nodes = [
        helper.make_node("Abs", ["audio"], ["size"]),
        helper.make_node("ReduceMean", ["size", "axis"], ["level"], keepdims=1),
        helper.make_node("MatMul", ["level", "gain"], ["grown"]),
        helper.make_node("Add", ["grown", "bias"], ["logits"]),
        helper.make_node("Slice", ["logits", "begin", "end", "axis"], ["dims"]),
    ]
    constants = {
        "axis": np.array([1], np.int64),
        "begin": np.array([0], np.int64),
        "end": np.array([2], np.int64),
        "gain": np.array([gain], np.float32),
        "bias": np.array(bias, np.float32),
    }
    batch = [windows, None]
    graph = helper.make_graph(
        nodes,
        "loudness",
        [helper.make_tensor_value_info("audio", TensorProto.FLOAT, [windows, samples])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, batch)
            for name in ("logits", "dims", "level")
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, str(path))
    return path


def description(**changes: Any) -> dict[str, Any]:
    """A description of :func:`network`; ``changes`` by dotted path, with ``__`` for the dot. None
    leaves a field out."""
    card: dict[str, Any] = {
        "name": "loudness",
        "licence": "CC0 1.0",
        "input": {"name": "audio", "window_s": 1.0},
        "labels": {
            "output": "logits",
            "names": list(LABELS),
            "affects": {"angry": "frustrated", "calm": "tired", "odd": None},
            "softmax": True,
        },
    }
    for dotted, value in changes.items():
        *way, last = dotted.split("__")
        part = card
        for step in way:
            part = part[step]
        if value is None:
            part.pop(last)
        else:
            part[last] = value
    return card


def brought(folder: Path, card: dict[str, Any] | None = None, **parts: Any) -> Path:
    """A network with its description beside it."""
    path = network(folder / "loudness.onnx", **parts)
    path.with_suffix(".json").write_text(json.dumps(card or description()), encoding="utf-8")
    return path
