"""Identifiers: cameras are named by people, everything else by time-ordered random ids."""

import re
import secrets
from collections.abc import Callable
from typing import NewType

from its_camera_ai.core.errors import ConfigInvalid

CameraId = NewType("CameraId", str)

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")


def camera_id(text: str) -> CameraId:
    """A checked camera id: 1–64 of ``a-z 0-9 - _``, beginning and ending with a letter or digit.

    It is used as a folder name and in URLs, so nothing else is allowed.

    Raises:
        ConfigInvalid: the text is not such a name.
    """
    if not _SLUG.fullmatch(text):
        raise ConfigInvalid(
            f"Camera id {text!r} is not allowed: use 1 to 64 of a-z, 0-9, '-' and '_', "
            "beginning and ending with a letter or digit."
        )
    return CameraId(text)


def new_id(wall_ns: int, random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """A UUIDv7 (RFC 9562 §5.7): sorts by time, unique without coordination.

    >>> new_id(0, random_bytes=lambda n: bytes(n))
    '00000000-0000-7000-8000-000000000000'
    """
    millis = (wall_ns // 1_000_000) & 0xFFFF_FFFF_FFFF
    tail = int.from_bytes(random_bytes(10), "big")
    value = (
        millis << 80 | 0x7 << 76 | ((tail >> 62) & 0xFFF) << 64 | 0b10 << 62 | tail & (1 << 62) - 1
    )
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
