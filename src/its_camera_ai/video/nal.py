"""NAL units of H.264 and H.265: splitting, parameter sets, decoder configuration records.

Sources: ITU-T H.264 (Annex B, 7.3.2.1), ITU-T H.265 (Annex B, 7.3.2.2, 7.3.3),
ISO/IEC 14496-15 (5.3.3.1 avcC, 8.3.3.1 hvcC).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from its_camera_ai.core.errors import CameraUnsupported
from its_camera_ai.video import av1

_START = b"\x00\x00\x01"
H264_SPS, H264_PPS = 7, 8
HEVC_VPS, HEVC_SPS, HEVC_PPS = 32, 33, 34
_SLICES = {"h264": range(1, 6), "hevc": range(32)}
"""Types of the units that hold a part of a picture."""


def is_annex_b(extradata: bytes) -> bool:
    """True for start-code framing; avcC and hvcC records begin with version 1 instead."""
    return not extradata or extradata[0] != 1


def split_annex_b(data: bytes) -> Iterator[bytes]:
    """The NAL units of a byte stream, without start codes and trailing zeros."""
    start = data.find(_START)
    while start >= 0:
        start += 3
        following = data.find(_START, start)
        end = len(data) if following < 0 else following
        unit = data[start:end]
        if following >= 0:
            unit = unit.rstrip(b"\x00")
        if unit:
            yield unit
        start = following


def length_prefixed(data: bytes) -> list[bytes | memoryview]:
    """An access unit from Annex B framing to four-byte lengths, as MP4 wants it: the pieces in
    their order, the units themselves not copied."""
    view = memoryview(data)
    pieces: list[bytes | memoryview] = []
    start = data.find(_START)
    while start >= 0:
        start += 3
        following = data.find(_START, start)
        end = len(data) if following < 0 else following
        while following >= 0 and end > start and data[end - 1] == 0:
            end -= 1  # zeros before a start code belong to it
        if end > start:
            pieces.append((end - start).to_bytes(4, "big"))
            pieces.append(view[start:end])
        start = following
    return pieces


def holds_picture(codec: str, data: bytes) -> bool:
    """Whether an access unit of H.264 or H.265 in Annex B framing has a coded slice.

    Cheap enough for every packet: the look ends at the first slice, which only small units precede.
    """
    slices = _SLICES[codec]
    start = data.find(_START) + 3
    while 3 <= start < len(data):
        if nal_type(codec, data[start : start + 1]) in slices:
            return True
        start = data.find(_START, start) + 3
    return False


def nal_type(codec: str, unit: bytes) -> int:
    return unit[0] & 0x1F if codec == "h264" else (unit[0] >> 1) & 0x3F


def parameter_sets(codec: str, data: bytes) -> tuple[bytes, ...]:
    """The distinct VPS, SPS and PPS that stand in Annex B data, in the order of their types."""
    wanted = (H264_SPS, H264_PPS) if codec == "h264" else (HEVC_VPS, HEVC_SPS, HEVC_PPS)
    found = {u: nal_type(codec, u) for u in split_annex_b(data) if nal_type(codec, u) in wanted}
    return tuple(sorted(found, key=lambda unit: found[unit]))


def annex_b(units: tuple[bytes, ...]) -> bytes:
    return b"".join(b"\x00\x00\x00\x01" + unit for unit in units)


@dataclass(frozen=True, slots=True)
class DecoderConfig:
    """The sample entry's configuration box and the codec's RFC 6381 name."""

    fourcc: bytes
    box_type: bytes
    record: bytes
    codecs: str


def decoder_config(codec: str, extradata: bytes) -> DecoderConfig:
    """The MP4 decoder configuration for FFmpeg's extradata in either form.

    Raises:
        CameraUnsupported: parameter sets are missing or broken, or another codec.
    """
    try:
        match codec:
            case "h264":
                return _avc(extradata)
            case "hevc":
                return _hevc(extradata)
            case "av1":
                record, codecs = av1.configuration(extradata)
                return DecoderConfig(b"av01", b"av1C", record, codecs)
    except (IndexError, struct.error):
        raise CameraUnsupported(
            f"The {codec} stream's parameter sets are broken; set the camera's encoder to its "
            "defaults, or choose another stream."
        ) from None
    raise CameraUnsupported(
        f"Video in {codec} can't be stored as it is; only h264, hevc and av1 are copied."
    )


def _avc(extradata: bytes) -> DecoderConfig:
    if is_annex_b(extradata):
        sets = parameter_sets("h264", extradata)
        sps = [u for u in sets if nal_type("h264", u) == H264_SPS]
        pps = [u for u in sets if nal_type("h264", u) == H264_PPS]
        if not sps or not pps:
            raise _no_sets("h264")
        record = bytes((1, sps[0][1], sps[0][2], sps[0][3], 0xFF, 0xE0 | len(sps)))
        record += b"".join(struct.pack(">H", len(u)) + u for u in sps)
        record += bytes((len(pps),)) + b"".join(struct.pack(">H", len(u)) + u for u in pps)
    else:
        record = extradata
    return DecoderConfig(b"avc1", b"avcC", record, f"avc1.{record[1:4].hex()}")


def _hevc(extradata: bytes) -> DecoderConfig:
    record = _hvcc(parameter_sets("hevc", extradata)) if is_annex_b(extradata) else extradata
    space, tier, profile = record[1] >> 6, (record[1] >> 5) & 1, record[1] & 0x1F
    compatibility = int(f"{int.from_bytes(record[2:6], 'big'):032b}"[::-1], 2)
    constraints = record[6:12].rstrip(b"\x00")
    codecs = f"hvc1.{('', 'A', 'B', 'C')[space]}{profile}.{compatibility:X}."
    codecs += f"{'LH'[tier]}{record[12]}" + "".join(f".{byte:X}" for byte in constraints)
    return DecoderConfig(b"hvc1", b"hvcC", record, codecs)


def _hvcc(sets: tuple[bytes, ...]) -> bytes:
    by_type = {
        t: [u for u in sets if nal_type("hevc", u) == t] for t in (HEVC_VPS, HEVC_SPS, HEVC_PPS)
    }
    if not all(by_type.values()):
        raise _no_sets("hevc")
    sps = _HevcSps.parse(by_type[HEVC_SPS][0])
    record = b"\x01" + sps.profile_tier_level
    record += struct.pack(
        ">HBBBBHBB",
        0xF000,  # no minimum of spatial segmentation
        0xFC,  # parallelism unknown
        0xFC | sps.chroma_format,
        0xF8 | sps.bit_depth_luma - 8,
        0xF8 | sps.bit_depth_chroma - 8,
        0,  # average frame rate unknown
        (sps.sub_layers << 3) | (sps.nesting << 2) | 3,  # lengths of four bytes
        len(by_type),
    )
    for kind, units in by_type.items():
        record += struct.pack(">BH", 0x80 | kind, len(units))
        record += b"".join(struct.pack(">H", len(u)) + u for u in units)
    return record


@dataclass(frozen=True, slots=True)
class _HevcSps:
    profile_tier_level: bytes
    sub_layers: int
    nesting: int
    chroma_format: int
    bit_depth_luma: int
    bit_depth_chroma: int

    @classmethod
    def parse(cls, unit: bytes) -> "_HevcSps":
        payload = unit[2:].replace(b"\x00\x00\x03", b"\x00\x00")
        bits = _Bits(payload)
        bits.read(4)
        sub_layers_less_1 = bits.read(3)
        nesting = bits.read(1)
        profile_tier_level = payload[1:13]
        bits.skip(96)
        present = [(bits.read(1), bits.read(1)) for _ in range(sub_layers_less_1)]
        if sub_layers_less_1:
            bits.skip(2 * (8 - sub_layers_less_1))
        for profile, level in present:
            bits.skip(88 * profile + 8 * level)
        bits.exp_golomb()
        chroma = bits.exp_golomb()
        if chroma == 3:
            bits.read(1)
        bits.exp_golomb()
        bits.exp_golomb()
        if bits.read(1):
            for _ in range(4):
                bits.exp_golomb()
        luma, colour = 8 + bits.exp_golomb(), 8 + bits.exp_golomb()
        return cls(profile_tier_level, sub_layers_less_1 + 1, nesting, chroma, luma, colour)


class _Bits:
    """Reads bits from the most significant end."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = len(data) * 8

    def read(self, count: int) -> int:
        if count > self._left:
            raise IndexError("past the end of the parameter set")
        self._left -= count
        return (self._value >> self._left) & ((1 << count) - 1)

    def skip(self, count: int) -> None:
        self.read(count)

    def exp_golomb(self) -> int:
        zeros = 0
        while self.read(1) == 0:
            zeros += 1
        return (1 << zeros) - 1 + self.read(zeros)


def _no_sets(codec: str) -> CameraUnsupported:
    return CameraUnsupported(
        f"The {codec} stream carries no parameter sets, so nothing could play it; "
        "set the camera to send them with every key frame."
    )
