"""What sources give: packets as their container has them, before they have a place in time."""

from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec

from its_camera_ai.core.media import MediaKind, TrackInfo

Wait = Callable[[float], bool]
"""Sleeps up to so many seconds; True if the stream shall stop."""


class RawPacket(msgspec.Struct, frozen=True, gc=False):
    """A packet as the container gives it; stamps from the container's own origin, or None."""

    kind: MediaKind
    data: bytes
    pts_ns: int | None
    dts_ns: int | None
    duration_ns: int
    is_key: bool


class RawSource(Protocol):
    """One open connection: raw packets with what is known of their coding."""

    video: TrackInfo
    audio: TrackInfo | None

    def packets(self) -> Iterator[RawPacket]: ...

    def close(self) -> None: ...
