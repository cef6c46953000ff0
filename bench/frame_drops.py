"""Count simulated traffic with half and four fifths of its frames lost at random.

    python -m bench.frame_drops [--seconds 240] [--seeds 3] [--json OUT]

A motorway carriageway of three lanes at 100 km/h and a signalised junction, 25 frames a second at
1280 × 720, seen by the detector of ``counting_effectiveness``. The product's own tracker and
counting get every frame, every second one or every fifth one by chance; times are those of the
frames, so nothing but sight is lost. Told is how far the counts over all lines are from those with
every frame, and from the truth. Goal: within 1 %.
"""

import argparse
import json
import os
import platform
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench.counting_effectiveness import (
    SIZE_WH,
    MiddleWatch,
    Sight,
    longer,
    seen,
)
from its_camera_ai.analytics.counting.scene import SceneAnalytics
from its_camera_ai.core.events import EventKind
from its_camera_ai.core.scene import Scene
from its_camera_ai.sim.camera import PinholeCamera, Viewpoint
from its_camera_ai.sim.road.junction import junction
from its_camera_ai.sim.road.layout import Layout
from its_camera_ai.sim.road.straight import straight_road
from its_camera_ai.sim.road.truth import RoadTruth
from its_camera_ai.sim.road.world import RoadSpec, RoadWorld
from its_camera_ai.tracking.tracker import Tracker

GOAL = 0.01
TICK_S = 0.04
LOST = (0.0, 0.5, 0.8)
BRIDGE = Viewpoint(5.5, -20.0, 9.0, 0.0, 10.0, 50.0)
"""Whoever passes is in sight for 40 m before the first line. With half of that, 0.7 s at 100 km/h,
four fifths of the frames lost leave one vehicle in fifty without a single look before it."""
VEHICLE_WAY = 0
"""Ways are numbered from here; people have none."""


@dataclass(frozen=True, slots=True, eq=False)
class Drive:
    """A place for a while.

    Attributes:
        truth: vehicles over each line.
    """

    scene: Scene
    frames: list[RoadTruth] = field(repr=False)
    truth: Counter[str]


def places() -> dict[str, tuple[Layout, tuple[str, ...]]]:
    """Layouts and the lines that are counted on them."""
    return {
        "motorway": (straight_road(3, viewpoint=BRIDGE), ("near", "far")),
        "junction": (junction(), ("south", "east", "north", "west")),
    }


def record(layout: Layout, lines: tuple[str, ...], seed: int, seconds: float) -> Drive:
    """Let the traffic run."""
    world = RoadWorld(RoadSpec(layout, SIZE_WH, TICK_S), seed)
    camera = PinholeCamera(layout.viewpoint, SIZE_WH)
    scene = Scene(tuple(longer(line, camera) for line in layout.lines if line.id in lines))
    watch, truth, frames = MiddleWatch(layout, lines), Counter[str](), []
    for frame in world.run(seconds):
        frames.append(frame)
        passed = watch.observe(frame)
        truth.update(line for row, line in passed if frame.way[row] >= VEHICLE_WAY)
    return Drive(scene, frames, truth)


def counted(drive: Drive, lost: float, seed: int) -> Counter[str]:
    """Vehicles over each line, by tracker and counting."""
    rng = np.random.default_rng(seed)
    tracker, sight = Tracker(), Sight(missed=0.05, jitter=0.02)
    counting = SceneAnalytics("bench", drive.scene, lambda _: "")
    events = []
    for frame in drive.frames:
        if rng.random() < lost:
            continue
        vehicles = seen(frame, sight, rng)
        tracks = tracker.update(vehicles, frame.pts_ns, frame.wall_ns, SIZE_WH)
        events += counting.update(tracks)
    events += counting.finish()
    return Counter(
        str(event.detail["line"])
        for event in events
        if event.kind is EventKind.LINE_CROSSED
        and event.detail["class"] not in ("person", "bicycle")
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=240.0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    machine = {
        "machine": platform.machine(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "cores": str(os.cpu_count()),
        "load average before": f"{os.getloadavg()[0]:.1f}",
    }
    print(", ".join(f"{name} {value}" for name, value in machine.items()))
    print("| place | lost | truth | counted | off truth | off every frame | ratio to goal |")
    print("|---|---|---|---|---|---|---|")
    rows = []
    for place, (layout, lines) in places().items():
        drives = [record(layout, lines, s, options.seconds) for s in range(1, options.seeds + 1)]
        truth = sum(drive.truth.total() for drive in drives)
        whole = 0
        for lost in LOST:
            ours = sum(counted(drive, lost, k).total() for k, drive in enumerate(drives))
            whole = ours if lost == 0 else whole
            drift = abs(ours - whole) / whole
            rows.append(
                {
                    "place": place,
                    "lost": lost,
                    "truth": truth,
                    "counted": ours,
                    "off_truth": round(ours / truth - 1, 4),
                    "off_every_frame": round(ours / whole - 1, 4),
                    "ratio_to_goal": round(drift / GOAL, 2),
                }
            )
            print("| " + " | ".join(str(v) for v in rows[-1].values()) + " |", flush=True)
    if options.json:
        document = {"machine": machine, "goal": GOAL, "rows": rows}
        options.json.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
