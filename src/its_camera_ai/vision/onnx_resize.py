"""Turns a YOLOX file of one fixed input size into one that runs at any size.

An exported YOLOX is convolutional throughout; only three places pin its size: the declared shapes
of input and output, the shapes noted for the values between, and the three reshape constants
``[1, 85, -1]`` whose leading 1 pins the batch. All are plain fields of the ONNX protobuf
(onnx.proto: ModelProto.graph = 7, opset_import = 8; GraphProto.initializer = 5, input = 11,
output = 12, value_info = 13), so a reader of the wire format is enough.
"""

import numpy as np

from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision.onnx_wire import BYTES, Field, field, fields, number_field, only, write

_GRAPH, _OPSET_IMPORT, _INITIALIZER, _INPUT, _OUTPUT, _VALUE_INFO = 7, 8, 5, 11, 12, 13
_NAME = 1  # of ValueInfoProto
_RAW_DATA = 9  # of TensorProto
_FLOAT = 1  # TensorProto.DataType


def any_size(model: bytes, class_count: int = 80) -> bytes:
    """The same network with symbolic batch, height and width.

    Args:
        model: a YOLOX ONNX file with one (1, 3, h, w) input and one (1, n, 5 + C) output.
        class_count: C.

    Raises:
        ModelInvalid: the bytes are no ONNX file or not of that form.
    """
    rows = 5 + class_count
    pinned, free = (np.array([batch, rows, -1], "<i8").tobytes() for batch in (1, 0))
    patched = 0
    graph_fields: list[Field] = []
    model_fields = list(fields(model))
    only(model_fields, _OPSET_IMPORT)  # the last field that is written: a cut file lacks it
    for number, wire, payload in fields(only(model_fields, _GRAPH)):
        if number == _VALUE_INFO:
            continue
        if number == _INITIALIZER and (_RAW_DATA, BYTES, pinned) in fields(payload):
            payload = write(
                (n, w, free if (n, p) == (_RAW_DATA, pinned) else p) for n, w, p in fields(payload)
            )
            patched += 1
        elif number == _INPUT:
            payload = _value(only(fields(payload), _NAME), ("batch", 3, "height", "width"))
        elif number == _OUTPUT:
            payload = _value(only(fields(payload), _NAME), ("batch", "anchors", rows))
        graph_fields.append((number, wire, payload))
    if patched != 3:
        raise ModelInvalid(
            f"This file is not the YOLOX export that can be made to run at any size ({patched} of "
            "3 places found); use it at its own input size."
        )
    graph = write(graph_fields)
    return write((n, w, graph if n == _GRAPH else p) for n, w, p in model_fields)


def _value(name: bytes, shape: tuple[int | str, ...]) -> bytes:
    """A ValueInfoProto of a float tensor; text is a symbolic side."""
    dims = b"".join(
        field(1, BYTES, field(2, BYTES, d.encode()) if isinstance(d, str) else number_field(1, d))
        for d in shape
    )
    tensor = number_field(1, _FLOAT) + field(2, BYTES, dims)
    return field(_NAME, BYTES, name) + field(2, BYTES, field(1, BYTES, tensor))
