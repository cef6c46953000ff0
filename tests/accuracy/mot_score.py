"""A small scorer for multi-object tracking: CLEAR MOT, Identity and HOTA at IoU thresholds.

Formulas: Bernardin & Stiefelhagen 2008 (MOTA), Ristani et al. 2016 (IDF1), Luiten et al. 2020
(HOTA). Only what the tests need; frames are dicts from frame number to ids and boxes.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from its_camera_ai.core.geometry import box_iou

Frames = dict[int, tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]]
"""Frame number → ids (N,) and boxes xyxy (N, 4)."""


@dataclass(frozen=True, slots=True)
class MotScore:
    """Shares are 0–1; ``mota`` may be negative."""

    mota: float
    idf1: float
    hota: float
    switches: int
    false_positives: int
    misses: int
    truths: int


def score(truth: Frames, result: Frames, iou: float = 0.5) -> MotScore:
    """Compare a tracker's result with the truth, over every frame that either knows."""
    frames = sorted(set(truth) | set(result))
    empty = (np.empty(0, np.int64), np.empty((0, 4)))
    pairs = [(truth.get(f, empty), result.get(f, empty)) for f in frames]
    overlaps = [box_iou(t[1], r[1]) for t, r in pairs]
    switches, false_positives, misses = _clear(pairs, overlaps, iou)
    truths = sum(len(t[0]) for t, _ in pairs)
    found = sum(len(r[0]) for _, r in pairs)
    identical = _identity_true_positives(pairs, overlaps, iou)
    return MotScore(
        mota=1 - (switches + false_positives + misses) / max(truths, 1),
        idf1=2 * identical / max(truths + found, 1),
        hota=_hota(pairs, overlaps),
        switches=switches,
        false_positives=false_positives,
        misses=misses,
        truths=truths,
    )


Pair = tuple[
    tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]],
    tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]],
]


def _clear(
    pairs: list[Pair], overlaps: list[npt.NDArray[np.floating]], iou: float
) -> tuple[int, int, int]:
    last: dict[int, int] = {}
    present: dict[int, int] = {}
    switches = false_positives = misses = 0
    for ((t_ids, _), (r_ids, _)), overlap in zip(pairs, overlaps, strict=True):
        gain = np.where(overlap >= iou, overlap, 0.0)
        for i, t in enumerate(t_ids):
            j = np.flatnonzero(r_ids == present.get(int(t), -1))
            if len(j) and gain[i, j[0]] > 0:
                gain[i, j[0]] += 1000  # a pair of the frame before is kept while it is valid
        rows, columns = linear_sum_assignment(-gain)
        valid = gain[rows, columns] > 0
        present = {}
        for i, j in zip(rows[valid], columns[valid], strict=True):
            t, r = int(t_ids[i]), int(r_ids[j])
            switches += t in last and last[t] != r
            last[t] = present[t] = r
        misses += len(t_ids) - int(valid.sum())
        false_positives += len(r_ids) - int(valid.sum())
    return switches, false_positives, misses


def _counts(
    pairs: list[Pair],
) -> tuple[dict[int, int], dict[int, int], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    t_all = np.concatenate([t[0] for t, _ in pairs])
    r_all = np.concatenate([r[0] for _, r in pairs])
    t_ids, t_count = np.unique(t_all, return_counts=True)
    r_ids, r_count = np.unique(r_all, return_counts=True)
    t_index = {int(v): i for i, v in enumerate(t_ids)}
    r_index = {int(v): i for i, v in enumerate(r_ids)}
    return t_index, r_index, t_count, r_count


def _identity_true_positives(
    pairs: list[Pair], overlaps: list[npt.NDArray[np.floating]], iou: float
) -> int:
    t_index, r_index, _, _ = _counts(pairs)
    together = np.zeros((len(t_index), len(r_index)))
    for ((t_ids, _), (r_ids, _)), overlap in zip(pairs, overlaps, strict=True):
        for i, j in zip(*np.nonzero(overlap >= iou), strict=True):
            together[t_index[int(t_ids[i])], r_index[int(r_ids[j])]] += 1
    rows, columns = linear_sum_assignment(-together)
    return int(together[rows, columns].sum())


def _hota(pairs: list[Pair], overlaps: list[npt.NDArray[np.floating]]) -> float:
    t_index, r_index, t_count, r_count = _counts(pairs)
    likely = np.zeros((len(t_index), len(r_index)))
    indexed = []
    for ((t_ids, _), (r_ids, _)), overlap in zip(pairs, overlaps, strict=True):
        t = np.array([t_index[int(v)] for v in t_ids], np.intp)
        r = np.array([r_index[int(v)] for v in r_ids], np.intp)
        indexed.append((t, r))
        if overlap.size:
            share = overlap.sum(0)[None] + overlap.sum(1)[:, None] - overlap
            likely[np.ix_(t, r)] += np.where(share > 1e-9, overlap / np.maximum(share, 1e-9), 0)
    alignment = likely / (t_count[:, None] + r_count[None] - likely)
    values = []
    for alpha in np.arange(0.05, 0.99, 0.05):
        matches = np.zeros_like(likely)
        true_positives = 0
        for (t, r), overlap in zip(indexed, overlaps, strict=True):
            if not overlap.size:
                continue
            rows, columns = linear_sum_assignment(-(alignment[np.ix_(t, r)] * overlap))
            good = overlap[rows, columns] >= alpha - 1e-12
            matches[t[rows[good]], r[columns[good]]] += 1
            true_positives += int(good.sum())
        detection = true_positives / max(t_count.sum() + r_count.sum() - true_positives, 1)
        association = matches / np.maximum(t_count[:, None] + r_count[None] - matches, 1)
        ass = float((matches * association).sum() / max(true_positives, 1))
        values.append(np.sqrt(detection * ass))
    return float(np.mean(values))
