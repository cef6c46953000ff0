"""Measure the motion gate: its cost, what wakes it on an empty street, and what it misses.

    python -m bench.motion_gate DATA_FOLDER [--jobs 2] [--write]

Cost is processor time per 640×360 frame on one thread, of each frame the least of three runs,
beside OpenCV's MOG2 and a bare difference of frames (threshold, dilate, contours), both at the
gate's 320×180, reduced alike: each alone, and then the gate in turns with both, which leaves it
cold caches. Looks are those that
``LookScheduler`` grants in stream time, with the gate and without, on a street that is empty or
nearly so; who is in the picture is followed at once. Quiet is such a street where nothing but the
light and the grain changes: no swaying trees, no beams of cars outside the picture, no rain by
night. A crossing is lost if the gate had no box on the object in the two seconds before it.
``--write`` renews docs/design/motion-gate.md and bench/results/motion-gate.json.
"""

import argparse
import json
import os
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

from bench.motion_truth import (
    CLIPS,
    VISIBLE_MIN,
    LostCrossings,
    clip_crossings,
    luma_of,
    street_crossings,
)
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
NEARLY_EMPTY_S, NEARLY_EMPTY_DEMAND, NEARLY_EMPTY_SEED = 90.0, 0.1, 3  # one person, for 5 s
LOUD = frozenset(
    {"trees", "headlights", "headlights,night", "night,rain", "trees,rain,compression"}
)
WEATHER_ROWS = (
    "",
    *WEATHERS,
    "headlights,night",
    "night,rain",
    "trees,rain,compression",
)
NEARLY_EMPTY_ROWS = ("", "night", "rain")
STREETS = ("intersection", "motorway", "courtyard")
COST_CLIPS = ("motorway_dvrscan", "road_ozlu", "room_one_by_one_intel", "night_street_rfinf")
COST_FRAMES, COST_RUNS = 320, 3  # of each clip and street
CROSSINGS_HEAD = (
    "Crossings with truth; *touched* is the mean share of the frames in the two seconds before the "
    "line (real clips: one second, on the approach) in which a box of the gate lies on the object. "
    "No parameter was chosen on these simulated streets: their seed is another one:"
)


Look = Callable[[Any, int], Any]
"""Takes a luma plane and its stream time in nanoseconds."""


@dataclass(frozen=True)
class Cost:
    """Processor milliseconds per frame.

    Attributes:
        gate_in_turns_p50: with the peers at work between two frames.
    """

    source: str
    frames: int
    gate_p50: float
    gate_mean: float
    gate_p95: float
    gate_in_turns_p50: float
    mog2_p50: float
    difference_p50: float


@dataclass(frozen=True)
class Quiet:
    """One weather over an empty street, after settling.

    Attributes:
        occupied: share of the frames with somebody in the picture.
    """

    weather: str
    occupied: float
    active_share: float
    longest_s: float
    looks: int
    looks_without_gate: int

    @property
    def is_quiet(self) -> bool:
        return self.weather not in LOUD

    @property
    def saving(self) -> float:
        return 1 - self.looks / self.looks_without_gate


def motion_gate() -> Look:
    return MotionGate(SIZE_WH).update


def difference_of_frames() -> Look:
    """The least that motion detection can be: nothing is learned."""
    before: list[Any] = []
    kernel = np.ones((5, 5), np.uint8)

    def look(luma: Any, pts_ns: int) -> None:
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


def mixture_of_gaussians() -> Look:
    peer = cv2.createBackgroundSubtractorMOG2(detectShadows=False)

    def look(luma: Any, pts_ns: int) -> None:
        peer.apply(cv2.resize(luma, REDUCED_WH, interpolation=cv2.INTER_AREA))

    return look


def cost(source: str, frames: Iterator[tuple[int, Any]]) -> Cost:
    """Each frame's least time of some runs: what else the machine did is left out."""
    clip = list(frames)
    methods = (motion_gate, mixture_of_gaussians, difference_of_frames)
    own, peer, bare = (least(clip, (method,))[0] for method in methods)
    in_turns = least(clip, methods)
    figures = (
        np.median(own),
        np.mean(own),
        np.percentile(own, 95),
        np.median(in_turns[0]),
        np.median(peer),
        np.median(bare),
    )
    return Cost(source, len(own), *(round(float(figure), 3) for figure in figures))


def least(clip: list[tuple[int, Any]], makers: tuple[Callable[[], Look], ...]) -> Any:
    """(methods, frames) processor milliseconds, without the first frames."""
    runs = []
    for _ in range(COST_RUNS):
        methods = [make() for make in makers]
        spent = np.empty((len(methods), len(clip)))
        for number, (pts_ns, luma) in enumerate(clip):
            for row, look in enumerate(methods):
                since_ns = time.thread_time_ns()
                look(luma, pts_ns)
                spent[row, number] = (time.thread_time_ns() - since_ns) / 1e6
        runs.append(spent)
    return np.min(runs, axis=0)[:, 10:]


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


def quiet(weather: str, nearly: bool = False) -> Quiet:
    """An empty street; ``nearly`` empty for longer, with one person in it for some seconds."""
    street = open_street(
        "courtyard",
        fps=EMPTY_FPS,
        weather=weather,
        demand=NEARLY_EMPTY_DEMAND if nearly else 0.0,
        seed=NEARLY_EMPTY_SEED if nearly else 1,
    )
    gate = MotionGate(SIZE_WH)
    active, somebody = [], []
    for index in range(round((NEARLY_EMPTY_S if nearly else EMPTY_S) * EMPTY_FPS)):
        frame = street.frame(index)
        luma = np.asarray(cv2.cvtColor(frame.bgr, cv2.COLOR_BGR2GRAY), np.uint8)
        active.append(gate.update(luma, frame.pts_ns).active)
        somebody.append(any(thing.visible >= VISIBLE_MIN for thing in frame.truth))
    first = round(SETTLED_S * EMPTY_FPS)
    settled, there = active[first:], somebody[first:]
    runs = "".join("x" if on else " " for on in settled).split()
    return Quiet(
        weather or "none",
        round(float(np.mean(there)), 3),
        round(float(np.mean(settled)), 3),
        max((len(run) for run in runs), default=0) / EMPTY_FPS,
        looks(settled, there),
        looks([True] * len(settled), there),
    )


def looks(active: list[bool], somebody: list[bool]) -> int:
    """How often a camera alone on a worker is looked at."""
    scheduler = LookScheduler()
    scheduler.add("camera", WANTED_LOOKS_PER_S, 0.0)
    taken = 0
    for number, (motion, there) in enumerate(zip(active, somebody, strict=True)):
        now_s = number / EMPTY_FPS
        scheduler.offer("camera", now_s, motion=motion)
        if scheduler.pick(now_s) is not None:
            taken += 1
            scheduler.looked("camera", now_s, live_tracks=there)
    return taken


def table(head: str, rows: list[str]) -> str:
    columns = head.count("|") - 1
    return "\n".join([head, "|" + "---|" * columns, *rows])


def report(costs: list[Cost], quiets: list[Quiet], lost: list[LostCrossings]) -> str:
    """The tables of the design note."""
    cost_rows = [
        f"| {c.source} | {c.frames} | {c.gate_p50:.3f} / {c.gate_mean:.3f} / {c.gate_p95:.3f} "
        f"| {c.gate_in_turns_p50:.3f} "
        f"| {c.mog2_p50:.3f} | {c.difference_p50:.3f} | {c.gate_p50 / c.mog2_p50:.2f} |"
        for c in costs
    ]
    quiet_rows = [
        f"| {q.weather.replace(',', ', ')} | {'yes' if q.is_quiet else 'no'} | {q.occupied:.0%} "
        f"| {q.active_share:.1%} | {q.longest_s:.1f} "
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
            "| frames of | count | gate p50 / mean / p95 | in turns p50 | MOG2 p50 "
            "| bare difference p50 | gate ÷ MOG2 |",
            cost_rows,
        ),
        quiet_head(quiets),
        table(
            "| weather | quiet | somebody there | active | longest, s | looks | fewer |", quiet_rows
        ),
        CROSSINGS_HEAD,
        table("| source | weather | crossings | lost | touched |", lost_rows),
    )
    return "\n\n".join(parts)


def cost_head(costs: list[Cost]) -> str:
    counts = [c.frames for c in costs]
    typical = float(np.average([c.gate_p50 for c in costs], weights=counts))
    return (
        f"Cost, processor ms per 640×360 frame on one thread, {sum(counts)} frames, of each the "
        f"least of {COST_RUNS} runs; mean of the medians {typical:.3f} (limit {LIMIT_MS}); *in "
        f"turns*: with both peers at work between two frames, so with cold caches:"
    )


def quiet_head(quiets: list[Quiet]) -> str:
    calm = [q for q in quiets if q.is_quiet]
    saved = 1 - sum(q.looks for q in calm) / sum(q.looks_without_gate for q in calm)
    least = min(q.saving for q in calm)
    return (
        f"A street that is empty for {EMPTY_S - SETTLED_S:.0f} s, or nearly empty for "
        f"{NEARLY_EMPTY_S - SETTLED_S:.0f} s, after {SETTLED_S:.0f} s of settling; looks at "
        f"{WANTED_LOOKS_PER_S:.0f} wanted per second with the gate and without. One look every 2 s "
        f"is made in any case: 90 % fewer is the most there can be. *Quiet* is where nothing but "
        f"the light and the grain changes: no swaying trees, no beams of cars outside the picture, "
        f"no rain by night. Over all quiet rows together {saved:.0%} fewer, in the least of them "
        f"{least:.0%} (limit {SAVING_MIN:.0%}). "
        f"Parameters were chosen with these streets in view:"
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
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
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
        quiets += pool.map(partial(quiet, nearly=True), NEARLY_EMPTY_ROWS)
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
            "quiet": [
                {**asdict(q), "is_quiet": q.is_quiet, "saving": round(q.saving, 3)} for q in quiets
            ],
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
