"""Fills in the time stamps that packets come without."""

from collections.abc import Iterator

from msgspec.structs import replace

from its_camera_ai.core.media import MediaKind
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.video.raw import RawPacket

FRAME_DURATION_DEFAULT_NS = NS_PER_S // 25
HELD_PACKETS_MAX = 64


def with_stamps(packets: Iterator[RawPacket]) -> Iterator[RawPacket]:
    """Fills in missing stamps: the first packets of RTSP have none until the server's clock is
    known, and without B-frames the decoding time is the presentation time."""
    held: list[RawPacket] = []
    last_ns: dict[MediaKind, int] = {}
    for raw in packets:
        stamp = raw.dts_ns if raw.dts_ns is not None else raw.pts_ns
        if stamp is None:
            previous = last_ns.get(raw.kind)
            if previous is None and len(held) < HELD_PACKETS_MAX:
                held.append(raw)
                continue
            stamp = (previous or 0) + (raw.duration_ns or FRAME_DURATION_DEFAULT_NS)
        if held:
            yield from _back_dated(held, stamp)
            held.clear()
        last_ns[raw.kind] = stamp
        if raw.pts_ns is None:
            raw = replace(raw, pts_ns=stamp)
        yield raw if raw.dts_ns is not None else replace(raw, dts_ns=stamp)


def _back_dated(held: list[RawPacket], until_ns: int) -> Iterator[RawPacket]:
    video = [r for r in held if r.kind is MediaKind.VIDEO]  # sound without a time can't be placed
    step_ns = FRAME_DURATION_DEFAULT_NS
    for i, raw in enumerate(video):
        stamp = until_ns - (len(video) - i) * (raw.duration_ns or step_ns)
        yield replace(raw, pts_ns=stamp, dts_ns=stamp)
