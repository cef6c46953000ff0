"""Average precision of detections, as COCO defines it, with areas that count neither way."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import Detections, ObjectClass
from its_camera_ai.core.geometry import box_iou
from its_camera_ai.evaluation.classes import EVERY_CLASS, classes_of, scored_labels
from its_camera_ai.evaluation.scorers import load_scorer, quiet
from its_camera_ai.evaluation.truth_boxes import LabelledFrame

DETECTIONS_MAX = 1000
"""Per picture and class; COCO's own 100 is too few for a dense car park."""
WORKING_SCORE = 0.3
WORKING_IOU = 0.5
IGNORED_SHARE = 0.5
_AREA_MAX_PX = 1e10
_OUT_OF_RANGE_PX = 1e12

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class DetectionScore:
    """How well one class is found; all shares 0–1.

    Attributes:
        boxes: labelled.
        ap: mean of the average precisions at IoU 0.50, 0.55 … 0.95.
        ap50: at IoU 0.5 alone.
        recall, precision: of findings with a score of ``WORKING_SCORE`` or more, at IoU 0.5;
            precision is 0 where nothing was found.
    """

    boxes: int
    ap: float
    ap50: float
    recall: float
    precision: float


def score_detections(
    truth: Sequence[LabelledFrame], found: Sequence[Detections]
) -> dict[str, DetectionScore]:
    """Score findings of all strengths; let the detector report down to a score of about 0.01.

    AP is the area under the precision–recall curve, precision made monotonic and read at 101
    recalls (Lin et al., *Microsoft COCO*, 2014; computed by faster-coco-eval). A finding whose
    centre, or at least half of whose area, lies in an ignore area of its class is right if it
    matches a box and else not counted: COCO's own rule for unmatched findings outside of the
    range of areas that is asked for, which is how it is put to the scorer.

    Args:
        truth: labelled frames. found: the detections of each, boxes in pixels of the frame.

    Returns:
        A score by label; labels that are nowhere in the truth are left out.

    Raises:
        ConfigInvalid: the extra ``eval`` is not installed.
    """
    labels = scored_labels(label for frame in truth for label in frame.label)
    picked = {
        label: [_pick(frame, label, f) for frame, f in zip(truth, found, strict=True)]
        for label in labels
    }
    average = _average_precision(picked, truth)
    scores = {}
    for label, rows in picked.items():
        recall, precision = _at_work(rows)
        boxes = sum(len(row.truth) for row in rows)
        scores[label] = DetectionScore(boxes, *average[label], recall, precision)
    return scores


def centre_hits(truth: Sequence[LabelledFrame], found: Sequence[Detections]) -> float:
    """Share of the labelled boxes whose centre lies in some finding of any class: the looser
    question, which alarms ask. Findings below ``WORKING_SCORE`` are left out."""
    hits = total = 0
    for frame, detections in zip(truth, found, strict=True):
        boxes = detections.xyxy[detections.score >= WORKING_SCORE][None]
        centre = ((frame.xyxy[:, :2] + frame.xyxy[:, 2:]) / 2)[:, None]
        inside = (centre >= boxes[..., :2]) & (centre <= boxes[..., 2:])
        hits += len(np.unique(np.nonzero(np.all(inside, axis=2))[0]))
        total += len(frame.xyxy)
    return hits / max(1, total)


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """One class in one frame: (N, 4) truth, (M, 4) found by falling score, (M,) score, and which
    of the found lie in an ignore area."""

    truth: npt.NDArray[np.float64]
    found: npt.NDArray[np.float64]
    score: npt.NDArray[np.float64]
    excused: Mask


def _pick(frame: LabelledFrame, label: str, found: Detections) -> _Row:
    members = classes_of(label)
    of_label = [classes_of(name) <= members for name in frame.label]
    rows = np.flatnonzero(np.isin(found.class_id, [int(c) for c in members]))
    rows = rows[np.argsort(-found.score[rows], kind="stable")][:DETECTIONS_MAX]
    areas = frame.ignore_xyxy[[_covers(name, members) for name in frame.ignore_label]]
    boxes = found.xyxy[rows].astype(np.float64)
    return _Row(
        frame.xyxy[np.array(of_label, np.bool_)],
        boxes,
        found.score[rows].astype(np.float64),
        _in_any(boxes, areas),
    )


def _covers(area_label: str, members: frozenset[ObjectClass]) -> bool:
    return area_label == EVERY_CLASS or bool(classes_of(area_label) & members)


def _in_any(boxes: npt.NDArray[np.float64], areas: npt.NDArray[np.float64]) -> Mask:
    """(N,) whether the centre or half of a box lies in one of the (M, 4) areas."""
    centre = ((boxes[:, :2] + boxes[:, 2:]) / 2)[:, None]
    centred = ((centre >= areas[None, :, :2]) & (centre <= areas[None, :, 2:])).all(axis=2)
    wh = np.minimum(boxes[:, None, 2:], areas[None, :, 2:])
    wh = np.clip(wh - np.maximum(boxes[:, None, :2], areas[None, :, :2]), 0, None)
    area = np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), 1e-9)
    mostly = wh.prod(axis=2) >= IGNORED_SHARE * area[:, None]
    inside: Mask = (centred | mostly).any(axis=1)
    return inside


def _average_precision(
    picked: dict[str, list[_Row]], truth: Sequence[LabelledFrame]
) -> dict[str, tuple[float, float]]:
    """AP and AP50 by label."""
    coco = load_scorer("faster_coco_eval")
    annotations, results, excused = _documents(picked)
    dataset = {
        "images": [
            {"id": k, "width": frame.size_wh[0], "height": frame.size_wh[1]}
            for k, frame in enumerate(truth, 1)
        ],
        "categories": [{"id": c, "name": label} for c, label in enumerate(picked, 1)],
        "annotations": annotations,
    }
    if not annotations or not results:
        return dict.fromkeys(picked, (0.0, 0.0))
    with quiet():
        known = coco.COCO(dataset)
        given = known.loadRes(results)
        for entry, ignore in zip(given.dataset["annotations"], excused, strict=True):
            if ignore:
                entry["area"] = _OUT_OF_RANGE_PX
        scorer = coco.COCOeval_faster(known, given, "bbox")
        scorer.params.maxDets = [DETECTIONS_MAX]
        scorer.params.areaRng, scorer.params.areaRngLbl = [[0, _AREA_MAX_PX]], ["all"]
        scorer.evaluate()
        scorer.accumulate()
    precision = scorer.eval["precision"][:, :, :, 0, -1]  # IoU × recall × class
    return {
        label: (float(precision[:, :, k].mean()), float(precision[0, :, k].mean()))
        for k, label in enumerate(picked)
    }


def _documents(
    picked: dict[str, list[_Row]],
) -> tuple[list[dict[str, object]], list[dict[str, object]], list[bool]]:
    """COCO's annotations and results, and which of the results lie in an ignore area."""
    annotations: list[dict[str, object]] = []
    results: list[dict[str, object]] = []
    excused: list[bool] = []
    for category, rows in enumerate(picked.values(), 1):
        for image, row in enumerate(rows, 1):
            for box in _xywh(row.truth):
                annotations.append(
                    {
                        "id": len(annotations) + 1,
                        "image_id": image,
                        "category_id": category,
                        "bbox": box,
                        "area": min(box[2] * box[3], _AREA_MAX_PX),
                        "iscrowd": 0,
                    }
                )
            for box, score in zip(_xywh(row.found), row.score.tolist(), strict=True):
                results.append(
                    {"image_id": image, "category_id": category, "bbox": box, "score": score}
                )
            excused += row.excused.tolist()
    return annotations, results, excused


def _xywh(boxes: npt.NDArray[np.float64]) -> list[list[float]]:
    xywh = boxes.copy()
    xywh[:, 2:] -= xywh[:, :2]
    listed: list[list[float]] = xywh.tolist()
    return listed


def _at_work(rows: Sequence[_Row]) -> tuple[float, float]:
    """Recall and precision as the detector is used: each box once, the surest finding first."""
    right = wrong = boxes = 0
    for row in rows:
        iou = box_iou(row.found, row.truth)
        boxes += len(row.truth)
        for k in np.flatnonzero(row.score >= WORKING_SCORE):
            best = int(iou[k].argmax()) if iou.shape[1] else -1
            if best >= 0 and iou[k, best] >= WORKING_IOU:
                right += 1
                iou[:, best] = 0
            elif not row.excused[k]:
                wrong += 1
    return right / max(1, boxes), right / max(1, right + wrong)
