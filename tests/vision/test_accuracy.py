"""Networks of the catalogue on real, labelled frames: recall and precision above stated floors."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.vision.loading import load_model
from its_camera_ai.vision.nms import iou_matrix

GROUPS = {
    "person": [ObjectClass.PERSON],
    "vehicle": [ObjectClass.CAR, ObjectClass.BUS, ObjectClass.TRUCK, ObjectClass.MOTORCYCLE],
}


def recall_and_precision(model: str, data_dir: Path, group: str) -> tuple[float, float]:
    """At score 0.3 and IoU 0.5; each labelled box once; ignore areas count neither way."""
    labels = json.loads((data_dir / "labels" / "boxes.json").read_text())["frames"]
    detector = load_model(model, models_dir=data_dir / "models", score_min=0.3).open("cam")
    boxes = right = wrong = 0
    for name, label in labels.items():
        frame = cv2.imread(str(data_dir / "labels" / "frames" / f"{name}.jpg"))
        assert frame is not None
        found = detector.detect(np.asarray(frame, np.uint8), 0)
        mine = found.take(np.isin(found.class_id, GROUPS[group]))
        truth = [b["xyxy"] for b in label["boxes"] if b["class"] == group]
        iou = iou_matrix(mine.xyxy, np.array(truth).reshape(-1, 4))
        boxes += len(truth)
        for i, box in enumerate(mine.xyxy):
            best = int(iou[i].argmax()) if truth else 0
            if truth and iou[i, best] >= 0.5:
                right += 1
                iou[:, best] = 0
                continue
            x, y = (box[:2] + box[2:]) / 2
            wrong += not any(
                a["class"] in (group, "*")
                and a["xyxy"][0] <= x <= a["xyxy"][2]
                and a["xyxy"][1] <= y <= a["xyxy"][3]
                for a in label["ignore"]
            )
    return right / boxes, right / (right + wrong)


@pytest.mark.data
@pytest.mark.parametrize(
    ("model", "group", "recall_min", "precision_min"),
    [
        ("yolox-nano", "person", 0.90, 0.88),
        ("yolox-nano", "vehicle", 0.77, 0.85),
        ("nanodet-m", "person", 0.70, 0.80),
        ("nanodet-m", "vehicle", 0.62, 0.78),
        ("fastestdet", "vehicle", 0.45, 0.28),
    ],
)
def test_labelled_frames(
    data_dir: Path, model: str, group: str, recall_min: float, precision_min: float
) -> None:
    recall, precision = recall_and_precision(model, data_dir, group)
    assert recall >= recall_min
    assert precision >= precision_min
