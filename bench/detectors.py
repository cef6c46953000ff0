"""Measure the detectors side by side on labelled frames; print the table of docs/models.md.

    python bench/detectors.py DATA_FOLDER [--json OUT]

Each clip with labelled frames is played at five looks per second, so that the moving-object
detector has its memory; networks see the labelled frames only. A finding is right if its IoU with
a box of its class (person; vehicle = car, bus, truck, motorcycle) is 0.5 or more, each box once.
Findings whose centre lies in an ignore area count neither way. ``hit`` is the looser question for
alarms: the share of labelled boxes whose centre lies in some finding of any class.
"""

import argparse
import json
import platform
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime

from its_camera_ai.core.detections import Detections, ObjectClass
from its_camera_ai.vision.detector import DetectorModel
from its_camera_ai.vision.loading import load_model
from its_camera_ai.vision.nms import iou_matrix

LOOKS_PER_S = 5.0
IOU_MIN = 0.5
MODELS = ("moving-objects", "yolox-nano", "nanodet-m", "fastestdet")
GROUPS = {
    "person": (ObjectClass.PERSON,),
    "vehicle": (ObjectClass.CAR, ObjectClass.BUS, ObjectClass.TRUCK, ObjectClass.MOTORCYCLE),
}


@dataclass
class Tally:
    """What one model did on the labelled frames."""

    model: str
    input: str
    cpu_ms_median: float = 0.0
    right: dict[str, int] = field(default_factory=lambda: dict.fromkeys(GROUPS, 0))
    wrong: dict[str, int] = field(default_factory=lambda: dict.fromkeys(GROUPS, 0))
    boxes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(GROUPS, 0))
    hits: int = 0

    def recall(self, group: str) -> float:
        return self.right[group] / max(1, self.boxes[group])

    def precision(self, group: str) -> float:
        return self.right[group] / max(1, self.right[group] + self.wrong[group])


def inside(point: Any, box: Any) -> bool:
    return bool(box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3])


def count(tally: Tally, found: Detections, label: dict[str, Any]) -> None:
    """Add one labelled frame."""
    centres = (found.xyxy[:, :2] + found.xyxy[:, 2:]) / 2
    for group, classes in GROUPS.items():
        truth = np.array([b["xyxy"] for b in label["boxes"] if b["class"] == group])
        truth = truth.reshape(-1, 4)
        mine = np.flatnonzero(np.isin(found.class_id, classes))
        iou = iou_matrix(found.xyxy[mine], truth)
        for row in np.argsort(-found.score[mine], kind="stable"):
            best = int(iou[row].argmax()) if iou.shape[1] else -1
            if best >= 0 and iou[row, best] >= IOU_MIN:
                tally.right[group] += 1
                iou[:, best] = 0
            elif not any(
                i["class"] in (group, "*") and inside(centres[mine[row]], i["xyxy"])
                for i in label["ignore"]
            ):
                tally.wrong[group] += 1
        tally.boxes[group] += len(truth)
        for box in truth:
            centre = (box[:2] + box[2:]) / 2
            tally.hits += any(inside(centre, f) for f in found.xyxy)


def measure(model: DetectorModel, data: Path, labels: dict[str, Any]) -> Tally:
    tally = Tally(model.info.name, "×".join(str(v) for v in model.info.input_wh))
    remembers = model.info.family == "moving"
    times = []
    for file in sorted({v["file"] for v in labels.values()}):
        wanted = {v["frame"]: v for v in labels.values() if v["file"] == file}
        detector = model.open(file)
        capture = cv2.VideoCapture(str(data / "videos" / file))
        fps = capture.get(cv2.CAP_PROP_FPS)
        every = max(1, round(fps / LOOKS_PER_S))
        for index in range(max(wanted) + 1):
            read, frame = capture.read()
            if not read:
                raise SystemExit(f"{file} ends before frame {index}.")
            if index in wanted or (remembers and index % every == 0):
                start = time.process_time()
                found = detector.detect(np.asarray(frame, np.uint8), round(index / fps * 1e9))
                times.append(time.process_time() - start)
                if index in wanted:
                    count(tally, found, wanted[index])
    tally.cpu_ms_median = float(np.median(times[1:])) * 1000
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--json", type=Path, help="write the figures there")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)  # as the networks: one thread each
    labels = json.loads((arguments.data / "labels" / "boxes.json").read_text())["frames"]
    tallies = []
    for name in MODELS:
        model = load_model(name, models_dir=arguments.data / "models", score_min=0.3)
        tallies.append(measure(model, arguments.data, labels))
    print(
        "| model | input | person recall / precision | vehicle recall / precision "
        "| centre hit | CPU ms per look |\n|---|---|---|---|---|---|"
    )
    for t in tallies:
        cells = [f"{t.recall(g):.2f} / {t.precision(g):.2f}" for g in GROUPS]
        hit = t.hits / sum(t.boxes.values())
        print(
            f"| {t.model} | {t.input} | {cells[0]} | {cells[1]} | {hit:.2f} "
            f"| {t.cpu_ms_median:.0f} |"
        )
    if arguments.json:
        facts = {
            "machine": platform.processor() or platform.machine(),
            "versions": {"onnxruntime": onnxruntime.__version__, "opencv": cv2.__version__},
            "score_min": 0.3,
            "models": [asdict(t) for t in tallies],
        }
        arguments.json.write_text(json.dumps(facts, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
