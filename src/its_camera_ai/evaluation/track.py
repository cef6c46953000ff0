"""Identity over time: HOTA, MOTA, IDF1 and switches of a tracker's result against truth."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.geometry import box_iou
from its_camera_ai.evaluation.scorers import load_scorer, quiet

Ids = npt.NDArray[np.int64]
Boxes = npt.NDArray[np.float64]
_EXCUSED_IOU = 0.5
_NO_IDS = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class TrackedFrame:
    """Ids and boxes of one frame, true and found.

    Attributes:
        truth_id: (N,). truth_xyxy: (N, 4). found_id: (M,). found_xyxy: (M, 4).
        excused_xyxy: (K, 4) bodies that nobody has to find (hidden, tiny): a found box that lies
            on one of them and on no true box is left out before scoring.
    """

    truth_id: Ids
    truth_xyxy: Boxes
    found_id: Ids
    found_xyxy: Boxes
    excused_xyxy: Boxes = field(default_factory=lambda: np.empty((0, 4)))


@dataclass(frozen=True, slots=True)
class TrackScore:
    """Shares are 0–1; ``mota`` may be negative.

    Attributes:
        hota, det_a, ass_a: means over the IoU thresholds 0.05 … 0.95.
        mota, idf1: at IoU 0.5.
        switches: how often a true object got another id than before.
        misses, false_boxes: at IoU 0.5. truths: boxes in the truth.
        ids_true, ids_found: different ids.
    """

    hota: float
    det_a: float
    ass_a: float
    mota: float
    idf1: float
    switches: int
    misses: int
    false_boxes: int
    truths: int
    ids_true: int
    ids_found: int


def score_tracks(frames: Sequence[TrackedFrame]) -> TrackScore:
    """Score one sequence with TrackEval's metric classes.

    HOTA: Luiten et al., IJCV 2020. MOTA: Bernardin & Stiefelhagen, 2008. IDF1: Ristani et al.,
    2016.

    Raises:
        ConfigInvalid: the extra ``eval`` is not installed.
    """
    metrics = load_scorer("trackeval.metrics")
    data = _data([_without_excused(frame) for frame in frames])
    options = {"THRESHOLD": 0.5, "PRINT_CONFIG": False}
    with quiet(), np.errstate(all="ignore"):
        hota = metrics.HOTA().eval_sequence(data)
        clear = metrics.CLEAR(dict(options)).eval_sequence(data)
        identity = metrics.Identity(dict(options)).eval_sequence(data)
    return TrackScore(
        hota=float(np.mean(hota["HOTA"])),
        det_a=float(np.mean(hota["DetA"])),
        ass_a=float(np.mean(hota["AssA"])),
        mota=_mota(clear, data["num_gt_dets"]),
        idf1=float(identity["IDF1"]),
        switches=int(clear["IDSW"]),
        misses=int(clear["CLR_FN"]),
        false_boxes=int(clear["CLR_FP"]),
        truths=int(data["num_gt_dets"]),
        ids_true=int(data["num_gt_ids"]),
        ids_found=int(data["num_tracker_ids"]),
    )


def _mota(clear: dict[str, Any], truths: int) -> float:
    """From the counts: TrackEval leaves the figure at 0 where one side is empty."""
    errors = clear["CLR_FN"] + clear["CLR_FP"] + clear["IDSW"]
    return 1.0 - float(errors) / max(1, truths)


def _without_excused(frame: TrackedFrame) -> TrackedFrame:
    if not len(frame.excused_xyxy) or not len(frame.found_xyxy):
        return frame
    on_excused = box_iou(frame.found_xyxy, frame.excused_xyxy).max(axis=1) >= _EXCUSED_IOU
    if len(frame.truth_xyxy):
        on_excused &= box_iou(frame.found_xyxy, frame.truth_xyxy).max(axis=1) < _EXCUSED_IOU
    return TrackedFrame(
        frame.truth_id,
        frame.truth_xyxy,
        frame.found_id[~on_excused],
        frame.found_xyxy[~on_excused],
    )


def _data(frames: Sequence[TrackedFrame]) -> dict[str, Any]:
    """What TrackEval's metrics take: ids renumbered from 0, an overlap matrix per frame."""
    true_ids = np.unique(np.concatenate([_NO_IDS, *(f.truth_id for f in frames)]))
    found_ids = np.unique(np.concatenate([_NO_IDS, *(f.found_id for f in frames)]))
    return {
        "num_timesteps": len(frames),
        "num_gt_ids": len(true_ids),
        "num_tracker_ids": len(found_ids),
        "num_gt_dets": sum(len(f.truth_id) for f in frames),
        "num_tracker_dets": sum(len(f.found_id) for f in frames),
        "gt_ids": [np.searchsorted(true_ids, f.truth_id) for f in frames],
        "tracker_ids": [np.searchsorted(found_ids, f.found_id) for f in frames],
        "similarity_scores": [box_iou(f.truth_xyxy, f.found_xyxy) for f in frames],
    }
