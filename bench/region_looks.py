"""Eight sub-streams at 30 fps through the real vision role: parts of frames beside whole frames.

Eight real scenes, coded once as 640 × 360 H.264 at 30 fps, are played by a process of their own
over the local bus, dated as they are sent; the vision role decodes, gates, looks and tracks them as
it does in a site. There is no RTSP server in it. Frame to track is from a picture's date to the
arrival of its tracks at the other end of the bus. The same streams are played again with whole
frames only, and with the areas of several cameras in one batch.

    python -m bench.region_looks DATA_FOLDER [--seconds 20] [--write]
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from bench import region_counts, region_recall
from bench.cameras import report
from bench.cameras.processes import Window
from bench.cameras.report import Limit, table
from bench.cameras.sub_streams import CLIPS, FPS, SubStreams, camera_name, sub_stream
from its_camera_ai.bus.local import LocalBus
from its_camera_ai.bus.messages import RoleStatus
from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.time import SystemClock
from its_camera_ai.roles.road_watch import LandmarkShelf
from its_camera_ai.roles.vision import Vision
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.vision.detector import DetectorModel
from its_camera_ai.vision.loading import load_model
from its_camera_ai.vision.runtime import RuntimeChoice, RuntimeName
from tests.support.one_model import OneModel

NAME = "region-looks"
COUNT_RATES = (8.3, 5.0, 3.1)
_BARE = RoleStatus("vision", 0, 1, 0, 0, ready=True)


@dataclass(frozen=True, slots=True)
class Setting:
    """One way to look. ``batch_max`` 1 is one at a time; ``full_look_s`` 0 whole frames only."""

    name: str
    model: str
    runtime: RuntimeName
    full_look_s: float
    batch_max: int


@dataclass(frozen=True, slots=True)
class Run:
    """What vision did within the window, eight streams together, per second where it says so."""

    setting: str
    seconds: float
    gated_percent: float
    looks_per_s: float
    looks_full_per_s: float
    areas_per_s: float
    calls_per_s: float
    looks_per_s_least: float
    unknown: int
    latency_ms_p50: float
    latency_ms_p95: float
    cores: float
    cores_detect: float
    cores_decode_and_gate: float
    budget_use: float
    overload_seconds: float
    load_average: float


class _Arrivals:
    """Takes what is told, as the server process would, and how long after its picture."""

    def __init__(self, bus: LocalBus) -> None:
        self._receiver = bus.tracks_receiver()
        self._stop = threading.Event()
        self.latencies_ms: list[float] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            message = self._receiver.receive(0.2)
            if message is not None and message.unknown is None:
                self.latencies_ms.append((time.time_ns() - message.wall_ns) / 1e6)

    def close(self) -> None:
        self._stop.set()
        self._thread.join(2)
        self._receiver.close()


def measure(
    setting: Setting, clips: list[Path], models_dir: Path, options: argparse.Namespace
) -> Run:
    choice = RuntimeChoice(runtime=setting.runtime, batch=setting.batch_max)
    model: DetectorModel = load_model(setting.model, models_dir=models_dir, choice=choice)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="looks-"))
        streams = stack.enter_context(SubStreams(Path(folder), clips))
        bus = LocalBus(Path(folder))
        arrivals = _Arrivals(bus)
        vision = Vision(
            bus,
            OneModel(model),
            detector_threads=options.threads,
            batch_max=setting.batch_max,
            full_look_s=setting.full_look_s,
            next_track_id=lambda _camera: 1,
            clock=SystemClock(),
            landmarks=LandmarkShelf(RealDisk(), Path(folder) / "landmarks"),
        )
        vision.want(
            [
                Camera(
                    camera_name(n),
                    CameraUrl.parse("rtsp://192.0.2.1/sub"),
                    detect_fps=options.looks,
                )
                for n in range(len(clips))
            ]
        )
        time.sleep(options.warm_up)
        arrivals.latencies_ms.clear()
        window = Window({"vision": [os.getpid()], "streams": [streams.pid]})
        before = vision.status(_BARE)
        time.sleep(options.seconds)
        after, use = vision.status(_BARE), window.use()
        latencies_ms = list(arrivals.latencies_ms)
        vision.close()
        arrivals.close()
        bus.close()
    return _run(setting, before, after, use.wall_s, use.cpu_s["vision"], latencies_ms)


def _run(
    setting: Setting,
    before: RoleStatus,
    after: RoleStatus,
    wall_s: float,
    cpu_s: float,
    latencies_ms: list[float],
) -> Run:
    def total(field: str) -> float:
        return sum(getattr(v, field) for v in after.vision) - sum(
            getattr(v, field) for v in before.vision
        )

    def counter(name: str) -> float:
        return after.counters[name] - before.counters[name]

    def busy(*stages: str) -> float:
        return sum(after.busy_s[s] - before.busy_s.get(s, 0.0) for s in stages) / wall_s

    old = {v.camera_id: v.looks for v in before.vision}
    gated = total("frames") - total("frames_unprocessed")
    return Run(
        setting=setting.name,
        seconds=wall_s,
        gated_percent=100 * gated / (len(after.vision) * FPS * wall_s),
        looks_per_s=total("looks") / wall_s,
        looks_full_per_s=total("looks_full") / wall_s,
        areas_per_s=total("areas") / wall_s,
        calls_per_s=counter("detector_calls") / wall_s,
        looks_per_s_least=min(v.looks - old[v.camera_id] for v in after.vision) / wall_s,
        unknown=int(total("unknown")),
        latency_ms_p50=float(np.percentile(latencies_ms, 50)),
        latency_ms_p95=float(np.percentile(latencies_ms, 95)),
        cores=cpu_s / wall_s,
        cores_detect=busy("detect"),
        cores_decode_and_gate=busy("decode", "motion"),
        budget_use=after.counters["detector_budget_use"],
        overload_seconds=counter("overload_seconds"),
        load_average=os.getloadavg()[0],
    )


def _counts(data: Path, models_dir: Path) -> list[dict[str, Any]]:
    """The guard: parts of frames must count what whole frames count."""
    model = load_model("yolox-nano", models_dir=models_dir)
    rows = []
    for clip, looks_per_s, (way, full_look_s) in product(
        region_counts.CLIPS, COUNT_RATES, (("whole frames", 0.0), ("parts", 2.0))
    ):
        counted = region_counts.count(
            clip, data, model, looks_per_s=looks_per_s, full_look_s=full_look_s
        )
        rows.append(
            {
                "clip": clip.file,
                "looks_per_s": looks_per_s,
                "truth": f"{clip.outward} / {clip.inward}",
                "looks": way,
            }
            | {"counted": f"{counted.outward} / {counted.inward}"}
            | {"input_share": counted.input_share}
        )
    model.close()
    return rows


def _recall(models_dir: Path, data: Path) -> region_recall.Recall:
    model = load_model("yolox-nano", models_dir=models_dir, score_min=0.3)
    found = region_recall.recall(data, model)
    model.close()
    return found


def _settings(options: argparse.Namespace) -> list[Setting]:
    ort, openvino = RuntimeName.ONNXRUNTIME, RuntimeName.OPENVINO
    fp32 = "yolox-nano"
    settings = [
        Setting("parts, one at a time", fp32, ort, 2.0, 1),
        Setting("parts, in batches", fp32, ort, 2.0, 16),
        Setting("whole frames", fp32, ort, 0.0, 1),
        Setting("parts, one at a time, OpenVINO", fp32, openvino, 2.0, 1),
        Setting("whole frames, OpenVINO", fp32, openvino, 0.0, 1),
    ]
    if options.int8:
        int8 = str(options.int8)
        settings += [
            Setting("parts, one at a time, OpenVINO INT8", int8, openvino, 2.0, 1),
            Setting("whole frames, OpenVINO INT8", int8, openvino, 0.0, 1),
        ]
    return [s for s in settings if not options.only or s.name in options.only]


def main() -> int:
    options = _options()
    models_dir = options.models_dir or options.data / "models"
    clips = [sub_stream(options.data / "videos", name) for name in CLIPS]
    runs = []
    for setting in _settings(options):
        print(f"{setting.name} …", flush=True)
        runs.append(measure(setting, clips, models_dir, options))
    counts = [] if options.no_counts else _counts(options.data, models_dir)
    recall = _recall(models_dir, options.data)
    limits = _limits(runs[0])
    text = _text(runs, counts, recall, limits, options)
    print("\n" + text)
    if options.write:
        result = {
            "runs": [asdict(run) for run in runs],
            "counts": counts,
            "recall": asdict(recall),
            "limits": [asdict(limit) | {"holds": limit.holds} for limit in limits],
            "wanted_looks_per_s": options.looks,
            "machine": report.machine(),
        }
        report.save(NAME, result)
        report.update_document(NAME, text)
    return 0 if all(limit.holds for limit in limits) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, help="folder with videos/ and models/")
    parser.add_argument("--models-dir", type=Path, help="folder of model files, if another")
    parser.add_argument("--int8", help="an INT8 model's name or path, measured too")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each run")
    parser.add_argument("--warm-up", type=float, default=8.0, help="seconds before each")
    parser.add_argument("--looks", type=float, default=10.0, help="wanted looks per second, each")
    parser.add_argument("--threads", type=int, default=2, help="detector threads")
    parser.add_argument("--only", action="append", help="only the setting of this name")
    parser.add_argument("--no-counts", action="store_true", help="leave the counts out")
    parser.add_argument("--write", action="store_true", help="keep the result in docs/ and bench/")
    return parser.parse_args()


def _limits(run: Run) -> list[Limit]:
    return [
        Limit("frames gated", run.gated_percent, 99.5, "%", at_most=False),
        Limit("region inferences", run.areas_per_s, 100, "/s", at_most=False),
        Limit("frame to track, p95", run.latency_ms_p95, 200, "ms"),
    ]


def _text(
    runs: list[Run],
    counts: list[dict[str, Any]],
    recall: region_recall.Recall,
    limits: list[Limit],
    options: argparse.Namespace,
) -> str:
    head = ("setting", "gated", "looks/s", "whole", "areas/s", "calls/s", "least camera")
    head += ("p50", "p95", "cores", "detecting", "overload", "load")
    rows = [
        (
            run.setting,
            f"{run.gated_percent:.1f} %",
            f"{run.looks_per_s:.0f}",
            f"{run.looks_full_per_s:.0f}",
            f"{run.areas_per_s:.0f}",
            f"{run.calls_per_s:.0f}",
            f"{run.looks_per_s_least:.1f}/s",
            f"{run.latency_ms_p50:.0f} ms",
            f"{run.latency_ms_p95:.0f} ms",
            f"{run.cores:.2f}",
            f"{run.cores_detect:.2f}",
            f"{run.overload_seconds:.0f} s",
            f"{run.load_average:.0f}",
        )
        for run in runs
    ]
    machine = report.machine()
    intro = (
        f"{len(CLIPS)} sub-streams of 640 × 360 at {FPS} fps, YOLOX-Nano, {options.threads} "
        "detector threads, "
        f"{options.looks:g} looks per second and camera wanted, {options.seconds:g} s each. The "
        "limits are held against the first row."
    )
    parts = [
        intro,
        table(("figure", "measured", "limit", ""), [limit.row() for limit in limits]),
        table(head, rows),
    ]
    if counts:
        cells = [
            (
                c["clip"],
                f"{c['looks_per_s']:g}",
                c["looks"],
                c["truth"],
                c["counted"],
                f"{100 * c['input_share']:.0f} %",
            )
            for c in counts
        ]
        head = ("clip", "looks/s", "looks at", "truth out / in", "counted", "input pixels")
        parts.append(table(head, cells))
    parts.append(
        f"Of {recall.objects} labelled objects, each looked at alone in pictures of "
        f"{region_recall.WIDTH_PX} pixels of width, {100 * recall.in_parts:.0f} % are found in a "
        f"part (with {100 * recall.input_share:.0f} % of the input pixels), "
        f"{100 * recall.in_whole:.0f} % in the whole frame."
    )
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    parts.append(
        f"{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}, Python "
        f"{machine['python']}, {packages}; commit {machine['commit']}, {machine['when']}."
    )
    return "\n\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
