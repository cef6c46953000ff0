"""Networks of a few kilobytes with known answers, made with ``onnx.helper``."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE = 64
"""Input of every tiny network, pixels: cells 8×8, 4×4 and 2×2 at the strides 8, 16 and 32."""

_IR_VERSION = 8


def constant_model(
    path: Path,
    outputs: Mapping[str, np.ndarray],
    *,
    input_shape: tuple[int | str, ...] = (1, 3, SIDE, SIDE),
    bright: tuple[str, tuple[int, ...]] | None = None,
) -> Path:
    """A network that answers ``outputs`` whatever it sees.

    ``bright`` names one output and an index into it, to which the mean of the picture over 255 is
    added, so that the answer shows which picture went in.
    """
    nodes, initializers = [], []
    nodes.append(
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0, axes=[0, 1, 2, 3])
    )
    for name, value in outputs.items():
        base = np.asarray(value, np.float32)
        gain = np.zeros_like(base)
        if bright is not None and bright[0] == name:
            gain[bright[1]] = 1 / 255
        initializers += [
            numpy_helper.from_array(base, f"{name}_base"),
            numpy_helper.from_array(gain, f"{name}_gain"),
        ]
        nodes += [
            helper.make_node("Mul", ["mean", f"{name}_gain"], [f"{name}_lit"]),
            helper.make_node("Add", [f"{name}_base", f"{name}_lit"], [name]),
        ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, input_shape)],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, v.shape) for n, v in outputs.items()],
        initializers,
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=_IR_VERSION
    )
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def saved(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    initializers: Sequence[onnx.TensorProto] = (),
) -> Path:
    """Write a network without checking it."""
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, initializers)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=_IR_VERSION
    )
    onnx.save(model, path)
    return path


def picture_input(
    *shape: int | str, name: str = "images", kind: int = TensorProto.FLOAT
) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape or (1, 3, SIDE, SIDE))


def detr_with_frame_size(path: Path, rows: Sequence[tuple[int, float, Sequence[float]]]) -> Path:
    """The last step in the graph: rows of label, score, and corners from 0 to 1.

    Corners are multiplied with the second input as RT-DETR, D-FINE and DEIM do.
    """
    labels, scores, boxes = (np.array([column]) for column in zip(*rows, strict=True))
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0, axes=[0, 1, 2, 3]),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["score", "nothing"], ["scores"]),
        helper.make_node("Cast", ["orig_target_sizes"], ["size"], to=TensorProto.FLOAT),
        helper.make_node("Tile", ["size", "twice"], ["sizes"]),
        helper.make_node("Mul", ["box", "sizes"], ["boxes"]),
        helper.make_node("Identity", ["label"], ["labels"]),
    ]
    n = len(rows)
    return saved(
        path,
        nodes,
        [
            picture_input(),
            helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, (1, 2)),
        ],
        [
            helper.make_tensor_value_info("labels", TensorProto.INT64, (1, n)),
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, (1, n, 4)),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, (1, n)),
        ],
        [
            numpy_helper.from_array(labels.astype(np.int64), "label"),
            numpy_helper.from_array(scores.astype(np.float32), "score"),
            numpy_helper.from_array(boxes.astype(np.float32), "box"),
            numpy_helper.from_array(np.array(0, np.float32), "zero"),
            numpy_helper.from_array(np.array([1, 2], np.int64), "twice"),
        ],
    )


def batch_model(path: Path, base: np.ndarray, bright: tuple[int, int]) -> Path:
    """A network of any batch that answers ``base`` (1, N, C) for each picture of the batch.

    The mean of each picture over 255 is added to its own row and column ``bright``.
    """
    gain = np.zeros_like(base)
    gain[0, *bright] = 1 / 255
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=1, axes=[1, 2, 3]),
            helper.make_node("Squeeze", ["mean", "side"], ["flat"]),
            helper.make_node("Mul", ["flat", "gain"], ["lit"]),
            helper.make_node("Add", ["lit", "base"], ["output"]),
        ],
        "tiny",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ("n", 3, "h", "w"))],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ("n", *base.shape[1:]))],
        [
            numpy_helper.from_array(np.array([3], np.int64), "side"),
            numpy_helper.from_array(gain.astype(np.float32), "gain"),
            numpy_helper.from_array(base.astype(np.float32), "base"),
        ],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=_IR_VERSION
    )
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def yolox_output(classes: int = 80) -> np.ndarray:
    """(1, 84, 5 + C) with nothing in it; rows of stride 8 first."""
    return np.zeros((1, 64 + 16 + 4, 5 + classes), np.float32)


def nanodet_plus_output(classes: int = 80) -> np.ndarray:
    """(1, 85, C + 32) with nothing in it; rows of stride 8 first, the last of stride 64."""
    return np.zeros((1, 64 + 16 + 4 + 1, classes + 32), np.float32)


def nanodet_outputs(classes: int = 80) -> dict[str, np.ndarray]:
    """Per stride, class scores and distances, with nothing in them."""
    outputs = {}
    for stride in (8, 16, 32):
        cells = (SIDE // stride) ** 2
        outputs[f"cls_pred_stride_{stride}"] = np.zeros((1, cells, classes), np.float32)
        outputs[f"dis_pred_stride_{stride}"] = np.zeros((1, cells, 32), np.float32)
    return outputs


def fixed_yolox(places: int = 3) -> bytes:
    """Bytes of a file with what pins a YOLOX export to one size, and nothing else.

    ``places`` is the number of reshape constants; the published file has three.
    """
    shape = np.array([1, 85, -1], np.int64)
    nodes = [
        helper.make_node("Reshape", ["images", f"shape{i}"], [f"flat{i}"]) for i in range(places)
    ]
    nodes.append(helper.make_node("Concat", [f"flat{i}" for i in range(places)], ["out"], axis=2))
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, (1, 3, 416, 416))],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, (1, 3549, 85))],
        [numpy_helper.from_array(shape, f"shape{i}") for i in range(places)],
        value_info=[helper.make_tensor_value_info("flat0", TensorProto.FLOAT, (1, 85, 2704))],
    )
    return bytes(helper.make_model(graph, producer_name="test").SerializeToString())


def ssd_of_openvino(folder: Path) -> Path:
    """``ssd.xml`` and ``ssd.bin``: a real detection output over three boxes that never change.

    Class 1 with 0.9 in the box 0.25, 0.5, 0.5, 0.75; class 2 with 0.6 in 0, 0, 0.25, 0.25.
    """
    import openvino
    from openvino import opset8 as ops

    classes = np.zeros((1, 3, 3), np.float32)
    classes[0, 0, 1], classes[0, 1, 2], classes[0, 2, 0] = 0.9, 0.6, 0.9
    boxes = np.array([[0.25, 0.5, 0.5, 0.75], [0, 0, 0.25, 0.25], [0.5, 0.5, 0.9, 0.9]])
    priors = np.stack([boxes.reshape(1, -1), np.full((1, 12), 0.1)], 1).astype(np.float32)
    picture = ops.parameter([1, 3, SIDE, SIDE], np.float32, name="data")
    nothing = ops.multiply(ops.reduce_mean(picture, np.arange(4)), np.float32(0))
    found = ops.detection_output(
        ops.constant(np.zeros((1, 12), np.float32)),
        ops.add(ops.constant(classes.reshape(1, -1)), nothing),
        ops.constant(priors),
        {
            "background_label_id": 0,
            "top_k": 10,
            "keep_top_k": [5],
            "code_type": "caffe.PriorBoxParameter.CENTER_SIZE",
            "share_location": True,
            "nms_threshold": 0.45,
            "confidence_threshold": 0.01,
            "normalized": True,
        },
    )
    picture.output(0).tensor.set_names({"data"})
    found.output(0).tensor.set_names({"detection_out"})
    path = folder / "ssd.xml"
    openvino.save_model(openvino.Model([found], [picture], "ssd"), path, compress_to_fp16=False)
    return path
