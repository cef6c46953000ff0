"""Plain SORT, from the paper alone: the yardstick that tells whether a scorer is right.

Bewley et al., *Simple Online and Realtime Tracking*, ICIP 2016: a constant-velocity Kalman filter
over centre, area and aspect ratio (the ratio has no speed), IoU assignment at 0.3, tracks dropped
after one miss and shown from the third hit on. It is apart from the product's tracker, whose state
(ground point and logarithmic sizes, in seconds) and gate have no setting that equals it.
"""

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from its_camera_ai.core.geometry import box_iou

Floats = npt.NDArray[np.float64]

_STEP = np.eye(7) + np.diag([1.0, 1, 1], 4)
_SEEN = np.eye(4, 7)
_NOISE = np.diag([1, 1, 1, 1, 0.01, 0.01, 0.0001])
_MEASURED = np.diag([1.0, 1, 10, 10])
_BEGIN = np.diag([10.0, 10, 10, 10, 1e4, 1e4, 1e4])


class _Track:
    def __init__(self, number: int, box: Floats) -> None:
        self.id = number
        self.state = np.concatenate([_measure(box), np.zeros(3)])
        self.spread = _BEGIN.copy()
        self.misses = self.streak = 0

    def predict(self) -> Floats:
        if self.state[2] + self.state[6] <= 0:
            self.state[6] = 0
        self.state = _STEP @ self.state
        self.spread = _STEP @ self.spread @ _STEP.T + _NOISE
        if self.misses > 0:
            self.streak = 0
        self.misses += 1
        return self.box()

    def correct(self, box: Floats) -> None:
        self.misses = 0
        self.streak += 1
        gain = self.spread @ _SEEN.T @ np.linalg.inv(_SEEN @ self.spread @ _SEEN.T + _MEASURED)
        self.state = self.state + gain @ (_measure(box) - _SEEN @ self.state)
        self.spread = (np.eye(7) - gain @ _SEEN) @ self.spread

    def box(self) -> Floats:
        x, y, area, ratio = self.state[:4]
        width = np.sqrt(max(area * ratio, 0.0))
        height = area / width if width > 0 else np.nan
        return np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2])


def _measure(box: Floats) -> Floats:
    width, height = box[2] - box[0], box[3] - box[1]
    return np.array([box[0] + width / 2, box[1] + height / 2, width * height, width / height])


class PlainSort:
    """One sequence, frame by frame."""

    def __init__(self, iou: float = 0.3, max_age: int = 1, min_hits: int = 3) -> None:
        self._iou, self._max_age, self._min_hits = iou, max_age, min_hits
        self._tracks: list[_Track] = []
        self._frames = self._count = 0

    def update(self, xyxy: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
        """(N, 4) detections of the next frame → ids (M,) and smoothed boxes (M, 4)."""
        self._frames += 1
        predicted = [track.predict() for track in self._tracks]
        good = [bool(np.isfinite(box).all()) for box in predicted]
        self._tracks = [t for t, ok in zip(self._tracks, good, strict=True) if ok]
        places = np.array([p for p, ok in zip(predicted, good, strict=True) if ok]).reshape(-1, 4)
        overlap = box_iou(xyxy, places)
        rows, columns = linear_sum_assignment(-overlap)
        taken = overlap[rows, columns] >= self._iou
        for row, column in zip(rows[taken], columns[taken], strict=True):
            self._tracks[column].correct(xyxy[row])
        for row in sorted(set(range(len(xyxy))) - set(rows[taken].tolist())):
            self._count += 1
            self._tracks.append(_Track(self._count, xyxy[row]))
        shown = [
            track
            for track in self._tracks
            if track.misses == 0
            and (track.streak >= self._min_hits or self._frames <= self._min_hits)
        ]
        self._tracks = [t for t in self._tracks if t.misses <= self._max_age]
        boxes = np.array([t.box() for t in shown]).reshape(-1, 4)
        return np.array([t.id for t in shown], np.int64), boxes
