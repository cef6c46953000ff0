"""Measure what one frame costs the road users' room.

    python -m bench.road_users_cost [--json OUT] [--frames 300] [--births N]

Vehicles drive up and down a two-way road seen from a mast at ten looks per second, each box with a
pixel of noise, over four lanes and two lines; every fifth frame brings a passage, which is 7,200
vehicles an hour. The limit is the 3 ms per camera-frame that all of analytics together may take at
20 objects; the peer is the tracker, on as many objects of ``bench.tracker_cost``. All times are
processor time; the load average stands beside them. ``--births`` instead lets so many road users
come and go and prints the memory held.
"""

import argparse
import json
import os
import platform
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import scipy

from bench import tracker_cost
from bench.driven import SIZE_WH, VIEWS, WALL_NS, Drive, box, exact_plane
from its_camera_ai.analytics.road_users.users import RoadUsers
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.core.picture_points import Point, Unit
from its_camera_ai.core.road import Lane
from its_camera_ai.core.scene import Line, Scene
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.core.tracks import FrameTracks
from its_camera_ai.sim.camera import PinholeCamera

OBJECTS = (10, 20, 50, 100)
LIMIT_MS = 3.0
STEP_S = 0.1
WARM_UP = 20


def scene_of(camera: PinholeCamera) -> Scene:
    def px(*ground: Point) -> tuple[Point, ...]:
        seen = camera.project(np.array([[x, y, 0.0] for x, y in ground]))
        return tuple((float(u), float(v)) for u, v, _ in seen)

    lanes = []
    for k in range(4):
        left, right, y = 2.0 * k, 2.0 * k + 2.0, (10.0, 40.0)
        start, end = px((left + 1, y[0]), (left + 1, y[1]))
        corners = px((left, y[0]), (right, y[0]), (right, y[1]), (left, y[1]))
        lanes.append(Lane(f"lane{k}", corners, (start, end) if k > 1 else (end, start), Unit.PX))
    lines = []
    for k in range(2):
        start, end = px((-1.0, 20.0 + 8 * k), (9.0, 20.0 + 8 * k))
        lines.append(Line(f"line{k}", (start, end), Unit.PX))
    return Scene(tuple(lines), lanes=tuple(lanes))


def looks(objects: int, count: int, rng: np.random.Generator) -> list[FrameTracks]:
    """Every vehicle is in the picture in every frame: one that leaves begins again as another."""
    camera = PinholeCamera(VIEWS["mast"], SIZE_WH)
    x_m, mps = rng.uniform(0.5, 7.5, objects), rng.uniform(6, 25, objects)
    y_m, ids = rng.uniform(8, 44, objects), np.arange(1, objects + 1)
    found, next_id = [], objects + 1
    for k in range(count):
        y_m = y_m + mps * STEP_S
        for i in np.flatnonzero(y_m > 44):
            y_m[i], ids[i], next_id = 8.0, next_id, next_id + 1
        boxes = []
        for i in range(objects):
            drive = Drive(0, ObjectClass.CAR, x_m[i], True, 0.0, y_m[i], 1.0, 0.0, (4.5, 1.8, 1.5))
            full = box(camera, drive, 0.0)
            assert full is not None
            boxes.append(np.clip(full + rng.normal(0, 1, 4), 0, [*SIZE_WH, *SIZE_WH]))
        pts_ns = round(k * STEP_S * 1e9)
        found.append(
            FrameTracks(
                pts_ns,
                WALL_NS + pts_ns,
                SIZE_WH,
                ids.copy(),
                np.array(boxes, np.float32),
                np.full(objects, 0.9, np.float32),
                np.full(objects, int(ObjectClass.CAR), np.int8),
                np.ones(objects, np.bool_),
                looks_per_s=1 / STEP_S,
            )
        )
    return found


def measure(objects: int, count: int) -> dict[str, float]:
    camera = PinholeCamera(VIEWS["mast"], SIZE_WH)
    users = RoadUsers("bench", scene_of(camera), exact_plane(camera))
    updates, passages = [], []
    found = looks(objects, count + WARM_UP, np.random.default_rng(1))
    births = int(found[-1].track_id.max() - found[WARM_UP].track_id.max())
    for k, tracks in enumerate(found):
        start = time.process_time()
        users.update(tracks)
        updates.append((time.process_time() - start) * 1e3)
        crossed = Event(
            "",
            EventKind.LINE_CROSSED,
            "bench",
            tracks.pts_ns,
            tracks.wall_ns,
            int(tracks.track_id[k % objects]),
            {"line": "line0", "direction": "in", "class": "car"},
        )
        start = time.process_time()
        if k % 5 == 0:
            users.passage(crossed)
        passages.append((time.process_time() - start) * 1e3)
        users.ended()
    both = np.add(updates, passages)[WARM_UP:]
    tracker = tracker_cost.measure(objects, count)["tracker_ms_p50"]
    return {
        "objects": float(objects),
        "births_per_s": float(births / (count * STEP_S)),
        "tracker_ms_p50": tracker,
        "ratio_to_tracker": float(np.percentile(updates[WARM_UP:], 50) / tracker),
        "update_ms_p50": float(np.percentile(updates[WARM_UP:], 50)),
        "update_ms_p95": float(np.percentile(updates[WARM_UP:], 95)),
        "passage_ms_mean": float(np.mean(passages[WARM_UP::5])),
        "frame_ms_mean": float(both.mean()),
        "share_of_limit": float(both.mean() / LIMIT_MS),
    }


def births(total: int) -> None:
    """Every look 400 road users whom nobody saw before; prints traced memory on the way."""
    camera = PinholeCamera(VIEWS["mast"], SIZE_WH)
    users = RoadUsers("bench", scene_of(camera), exact_plane(camera))
    tracks = looks(400, 1, np.random.default_rng(2))[0]
    made, due, k = 0, 0, 0
    tracemalloc.start()
    while made < total:
        ids = np.arange(made + 1, made + 401)
        users.update(replace(tracks, pts_ns=k * 60 * NS_PER_S, track_id=ids))
        for gone in range(1, 5):
            empty = FrameTracks.nothing((k * 60 + 2 * gone) * NS_PER_S, 0, SIZE_WH)
            users.update(empty)
        users.ended()
        made, k = made + 400, k + 1
        if made >= due:
            print(f"{made} births: {tracemalloc.get_traced_memory()[0] / 1e3:.0f} kB")
            due += total // 10
    print(f"highest: {tracemalloc.get_traced_memory()[1] / 1e3:.0f} kB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--births", type=int, default=0, help="so many births instead")
    options = parser.parse_args()
    if options.births:
        births(options.births)
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
    print(", ".join(f"{k} {v}" for k, v in machine.items()))
    print(
        "| objects (births a second) | update p50 / p95 ms | a passage, ms | frame mean, ms ",
        end="",
    )
    print("| of 3 ms | tracker p50, ms (ratio) |")
    print("|---|---|---|---|---|---|")
    rows = [measure(objects, options.frames) for objects in OBJECTS]
    for r in rows:
        print(
            f"| {r['objects']:.0f} ({r['births_per_s']:.0f}) "
            f"| {r['update_ms_p50']:.2f} / {r['update_ms_p95']:.2f} "
            f"| {r['passage_ms_mean']:.2f} | {r['frame_ms_mean']:.2f} "
            f"| {r['share_of_limit']:.0%} "
            f"| {r['tracker_ms_p50']:.2f} ({r['ratio_to_tracker']:.1f}) |"
        )
    if options.json:
        options.json.write_text(
            json.dumps({"machine": machine, "limit_ms": LIMIT_MS, "rows": rows}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
