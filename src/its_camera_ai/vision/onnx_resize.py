"""Turns a YOLOX file of one fixed input size into one that runs at any size.

An exported YOLOX is convolutional throughout; only three places pin its size: the declared shapes
of input and output, the shapes noted for the values between, and the three reshape constants
``[1, 85, -1]`` whose leading 1 pins the batch. All are plain fields of the ONNX protobuf
(onnx.proto: ModelProto.graph = 7, opset_import = 8; GraphProto.initializer = 5, input = 11,
output = 12, value_info = 13), so a reader of the wire format is enough and the ``onnx`` package
isn't needed.
"""

from collections.abc import Iterator

import numpy as np

from its_camera_ai.core.errors import ModelInvalid

_GRAPH, _OPSET_IMPORT, _INITIALIZER, _INPUT, _OUTPUT, _VALUE_INFO = 7, 8, 5, 11, 12, 13
_NAME = 1  # of ValueInfoProto
_RAW_DATA = 9  # of TensorProto
_VARINT, _I64, _BYTES, _I32 = 0, 1, 2, 5
_FLOAT = 1  # TensorProto.DataType

_Field = tuple[int, int, bytes]
"""Number, wire type, and payload: the content of a length-delimited field, else its own bytes."""


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
    graph_fields: list[_Field] = []
    fields = list(_fields(model))
    _only(fields, _OPSET_IMPORT)  # the last field that is written: a cut file lacks it
    for number, wire, payload in _fields(_only(fields, _GRAPH)):
        if number == _VALUE_INFO:
            continue
        if number == _INITIALIZER and (_RAW_DATA, _BYTES, pinned) in _fields(payload):
            payload = _write(
                (n, w, free if (n, p) == (_RAW_DATA, pinned) else p) for n, w, p in _fields(payload)
            )
            patched += 1
        elif number == _INPUT:
            payload = _value(_only(list(_fields(payload)), _NAME), ("batch", 3, "height", "width"))
        elif number == _OUTPUT:
            payload = _value(_only(list(_fields(payload)), _NAME), ("batch", "anchors", rows))
        graph_fields.append((number, wire, payload))
    if patched != 3:
        raise ModelInvalid(
            f"This file is not the YOLOX export that can be made to run at any size ({patched} of "
            "3 places found); use it at its own input size."
        )
    graph = _write(graph_fields)
    return _write((n, w, graph if n == _GRAPH else p) for n, w, p in fields)


def _value(name: bytes, shape: tuple[int | str, ...]) -> bytes:
    """A ValueInfoProto of a float tensor; text is a symbolic side."""
    dims = b"".join(
        _field(1, _BYTES, _field(2, _BYTES, d.encode()) if isinstance(d, str) else _number(1, d))
        for d in shape
    )
    tensor = _number(1, _FLOAT) + _field(2, _BYTES, dims)
    return _field(_NAME, _BYTES, name) + _field(2, _BYTES, _field(1, _BYTES, tensor))


def _fields(message: bytes) -> Iterator[_Field]:
    """Read one level of a protobuf message."""
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        number, wire = key >> 3, key & 7
        start = at
        if wire == _VARINT:
            _, at = _read_varint(message, at)
        elif wire == _BYTES:
            length, start = _read_varint(message, at)
            at = start + length
        elif wire in (_I64, _I32):
            at += 8 if wire == _I64 else 4
        else:
            raise _not_onnx()
        if at > len(message) or number == 0:
            raise _not_onnx()
        yield number, wire, message[start:at]


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise _not_onnx()


def _write(fields: "Iterator[_Field] | list[_Field]") -> bytes:
    return b"".join(_field(*field) for field in fields)


def _field(number: int, wire: int, payload: bytes) -> bytes:
    length = _varint(len(payload)) if wire == _BYTES else b""
    return _varint(number << 3 | wire) + length + payload


def _number(number: int, value: int) -> bytes:
    return _field(number, _VARINT, _varint(value))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _only(fields: list[_Field], number: int) -> bytes:
    found = [payload for n, wire, payload in fields if n == number and wire == _BYTES]
    if len(found) != 1:
        raise _not_onnx()
    return found[0]


def _not_onnx() -> ModelInvalid:
    return ModelInvalid("This is no ONNX file, or it is cut off; fetch or export it again.")
