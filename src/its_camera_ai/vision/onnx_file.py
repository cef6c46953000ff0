"""What an ONNX file says about itself, read before a runtime opens it.

onnx.proto: ModelProto.graph = 7, opset_import = 8; GraphProto.node = 1, initializer = 5;
NodeProto.input = 1, op_type = 4; TensorProto.dims = 1, data_type = 2, name = 8, raw_data = 9,
data_location = 14.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from its_camera_ai.core.errors import ModelInvalid, StorageUnavailable
from its_camera_ai.vision.onnx_wire import BYTES, VARINT, Field, fields, number_of, only

FILE_BYTES_MAX = 2**31 - 1
"""An ONNX file is one protobuf message, which ends there."""
CONSTANT_VALUES_MAX = 2**28
"""Values of one constant that a file makes at load; a gigabyte. More would starve the machine."""

_GRAPH, _OPSET_IMPORT = 7, 8
_NODE, _INITIALIZER = 1, 5
_NODE_INPUT, _OP_TYPE = 1, 4
_DIMS, _DATA_TYPE, _TENSOR_NAME, _RAW_DATA, _DATA_LOCATION = 1, 2, 8, 9, 14
_EXTERNAL, _FLOAT, _FLOAT16 = 1, 1, 10
_INT8_OPS = {
    b"QuantizeLinear",
    b"DequantizeLinear",
    b"QLinearConv",
    b"ConvInteger",
    b"MatMulInteger",
}


@dataclass(frozen=True, slots=True)
class OnnxFacts:
    """What the file holds.

    Attributes:
        precision: of its weights: ``fp32``, ``fp16`` or ``int8``.
        opset: version of the standard operators that it uses; 0 if it names none.
    """

    precision: str
    opset: int


def onnx_facts(path: Path) -> OnnxFacts:
    """Read a file's facts and refuse what must not reach a runtime.

    Raises:
        ModelInvalid: no ONNX file, cut off, larger than such a file can be, with weights in a
            second file (its hash would not cover them), or with a constant that fills the memory.
        StorageUnavailable: it can't be read.
    """
    try:
        size_bytes = path.stat().st_size
        if size_bytes > FILE_BYTES_MAX:
            raise ModelInvalid(
                f"{path} has {size_bytes / 1e9:.1f} GB, more than an ONNX file can have; take a "
                "smaller model."
            )
        data = path.read_bytes()
    except OSError as error:
        raise StorageUnavailable(
            f"{path} can't be read ({error.strerror}); check the disk and the file's rights."
        ) from error
    return _facts(data, path)


def _facts(data: bytes, path: Path) -> OnnxFacts:
    try:
        top = list(fields(data))
        graph = list(fields(only(top, _GRAPH)))
    except ModelInvalid as error:
        raise ModelInvalid(
            f"{path} can't be read as an ONNX model; fetch or export it again, and check it with: "
            "itscam models verify"
        ) from error
    types: dict[int, int] = {}
    shapes: dict[bytes, int] = {}
    for tensor in _payloads(graph, _INITIALIZER):
        kind, name, values = _tensor(tensor, path)
        types[kind] = types.get(kind, 0) + 1
        if values is not None:
            shapes[name] = values
    int8 = False
    for node in _payloads(graph, _NODE):
        node_fields = list(fields(node))
        op = next(iter(_payloads(node_fields, _OP_TYPE)), b"")
        int8 |= op in _INT8_OPS
        if op == b"ConstantOfShape":
            size = max((shapes.get(n, 0) for n in _payloads(node_fields, _NODE_INPUT)), default=0)
            _refuse_huge(size, path)
    half = types.get(_FLOAT16, 0) > types.get(_FLOAT, 0)
    opset = max((_opset(payload) for payload in _payloads(top, _OPSET_IMPORT)), default=0)
    return OnnxFacts("int8" if int8 else "fp16" if half else "fp32", opset)


def _tensor(tensor: bytes, path: Path) -> tuple[int, bytes, int | None]:
    """Type and name of an initialiser; if it can be a shape, how many values that shape holds."""
    dims: list[int] = []
    kind, name, raw = 0, b"", b""
    for number, wire, payload in fields(tensor):
        if number == _DIMS:
            dims += [number_of(payload)] if wire == VARINT else list(_packed(payload))
        elif number == _DATA_TYPE:
            kind = number_of(payload)
        elif number == _TENSOR_NAME:
            name = payload
        elif number == _RAW_DATA:
            raw = payload
        elif number == _DATA_LOCATION and number_of(payload) == _EXTERNAL:
            raise ModelInvalid(
                f"{path} keeps its weights in a second file; save it as one file, e.g. with "
                "onnx.save(onnx.load(path), target)."
            )
    _refuse_huge(prod(dims), path)
    is_shape = len(dims) == 1 and dims[0] <= 8 and len(raw) == 8 * dims[0]
    values = prod(int(v) for v in np.frombuffer(raw, "<i8")) if is_shape else None
    return kind, name, values


def _packed(payload: bytes) -> Iterator[int]:
    start = 0
    for at, byte in enumerate(payload):
        if byte < 0x80:
            yield number_of(payload[start : at + 1])
            start = at + 1


def _refuse_huge(values: int, path: Path) -> None:
    if values > CONSTANT_VALUES_MAX:
        raise ModelInvalid(
            f"{path} holds a constant of {values:.1e} values, which would fill the memory; export "
            "the model again, or take another one."
        )


def _opset(payload: bytes) -> int:
    """OperatorSetIdProto: domain = 1 (empty for the standard operators), version = 2."""
    domain, version = b"", 0
    for number, wire, value in fields(payload):
        if number == 1 and wire == BYTES:
            domain = value
        elif number == 2 and wire == VARINT:
            version = number_of(value)
    return version if domain in (b"", b"ai.onnx") else 0


def _payloads(found: list[Field], number: int) -> Iterator[bytes]:
    return (payload for n, wire, payload in found if n == number and wire == BYTES)
