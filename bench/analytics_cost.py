"""Measure what one look of one camera costs after detection, for sixteen cameras at once.

    python -m bench.analytics_cost DATA_FOLDER [--seconds 30] [--json OUT]

Recorded detections of a busy road (``detections/opendatacam_road_30fps.json``, every third frame,
the twenty surest boxes of each) are played to and fro without a break to sixteen cameras, each from
another moment on and every second one mirrored: ten looks a second, about twenty objects each.
Every camera has its own tracker and its own ``CameraMeasurement`` on a scene with six lines, four
lanes, two zones, a gate, six movements and a calibration: counting, road users on the ground,
trips, gates, incidents and interval tables. All times are processor time, so that other work on the
machine counts little; its load average stands beside the figures. Four rooms are run a second time
by themselves, to tell their part. Goal: 6 ms for a look, all in; sixteen cameras then
take less than half of two cores.
"""

import argparse
import gc
import json
import os
import platform
import time
from collections.abc import Callable, Iterator
from itertools import chain, cycle, islice
from pathlib import Path
from typing import ParamSpec, TypeVar

import numpy as np

from its_camera_ai.analytics.calibration.solving import solve
from its_camera_ai.analytics.camera.measurement import CameraMeasurement
from its_camera_ai.analytics.counting.scene import SceneAnalytics
from its_camera_ai.analytics.incidents.watch import IncidentWatch
from its_camera_ai.analytics.intervals.book import IntervalBook
from its_camera_ai.analytics.road_users.users import RoadUsers
from its_camera_ai.core.calibration import Calibration, PointPair
from its_camera_ai.core.detections import Detections, ObjectClass
from its_camera_ai.core.road import Direction, Gate, Lane, LineSide, Movement, Turn
from its_camera_ai.core.scene import Line, Scene, Zone, ZoneUse
from its_camera_ai.tracking.tracker import Tracker

P, T = ParamSpec("P"), TypeVar("T")
GOAL_MS = 6.0
PARTS = ("tracker", "counting", "road users", "incidents", "tables")
CAMERAS, LOOKS_PER_S, OBJECTS, CORES = 16, 10, 20, 2
STEP_NS = 1_000_000_000 // LOOKS_PER_S
SIZE_WH = (1280, 720)
WALL_NS = 1_790_000_000_000_000_000
WARM_UP_S = 5.0
ROAD_M = ((-10.0, 60.0), (10.0, 60.0), (-8.0, 25.0), (8.0, 25.0), (-5.0, 12.0), (5.0, 12.0))
PICTURE = ((0.32, 0.28), (0.62, 0.28), (0.2, 0.5), (0.8, 0.5), (0.1, 0.85), (0.9, 0.85))
"""Places on the road and where they are in the picture; made up, but of the right size."""


def road_scene() -> Scene:
    """Six lines over the road, four lanes along it, and what else a site has."""
    at = (0.35, 0.42, 0.5, 0.6, 0.7, 0.8)
    lines = tuple(Line(f"line{k}", ((0.05, y), (0.95, y))) for k, y in enumerate(at))
    lanes = tuple(
        Lane(
            f"lane{k}",
            ((x, 0.28), (x + 0.08, 0.28), (0.24 * k + 0.25, 0.95), (0.24 * k + 0.02, 0.95)),
            ((x + 0.04, 0.28), (0.24 * k + 0.13, 0.95)),
            approach="north",
            speed_limit_kmh=50.0,
            stop_line="line4",
        )
        for k, x in enumerate((0.3, 0.38, 0.46, 0.54))
    )
    zones = (
        Zone("middle", ((0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.3, 0.7)), use=ZoneUse.CARRIAGEWAY),
        Zone("edge", ((0.0, 0.6), (0.2, 0.5), (0.2, 0.9), (0.0, 0.9)), use=ZoneUse.NO_STOPPING),
    )
    sides = [LineSide(line.id, way) for line in lines for way in Direction]
    movements = tuple(
        Movement(f"way{k}", sides[k], sides[-1 - k], Turn.THROUGH, "north") for k in range(6)
    )
    gates = (Gate("gate", sides[2], sides[6]),)
    pairs = tuple(PointPair(*both) for both in zip(PICTURE, ROAD_M, strict=True))
    return Scene(lines, zones, lanes, gates, movements, calibration=Calibration(pairs))


def recorded(path: Path) -> list[Detections]:
    """Every third frame of the recording, its surest boxes, pixels of ``SIZE_WH``."""
    frames = []
    for entry in json.loads(path.read_text())[::3]:
        best = sorted(entry["objects"], key=lambda found: -found["confidence"])[:OBJECTS]
        at = np.array([list(found["relative_coordinates"].values()) for found in best])
        boxes = np.hstack([at[:, :2] - at[:, 2:] / 2, at[:, :2] + at[:, 2:] / 2])
        boxes = np.clip(boxes, 0, 1) * [*SIZE_WH, *SIZE_WH]
        scores = np.array([found["confidence"] for found in best], np.float32)
        classes = [ObjectClass.BUS if f["name"] == "bus" else ObjectClass.CAR for f in best]
        frames.append(Detections(boxes.astype(np.float32), scores, np.array(classes, np.int8)))
    return frames


def mirrored(found: Detections) -> Detections:
    boxes = found.xyxy.copy()
    boxes[:, [0, 2]] = SIZE_WH[0] - found.xyxy[:, [2, 0]]
    return Detections(boxes, found.score, found.class_id)


def played(frames: list[Detections], camera: int) -> Iterator[Detections]:
    """To and fro for ever, from a moment of its own."""
    there_and_back = chain(frames, frames[-2:0:-1])
    looks = islice(cycle(there_and_back), camera * len(frames) // CAMERAS, None)
    return map(mirrored, looks) if camera % 2 else looks


def timed(call: Callable[P, T], *args: P.args, **options: P.kwargs) -> tuple[T, float]:
    """The result, and milliseconds of processor time."""
    began = time.process_time()
    result = call(*args, **options)
    return result, (time.process_time() - began) * 1e3


def run(frames: list[Detections], seconds: float) -> tuple[dict[str, list[float]], int, int]:
    """All cameras in turn, look by look.

    Returns:
        Milliseconds of each look by stage, tracks in them, and events told.
    """
    scene = road_scene()
    number = iter(range(10**9))
    plane = solve(scene.calibration, SIZE_WH).plane if scene.calibration else None
    sources = [played(frames, camera) for camera in range(CAMERAS)]
    trackers = [Tracker() for _ in sources]
    whole = [
        CameraMeasurement(
            f"cam{k}", scene, lambda _: str(next(number)), writer="bench", wanted_looks_per_s=10.0
        )
        for k in range(CAMERAS)
    ]
    counting = [SceneAnalytics("cam", scene, lambda _: "") for _ in sources]
    users = [RoadUsers("cam", scene, plane) for _ in sources]
    watches = [IncidentWatch("cam", scene, plane, lambda _: "") for _ in sources]
    books = [IntervalBook("cam", scene, plane, writer="bench") for _ in sources]
    stages: dict[str, list[float]] = {name: [] for name in (*PARTS, "measurement")}
    objects = events = 0
    for look in range(round((seconds + WARM_UP_S) * LOOKS_PER_S)):
        pts_ns = look * STEP_NS
        settled = pts_ns >= WARM_UP_S * 1e9
        for camera, source in enumerate(sources):
            found, wall_ns = next(source), WALL_NS + pts_ns
            tracks, tracker_ms = timed(
                trackers[camera].update, found, pts_ns, wall_ns, SIZE_WH, looks_per_s=LOOKS_PER_S
            )
            told, measurement_ms = timed(whole[camera].update, tracks)
            _, counting_ms = timed(counting[camera].update, tracks)
            frame, users_ms = timed(users[camera].update, tracks)
            _, incidents_ms = timed(watches[camera].update, frame, (), {})
            _, tables_ms = timed(books[camera].frame, frame, LOOKS_PER_S)
            books[camera].due(wall_ns)
            if settled:
                objects += len(tracks)
                events += len(told.events)
                parts_ms = (tracker_ms, counting_ms, users_ms, incidents_ms, tables_ms)
                for stage, ms in zip(stages, (*parts_ms, measurement_ms), strict=True):
                    stages[stage].append(ms)
    return stages, objects, events


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("data", type=Path, help="the folder of recorded data")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    machine = {
        "machine": platform.machine(),
        "processor": platform.processor() or "unknown",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "cores": str(os.cpu_count()),
        "load average before": f"{os.getloadavg()[0]:.1f}",
    }
    frames = recorded(options.data / "detections" / "opendatacam_road_30fps.json")
    gc.collect()
    stages, objects, events = run(frames, options.seconds)
    looks = len(stages["tracker"])
    all_in = np.add(stages["tracker"], stages["measurement"])
    shown = {name: np.array(stages[name]) for name in PARTS}
    shown["passages, trips, gates and the rest"] = all_in - sum(shown.values())
    shown["all in"] = all_in
    rows = [
        {
            "stage": name,
            "mean_ms": round(float(np.mean(ms)), 3),
            "p50_ms": round(float(np.percentile(ms, 50)), 3),
            "p95_ms": round(float(np.percentile(ms, 95)), 3),
        }
        for name, ms in shown.items()
    ]
    mean_ms = float(np.mean(all_in))
    figures = {
        "cameras": CAMERAS,
        "looks_per_s": LOOKS_PER_S,
        "objects_mean": round(objects / looks, 1),
        "events": events,
        "goal_ms": GOAL_MS,
        "ratio_to_goal": round(mean_ms / GOAL_MS, 3),
        "share_of_two_cores": round(mean_ms * CAMERAS * LOOKS_PER_S / 1e3 / CORES, 3),
    }
    print(", ".join(f"{name} {value}" for name, value in (machine | figures).items()))
    print("| stage | mean ms | p50 ms | p95 ms |\n|---|---|---|---|")
    for row in rows:
        print(f"| {row['stage']} | {row['mean_ms']} | {row['p50_ms']} | {row['p95_ms']} |")
    if options.json:
        document = {"machine": machine, "figures": figures, "stages": rows}
        options.json.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
