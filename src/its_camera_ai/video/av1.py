"""AV1 in MP4: the decoder configuration, and access units as MP4 wants them.

Sources: AV1 Bitstream & Decoding Process Specification (5.3 OBU, 5.5 sequence header), AV1 Codec
ISO Media File Format Binding (2.3 av1C, 2.4 samples).
"""

from collections.abc import Iterator

from its_camera_ai.core.errors import CameraUnsupported

SEQUENCE_HEADER, TEMPORAL_DELIMITER = 1, 2
_HAS_EXTENSION, _HAS_SIZE = 0x4, 0x2


def obus(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """(type, the whole unit, its payload) of the open bitstream units of an access unit.

    Raises:
        CameraUnsupported: a unit has no length, or leads beyond the end.
    """
    at = 0
    while at < len(data):
        head = 2 if data[at] & _HAS_EXTENSION else 1
        if not data[at] & _HAS_SIZE:
            raise _broken()
        size, payload = _leb128(data, at + head)
        if payload + size > len(data):
            raise _broken()
        yield data[at] >> 3 & 0xF, data[at : payload + size], data[payload : payload + size]
        at = payload + size


def without_delimiters(data: bytes) -> bytes:
    """An access unit without temporal delimiters, which MP4 samples may not have."""
    return b"".join(unit for kind, unit, _ in obus(data) if kind != TEMPORAL_DELIMITER)


def configuration(extradata: bytes) -> tuple[bytes, str]:
    """The ``av1C`` record and the RFC 6381 name, from an encoder's sequence header.

    Only for 8 bits and 4:2:0, which is all that is encoded here. A record is given back as it is.

    Raises:
        CameraUnsupported: there is no sequence header, or it is broken.
    """
    if extradata[:1] == b"\x81":  # marker and version: a record already
        return extradata, _name(extradata[1] >> 5, extradata[1] & 0x1F, extradata[2] >> 7)
    header = next(((u, p) for kind, u, p in obus(extradata) if kind == SEQUENCE_HEADER), None)
    if header is None:
        raise _broken()
    unit, payload = header
    profile, level, tier = _sequence(payload)
    # 4:2:0 subsamples both ways; its place (chroma_sample_position) is unknown
    record = bytes((0x81, profile << 5 | level, tier << 7 | 0b0001100, 0)) + unit
    return record, _name(profile, level, tier)


def _name(profile: int, level: int, tier: int) -> str:
    return f"av01.{profile}.{level:02}{'MH'[tier]}.08"


def _sequence(payload: bytes) -> tuple[int, int, int]:
    """Profile, level and tier of the first operating point."""
    bits = _Bits(payload)
    profile = bits.read(3)
    bits.read(1)  # still_picture
    if bits.read(1):  # reduced_still_picture_header
        return profile, bits.read(5), 0
    if bits.read(1):  # timing_info_present_flag: no encoder of ours gives it
        raise _broken()
    bits.read(1)  # initial_display_delay_present_flag
    bits.read(5)  # operating_points_cnt_minus_1
    bits.read(12)  # operating_point_idc
    level = bits.read(5)
    return profile, level, bits.read(1) if level > 7 else 0


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    """A number of variable length, and where it ends."""
    value = 0
    for number in range(8):
        if at + number >= len(data):
            break
        byte = data[at + number]
        value |= (byte & 0x7F) << (7 * number)
        if not byte & 0x80:
            return value, at + number + 1
    raise _broken()


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = len(data) * 8

    def read(self, count: int) -> int:
        if count > self._left:
            raise _broken()
        self._left -= count
        return (self._value >> self._left) & ((1 << count) - 1)


def _broken() -> CameraUnsupported:
    return CameraUnsupported(
        "The AV1 stream is of a form that can't be stored; compress with another codec."
    )
