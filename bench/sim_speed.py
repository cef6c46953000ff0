"""How fast the road world runs, and whether its normal traffic is sound.

    python -m bench.sim_speed [--json OUT] [--length-s 600] [--check-s 3600]

Processor time of whole steps: driving, lane changes, signals, boxes and visible shares in a picture
of 1280 × 720, all true measures, and the detector's errors, at ten frames a second. The limit is
fifty times real time with 20 to 40 road users. Beside it the rendered street of the same junction,
the only other source of frames with truth in this project. Then an hour of each layout is searched
for vehicles that touch anybody and for braking harder than 5 m/s².
"""

import argparse
import json
import os
import platform
import time
from pathlib import Path
from typing import Any

import numpy as np

from its_camera_ai.sim.road.collisions import overlaps
from its_camera_ai.sim.road.detector_noise import DetectorNoise
from its_camera_ai.sim.road.junction import junction
from its_camera_ai.sim.road.layout import Layout
from its_camera_ai.sim.road.straight import straight_road
from its_camera_ai.sim.road.world import RoadSpec, RoadWorld
from its_camera_ai.sim.street import open_street

WH = (1280, 720)
LIMIT = 50.0
LAYOUTS: dict[str, Layout] = {
    "junction": junction(),
    "straight, 3 lanes": straight_road(3),
    "straight, 3 + 3 lanes and cycles": straight_road(3, lanes_back=3, cycle_lane=True),
}
RENDERED_S = 5.0


def speed(layout: Layout, length_s: float) -> dict[str, float]:
    world, noise = RoadWorld(RoadSpec(layout, WH), seed=1), DetectorNoise(WH, seed=1)
    bodies = seen = 0
    start = time.process_time()
    for truth in world.run(length_s):
        noise.look(truth)
        bodies += len(truth)
        seen += int(truth.in_picture.sum())
    spent = time.process_time() - start
    frames = length_s / world.spec.tick_s
    return {
        "road_users": bodies / frames,
        "in_picture": seen / frames,
        "ms_per_frame": spent / frames * 1e3,
        "times_real_time": length_s / spent,
        "ratio_to_limit": length_s / spent / LIMIT,
    }


def rendered() -> float:
    """Times real time of the rendered junction at ten frames a second, same size."""
    street = open_street("intersection", seed=1, size_wh=WH, fps=10.0)
    street.frame(0)
    start = time.process_time()
    for index in range(1, round(RENDERED_S * 10)):
        street.frame(index)
    return RENDERED_S / (time.process_time() - start)


def soundness(layout: Layout, length_s: float) -> dict[str, float]:
    world = RoadWorld(RoadSpec(layout, None), seed=2)
    touching: set[tuple[int, int]] = set()
    hard = vehicle_ticks = 0
    for truth in world.run(length_s):
        walks = set(truth.id[truth.way < 0].tolist())
        touching |= {pair for pair in overlaps(truth) if not walks >= set(pair)}
        hard += int((world.fleet["accel"] < -5).sum())
        vehicle_ticks += len(world.fleet)
    return {
        "passages": len(world.passages),
        "touching_pairs": len(touching),
        "hard_braking_share": hard / max(vehicle_ticks, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--length-s", type=float, default=600.0)
    parser.add_argument("--check-s", type=float, default=3600.0)
    options = parser.parse_args()
    machine = {
        "machine": platform.machine(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "cores": str(os.cpu_count()),
        "load average before": f"{os.getloadavg()[0]:.1f}",
    }
    slow = rendered()
    rows: list[dict[str, Any]] = []
    print(", ".join(f"{k} {v}" for k, v in machine.items()))
    print("| layout | road users | in the picture | ms per frame | × real time | ÷ limit of 50 "
          "| ÷ rendered | touching pairs | braking > 5 m/s² |")  # fmt: skip
    print("|---" * 9 + "|")
    for name, layout in LAYOUTS.items():
        row: dict[str, Any] = {"layout": name, **speed(layout, options.length_s)}
        row["ratio_to_rendered"] = row["times_real_time"] / slow
        row |= soundness(layout, options.check_s)
        rows.append(row)
        print(
            f"| {name} | {row['road_users']:.0f} | {row['in_picture']:.0f} "
            f"| {row['ms_per_frame']:.2f} | {row['times_real_time']:.0f} "
            f"| {row['ratio_to_limit']:.1f} | {row['ratio_to_rendered']:.0f} "
            f"| {row['touching_pairs']} | {row['hard_braking_share']:.2%} |"
        )
    if options.json:
        result = {"machine": machine, "check_s": options.check_s, "rows": rows,
                  "rendered_times_real_time": slow}  # fmt: skip
        options.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
