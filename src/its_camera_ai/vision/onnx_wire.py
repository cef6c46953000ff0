"""The wire format of ONNX files, as far as we read and change them without the ``onnx`` package.

An ONNX file is one protobuf message (onnx.proto: ModelProto). Its wire format is a row of fields,
each a number, a wire type, and a payload (protobuf's encoding guide).
"""

from collections.abc import Iterable, Iterator

from its_camera_ai.core.errors import ModelInvalid

VARINT, I64, BYTES, I32 = 0, 1, 2, 5

Field = tuple[int, int, bytes]
"""Number, wire type, and payload: the content of a length-delimited field, else its own bytes."""


def fields(message: bytes) -> Iterator[Field]:
    """Read one level of a message.

    Raises:
        ModelInvalid: the bytes are no such message.
    """
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        number, wire = key >> 3, key & 7
        start = at
        if wire == VARINT:
            _, at = _read_varint(message, at)
        elif wire == BYTES:
            length, start = _read_varint(message, at)
            at = start + length
        elif wire in (I64, I32):
            at += 8 if wire == I64 else 4
        else:
            raise not_onnx()
        if at > len(message) or number == 0:
            raise not_onnx()
        yield number, wire, message[start:at]


def number_of(payload: bytes) -> int:
    """The value of a ``VARINT`` field."""
    return _read_varint(payload, 0)[0]


def only(found: Iterable[Field], number: int) -> bytes:
    """The payload of the one length-delimited field of that number.

    Raises:
        ModelInvalid: there is none, or more than one.
    """
    payloads = [payload for n, wire, payload in found if n == number and wire == BYTES]
    if len(payloads) != 1:
        raise not_onnx()
    return payloads[0]


def write(message: Iterable[Field]) -> bytes:
    return b"".join(field(*one) for one in message)


def field(number: int, wire: int, payload: bytes) -> bytes:
    length = _varint(len(payload)) if wire == BYTES else b""
    return _varint(number << 3 | wire) + length + payload


def number_field(number: int, value: int) -> bytes:
    return field(number, VARINT, _varint(value))


def not_onnx() -> ModelInvalid:
    return ModelInvalid("This is no ONNX file, or it is cut off; fetch or export it again.")


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
    raise not_onnx()


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
