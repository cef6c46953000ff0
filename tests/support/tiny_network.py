"""A convolutional network of a few kilobytes that finds bright squares, in YOLOX's form."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from its_camera_ai.vision.calibration import SitePicture

SIDE = 64
CELL = 8
CLASSES = ["person"]
_CHANNELS = 8


def bright_squares_network(path: Path, layers: int = 6) -> Path:
    """Finds 16×16 boxes around every bright 8×8 cell of a 64×64 picture.

    Two strided convolutions (the second depthwise), ``layers`` pointwise ones, each with a ReLU,
    then one head per stride: 85 % of brightness is sure, and only at stride 8.
    """
    random = np.random.default_rng(7)
    constants: dict[str, np.ndarray] = {}
    nodes: list[onnx.NodeProto] = []

    def convolve(name: str, source: str, weight: np.ndarray, bias: np.ndarray, **k: Any) -> str:
        constants[f"{name}_w"] = weight.astype(np.float32)
        constants[f"{name}_b"] = bias.astype(np.float32)
        inputs = [source, f"{name}_w", f"{name}_b"]
        nodes.append(helper.make_node("Conv", inputs, [name], **k))
        return name

    def lit(source: str) -> str:
        nodes.append(helper.make_node("Relu", [source], [f"{source}_lit"]))
        return f"{source}_lit"

    zero = np.zeros(_CHANNELS)
    mean = np.full((_CHANNELS, 3, 2, 2), 1 / (12 * 255))
    at = lit(convolve("stem", "images", mean, zero, strides=[2, 2]))
    fourth = np.full((_CHANNELS, 1, 4, 4), 1 / 16)
    at = lit(convolve("depth", at, fourth, zero, strides=[4, 4], group=_CHANNELS))
    for layer in range(layers):
        mix = random.uniform(0.5, 1.5, (_CHANNELS, _CHANNELS, 1, 1))
        at = lit(convolve(f"mix{layer}", at, mix / mix.sum(axis=1, keepdims=True), zero))
    flat = [_head(nodes, convolve, at, stride) for stride in (8, 16, 32)]
    constants["rows"] = np.array([1, 6, -1], np.int64)
    nodes += [
        helper.make_node("Concat", flat, ["all"], axis=2),
        helper.make_node("Transpose", ["all"], ["output"], perm=[0, 2, 1]),
    ]
    graph = helper.make_graph(
        nodes,
        "squares",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, (1, 3, SIDE, SIDE))],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, (1, 84, 6))],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=7)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def _head(
    nodes: list[onnx.NodeProto], convolve: Callable[..., str], source: str, stride: int
) -> str:
    """Boxes two strides wide around each cell's centre; logits of objectness and class."""
    gain = 40.0 if stride == CELL else 0.0
    boxes = convolve(
        f"box{stride}",
        source,
        np.zeros((4, _CHANNELS, 1, 1)),
        np.array([0.5, 0.5, np.log(2), np.log(2)]),
        strides=[stride // CELL] * 2,
    )
    logits = convolve(
        f"logit{stride}",
        source,
        np.stack([np.full((_CHANNELS, 1, 1), gain / _CHANNELS), np.zeros((_CHANNELS, 1, 1))]),
        np.array([-gain * 0.5 if gain else -9.0, 9.0]),
        strides=[stride // CELL] * 2,
    )
    nodes += [
        helper.make_node("Sigmoid", [logits], [f"shares{stride}"]),
        helper.make_node("Concat", [boxes, f"shares{stride}"], [f"head{stride}"], axis=1),
        helper.make_node("Reshape", [f"head{stride}", "rows"], [f"flat{stride}"]),
    ]
    return f"flat{stride}"


def square_pictures(count: int, camera_id: str = "north", seed: int = 1) -> list[SitePicture]:
    """Dark pictures with five bright cells each, never next to each other."""
    random = np.random.default_rng(seed)
    pictures = []
    for _ in range(count):
        frame = random.integers(0, 40, (SIDE, SIDE, 3)).astype(np.uint8)
        for place in random.choice(16, 5, replace=False):
            y, x = (place // 4) * 16, (place % 4) * 16
            frame[y : y + CELL, x : x + CELL] = random.integers(200, 255)
        pictures.append(SitePicture(camera_id, frame))
    return pictures
