"""Train the small classifier of ``moving-objects`` and write its weights.

    python bench/train_moving_classifier.py DATA_FOLDER [--check]

Teacher: YOLOX-Nano at 640×384 names the blobs that the background subtraction finds in clips whose
rights are clean (Intel sample-videos, CC BY 4.0; DVR-Scan, BSD-2). What overlaps no finding of the
teacher is "nothing". Frames of the straight-down clip, where the teacher is blind, are not used.
Every clip named in HELD_OUT is used for the report only. The seed is fixed, and the same data give
the same weights; ``--check`` prints the report without writing.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import VEHICLES, ObjectClass
from its_camera_ai.vision.background import Background, Blob
from its_camera_ai.vision.blob_classifier import (
    BlobClassifier,
    BlobKind,
    ClassifierWeights,
    features,
)
from its_camera_ai.vision.detector import Detector
from its_camera_ai.vision.loading import load_model
from its_camera_ai.vision.moving import reduced
from its_camera_ai.vision.nms import iou_matrix

SEED = 20_26
LOOKS_PER_S = 5.0
TRAINED_ON = (
    "motorway_dvrscan",
    "cctv_brightness_dvrscan",
    "room_one_by_one_intel",
    "lot_person_bicycle_car_intel",
    "faces_pause_intel",
    "worker_zone_intel",
)
HELD_OUT = ("store_aisle_intel", "room_people_intel")
MEASURED_ONLY = ("road_ozlu", "walkway_handheld_ozlu", "indoor_ir_frigate", "plates_nz_kosni")
"""Clips of unclear origin: never trained on, their labels come from the same teacher."""

TEACHER_SCORE_MIN = 0.35
SAME_IOU_MIN = 0.45
STEPS, LEARNING_RATE, DECAY = 3000, 0.05, 3e-3
ASSET = Path(__file__).parents[1] / "src/its_camera_ai/vision/assets/moving_classifier.json"

Rows = npt.NDArray[np.float32]
Kinds = npt.NDArray[np.intp]


def kind_of(label: int) -> BlobKind:
    if label == ObjectClass.PERSON:
        return BlobKind.PERSON
    if label in (ObjectClass.BICYCLE, ObjectClass.MOTORCYCLE):
        return BlobKind.TWO_WHEELER
    return BlobKind.VEHICLE if label in VEHICLES else BlobKind.NOTHING


def teach(blob: Blob, teacher_xyxy: Rows, teacher_class: npt.NDArray[np.int8]) -> BlobKind | None:
    """The teacher's name for a blob; None where it is unclear."""
    x, y, w, h = blob.xywh
    box = np.array([[x, y, x + w, y + h]], np.float32)
    if not len(teacher_xyxy):
        return BlobKind.NOTHING
    iou = iou_matrix(box, teacher_xyxy)[0]
    best = int(iou.argmax())
    if iou[best] >= SAME_IOU_MIN:
        rider = [kind_of(c) for c in teacher_class[iou > 0.15]]
        if BlobKind.TWO_WHEELER in rider and BlobKind.PERSON in rider:
            return BlobKind.TWO_WHEELER
        return kind_of(int(teacher_class[best]))
    return BlobKind.NOTHING if iou[best] < 0.05 else None


def samples(clip: Path, teacher: Detector, mirror: bool) -> tuple[Rows, Kinds]:
    """Features and names of the blobs of one clip; mirrored ones added on request."""
    capture = cv2.VideoCapture(str(clip))
    fps = capture.get(cv2.CAP_PROP_FPS)
    every = max(1, round(fps / LOOKS_PER_S))
    background = Background()
    rows, kinds = [], []
    index = -1
    while True:
        read, frame = capture.read()
        index += 1
        if not read:
            break
        if index % every:
            continue
        pts_ns = round(index / fps * 1e9)
        picture = reduced(np.asarray(frame, np.uint8))
        blobs = background.update(picture, pts_ns)
        if not blobs:
            continue
        found = teacher.detect(frame, pts_ns)
        sure = found.score >= TEACHER_SCORE_MIN
        xyxy = found.xyxy[sure] * (picture.shape[1] / frame.shape[1])
        for blob in blobs:
            kind = teach(blob, xyxy, found.class_id[sure])
            if kind is None:
                continue
            rows.append(features(picture, blob))
            kinds.append(kind)
            if mirror:
                x, y, w, h = blob.xywh
                flipped = Blob((picture.shape[1] - x - w, y, w, h), blob.mask[:, ::-1].copy())
                rows.append(features(picture[:, ::-1].copy(), flipped))
                kinds.append(kind)
    if not rows:
        return np.empty((0, 0), np.float32), np.empty(0, np.intp)
    return np.stack(rows), np.array(kinds, np.intp)


def fit(rows: Rows, kinds: Kinds, clip: Kinds) -> ClassifierWeights:
    """Softmax regression, every (clip, kind) pair with a weight that grows as the root of its size.

    A clip shows the same few bodies again and again, so its thousandth blob tells little.
    """
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-3
    x = (rows - mean) / scale
    cell = clip * len(BlobKind) + kinds
    size = np.bincount(cell)[cell]
    share = 1 / np.sqrt(size)
    share /= np.bincount(kinds, share, minlength=len(BlobKind))[kinds]
    share /= share.sum()
    target = np.eye(len(BlobKind))[kinds]
    rng = np.random.default_rng(SEED)
    weight = rng.normal(0, 0.01, (len(BlobKind), x.shape[1]))
    bias = np.zeros(len(BlobKind))
    moment = np.zeros_like(weight)
    moment_bias = np.zeros_like(bias)
    for _ in range(STEPS):
        logits = x @ weight.T + bias
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        error = (raised / raised.sum(axis=1, keepdims=True) - target) * share[:, None]
        moment = 0.9 * moment + error.T @ x + DECAY * weight
        moment_bias = 0.9 * moment_bias + error.sum(axis=0)
        weight -= LEARNING_RATE * moment
        bias -= LEARNING_RATE * moment_bias
    return ClassifierWeights(
        [round(float(v), 5) for v in mean],
        [round(float(v), 5) for v in scale],
        [[round(float(v), 4) for v in row] for row in weight],
        [round(float(v), 4) for v in bias],
        "bench/train_moving_classifier.py",
        list(TRAINED_ON),
        list(HELD_OUT),
    )


def report(name: str, classifier: BlobClassifier, rows: Rows, kinds: Kinds) -> None:
    if not len(rows):
        print(f"{name:30s} no blobs")
        return
    told = classifier.probabilities(rows).argmax(axis=1)
    cells = []
    for kind in BlobKind:
        mine = kinds == kind
        if mine.any():
            names = Counter(BlobKind(k).name.lower() for k in told[mine])
            right = np.mean(told[mine] == kind)
            cells.append(f"{kind.name.lower()} {right:.2f} of {mine.sum()} {dict(names)}")
    print(f"{name:30s} " + "; ".join(cells))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--check", action="store_true", help="report only, write nothing")
    arguments = parser.parse_args()
    teacher = load_model("yolox-nano", models_dir=arguments.data / "models").open("teacher")
    videos = arguments.data / "videos"
    trained = {c: samples(videos / f"{c}.mp4", teacher, mirror=True) for c in TRAINED_ON}
    measured = {
        c: samples(videos / f"{c}.mp4", teacher, mirror=False) for c in HELD_OUT + MEASURED_ONLY
    }
    used = [(rows, kinds, i) for i, (rows, kinds) in enumerate(trained.values()) if len(rows)]
    rows = np.concatenate([r for r, _, _ in used])
    kinds = np.concatenate([k for _, k, _ in used])
    clip = np.concatenate([np.full(len(k), i) for _, k, i in used])

    print("each training clip, by a classifier that never saw it:")
    for i, name in enumerate(TRAINED_ON):
        others = clip != i
        if len(trained[name][0]):
            without = BlobClassifier.of(fit(rows[others], kinds[others], clip[others]))
            report(name, without, *trained[name])
    weights = fit(rows, kinds, clip)
    print("clips held out:")
    for name, (r, k) in measured.items():
        report(name, BlobClassifier.of(weights), r, k)
    if not arguments.check:
        ASSET.write_bytes(msgspec.json.format(msgspec.json.encode(weights), indent=1) + b"\n")
        print(f"wrote {ASSET}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
