"""What one look found, made ready for the filter."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import Detections
from its_camera_ai.tracking.config import TrackerConfig
from its_camera_ai.tracking.looked import cut_sides
from its_camera_ai.tracking.table import CLASSES, LOG_H, Bools, Floats, Index, positions_of

Features = npt.NDArray[np.float32]
_CUT_VARIANCE = 25.0


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One look's time, place and thresholds.

    Attributes:
        pts_ns: stream time. dt_s: since the look or unknown frame before, bounded.
        size_wh: of the picture. areas: (R, 4) looked-at areas, None for the whole picture.
        score_high, score_new: thresholds in force at this density of looks.
        weight: how much a sighting says, 0–1: looks in quick succession repeat one another.
    """

    pts_ns: int
    dt_s: float
    size_wh: tuple[int, int]
    areas: Floats | None
    score_high: float
    score_new: float
    weight: float


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """The N usable detections of a look.

    Attributes:
        found: boxes, scores, classes.
        measured: (N, 4) as ``table.positions_of``. variance: (N, 4) of them.
        features: (N, D) float32 unit vectors, zeros where there are none; D may be 0.
    """

    found: Detections
    measured: Floats
    variance: Floats
    features: Features

    def __len__(self) -> int:
        return len(self.found)

    def take(self, index: Index) -> "Sightings":
        return Sightings(
            self.found.take(index), self.measured[index], self.variance[index], self.features[index]
        )


def look_at(
    pts_ns: int,
    dt_s: float | None,
    size_wh: tuple[int, int],
    looked_xyxy: npt.NDArray[np.floating[Any]] | None,
    config: TrackerConfig,
    *,
    weak_births: bool,
) -> Look:
    """The circumstances of a look.

    Args:
        dt_s: since the frame before; None where there was none.
        weak_births: that the last look at which tracks could begin at ``score_new`` is long ago.
    """
    step_s = config.look_gap_s if dt_s is None else min(dt_s, config.look_gap_s)
    sparse = float(np.interp(step_s, (config.dense_s, config.sparse_s), (0, 1)))
    new = config.score_new_dense + sparse * (config.score_new_sparse - config.score_new_dense)
    return Look(
        pts_ns,
        0.0 if dt_s is None else step_s,
        size_wh,
        None if looked_xyxy is None else np.asarray(looked_xyxy, np.float64).reshape(-1, 4),
        config.score_high_dense + sparse * (config.score_high - config.score_high_dense),
        min(new, config.score_new) if weak_births else new,
        min(step_s / config.sparse_s, 1.0),
    )


def sightings_of(
    detections: Detections, features: Features | None, look: Look, config: TrackerConfig
) -> Sightings:
    """Leave out what can't be followed and measure the rest.

    Raises:
        ValueError: ``features`` are not one row per detection.
    """
    if features is not None and (features.ndim != 2 or len(features) != len(detections)):
        raise ValueError(
            f"Features need one row for each of {len(detections)} detections; got shape "
            f"{features.shape}."
        )
    usable = _usable(detections, look.size_wh, config.score_low)
    found = detections if usable.all() else detections.take(usable)
    wide = np.array([*look.size_wh, *look.size_wh], np.float32)
    if len(found) and (np.abs(found.xyxy - wide / 2) > 1.5 * wide).any():
        # A box many pictures wide is a detector's slip; its visible part is true.
        found = Detections(np.clip(found.xyxy, -wide, 2 * wide), found.score, found.class_id)
    if features is None:
        features = np.empty((len(found), 0), np.float32)
    else:
        features = _units(features[usable])
    measured = positions_of(found.xyxy)
    cut = cut_sides(found.xyxy, look.size_wh, look.areas)
    return Sightings(found, measured, variance_of(measured, cut, config), features)


def variance_of(measured: Floats, cut: Bools, config: TrackerConfig) -> Floats:
    """(N, 4) of the measured positions; wide where the box is cut (as of ``cut_sides``)."""
    variance = np.empty_like(measured)
    variance[:, :2] = (config.measure_h * np.exp(measured[:, LOG_H, None])) ** 2
    variance[:, 2:] = config.measure_size**2
    variance[cut[:, 0] | cut[:, 2], 0::2] *= _CUT_VARIANCE
    variance[cut[:, 3], 1::2] *= _CUT_VARIANCE
    variance[cut[:, 1], 3] *= _CUT_VARIANCE
    return variance


def _usable(detections: Detections, size_wh: tuple[int, int], score_low: float) -> Bools:
    """(N,): finite, with an area, partly in the picture, of a known class, not too weak."""
    box = detections.xyxy
    good: Bools = np.isfinite(box).all(axis=1) & (detections.score >= score_low)
    good &= detections.score <= 1.001  # NaN and infinity are no scores
    good &= (box[:, 2] > box[:, 0]) & (box[:, 3] > box[:, 1])
    good &= (box[:, 2] > 0) & (box[:, 3] > 0)
    good &= (box[:, 0] < size_wh[0]) & (box[:, 1] < size_wh[1])
    good &= (detections.class_id >= 0) & (detections.class_id < CLASSES)
    return good


def _units(features: Features) -> Features:
    """Rows of length 1; rows without direction become zeros, which says: not known."""
    rows = np.where(np.isfinite(features).all(axis=1, keepdims=True), features, 0)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Features = (rows / np.maximum(length, 1e-12)).astype(np.float32)
    unit[length[:, 0] < 1e-6] = 0
    return unit
