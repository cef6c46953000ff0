"""What a detector would make of a road world's true boxes.

The model's numbers come from recorded detections of a real road: ``bench/fit_detector_noise.py``
prints them. Not fitted, because that recording has cars only: the confusion of classes.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import Detections, ObjectClass
from its_camera_ai.sim.road.kinds import NUMBER
from its_camera_ai.sim.road.truth import RoadTruth

Floats = npt.NDArray[np.float64]
REFERENCE_PX = 40.0


@dataclass(frozen=True, slots=True)
class NoiseParameters:
    """How a detector errs.

    Attributes:
        x_sd, y_sd, width_sd, height_sd: standard deviation of a box's middle and size, as shares
            of its width and height. jitter_s: correlation time of that.
        miss: of the logit of the share of looks in which a body is missed: constant, per
            ``ln(height / 40 px)``, per covered share of its box. miss_run_s: mean length of a run
            of misses.
        score: the same three of the logit of the score; score_sd: standard deviation about it.
        second_share: of seen bodies that get a second, smaller box. second_score: its mean.
        false_per_s: false boxes that begin, in the whole picture. false_run_s: how long one
            stays. false_height: median over the picture's height, standard deviation of its
            logarithm. false_score: mean.
        threshold: boxes with lower scores are not reported.
    """

    x_sd: float
    y_sd: float
    width_sd: float
    height_sd: float
    jitter_s: float
    miss: tuple[float, float, float]
    miss_run_s: float
    score: tuple[float, float, float]
    score_sd: float
    second_share: float
    second_score: float
    false_per_s: float
    false_run_s: float
    false_height: tuple[float, float]
    false_score: float
    threshold: float = 0.25


FITTED = NoiseParameters(
    x_sd=0.035,
    y_sd=0.0276,
    width_sd=0.0464,
    height_sd=0.0499,
    jitter_s=0.065,
    miss=(-2.124, -0.536, 1.648),
    miss_run_s=0.2318,
    score=(0.71, 1.23, -0.948),
    score_sd=0.647,
    second_share=0.0494,
    second_score=0.396,
    false_per_s=8.924,
    false_run_s=0.0495,
    false_height=(0.0965, 0.47),
    false_score=0.325,
)
"""A YOLO network on a busy road by day, as fitted."""

_P, _B, _M, _C, _BUS, _T = (
    ObjectClass.PERSON,
    ObjectClass.BICYCLE,
    ObjectClass.MOTORCYCLE,
    ObjectClass.CAR,
    ObjectClass.BUS,
    ObjectClass.TRUCK,
)
CONFUSION: dict[str, dict[ObjectClass, float]] = {
    "person": {_P: 1.0},
    "bicycle": {_B: 0.93, _M: 0.07},
    "motorcycle": {_M: 0.95, _B: 0.05},
    "car": {_C: 0.985, _T: 0.015},
    "van": {_C: 0.75, _T: 0.25},
    "truck": {_T: 0.9, _C: 0.04, _BUS: 0.06},
    "semitrailer": {_T: 0.96, _BUS: 0.04},
    "bus": {_BUS: 0.94, _T: 0.06},
    "debris": {ObjectClass.OTHER: 1.0},
}
"""What a look calls each kind, by probability: an assumption, not fitted."""
VISIBLE_MIN, HEIGHT_MIN_PX = 0.1, 6.0
"""Bodies that show less than this are never found."""


class DetectorNoise:
    """Turns true boxes into detections, look by look; the same seed gives the same errors.

    Args:
        size_wh: of the pictures, pixels.
        confusion: by kind; an empty table leaves every class right.
    """

    def __init__(
        self,
        size_wh: tuple[int, int],
        seed: int,
        parameters: NoiseParameters = FITTED,
        confusion: dict[str, dict[ObjectClass, float]] = CONFUSION,
    ) -> None:
        self.parameters = parameters
        self._wh = np.array(size_wh, np.float64)
        self._rng = np.random.default_rng(seed)
        self._says = np.zeros((len(NUMBER), len(ObjectClass)))
        for name, table in confusion.items():
            for class_id, share in table.items():
                self._says[NUMBER[name], class_id] = share
        self._ids = np.zeros(0, np.int64)
        self._state = np.zeros((0, 5))  # jitter of x, y, width, height; 1 while missed
        self._false = np.zeros((0, 6))  # box, score, stays until (s)
        self._last_ns: int | None = None

    def look(self, truth: RoadTruth) -> Detections:
        """What is found in this frame."""
        p, rng = self.parameters, self._rng
        before = truth.pts_ns if self._last_ns is None else self._last_ns
        dt_s = max(0.0, (truth.pts_ns - before) / 1e9)
        self._last_ns = truth.pts_ns
        high = truth.xyxy[:, 3] - truth.xyxy[:, 1]
        rows = np.flatnonzero((high >= HEIGHT_MIN_PX) & (truth.visible >= VISIBLE_MIN))
        facts = np.column_stack(
            [np.ones(len(rows)), np.log(high[rows] / REFERENCE_PX), 1 - truth.visible[rows]]
        )
        state = self._step(truth.id[rows], _sigmoid(facts @ np.array(p.miss)), dt_s)
        score = _sigmoid(facts @ np.array(p.score) + p.score_sd * rng.normal(size=len(rows)))
        found = (state[:, 4] == 0) & (score >= p.threshold)
        boxes = self._jittered(truth.xyxy[rows], state)[found]
        classes = self._classes(truth.kind[rows][found], truth.class_id[rows][found])
        second = np.flatnonzero(rng.random(len(boxes)) < p.second_share)
        marks = np.clip(rng.normal(p.second_score, 0.1, len(second)), p.threshold, 1.0)
        false = self._false_boxes(truth.pts_ns / 1e9, dt_s)
        xyxy = np.concatenate([boxes, self._parts(boxes[second]), false[:, :4]])
        cut = np.clip(xyxy, 0.0, np.tile(self._wh, 2))
        kept = (cut[:, 2] - cut[:, 0] >= 1) & (cut[:, 3] - cut[:, 1] >= 1)
        marked = np.concatenate([score[found], marks, false[:, 4]])
        named = np.concatenate([classes, classes[second], np.full(len(false), _C, np.int8)])
        return Detections(
            cut[kept].astype(np.float32),
            marked[kept].astype(np.float32),
            named[kept].astype(np.int8),
        )

    def _step(self, ids: npt.NDArray[np.int64], miss: Floats, dt_s: float) -> Floats:
        """Each body's own errors, carried on from the last look: jitter as a first-order
        autoregression, misses as a two-state chain with the right share and mean run.
        """
        p, rng = self.parameters, self._rng
        state = np.column_stack([rng.normal(size=(len(ids), 4)), rng.random(len(ids)) < miss])
        _, new, old = np.intersect1d(ids, self._ids, assume_unique=True, return_indices=True)
        keeps = np.exp(-dt_s / p.jitter_s)
        state[new, :4] = keeps * self._state[old, :4] + np.sqrt(1 - keeps**2) * state[new, :4]
        stays = np.exp(-dt_s / (p.miss_run_s * (1 - miss[new])))
        again = miss[new] + (self._state[old, 4] - miss[new]) * stays
        state[new, 4] = rng.random(len(new)) < again
        self._ids, self._state = ids, state
        return state

    def _jittered(self, xyxy: Floats, state: Floats) -> Floats:
        p = self.parameters
        middle, wh = (xyxy[:, :2] + xyxy[:, 2:]) / 2, xyxy[:, 2:] - xyxy[:, :2]
        middle = middle + state[:, :2] * wh * (p.x_sd, p.y_sd)
        wh = wh * np.exp(state[:, 2:4] * (p.width_sd, p.height_sd))
        return np.concatenate([middle - wh / 2, middle + wh / 2], axis=1)

    def _classes(self, kind: npt.NDArray[np.int64], right: npt.NDArray[np.int8]) -> Floats:
        steps = self._says[kind].cumsum(axis=1)
        said = (self._rng.random((len(kind), 1)) >= steps).sum(axis=1)
        return np.where(steps[:, -1] > 0, np.minimum(said, len(ObjectClass) - 1), right)

    def _parts(self, boxes: Floats) -> Floats:
        """Of each box a part, 60 to 95 % of its width and height."""
        share = self._rng.uniform(0.6, 0.95, (len(boxes), 2))
        wh = boxes[:, 2:] - boxes[:, :2]
        corner = boxes[:, :2] + wh * (1 - share) * self._rng.random((len(boxes), 2))
        return np.concatenate([corner, corner + wh * share], axis=1)

    def _false_boxes(self, now_s: float, dt_s: float) -> Floats:
        """Those there now, of all that began since the last look or earlier."""
        p, rng = self.parameters, self._rng
        count = int(rng.poisson(p.false_per_s * dt_s))
        high = self._wh[1] * p.false_height[0] * np.exp(rng.normal(0, p.false_height[1], count))
        wh = np.column_stack([high * rng.uniform(0.8, 1.8, count), high])
        middle = rng.random((count, 2)) * self._wh
        score = p.threshold + rng.exponential(p.false_score - p.threshold, count)
        until = now_s - rng.random(count) * dt_s + rng.exponential(p.false_run_s, count)
        new = np.column_stack([middle - wh / 2, middle + wh / 2, np.minimum(score, 1.0), until])
        self._false = np.concatenate([self._false, new])
        self._false = self._false[self._false[:, 5] >= now_s]
        return self._false


def _sigmoid(x: Floats) -> Floats:
    value: Floats = 1 / (1 + np.exp(-x))
    return value
