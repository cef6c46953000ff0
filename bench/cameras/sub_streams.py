"""Eight sub-streams of real scenes, played over the local bus by a process of their own.

No RTSP server: what is measured begins where ingest hands packets on.
"""

import multiprocessing
import time
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.synchronize import Event
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from its_camera_ai.bus.local import LocalBus
from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.media import MediaKind, Packet, StreamInfo, StreamRole
from its_camera_ai.video.demux import Demuxer
from its_camera_ai.video.stamps import with_stamps
from tests.support.clips import BENCH_SUB, cached, encode

FPS = 30
FRAMES = 240
SUB = replace(BENCH_SUB, frames=FRAMES, gop=30, noise=0.0)
CLIPS = (
    "motorway_dvrscan.mp4",
    "road_ozlu.mp4",
    "overhead_cars_intel.mp4",
    "room_one_by_one_intel.mp4",
    "walkway_handheld_ozlu.mp4",
    "plaza_supervision.mp4",
    "plates_nz_kosni.mp4",
    "night_street_rfinf.mp4",
)


def sub_stream(videos: Path, name: str) -> Path:
    """The first eight seconds of a clip as a camera's sub-stream, encoded once."""

    def pictures() -> Iterator[VideoFrame]:
        """Brought to 30 pictures per second by repeating or leaving out."""
        scaler = VideoReformatter()
        width, height = SUB.size_wh
        made = 0
        with av.open(str(videos / name)) as container:
            stream = container.streams.video[0]
            for frame in container.decode(stream):
                if frame.pts is None or stream.time_base is None:
                    continue
                at_s = float((frame.pts - (stream.start_time or 0)) * stream.time_base)
                scaled = scaler.reformat(frame, width, height, interpolation=Interpolation.AREA)
                while made <= at_s * FPS and made < FRAMES:
                    yield scaled
                    made += 1
                if made == FRAMES:
                    return

    return cached(
        f"sub-{Path(name).stem}-{SUB.key}.mp4", lambda path: encode(pictures(), SUB, path)
    )


def camera_name(number: int) -> str:
    return f"cam-{number}"


class SubStreams:
    """The process that plays; begin it before vision, it is there when ``__enter__`` returns.

    Args:
        run_dir: of the local bus.
        clips: one stream each, in a loop.
    """

    def __init__(self, run_dir: Path, clips: list[Path]) -> None:
        context = multiprocessing.get_context("spawn")
        self._stop: Event = context.Event()
        self._ready: Event = context.Event()
        self._process = context.Process(
            target=_play, args=(run_dir, clips, self._ready, self._stop), daemon=True
        )

    def __enter__(self) -> Self:
        self._process.start()
        if not self._ready.wait(60):
            raise RuntimeError("The process that plays the sub-streams did not start.")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._process.join(10)

    @property
    def pid(self) -> int:
        return self._process.pid or 0


def _play(run_dir: Path, clips: list[Path], ready: Event, stop: Event) -> None:
    publisher = LocalBus(run_dir).packet_publisher()
    streams = [_packets(camera_name(n), clip) for n, clip in enumerate(clips)]
    ready.set()
    began_ns = time.time_ns()
    step_ns = 1_000_000_000 // FPS
    tick = 0
    while not stop.is_set():
        for n, packets in enumerate(streams):
            at_ns = began_ns + tick * step_ns + n * step_ns // len(streams)
            late_ns = at_ns - time.time_ns()
            if late_ns > 0:
                time.sleep(late_ns / 1e9)
            old = packets[tick % len(packets)]
            data, is_key = old.data, old.is_key
            packet = Packet(
                old.info, MediaKind.VIDEO, tick + 1, at_ns, at_ns, step_ns, 0, is_key, data
            )
            publisher.publish(packet)
        tick += 1


def _packets(camera_id: str, clip: Path) -> list[Packet]:
    with Demuxer(CameraUrl.parse(str(clip))) as demuxer:
        info = StreamInfo(camera_id, StreamRole.MAIN, 1, demuxer.video, None)
        return [
            Packet(info, raw.kind, 0, 0, 0, 1, 0, raw.is_key, raw.data)
            for raw in with_stamps(demuxer.packets())
        ]
