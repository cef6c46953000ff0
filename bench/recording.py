"""What recording costs: processor time beside two peers, bytes, and the syncs.

1. Eight 1080p30 streams, recorded by the site, by ffmpeg (``-c copy -f segment``) and by Debian's
   ``motion`` in pass-through, all at once, so that the ratios do not depend on how busy the
   machine is.
2. The same packets through the recorder alone, with and without its syncs: what safety costs.

    python -m bench.recording --seconds 60 --write
"""

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from bench.cameras import report, streams
from bench.cameras.motion_peer import MotionRecorder
from bench.cameras.peer import FfmpegRecorders
from bench.cameras.peer import version as ffmpeg_version
from bench.cameras.processes import Use, Window
from bench.cameras.report import Limit, table
from bench.cameras.site import SiteUnderTest
from its_camera_ai.bus.messages import CameraState
from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.media import Packet, StreamInfo, StreamRole
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.recorder.writing.recorder import Recorder
from its_camera_ai.store.disk import RealDisk, RealFile
from its_camera_ai.video.demux import Demuxer
from its_camera_ai.video.stamps import with_stamps
from tests.support.rtsp import Mount, RtspServer
from tests.support.waiting import wait_until

NAME = "recording"
WALL_NS = 1_700_000_000 * NS_PER_S


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="length beside the peers")
    parser.add_argument("--cameras", type=int, default=8)
    parser.add_argument("--no-motion", action="store_true", help="leave the second peer out")
    parser.add_argument("--write", action="store_true", help="keep the result in docs/ and bench/")
    options = parser.parse_args()
    print("Preparing the clip …", flush=True)
    clip = streams.main_clip()
    with tempfile.TemporaryDirectory(prefix="itscam-") as folder:
        print("The recorder alone …", flush=True)
        alone = _alone(clip, Path(folder) / "alone", options.cameras)
        print("Beside its peers …", flush=True)
        beside, received = _beside(clip, Path(folder), options)
    result: dict[str, Any] = {
        "alone": alone,
        "beside": asdict(beside),
        "bytes_of_packets_per_camera_s": received,
        "machine": report.machine() | {"ffmpeg": ffmpeg_version()},
    }
    return _tell(result, alone, beside, options)


class _Unsynced(RealDisk):
    """The real disk, which promises nothing."""

    def create(self, path: Path) -> RealFile:
        file = super().create(path)
        file.sync = lambda: None  # type: ignore[method-assign]  # the one thing that is compared
        return file

    def sync_folder(self, folder: Path) -> None:
        """Nothing is promised."""


class _Nowhere:
    def __init__(self) -> None:
        self.segments: list[Segment] = []

    def add(self, segment: Segment) -> None:
        self.segments.append(segment)


def _alone(clip: Path, folder: Path, cameras: int) -> dict[str, float]:
    items = _packets(clip)
    figures: dict[str, float] = {}
    for name, disk in (("synced", RealDisk()), ("unsynced", _Unsynced())):
        root = folder / name
        root.mkdir(parents=True)
        index = _Nowhere()
        began_s, cpu_s = time.monotonic(), time.process_time()
        recorders = [Recorder(Volume(disk, root), index) for _ in range(cameras)]
        for number, recorder in enumerate(recorders):
            for packet in items:
                info = replace(packet.info, camera_id=f"cam-{number}")
                recorder.put(_as(packet, info))
            recorder.close(60)
        figures |= {
            f"{name}_cpu_s": time.process_time() - cpu_s,
            f"{name}_wall_s": time.monotonic() - began_s,
        }
        figures["bytes_written"] = float(sum(s.size_bytes for s in index.segments))
        figures["syncs"] = float(sum(s.frames for s in index.segments) // 30)
    figures["bytes_received"] = float(cameras * sum(len(p.data) for p in items))
    return figures


def _as(packet: Packet, info: StreamInfo) -> Packet:
    return Packet(
        info,
        packet.kind,
        packet.seq,
        packet.pts_ns,
        packet.dts_ns,
        packet.duration_ns,
        packet.wall_offset_ns,
        packet.is_key,
        packet.data,
    )


def _packets(clip: Path) -> list[Packet]:
    with Demuxer(CameraUrl.parse(str(clip))) as demuxer:
        info = StreamInfo("cam", StreamRole.MAIN, 1, demuxer.video, demuxer.audio)
        return [
            Packet(
                info,
                raw.kind,
                number,
                WALL_NS + (raw.pts_ns or 0),
                WALL_NS + (raw.dts_ns or 0),
                raw.duration_ns,
                0,
                raw.is_key,
                raw.data,
            )
            for number, raw in enumerate(with_stamps(demuxer.packets()), 1)
        ]


def _beside(clip: Path, folder: Path, options: argparse.Namespace) -> tuple[Use, float]:
    names = [f"cam-{i}" for i in range(1, options.cameras + 1)]
    with ExitStack() as stack:
        server = stack.enter_context(RtspServer([Mount(n, clip) for n in names]))
        site = stack.enter_context(SiteUnderTest(folder))
        urls = {name: server.url(name) for name in names}
        site.apply([{"id": n, "url": url, "detect": False} for n, url in urls.items()])
        wait_until(
            lambda: (
                [s.state for i in site.status("ingest") for s in i.streams]
                == [CameraState.ONLINE] * len(names)
            ),
            "all cameras to be online",
            60,
        )
        peers = {"ffmpeg": stack.enter_context(FfmpegRecorders(urls, folder / "ffmpeg")).pids}
        if MotionRecorder.is_there() and not options.no_motion:
            peers["motion"] = stack.enter_context(MotionRecorder(urls, folder / "motion")).pids
        time.sleep(5.0)
        window = Window({"ingest": site.pids()["ingest"], **peers, "twin": [server.pid]})
        time.sleep(options.seconds)
        use = window.use()
        rates = [s.bitrate_bps / 8 for i in site.status("ingest") for s in i.streams]
        return use, sum(rates) / len(rates)


def _tell(
    result: dict[str, Any], alone: dict[str, float], beside: Use, options: argparse.Namespace
) -> int:
    cpu = beside.cpu_s
    limits = [Limit("recording ÷ ffmpeg, CPU", cpu["ingest"] / cpu["ffmpeg"], 1.0, "")]
    if "motion" in cpu:
        limits.append(Limit("recording ÷ motion, CPU", cpu["ingest"] / cpu["motion"], 1.0, ""))
    written = alone["bytes_written"] / alone["bytes_received"]
    limits.append(Limit("bytes written ÷ received", written, 1.01, ""))
    result["limits"] = [asdict(limit) | {"holds": limit.holds} for limit in limits]
    cores = [
        (n, f"{100 * beside.share(n):.1f} %", f"{beside.rss_bytes[n] / 2**20:.0f} MiB") for n in cpu
    ]
    ours = alone["synced_wall_s"] - alone["unsynced_wall_s"]
    syncs = (
        f"Syncs: the same packets through the recorder alone, as fast as they can be written "
        f"({alone['bytes_received'] / 2**20:.0f} MiB): {alone['synced_wall_s']:.2f} s with "
        f"about {alone['syncs']:.0f} syncs, {alone['unsynced_wall_s']:.2f} s without; "
        f"{1000 * ours / alone['syncs']:.2f} ms each on this disk; "
        f"{alone['synced_cpu_s']:.2f} and {alone['unsynced_cpu_s']:.2f} CPU-s."
    )
    text = "\n\n".join(
        (
            f"{options.cameras} × 1080p30 H.264 4 Mb/s for {beside.wall_s:.0f} s, all at once.",
            table(("figure", "measured", "limit", ""), [limit.row() for limit in limits]),
            table(("process", "of one core", "memory"), cores),
            syncs,
            _machine(result["machine"]),
        )
    )
    print("\n" + text)
    if options.write:
        report.save(NAME, result)
        report.update_document(NAME, text)
    return 0 if all(limit.holds for limit in limits) else 1


def _machine(machine: dict[str, Any]) -> str:
    return (
        f"{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}, Python "
        f"{machine['python']}, {machine['ffmpeg']}; commit {machine['commit']}, {machine['when']}."
    )


if __name__ == "__main__":
    sys.exit(main())
