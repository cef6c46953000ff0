"""``moving-objects``: the detector that comes with the package and needs no download.

It sees what moves, or has stopped a short while ago, on a fixed camera. It cannot see what stood
there from the start, cannot part things that touch in the picture, and names them by shape only.
"""

import cv2
import numpy as np

from its_camera_ai.core.detections import Detections, ObjectClass
from its_camera_ai.vision.background import Background, Blob
from its_camera_ai.vision.blob_classifier import BlobClassifier, BlobKind, features
from its_camera_ai.vision.detector import ByteArray, FloatArray, ModelInfo

NAME = "moving-objects"
REDUCED_WH = (480, 270)
"""Pictures are reduced to fit into this before anything else."""

_CLASSES = {
    BlobKind.PERSON: ObjectClass.PERSON,
    BlobKind.TWO_WHEELER: ObjectClass.BICYCLE,
    BlobKind.VEHICLE: ObjectClass.CAR,
}
_TRUCK_AREA = 2.5  # times the usual vehicle at this height of the picture
_BUS_AREA = 5.0
_BANDS = 4  # heights of the picture with a usual vehicle size of their own
_VEHICLES_MIN = 12  # seen in a band before sizes are compared
_USUAL_RATE = 0.02  # share of each new vehicle in the usual size


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
        self._sizes = VehicleSizes()

    def detect(self, frame_bgr: ByteArray, pts_ns: int) -> Detections:
        """Moving and recently stopped objects; nothing in the first look at a scene."""
        height, width = frame_bgr.shape[:2]
        scale = min(1.0, REDUCED_WH[0] / width, REDUCED_WH[1] / height)
        small_wh = (max(16, round(width * scale)), max(16, round(height * scale)))
        picture = cv2.resize(frame_bgr, small_wh, interpolation=cv2.INTER_AREA)
        blobs = self._background.update(np.asarray(picture, np.uint8), pts_ns)
        if not blobs:
            return Detections.empty()
        rows = np.stack([features(picture, blob) for blob in blobs])
        probability = self._classifier.probabilities(rows)
        kind = probability.argmax(axis=1)
        score = probability[np.arange(len(kind)), kind]
        kept = np.flatnonzero((kind != BlobKind.NOTHING) & (score >= self._score_min))
        boxes = _boxes([blobs[i] for i in kept])
        class_id = np.array(
            [self._class_of(BlobKind(kind[i]), box, small_wh) for i, box in zip(kept, boxes, strict=True)],
            np.int8,
        )
        to_frame = np.array([width / small_wh[0], height / small_wh[1]] * 2, np.float32)
        return Detections(boxes * to_frame, score[kept], class_id)

    def _class_of(
        self, kind: BlobKind, box: FloatArray, small_wh: tuple[int, int]
    ) -> ObjectClass:
        if kind is not BlobKind.VEHICLE:
            return _CLASSES[kind]
        return self._sizes.class_of(box, small_wh)


class VehicleSizes:
    """Tells lorries and buses from cars by the size that is usual at that height of the picture."""

    def __init__(self) -> None:
        self._usual_px = np.zeros(_BANDS)
        self._seen = np.zeros(_BANDS, np.intp)

    def class_of(self, box: FloatArray, picture_wh: tuple[int, int]) -> ObjectClass:
        """The class of one vehicle, xyxy in pixels of the picture; learns from it as well."""
        left, top, right, bottom = (float(v) for v in box)
        cut = left <= 1 or top <= 1 or right >= picture_wh[0] - 1 or bottom >= picture_wh[1] - 1
        band = min(_BANDS - 1, int(bottom / picture_wh[1] * _BANDS))
        area = (right - left) * (bottom - top)
        usual, seen = self._usual_px[band], self._seen[band]
        if not cut:
            rate = max(_USUAL_RATE, 1 / (seen + 1))
            # a lorry may pull the usual size by no more than a big car
            self._usual_px[band] += rate * (min(area, 2 * usual if seen else area) - usual)
            self._seen[band] += 1
        if seen < _VEHICLES_MIN or area < _TRUCK_AREA * usual:
            return ObjectClass.CAR
        return ObjectClass.TRUCK if area < _BUS_AREA * usual else ObjectClass.BUS


def _boxes(blobs: list[Blob]) -> FloatArray:
    rows = [(x, y, x + w, y + h) for x, y, w, h in (blob.xywh for blob in blobs)]
    return np.array(rows, np.float32).reshape(-1, 4)
