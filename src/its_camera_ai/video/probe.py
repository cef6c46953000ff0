"""What a camera offers, or why it can't be reached."""

import itertools
from dataclasses import dataclass, replace
from statistics import median
from time import monotonic

from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.media import MediaKind, TrackInfo
from its_camera_ai.core.time import NS_PER_S, Clock
from its_camera_ai.video.raw import RawPacket
from its_camera_ai.video.sources import open_source

PROBE_S = 4.0
_PACKETS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """What was seen in a few seconds of one stream.

    Attributes:
        video: coding of the picture. audio: of the sound, or None.
        fps: measured. key_interval_s: measured, None if fewer than two key frames were seen.
        bitrate_bps: measured over picture and sound.
        clock_rate: stream seconds per real second; 1.0 is a true clock. None for a file.
        stamped: share of packets that came with a time stamp of their own, 0–1.
        open_s: from the call to the first packet.
        notes: what to know before using it, in words.
    """

    video: TrackInfo
    audio: TrackInfo | None
    fps: float
    key_interval_s: float | None
    bitrate_bps: float
    clock_rate: float | None
    stamped: float
    open_s: float
    notes: tuple[str, ...]


def probe(url: CameraUrl, *, clock: Clock, rtsp_transport: str = "tcp") -> ProbeReport:
    """Connect, listen for a few seconds, and tell.

    Raises:
        RetryableError, UserError: why the camera can't be used, and what to do.
    """
    began_s = monotonic()
    camera = Camera("probe", url, rtsp_transport=rtsp_transport, paced=False)
    source = open_source(url, camera, clock=clock, wait=lambda _seconds: False)
    packets: list[tuple[float, RawPacket]] = []
    try:
        for raw in source.packets():
            packets.append((monotonic(), raw))
            listened_s = packets[-1][0] - packets[0][0]
            if listened_s >= PROBE_S or len(packets) >= _PACKETS_MAX:
                break
    finally:
        source.close()
    return _report(url, source.video, source.audio, packets, began_s)


def _report(
    url: CameraUrl,
    video: TrackInfo,
    audio: TrackInfo | None,
    packets: list[tuple[float, RawPacket]],
    began_s: float,
) -> ProbeReport:
    pictures = [(at, raw) for at, raw in packets if raw.kind is MediaKind.VIDEO]
    stamps = sorted(raw.pts_ns for _, raw in pictures if raw.pts_ns is not None)
    steps = [b - a for a, b in itertools.pairwise(stamps) if b > a]
    keys = sorted(raw.pts_ns for _, raw in pictures if raw.is_key and raw.pts_ns is not None)
    stream_s = (stamps[-1] - stamps[0]) / NS_PER_S if len(stamps) > 1 else 0.0
    real_s = pictures[-1][0] - pictures[0][0] if pictures else 0.0
    coded_bytes = sum(len(raw.data) for _, raw in packets)
    fps = NS_PER_S / median(steps) if steps else video.fps
    gaps = [b - a for a, b in itertools.pairwise(keys)]
    report = ProbeReport(
        video,
        audio,
        fps,
        median(gaps) / NS_PER_S if gaps else None,
        coded_bytes * 8 / stream_s if stream_s else 0.0,
        stream_s / real_s if url.is_live and real_s > 1 else None,
        len(stamps) / len(pictures) if pictures else 0.0,
        (packets[0][0] if packets else monotonic()) - began_s,
        (),
    )
    return replace(report, notes=tuple(_notes(report)))


def _notes(report: ProbeReport) -> list[str]:
    notes = []
    if report.video.codec == "hevc":
        notes.append(
            "H.265 is recorded as it is, but many browsers can't play it: set the sub stream to "
            "H.264 for the live page."
        )
    if report.key_interval_s is None:
        notes.append(
            f"No two key frames within {PROBE_S:.0f} s: set the camera's key-frame (I-frame) "
            "interval to 1 or 2 s, else viewers wait and recordings can't be cut."
        )
    elif report.key_interval_s > 4:
        notes.append(
            f"Key frames come every {report.key_interval_s:.1f} s; 1 or 2 s make the live view "
            "start sooner and recordings cut finer."
        )
    if report.clock_rate is not None and abs(report.clock_rate - 1) > 0.02:
        notes.append(
            f"The camera's clock runs at {report.clock_rate:.2f} of real time; speeds and times "
            "would be wrong by as much. Check its time settings."
        )
    if report.audio is not None and report.audio.codec != "aac":
        notes.append(f"Sound in {report.audio.codec} is not recorded; only AAC is.")
    return notes
