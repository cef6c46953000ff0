"""The layout of a recording file: what it says about itself, and how its damage shows.

``ftyp moov uuid(description) (moof mdat free(check))* uuid(seal)``

The description stands before the first picture, so a file that was cut off can still be told apart.
A check holds the CRC-32 of the fragment before it: after a power cut the last fragment may have its
length and not its content. The seal closes the file and ends with the SHA-256 of all bytes before;
a file without one was never closed.
"""

import struct
import zlib
from collections.abc import Sequence
from uuid import UUID

import msgspec

from its_camera_ai.core.activity import SegmentActivity
from its_camera_ai.core.disk import Bytes
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment, SegmentState, Tier
from its_camera_ai.video.fmp4 import box

DESCRIPTION_UUID = UUID("6b0e6d3e-5f0c-4c0a-9d43-8f2b6f6a1d57").bytes
SEAL_UUID = UUID("0f7c2f0a-94d3-4c39-8f0b-1b6e5a52c7de").bytes
DIGEST_BYTES = 32
CHECK_BYTES = 16
TEXT_BYTES_MAX = 1024 * 1024
_CHECK_MAGIC = b"crc\0"
_UUID_HEAD_BYTES = 24


class Description(msgspec.Struct, frozen=True):
    """What is known of a segment when it begins."""

    id: str
    camera_id: str
    role: StreamRole
    generation: int
    start_wall_ns: int
    start_pts_ns: int
    codec: str
    width: int
    height: int
    has_audio: bool
    version: int = 2
    original_hash: str = ""


class Seal(msgspec.Struct, frozen=True):
    """What is known when it ends.

    Attributes:
        previous_hash: content hash of the segment before it in the same stream.
        repaired: the file was cut off, and closed by whoever found it.
        damaged: it was damaged inside when it was found; nothing of it was cut off.
    """

    duration_ns: int
    frames: int
    previous_hash: str = ""
    repaired: bool = False
    damaged: bool = False
    activity: SegmentActivity | None = None


def description_box(description: Description) -> bytes:
    return box(b"uuid", DESCRIPTION_UUID, msgspec.json.encode(description))


def parse_description(payload: bytes) -> Description | None:
    """From the payload of a ``uuid`` box; None if it is another one or damaged."""
    if payload[:16] != DESCRIPTION_UUID:
        return None
    try:
        return msgspec.json.decode(payload[16:], type=Description)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def check_box(fragment: Sequence[Bytes]) -> bytes:
    """The check that follows a fragment (given in pieces)."""
    return box(b"free", _CHECK_MAGIC, struct.pack(">I", _crc(fragment)))


def check_holds(payload: bytes, fragment: Sequence[Bytes]) -> bool:
    """Whether a ``free`` box's payload is the check of this fragment."""
    return payload == _CHECK_MAGIC + struct.pack(">I", _crc(fragment))


def _crc(pieces: Sequence[Bytes]) -> int:
    value = 0
    for piece in pieces:
        value = zlib.crc32(piece, value)
    return value


def seal_head(seal: Seal) -> bytes:
    """The seal's box without its last 32 bytes, which are the digest of all before them."""
    text = msgspec.json.encode(seal)
    size = _UUID_HEAD_BYTES + len(text) + 4 + DIGEST_BYTES
    return struct.pack(">I4s", size, b"uuid") + SEAL_UUID + text + struct.pack(">I", size)


def seal_size(tail: bytes) -> int:
    """Size of the seal that a file with these last bytes ends with; 0 without one."""
    if len(tail) < 4 + DIGEST_BYTES:
        return 0
    (size,) = struct.unpack(">I", tail[-DIGEST_BYTES - 4 : -DIGEST_BYTES])
    smallest = _UUID_HEAD_BYTES + 4 + DIGEST_BYTES
    return int(size) if smallest < size <= TEXT_BYTES_MAX else 0


def parse_seal(whole: bytes) -> tuple[Seal, str] | None:
    """The seal and the content hash in hex, from the bytes of its whole box; None if damaged."""
    if whole[4:8] != b"uuid" or whole[8:24] != SEAL_UUID or len(whole) != seal_size(whole):
        return None
    try:
        seal = msgspec.json.decode(whole[24 : -4 - DIGEST_BYTES], type=Seal)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return seal, whole[-DIGEST_BYTES:].hex()


def segment_of(
    description: Description,
    seal: Seal,
    *,
    path: str,
    size_bytes: int,
    content_hash: str,
    tier: Tier = Tier.HOT,
    verified_wall_ns: int = 0,
) -> Segment:
    """The index row of a closed file."""
    return Segment(
        id=description.id,
        camera_id=description.camera_id,
        role=description.role,
        path=path,
        start_wall_ns=description.start_wall_ns,
        start_pts_ns=description.start_pts_ns,
        duration_ns=seal.duration_ns,
        size_bytes=size_bytes,
        frames=seal.frames,
        codec=description.codec,
        width=description.width,
        height=description.height,
        has_audio=description.has_audio,
        generation=description.generation,
        content_hash=content_hash,
        previous_hash=seal.previous_hash,
        original_hash=description.original_hash,
        activity=seal.activity,
        tier=tier,
        state=SegmentState.DAMAGED if seal.damaged else SegmentState.GOOD,
        verified_wall_ns=verified_wall_ns,
    )
