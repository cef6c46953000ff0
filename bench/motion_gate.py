"""Measure the motion gate: its cost, what wakes it on an empty street, and what it misses.

    python -m bench.motion_gate DATA_FOLDER [--jobs 2] [--write]

Cost is processor time per 640×360 frame on one thread, beside OpenCV's MOG2 and a bare difference
of frames (threshold, dilate, contours), both at the gate's 320×180, reduced alike, frame by frame
in the same run. A quiet scene is a simulated street without traffic; looks are those that
``LookScheduler`` grants in stream time, with the gate and without. A crossing is lost if the gate
had no box on the object in the two seconds before it. ``--write`` renews
docs/design/motion-gate.md and bench/results/motion-gate.json.
"""

import argparse
import json
import platform
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from bench.motion_truth import CLIPS, LostCrossings, clip_crossings, luma_of, street_crossings
from its_camera_ai.sim.street import open_street
from its_camera_ai.sim.weather import WEATHERS
from its_camera_ai.vision.motion import REDUCED_WH, MotionGate
from its_camera_ai.vision.scheduler import LookScheduler

ROOT = Path(__file__).resolve().parents[1]
SIZE_WH = (640, 360)
LIMIT_MS = 0.15
SAVING_MIN = 0.8
WANTED_LOOKS_PER_S = 5.0
SETTLED_S, EMPTY_S, EMPTY_FPS = 20.0, 50.0, 10.0
WEATHER_ROWS = (
    "",
    *WEATHERS,
    "headlights,night",
    "night,rain",
    "trees,rain,compression",
)
STREETS = ("intersection", "motorway", "courtyard")
COST_CLIPS = ("motorway_dvrscan", "road_ozlu", "room_one_by_one_intel", "night_street_rfinf")
COST_FRAMES = 320  # of each clip and street
QUIET_HEAD = (
    f"An empty street for {EMPTY_S - SETTLED_S:.0f} s, after {SETTLED_S:.0f} s of settling; looks "
    f"at {WANTED_LOOKS_PER_S:.0f} wanted per second with the gate and without (limit: "
    f"{SAVING_MIN:.0%} fewer):"
)
CROSSINGS_HEAD = (
    "Crossings with truth; *touched* is the mean share of the frames in the two seconds before the "
    "line (real clips: one second, on the approach) in which a box of the gate lies on the object:"
)


@dataclass(frozen=True)
class Cost:
    """Processor milliseconds per frame."""

    source: str
    frames: int
    gate_p50: float
    gate_p95: float
    mog2_p50: float
    difference_p50: float


@dataclass(frozen=True)
class Quiet:
    """One weather over an empty street, after settling."""

    weather: str
    active_share: float
    longest_s: float
    looks: int
    looks_without_gate: int

    @property
    def saving(self) -> float:
        return 1 - self.looks / self.looks_without_gate


def difference_of_frames() -> Callable[[Any], None]:
    """The least that motion detection can be: nothing is learned."""
    before: list[Any] = []
    kernel = np.ones((5, 5), np.uint8)

    def look(luma: Any) -> None:
        small = cv2.resize(luma, REDUCED_WH, interpolation=cv2.INTER_AREA)
        if before:
            difference = cv2.absdiff(small, before.pop())
            _, mask = cv2.threshold(difference, 12, 255, cv2.THRESH_BINARY)
            merged = cv2.dilate(mask, kernel)
            contours, _ = cv2.findContours(merged, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
            for contour in contours:
                cv2.boundingRect(contour)
        before.append(small)

    return look


def mixture_of_gaussians() -> Callable[[Any], None]:
    peer = cv2.createBackgroundSubtractorMOG2(detectShadows=False)

    def look(luma: Any) -> None:
        peer.apply(cv2.resize(luma, REDUCED_WH, interpolation=cv2.INTER_AREA))

    return look


def cost(source: str, frames: Iterator[tuple[int, Any]]) -> Cost:
    gate = MotionGate(SIZE_WH)
    mog2, difference = mixture_of_gaussians(), difference_of_frames()
    spent: list[list[float]] = [[], [], []]
    for pts_ns, luma in frames:
        stamps = [time.process_time_ns()]
        gate.update(luma, pts_ns)
        stamps.append(time.process_time_ns())
        mog2(luma)
        stamps.append(time.process_time_ns())
        difference(luma)
        stamps.append(time.process_time_ns())
        for times, spent_ns in zip(spent, np.diff(stamps), strict=True):
            times.append(spent_ns / 1e6)
    own, peer, bare = (np.array(times[10:]) for times in spent)
    return Cost(
        source,
        len(own),
        *(round(float(v), 3) for v in np.percentile(own, [50, 95])),
        round(float(np.median(peer)), 3),
        round(float(np.median(bare)), 3),
    )


def clip_frames(path: Path) -> Iterator[tuple[int, Any]]:
    for number, (pts_ns, luma) in enumerate(luma_of(path)):
        if number >= COST_FRAMES:
            return
        yield pts_ns, cv2.resize(luma, SIZE_WH, interpolation=cv2.INTER_AREA)


def street_frames(scene: str, fps: float, weather: str, count: int) -> Iterator[tuple[int, Any]]:
    demand = 0.0 if scene == "courtyard" else 1.0
    street = open_street(scene, fps=fps, demand=demand, weather=weather)
    for index in range(count):
        frame = street.frame(index)
        yield frame.pts_ns, cv2.cvtColor(frame.bgr, cv2.COLOR_BGR2GRAY)


def quiet(weather: str) -> Quiet:
    gate = MotionGate(SIZE_WH)
    active = [
        gate.update(luma, pts_ns).active
        for pts_ns, luma in street_frames(
            "courtyard", EMPTY_FPS, weather, round(EMPTY_S * EMPTY_FPS)
        )
    ]
    settled = active[round(SETTLED_S * EMPTY_FPS) :]
    runs = "".join("x" if on else " " for on in settled).split()
    return Quiet(
        weather or "none",
        round(float(np.mean(settled)), 3),
        max((len(run) for run in runs), default=0) / EMPTY_FPS,
        looks(settled),
        looks([True] * len(settled)),
    )


def looks(active: list[bool]) -> int:
    """How often a camera alone on a worker is looked at."""
    scheduler = LookScheduler()
    scheduler.add("camera", WANTED_LOOKS_PER_S, 0.0)
    taken = 0
    for number, motion in enumerate(active):
        now_s = number / EMPTY_FPS
        scheduler.offer("camera", now_s, motion=motion)
        if scheduler.pick(now_s) is not None:
            taken += 1
            scheduler.looked("camera", now_s, live_tracks=False)
    return taken


def table(head: str, rows: list[str]) -> str:
    columns = head.count("|") - 1
    return "\n".join([head, "|" + "---|" * columns, *rows])


def report(costs: list[Cost], quiets: list[Quiet], lost: list[LostCrossings]) -> str:
    """The tables of the design note."""
    cost_rows = [
        f"| {c.source} | {c.frames} | {c.gate_p50:.3f} / {c.gate_p95:.3f} | {c.mog2_p50:.3f} "
        f"| {c.difference_p50:.3f} | {c.gate_p50 / c.mog2_p50:.2f} |"
        for c in costs
    ]
    quiet_rows = [
        f"| {q.weather.replace(',', ', ')} | {q.active_share:.1%} | {q.longest_s:.1f} "
        f"| {q.looks} of {q.looks_without_gate} | {q.saving:.0%} |"
        for q in quiets
    ]
    lost_rows = [
        f"| {r.source} | {r.weather or 'as it is'} | {r.crossings} | {r.lost} | {r.touched:.0%} |"
        for r in lost
    ]
    parts = (
        cost_head(costs),
        table(
            "| frames of | count | gate p50 / p95 | MOG2 p50 | bare difference p50 | gate ÷ MOG2 |",
            cost_rows,
        ),
        QUIET_HEAD,
        table("| weather | active | longest, s | looks | fewer |", quiet_rows),
        CROSSINGS_HEAD,
        table("| source | weather | crossings | lost | touched |", lost_rows),
    )
    return "\n\n".join(parts)


def cost_head(costs: list[Cost]) -> str:
    counts = [c.frames for c in costs]
    typical = float(np.average([c.gate_p50 for c in costs], weights=counts))
    return (
        f"Cost, processor ms per 640×360 frame on one thread, {sum(counts)} frames; mean of the "
        f"medians {typical:.3f} (limit {LIMIT_MS}):"
    )


def write(text: str, facts: dict[str, Any]) -> None:
    note = ROOT / "docs" / "design" / "motion-gate.md"
    begin, end = "<!-- begin motion-gate -->", "<!-- end motion-gate -->"
    before, _, rest = note.read_text().partition(begin)
    _, _, after = rest.partition(end)
    note.write_text(f"{before}{begin}\n{text}\n{end}{after}")
    result = ROOT / "bench" / "results" / "motion-gate.json"
    result.write_text(json.dumps(facts, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("data", type=Path, help="folder with videos/ and labels/")
    parser.add_argument("--jobs", type=int, default=1, help="processes, for all but the cost")
    parser.add_argument("--write", action="store_true", help="renew the note and the results")
    options = parser.parse_args()
    one_thread()
    machine = {
        "machine": platform.machine(),
        "processor": processor(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
    }
    costs = [
        cost(name, clip_frames(options.data / "videos" / f"{name}.mp4")) for name in COST_CLIPS
    ]
    costs += [
        cost(f"sim {scene} {weather}".strip(), street_frames(scene, 25.0, weather, COST_FRAMES))
        for scene, weather in (("intersection", ""), ("courtyard", ""), ("courtyard", "rain"))
    ]
    with ProcessPoolExecutor(options.jobs, initializer=one_thread) as pool:
        quiets = list(pool.map(quiet, WEATHER_ROWS))
        lost = list(pool.map(partial(clip_crossings, options.data), CLIPS))
        lost += pool.map(street_crossings, *zip(*product(STREETS, WEATHER_ROWS), strict=True))
    told = " ".join(f"{k} {v}" for k, v in machine.items())
    text = f"{report(costs, quiets, lost)}\n\nMeasured on: {told}."
    print(text)
    if options.write:
        facts = {
            "machine": machine,
            "limit_ms": LIMIT_MS,
            "saving_min": SAVING_MIN,
            "cost": [asdict(c) for c in costs],
            "quiet": [{**asdict(q), "saving": round(q.saving, 3)} for q in quiets],
            "crossings": [asdict(r) for r in lost],
        }
        write(text, facts)


def one_thread() -> None:
    cv2.setNumThreads(1)


def processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


if __name__ == "__main__":
    main()
