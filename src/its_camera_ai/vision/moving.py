"""``moving-objects``: the detector that comes with the package and needs no download.

It sees what moves, or has stopped a short while ago, on a fixed camera. It cannot see what stood
there from the start, cannot part things that touch in the picture, and names them by shape only.
"""

import cv2
import numpy as np

from its_camera_ai.core.detections import Detections, ObjectClass
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.vision.background import Background, Blob
from its_camera_ai.vision.blob_classifier import BlobClassifier, BlobKind, features
from its_camera_ai.vision.detector import ByteArray, FloatArray, ModelInfo
from its_camera_ai.vision.journeys import Journeys
from its_camera_ai.vision.vehicle_sizes import VehicleSizes

NAME = "moving-objects"
REDUCED_WH = (480, 270)
"""Pictures are reduced to fit into this before anything else."""

_CLASSES = {
    BlobKind.PERSON: ObjectClass.PERSON,
    BlobKind.TWO_WHEELER: ObjectClass.BICYCLE,
    BlobKind.VEHICLE: ObjectClass.CAR,
}


class MovingObjectsModel:
    """Weights of the small classifier; each camera gets a detector with its own memory.

    Args:
        score_min: findings whose kind is less sure are not reported, 0–1.
    """

    def __init__(self, *, score_min: float, classifier: BlobClassifier | None = None) -> None:
        self._score_min = score_min
        self._classifier = classifier or BlobClassifier.shipped()
        classes = (*_CLASSES.values(), ObjectClass.BUS, ObjectClass.TRUCK)
        self._info = ModelInfo(NAME, "moving", "Apache-2.0", REDUCED_WH, classes)

    @property
    def info(self) -> ModelInfo:
        return self._info

    @property
    def areas(self) -> None:
        """Its memory is of whole frames."""

    def open(self, camera_id: str) -> "MovingObjectsDetector":
        return MovingObjectsDetector(self._classifier, self._score_min)

    def close(self) -> None:
        """Holds nothing outside memory."""


class MovingObjectsDetector:
    """One camera's background and sizes. Frames in order; one thread at a time."""

    def __init__(self, classifier: BlobClassifier, score_min: float) -> None:
        self._classifier = classifier
        self._score_min = score_min
        self._background = Background()
        self._journeys = Journeys()
        self._sizes = VehicleSizes()

    def detect(self, frame_bgr: ByteArray, pts_ns: int) -> Detections:
        """Moving and recently stopped objects; nothing in the first look at a scene."""
        height, width = frame_bgr.shape[:2]
        picture = reduced(frame_bgr)
        small_wh = (picture.shape[1], picture.shape[0])
        blobs = self._background.update(picture, pts_ns)
        if not blobs:
            return Detections.empty()
        boxes = _boxes(blobs)
        rows = np.stack([features(picture, blob) for blob in blobs])
        travelled, probability = self._journeys.follow(
            boxes, self._classifier.probabilities(rows), pts_ns / NS_PER_S
        )
        kind = probability.argmax(axis=1)
        score = probability[np.arange(len(kind)), kind]
        kept = np.flatnonzero(travelled & (kind != BlobKind.NOTHING) & (score >= self._score_min))
        boxes = boxes[kept]
        class_id = [
            self._class_of(BlobKind(kind[row]), box, small_wh)
            for row, box in zip(kept, boxes, strict=True)
        ]
        to_frame = np.array([width / small_wh[0], height / small_wh[1]] * 2, np.float32)
        return Detections(boxes * to_frame, score[kept], np.array(class_id, np.int8))

    def _class_of(self, kind: BlobKind, box: FloatArray, small_wh: tuple[int, int]) -> ObjectClass:
        if kind is not BlobKind.VEHICLE:
            return _CLASSES[kind]
        return self._sizes.class_of(box, small_wh)


def reduced(frame_bgr: ByteArray) -> ByteArray:
    """The frame fitted into ``REDUCED_WH``; small frames stay as they are.

    Whole steps by averaging first, then the rest: a fifth of the cost of one odd step.
    """
    height, width = frame_bgr.shape[:2]
    scale = min(1.0, REDUCED_WH[0] / width, REDUCED_WH[1] / height)
    size_wh = (max(16, round(width * scale)), max(16, round(height * scale)))
    whole = int(min(width / size_wh[0], height / size_wh[1]))
    if whole > 1:
        step_wh = (width // whole, height // whole)
        frame_bgr = np.asarray(
            cv2.resize(frame_bgr, step_wh, interpolation=cv2.INTER_AREA), np.uint8
        )
    return np.asarray(cv2.resize(frame_bgr, size_wh, interpolation=cv2.INTER_LINEAR), np.uint8)


def _boxes(blobs: list[Blob]) -> FloatArray:
    rows = [(x, y, x + w, y + h) for x, y, w, h in (blob.xywh for blob in blobs)]
    return np.array(rows, np.float32).reshape(-1, 4)
