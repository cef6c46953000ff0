"""Identity on recorded detections, beside the peers of the same run.

    python -m bench.tracker_accuracy DATA_FOLDER [--json OUT]

MOT15's TUD-Campus and TUD-Stadtmitte with their public detections (HOTA, MOTA, IDF1, switches), and
opendatacam's recorded road (ids, short lives, median life, time per frame; no truth). One parameter
set, and every peer at its defaults. What counts is what a tracker reports at the frame itself.
"""

import argparse
import json
import os
import platform
import time
from collections import Counter
from collections.abc import Sequence as Many
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench import peer_trackers
from bench.peer_trackers import PeerRun
from its_camera_ai.core.detections import Detections, ObjectClass
from its_camera_ai.evaluation.track import TrackedFrame, TrackScore, score_tracks
from its_camera_ai.tracking.tracker import Tracker

MOT15 = ("TUD-Campus", "TUD-Stadtmitte")
GOALS = {"TUD-Campus": (66.6, 48.1), "TUD-Stadtmitte": (76.0, 53.0)}
"""IDF1 and HOTA of the best rival in each."""
_SHORT = 10
_ROAD_WH = (1280, 720)
_SCORE_MIN = 0.25

Truth = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """Detections of consecutive frames, and the truth where there is one.

    Attributes:
        found: one entry per frame. fps, size_wh: of the video.
        truth: ids and boxes per frame; empty without truth.
    """

    name: str
    fps: float
    size_wh: tuple[int, int]
    found: Many[Detections]
    truth: Many[Truth] = field(default_factory=tuple)


def mot15(data: Path, name: str) -> Sequence:
    folder = data / "mot" / name
    tables = [np.loadtxt(folder / f"{kind}.txt", delimiter=",") for kind in ("det", "gt")]
    found, truth = [], []
    for frame in range(1, int(max(table[:, 0].max() for table in tables)) + 1):
        (seen, true) = (table[table[:, 0] == frame] for table in tables)
        for rows in (seen, true):
            rows[:, 4:6] += rows[:, 2:4]
        found.append(
            Detections(
                np.clip(seen[:, 2:6], 0, (640, 480, 640, 480)).astype(np.float32),
                np.clip(seen[:, 6], 0, 1).astype(np.float32),
                np.full(len(seen), ObjectClass.PERSON, np.int8),
            )
        )
        truth.append((true[:, 1].astype(np.int64), true[:, 2:6]))
    return Sequence(name, 25.0, (640, 480), found, truth)


def opendatacam(data: Path) -> Sequence:
    frames = json.loads((data / "detections" / "opendatacam_road_30fps.json").read_text())
    found = []
    for frame in frames:
        things = [o for o in frame["objects"] if o["confidence"] >= _SCORE_MIN]
        places = [o["relative_coordinates"] for o in things]
        centre = np.array([(p["center_x"], p["center_y"]) for p in places]).reshape(-1, 2)
        half = np.array([(p["width"], p["height"]) for p in places]).reshape(-1, 2) / 2
        boxes = np.concatenate([centre - half, centre + half], axis=1).clip(0, 1)
        found.append(
            Detections(
                (boxes * (*_ROAD_WH, *_ROAD_WH)).astype(np.float32),
                np.array([o["confidence"] for o in things], np.float32),
                np.array(
                    [ObjectClass.BUS if o["name"] == "bus" else ObjectClass.CAR for o in things],
                    np.int8,
                ),
            )
        )
    return Sequence("opendatacam road", 30.0, _ROAD_WH, found)


def ours(sequence: Sequence) -> PeerRun:
    tracker = Tracker()
    ms, ids, xyxy = [], [], []
    for k, found in enumerate(sequence.found):
        start = time.process_time()
        tracks = tracker.update(found, round(k * 1e9 / sequence.fps), 0, sequence.size_wh)
        ms.append((time.process_time() - start) * 1e3)
        ids.append(tracks.track_id[tracks.observed])
        xyxy.append(tracks.xyxy[tracks.observed].astype(np.float64))
    return PeerRun("ITS Camera AI", np.array(ms), ids, xyxy)


def scored(sequence: Sequence, run: PeerRun) -> TrackScore:
    return score_tracks(
        [
            TrackedFrame(*truth, ids, boxes)
            for truth, ids, boxes in zip(sequence.truth, run.ids, run.xyxy, strict=True)
        ]
    )


def _lives(run: PeerRun) -> dict[str, float]:
    lives = list(Counter(int(i) for ids in run.ids for i in ids).values())
    return {
        "ids": len(lives),
        "short": sum(life < _SHORT for life in lives),
        "median_life": float(np.median(lives)),
        "ms": float(np.median(run.ms)),
    }


def _print_mot(sequence: Sequence, runs: Many[PeerRun]) -> dict[str, dict[str, float]]:
    idf1, hota = GOALS[sequence.name]
    print(f"\n{sequence.name} (goal: IDF1 ≥ {idf1}, HOTA ≥ {hota})")
    print("| tracker | HOTA | MOTA | IDF1 | switches |\n|---|---|---|---|---|")
    rows = {}
    for run in runs:
        s = scored(sequence, run)
        rows[run.name] = {"hota": s.hota, "mota": s.mota, "idf1": s.idf1, "switches": s.switches}
        shares = " | ".join(f"{100 * v:.1f}" for v in (s.hota, s.mota, s.idf1))
        print(f"| {run.name} | {shares} | {s.switches} |")
    return rows


def _print_road(runs: Many[PeerRun]) -> dict[str, dict[str, float]]:
    print("\nopendatacam road (goal: ≤ 60 ids, ≤ 1 below 10 frames, median ≥ 93, ≤ 1.5 ms)")
    print("| tracker | ids | below 10 frames | median life | ms per frame | ratio |")
    print("|---|---|---|---|---|---|")
    rows = {run.name: _lives(run) for run in runs}
    base = rows[runs[0].name]["ms"]
    for name, r in rows.items():
        print(
            f"| {name} | {r['ids']:.0f} | {r['short']:.0f} | {r['median_life']:.0f} "
            f"| {r['ms']:.2f} | {r['ms'] / base:.1f} |"
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("data", type=Path, help="folder with mot/ and detections/")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    load = f"{os.getloadavg()[0]:.1f}"
    tables: dict[str, dict[str, dict[str, float]]] = {}
    for sequence in (*(mot15(options.data, name) for name in MOT15), opendatacam(options.data)):
        peers, versions = peer_trackers.run(sequence.found, sequence.fps)
        runs = [ours(sequence), *peers]
        tables[sequence.name] = _print_mot(sequence, runs) if sequence.truth else _print_road(runs)
    machine = {"machine": platform.machine(), "python": platform.python_version(), **versions}
    machine |= {"cores": str(os.cpu_count()), "load average before": load}
    print("\n" + ", ".join(f"{k} {v}" for k, v in machine.items()))
    if options.json:
        options.json.write_text(json.dumps({"machine": machine, "tables": tables}, indent=1) + "\n")


if __name__ == "__main__":
    main()
