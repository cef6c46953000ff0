"""What a look at parts finds of labelled objects, beside a look at the whole frame.

Each labelled object is given to the planner as the only thing that moves; pictures are reduced to
640 pixels of width first, as a sub-stream is. Found is an IoU of 0.5 with a finding of its kind.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from its_camera_ai.core.detections import Detections
from its_camera_ai.evaluation.classes import classes_of
from its_camera_ai.evaluation.truth_boxes import load_labelled_frames
from its_camera_ai.vision.detector import AreaDetector, AreaLook, DetectorModel
from its_camera_ai.vision.nms import iou_matrix
from its_camera_ai.vision.regions import LookPlan, RegionPlanner, region_sizes

WIDTH_PX = 640
IOU_MIN = 0.5


@dataclass(frozen=True, slots=True)
class Recall:
    """Shares of ``objects`` that were found, and the mean input of a part beside the whole's."""

    objects: int
    in_parts: float
    in_whole: float
    input_share: float


def recall(data: Path, model: DetectorModel, *, object_min_px: float = 16.0) -> Recall:
    network = model.areas
    assert network is not None, "a model with memory does not look at parts"
    labels = data / "labels"
    parts, whole, shares = [], [], []
    for frame in load_labelled_frames(labels / "boxes.json"):
        picture = cv2.imread(str(labels / "frames" / f"{frame.name}.jpg"))
        assert picture is not None, f"no picture of {frame.name}"
        scale = min(1.0, WIDTH_PX / picture.shape[1])
        size_wh = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
        picture = np.asarray(cv2.resize(picture, size_wh, interpolation=cv2.INTER_AREA), np.uint8)
        planner = RegionPlanner(
            size_wh, model.info.input_wh, region_sizes(network), object_min_px=object_min_px
        )
        seen_whole = _look(network, picture, planner.full)
        for xyxy, label in zip(frame.xyxy * scale, frame.label, strict=True):
            plan = planner.plan([xyxy])
            parts.append(_found(_look(network, picture, plan), xyxy, label))
            whole.append(_found(seen_whole, xyxy, label))
            shares.append(plan.cost_px / planner.full.cost_px)
    return Recall(len(parts), float(np.mean(parts)), float(np.mean(whole)), float(np.mean(shares)))


def _look(network: AreaDetector, picture: np.ndarray, plan: LookPlan) -> Detections:
    looks = [AreaLook(picture, planned.area, planned.input_wh) for planned in plan.areas]
    return Detections.concatenate(network.detect_areas(looks))


def _found(found: Detections, xyxy: np.ndarray, label: str) -> bool:
    kind = np.isin(found.class_id, [int(c) for c in classes_of(label)])
    overlap = iou_matrix(xyxy[None], found.xyxy[kind])
    return bool(overlap.max(initial=0.0) >= IOU_MIN)
