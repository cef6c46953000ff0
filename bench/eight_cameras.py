"""Eight cameras on this machine: is anything lost, how soon is it known, what does it cost?

Cameras are the RTSP twin with 1080p30 (recorded) and 640 × 360 at 30 fps (looked at) each, from
clips that are coded beforehand; the twin's own CPU time is told apart. In one run:

1. The site without a camera: what it needs to be there.
2. Recording only, beside its peer: ffmpeg copying the same eight main streams into segments. Both
   run at once, so the ratio of CPU time does not depend on how busy the machine is.
3. Everything: record eight, look at eight, count crossings.

    make bench ARGS="--seconds 60 --model auto --write"
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.cameras import report, streams
from bench.cameras.lookout import Arrival, ClipIndex, EventWatch, clock_error_ms
from bench.cameras.peer import FfmpegRecorders
from bench.cameras.peer import version as ffmpeg_version
from bench.cameras.processes import Use, Window
from bench.cameras.recordings import Kept, check
from bench.cameras.report import Limit, table
from bench.cameras.site import SiteUnderTest
from its_camera_ai.bus.messages import CameraState, RoleStatus
from its_camera_ai.core.media import StreamRole
from tests.support.rtsp import Mount, RtspServer
from tests.support.site_files import scene_fields
from tests.support.waiting import wait_until

NAME = "eight-cameras"
_ONLINE_TIMEOUT_S = 60.0
_IDLE_S = 5.0


@dataclass(frozen=True, slots=True)
class Vision:
    """What the vision processes did within the window, all cameras together."""

    frames: int
    unprocessed: int
    looks_per_s: float
    unknown: int
    packets_lost: int
    latency_ms_p95: float


def main() -> int:
    options = _options()
    print("Preparing the clips …", flush=True)
    names = [f"cam-{i}" for i in range(1, options.cameras + 1)]
    clips = {StreamRole.MAIN: streams.main_clip(), StreamRole.SUB: streams.sub_clip()}
    mounts = [Mount(f"{n}-{role}", clip) for n in names for role, clip in clips.items()]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="itscam-")))
        server = stack.enter_context(RtspServer(mounts))
        settings = {"model": options.model, "model_input": options.model_input}
        if options.models_dir:
            settings["models_dir"] = str(options.models_dir.absolute())
        site = stack.enter_context(SiteUnderTest(folder, **settings))
        print("Idle …", flush=True)
        idle = _measure(site.pids(), _IDLE_S)
        print("Recording only, beside ffmpeg …", flush=True)
        peer = _beside_ffmpeg(site, server, names, folder, options.peer_seconds)
        print("Everything …", flush=True)
        result = _everything(site, server, names, clips, options)
    result |= {"idle": asdict(idle), "peer": asdict(peer), "machine": report.machine()}
    result["machine"]["ffmpeg"] = ffmpeg_version()
    return _tell(result, idle, peer, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the full run")
    parser.add_argument("--peer-seconds", type=float, default=30.0, help="length beside ffmpeg")
    parser.add_argument("--warm-up", type=float, default=45.0, help="seconds before measuring")
    parser.add_argument("--cameras", type=int, default=8)
    parser.add_argument("--model", default="auto", help="detector, as in ITSCAM_MODEL")
    parser.add_argument("--models-dir", type=Path, help="folder of model files")
    parser.add_argument("--model-input", default="", help="WxH, as in ITSCAM_MODEL_INPUT")
    parser.add_argument("--detect-fps", type=float, default=6.0, help="wanted looks per camera")
    parser.add_argument("--write", action="store_true", help="keep the result in docs/ and bench/")
    return parser.parse_args()


def _measure(pids: dict[str, list[int]], seconds: float) -> Use:
    window = Window(pids)
    _pass(seconds)
    return window.use()


def _pass(seconds: float) -> None:
    """Let so much time pass; a benchmark has nothing to wait for but time."""
    import time  # noqa: PLC0415 - kept where it is used, so that nothing else sleeps

    time.sleep(seconds)


def _beside_ffmpeg(
    site: SiteUnderTest, server: RtspServer, names: list[str], folder: Path, seconds: float
) -> Use:
    urls = {name: server.url(f"{name}-main") for name in names}
    site.apply([{"id": f"copy-{n}", "url": url, "detect": False} for n, url in urls.items()])
    _wait_online(site, len(names))
    with FfmpegRecorders(urls, folder / "ffmpeg") as peer:
        _pass(5.0)
        ours = {"ingest": site.pids()["ingest"]}
        use = _measure({**ours, "ffmpeg": peer.pids, "twin": [server.pid]}, seconds)
    site.apply([])
    _wait_online(site, 0)
    return use


def _wait_online(site: SiteUnderTest, streams_wanted: int) -> None:
    def online() -> bool:
        found = [s.state for status in site.status("ingest") for s in status.streams]
        return len(found) == streams_wanted and set(found) <= {CameraState.ONLINE}

    wait_until(online, f"{streams_wanted} streams to be online", _ONLINE_TIMEOUT_S)


def _everything(
    site: SiteUnderTest,
    server: RtspServer,
    names: list[str],
    clips: dict[StreamRole, Path],
    options: argparse.Namespace,
) -> dict[str, Any]:
    indexes = {role: ClipIndex(clip) for role, clip in clips.items()}
    sent_before = {name: server.stats(f"{name}-main")["sent"] for name in names}
    site.apply([_camera(name, server, options.detect_fps) for name in names])
    _wait_online(site, 2 * len(names))
    _pass(options.warm_up)

    def errors_now_ms() -> dict[str, float]:
        index = indexes[StreamRole.SUB]
        return {n: clock_error_ms(site.bus, n, StreamRole.SUB, server, index) for n in names}

    errors_ms = errors_now_ms()
    with EventWatch(site.data_dir / "itscam.db") as watch:
        vision_before, server_before = site.status("vision"), site.status("server")
        use = _measure({**site.pids(), "twin": [server.pid]}, options.seconds)
        vision_after, server_after = site.status("vision"), site.status("server")
        ingest = site.status("ingest")
        late_errors_ms = errors_now_ms()
    sent = {n: server.stats(f"{n}-main")["sent"] - sent_before[n] for n in names}
    site.stop()
    kept = {n: check(site.data_dir, n, indexes[StreamRole.MAIN], sent[n]) for n in names}
    return {
        "use": asdict(use),
        "vision": asdict(_vision(vision_before, vision_after)),
        "model": next((v.model for s in vision_after for v in s.vision), ""),
        "stages": _stages(vision_before, vision_after) | _stages(server_before, server_after),
        "unrecorded_packets": sum(s.unrecorded_packets for i in ingest for s in i.streams),
        "kept": {name: asdict(k) for name, k in kept.items()},
        "sent": sent,
        "clock_error_ms": errors_ms,
        "clock_drift_ms": max(abs(late_errors_ms[n] - errors_ms[n]) for n in names),
        "latency_ms": _latencies(watch.arrivals, errors_ms),
    }


def _camera(name: str, server: RtspServer, detect_fps: float) -> dict[str, Any]:
    return {
        "id": name,
        "url": server.url(f"{name}-main"),
        "sub_url": server.url(f"{name}-sub"),
        "detect_fps": detect_fps,
        "lines": scene_fields(streams.scene())["lines"],
    }


def _vision(before: list[RoleStatus], after: list[RoleStatus]) -> Vision:
    def total(statuses: list[RoleStatus], field: str) -> int:
        return sum(getattr(camera, field) for status in statuses for camera in status.vision)

    span_s = (after[0].wall_ns - before[0].wall_ns) / 1e9
    return Vision(
        frames=total(after, "frames") - total(before, "frames"),
        unprocessed=total(after, "frames_unprocessed") - total(before, "frames_unprocessed"),
        looks_per_s=(total(after, "looks") - total(before, "looks")) / span_s,
        unknown=total(after, "unknown") - total(before, "unknown"),
        packets_lost=total(after, "packets_lost"),
        latency_ms_p95=max(v.latency_ms_p95 for s in after for v in s.vision),
    )


def _stages(before: list[RoleStatus], after: list[RoleStatus]) -> dict[str, float]:
    """Cores used by stage: 1.0 is one core all the time."""
    shares: dict[str, float] = {}
    for old, new in zip(before, after, strict=True):
        span_s = (new.wall_ns - old.wall_ns) / 1e9
        for stage, busy_s in new.busy_s.items():
            used_s = busy_s - old.busy_s.get(stage, 0.0)
            shares[stage] = shares.get(stage, 0.0) + used_s / span_s
    return shares


def _latencies(arrivals: list[Arrival], errors_ms: dict[str, float]) -> dict[str, float]:
    """To a row that can be read: from the picture that made the crossing certain, as it was sent
    by the camera, and (``crossing_``) from the crossing itself."""
    counted = [a for a in arrivals if a.kind == "line_crossed" and a.camera_id in errors_ms]
    if not counted:
        return {"events": 0}
    figures: dict[str, float] = {"events": len(counted)}
    for prefix, moment in (("", "frame_ns"), ("crossing_", "wall_ns")):
        found = [(a.seen_ns - getattr(a, moment)) / 1e6 + errors_ms[a.camera_id] for a in counted]
        p50, p95 = np.percentile(found, [50, 95])
        figures |= {
            f"{prefix}p50": float(p50),
            f"{prefix}p95": float(p95),
            f"{prefix}max": max(found),
        }
    return figures


def _tell(result: dict[str, Any], idle: Use, peer: Use, options: argparse.Namespace) -> int:
    limits = _limits(result, peer)
    result["limits"] = [asdict(limit) | {"holds": limit.holds} for limit in limits]
    result["options"] = {
        k: v.name if isinstance(v, Path) else str(v) for k, v in vars(options).items()
    }
    text = _text(result, limits, idle, peer)
    print("\n" + text)
    if options.write:
        print(
            f"\nWritten: {report.save(NAME, result).relative_to(report.ROOT)}, docs/benchmarks.md"
        )
        report.update_document(NAME, text)
    return 0 if all(limit.holds for limit in limits) else 1


def _limits(result: dict[str, Any], peer: Use) -> list[Limit]:
    kept = [Kept(**k) for k in result["kept"].values()]
    vision = Vision(**result["vision"])
    latency = result["latency_ms"]
    ratio = peer.cpu_s["ingest"] / peer.cpu_s["ffmpeg"]
    unprocessed = 100 * vision.unprocessed / max(1, vision.frames)
    return [
        Limit("recorded pictures lost", sum(k.lost + k.strange for k in kept), 0, ""),
        Limit("pictures given up by the recorder", result["unrecorded_packets"], 0, ""),
        Limit("pictures the motion gate did not see", unprocessed, 0.1, "%"),
        Limit("detector passes", vision.looks_per_s, 40, "/s", at_most=False),
        Limit("picture → row in the database, p95", latency.get("p95", np.inf), 500, "ms"),
        Limit("ingest and recording ÷ ffmpeg, CPU", ratio, 1, ""),
    ]


def _text(result: dict[str, Any], limits: list[Limit], idle: Use, peer: Use) -> str:
    use, cameras = Use(**result["use"]), len(result["sent"])
    processes = [
        (
            name,
            f"{100 * use.share(name):.0f} %",
            f"{use.rss_bytes[name] / 2**20:.0f} MiB",
            f"{idle.rss_bytes[name] / 2**20:.0f} MiB" if name in idle.rss_bytes else "",
            f"{(use.rss_bytes[name] - idle.rss_bytes[name]) / cameras / 2**20:.1f} MiB"
            if name in idle.rss_bytes
            else "",
        )
        for name in use.cpu_s
    ]
    stages = sorted(result["stages"].items(), key=lambda item: -item[1])
    intro = (
        f"{cameras} cameras (1080p30 H.264 4 Mb/s recorded, 640 × 360 at 30 fps looked at), "
        f"detector {result['model']}, {use.wall_s:.0f} s."
    )
    beside = (
        f"Beside ffmpeg for {peer.wall_s:.0f} s, {cameras} main streams recorded by both: "
        f"ingest {peer.cpu_s['ingest']:.2f} CPU-s, ffmpeg {peer.cpu_s['ffmpeg']:.2f} CPU-s; "
        f"memory {peer.rss_bytes['ingest'] / 2**20:.0f} and "
        f"{peer.rss_bytes['ffmpeg'] / 2**20:.0f} MiB."
    )
    paragraphs = (
        intro,
        table(("figure", "measured", "limit", ""), [limit.row() for limit in limits]),
        _latency_text(result),
        table(("process", "of one core", "memory", "memory idle", "per camera"), processes),
        table(("stage", "of one core"), [(s, f"{100 * v:.1f} %") for s, v in stages]),
        beside,
        _machine_text(result["machine"]),
    )
    return "\n\n".join(paragraphs)


def _latency_text(result: dict[str, Any]) -> str:
    latency, errors_ms = result["latency_ms"], result["clock_error_ms"].values()
    behind = max(k["behind"] for k in result["kept"].values())
    return (
        f"Crossings: {latency['events']}; from the picture that made one certain to its row p50 "
        f"{latency.get('p50', 0):.0f}, p95 {latency.get('p95', 0):.0f}, max "
        f"{latency.get('max', 0):.0f} ms; from the crossing itself, which is certain only when the "
        f"vehicle has left the line behind, p50 {latency.get('crossing_p50', 0):.0f}, p95 "
        f"{latency.get('crossing_p95', 0):.0f}, max {latency.get('crossing_max', 0):.0f} ms. "
        f"The site dates "
        f"pictures {min(errors_ms):.0f} to {max(errors_ms):.0f} ms later than they were sent; that "
        f"is counted in, and changed by {result['clock_drift_ms']:.0f} ms at most. Frame to "
        f"tracks, p95 by the site's own dates: "
        f"{result['vision']['latency_ms_p95']:.0f} ms. When the stop was asked for, at most "
        f"{behind} pictures of a camera were still on their way."
    )


def _machine_text(machine: dict[str, Any]) -> str:
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, Linux "
        f"{machine['kernel']}, Python {machine['python']}, {packages}, {machine['ffmpeg']}; "
        f"commit {machine['commit']}, {machine['when']}."
    )


if __name__ == "__main__":
    sys.exit(main())
