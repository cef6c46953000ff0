"""Measure what one look costs the tracker and the scene analytics.

    python -m bench.tracker_cost [--json OUT] [--looks 300] [--births]

Synthetic objects cross a full-HD picture at ten looks per second with a pixel of noise and 5 % of
the detections missing. The peers are those of ``peer_trackers``, over the same detections, and
SciPy's ``linear_sum_assignment`` alone on a dense N × N cost matrix, the one step that any tracker
of this kind must do. The scene has four lines and one zone. All times are processor time, so that
other work on the machine counts little; its load average stands beside the figures. ``--births``
instead lets a million road users come and go and prints the memory held.
"""

import argparse
import json
import os
import platform
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy
from scipy.optimize import linear_sum_assignment

from bench import peer_trackers
from its_camera_ai.analytics.counting.scene import SceneAnalytics
from its_camera_ai.core.detections import Detections
from its_camera_ai.core.scene import Line, Scene, Zone
from its_camera_ai.tracking.tracker import Tracker

OBJECTS = (10, 50, 100, 200, 500)
GOAL_MS = {10: 0.5, 50: 1.2, 100: 2.5, 200: 6.0}
PEER_LOOKS = 30
SIZE_WH = (1920, 1080)
STEP_NS = 100_000_000
WARM_UP = 20
SCENE = Scene(
    tuple(Line(f"line{k}", ((0.05, 0.2 * k), (0.95, 0.2 * k))) for k in range(1, 5)),
    (Zone("zone", ((0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.3, 0.7))),),
)


def looks(objects: int, count: int, rng: np.random.Generator) -> list[Detections]:
    """Boxes of 40 × 60 px that run at up to one height per second and turn round at the edges."""
    place = rng.uniform(0, 1, (objects, 2)) * SIZE_WH
    speed = rng.uniform(-60, 60, (objects, 2))
    found = []
    for _ in range(count):
        place = place + speed * (STEP_NS / 1e9)
        speed = np.where(
            (place < 60) & (speed < 0) | (place > np.subtract(SIZE_WH, 60)) & (speed > 0),
            -speed,
            speed,
        )
        seen = place[rng.random(objects) > 0.05]
        seen = seen + rng.normal(0, 1, seen.shape)
        boxes = np.concatenate([seen - (20, 60), np.add(seen, (20, 0))], axis=1).astype(np.float32)
        score = rng.uniform(0.5, 0.9, len(seen)).astype(np.float32)
        found.append(Detections(boxes, score, np.full(len(seen), 3, np.int8)))
    return found


def timed(call: Callable[[], object]) -> float:
    """Milliseconds."""
    start = time.process_time()
    call()
    return (time.process_time() - start) * 1e3


def measure(objects: int, count: int) -> dict[str, float]:
    rng = np.random.default_rng(1)
    tracker = Tracker()
    number = iter(range(10**9))
    scene = SceneAnalytics("bench", SCENE, lambda _: str(next(number)))
    tracking, counting, peer = [], [], []
    for k, found in enumerate(looks(objects, count + WARM_UP, rng)):
        now_ns = k * STEP_NS
        start = time.process_time()
        tracks = tracker.update(found, now_ns, now_ns, SIZE_WH)
        tracking.append((time.process_time() - start) * 1e3)
        start = time.process_time()
        scene.update(tracks)
        counting.append((time.process_time() - start) * 1e3)
        matrix = rng.random((objects, objects))
        peer.append(timed(lambda matrix=matrix: linear_sum_assignment(matrix)))
    result = {"objects": float(objects), "goal_ms": GOAL_MS.get(objects, 0.0)}
    for name, values in (("tracker", tracking), ("analytics", counting), ("assignment", peer)):
        settled = np.array(values[WARM_UP:])
        result[f"{name}_ms_p50"] = float(np.percentile(settled, 50))
        result[f"{name}_ms_p95"] = float(np.percentile(settled, 95))
    result["ratio_to_assignment"] = result["tracker_ms_p50"] / result["assignment_ms_p50"]
    return result


def peers(objects: int, count: int) -> tuple[dict[str, float], dict[str, str]]:
    """Median ms of every peer over the same detections, and the versions."""
    found = looks(objects, min(count, PEER_LOOKS) + WARM_UP, np.random.default_rng(1))
    runs, versions = peer_trackers.run(found, 1e9 / STEP_NS)
    return {run.name: float(np.median(run.ms[WARM_UP:])) for run in runs}, dict(versions)


def births(total: int) -> None:
    """Every look 400 road users whom nobody saw before; prints traced memory on the way."""
    tracker, k = Tracker(), 0
    places = looks(400, 1, np.random.default_rng(2))[0].xyxy
    sure = np.full(len(places), 0.9, np.float32)
    step_ns, due = 60_000_000_000, 0
    tracemalloc.start()
    while tracker.next_id <= total:
        there = Detections(places, sure, np.full(len(places), k % 2 * 3, np.int8))
        tracker.update(there, k * step_ns, 0, SIZE_WH)
        for gone in (1, 2):
            tracker.update(Detections.empty(), k * step_ns + gone * 2_000_000_000, 0, SIZE_WH)
        k += 1
        if tracker.next_id > due:
            print(
                f"{tracker.next_id - 1} births: {tracemalloc.get_traced_memory()[0] / 1e3:.0f} kB"
            )
            due += total // 10
    print(f"highest: {tracemalloc.get_traced_memory()[1] / 1e3:.0f} kB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--looks", type=int, default=300)
    parser.add_argument("--births", action="store_true", help="a million births instead")
    options = parser.parse_args()
    if options.births:
        births(1_000_000)
        return
    machine = {
        "machine": platform.machine(),
        "processor": platform.processor() or "unknown",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "cores": str(os.cpu_count()),
        "load average before": f"{os.getloadavg()[0]:.1f}",
    }
    rows = [measure(objects, options.looks) for objects in OBJECTS]
    rivals: dict[int, dict[str, float]] = {}
    for objects in GOAL_MS:
        rivals[objects], versions = peers(objects, options.looks)
        machine |= {f"peer {name}": version for name, version in versions.items()}
    print(", ".join(f"{k} {v}" for k, v in machine.items()))
    names = list(rivals[OBJECTS[0]])
    rivals[OBJECTS[-1]] = dict.fromkeys(names, float("nan"))  # minutes for a peer at 500
    print("| objects | tracker p50 / p95 ms | goal ms | " + " | ".join(names), end="")
    print(" | best peer / ours | assignment alone ms | scene p50 / p95 ms |")
    print("|---" * (len(names) + 6) + "|")
    for r in rows:
        others = rivals[int(r["objects"])]
        ratio = min(others.values()) / r["tracker_ms_p50"]
        print(
            f"| {r['objects']:.0f} | {r['tracker_ms_p50']:.2f} / {r['tracker_ms_p95']:.2f} "
            f"| {r['goal_ms'] or '–'} | {' | '.join(f'{ms:.1f}' for ms in others.values())} "
            f"| {ratio:.1f} | {r['assignment_ms_p50']:.3f} "
            f"| {r['analytics_ms_p50']:.2f} / {r['analytics_ms_p95']:.2f} |"
        )
    if options.json:
        options.json.write_text(
            json.dumps(
                {"machine": machine, "rows": rows, "peers": {n: rivals[n] for n in GOAL_MS}},
                indent=1,
            )
            + "\n"
        )


if __name__ == "__main__":
    main()
