"""Which detection continues which track."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from its_camera_ai.core.detections import VEHICLES, ObjectClass
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.tracking.config import TrackerConfig
from its_camera_ai.tracking.sightings import Features, Look, Sightings
from its_camera_ai.tracking.table import (
    CLASS,
    CLASSES,
    LOG_H,
    P_POS,
    P_VEL,
    SEEN_NS,
    SIGHTINGS,
    UNSEEN_S,
    Bools,
    Floats,
    Rows,
    TrackTable,
)

Pairs = tuple[Rows, Rows]

_GUESSED = 0.9
"""A speed as uncertain as this share of ``newborn_speed_h`` has not been told by anything."""


def associate(table: TrackTable, seen: Sightings, look: Look, config: TrackerConfig) -> Pairs:
    """Pairs of track row and detection row, in four rounds.

    Confirmed tracks choose among strong detections first; those seen lately then among the weak
    ones (Zhang et al., *ByteTrack*, 2022); tracks seen once take what strong ones are left; of
    these, last, tracks that were lost for long take those that look like them.
    """
    none = np.empty(0, np.intp)
    if not len(table) or not len(seen):
        return none, none
    real, score = table.real, seen.found.score
    cost = _pair_costs(table, seen, look, config)
    lost = real[:, UNSEEN_S] > config.lost_s
    confirmed = table.whole[:, SIGHTINGS] > 1
    recent = real[:, UNSEEN_S] <= config.low_within_s
    strong = score >= look.score_high
    # The longer unseen, the better a weak detection must fit.
    cost[:, ~strong] *= 1 + np.maximum(real[:, UNSEEN_S, None] - 1, 0)
    taken_t, taken_d = lost.copy(), np.zeros(len(seen), np.bool_)
    pairs: list[Pairs] = []
    for track_mask, detection_mask in (
        (confirmed, strong),
        (confirmed & recent, ~strong),
        (~confirmed, score >= min(config.score_new, look.score_new)),
    ):
        t, d = np.flatnonzero(track_mask & ~taken_t), np.flatnonzero(detection_mask & ~taken_d)
        if len(t) and len(d):
            rows, columns = assign(cost[np.ix_(t, d)])
            taken_t[t[rows]] = taken_d[d[columns]] = True
            pairs.append((t[rows], d[columns]))
    t, d = np.flatnonzero(lost), np.flatnonzero((score >= look.score_new) & ~taken_d)
    if len(t) and len(d):
        rows, columns = assign(_return_costs(table.take(t), seen.take(d), look, config))
        pairs.append((t[rows], d[columns]))
    if not pairs:
        return none, none
    return np.concatenate([p[0] for p in pairs]), np.concatenate([p[1] for p in pairs])


def _pair_costs(table: TrackTable, seen: Sightings, look: Look, config: TrackerConfig) -> Floats:
    """(N, M) by place, size, class, and appearance where both sides have it."""
    real, whole = table.real, table.whole
    predicted = table.boxes()
    np.clip(predicted, 0, [*look.size_wh, *look.size_wh], out=predicted)
    sigma_h = np.sqrt(real[:, P_POS][:, :2].max(axis=1)) / np.exp(real[:, LOG_H])
    widest_h = np.select(
        [whole[:, SIGHTINGS] > 1, speed_unknown(real, config)],
        [config.gate_max_h, config.gate_newborn_h],
        config.gate_flow_h,
    )
    reach_h = np.minimum(config.gate_h + config.gate_sigmas * sigma_h, widest_h)
    found = seen.found
    cost = costs(predicted, whole[:, CLASS], reach_h, found.xyxy, found.class_id, config)
    if seen.features.shape[1]:
        apart = _appearance_distance(table.looks_like, seen.features)
        extra = config.appearance_weight * np.nan_to_num(apart, nan=0.0)
        cost += extra / (reach_h + config.iou_weight)[:, None]
    return cost


def speed_unknown(real: Floats, config: TrackerConfig) -> Bools:
    """(N,): whether the speed is a mere guess: one sighting, where no flow is known."""
    sigma_h = np.sqrt(real[:, P_VEL][:, 0]) / np.exp(real[:, LOG_H])
    unknown: Bools = sigma_h > _GUESSED * config.newborn_speed_h
    return unknown


def _return_costs(table: TrackTable, seen: Sightings, look: Look, config: TrackerConfig) -> Floats:
    """(N, M): of tracks lost for long, by appearance alone where the way was not too far."""
    apart = _appearance_distance(table.looks_like, seen.features)
    cost: Floats = np.nan_to_num(apart, nan=np.inf) / config.appearance_same
    away_s = (look.pts_ns - table.whole[:, SEEN_NS, None]) / NS_PER_S
    off = np.hypot(
        table.real[:, 0, None] - seen.measured[:, 0], table.real[:, 1, None] - seen.measured[:, 1]
    )
    height = np.exp(np.maximum(table.real[:, LOG_H, None], seen.measured[:, LOG_H]))
    cost[off > height * (config.gate_max_h + config.reentry_h_s * away_s)] = np.inf
    cost += _CLASS_TABLE[table.whole[:, CLASS, None], seen.found.class_id]
    return cost


def _appearance_distance(tracks: Features, found: Features) -> Floats:
    """(N, M) cosine distance, 0–2; NaN where a side is not known."""
    if not tracks.shape[1] or tracks.shape[1] != found.shape[1]:
        return np.full((len(tracks), len(found)), np.nan)
    distance: Floats = 1.0 - (tracks @ found.T).astype(np.float64)
    distance[~tracks.any(axis=1)] = np.nan
    distance[:, ~found.any(axis=1)] = np.nan
    return distance


def _class_table() -> Floats:
    """(CLASSES, CLASSES): 0 the same body, 1 a likely mix-up, infinite impossible."""
    riders = {ObjectClass.PERSON, ObjectClass.BICYCLE, ObjectClass.MOTORCYCLE}
    table = np.full((CLASSES, CLASSES), np.inf)
    for a in ObjectClass:
        for b in ObjectClass:
            if a == b or {a, b} <= VEHICLES:
                table[a, b] = 0
            elif {a, b} <= riders or ObjectClass.OTHER in (a, b):
                table[a, b] = 1
    return table


_CLASS_TABLE = _class_table()


def costs(
    tracks: Floats,
    track_class: npt.NDArray[np.int64],
    reach_h: Floats,
    boxes: npt.NDArray[np.floating[Any]],
    box_class: npt.NDArray[np.int8],
    config: TrackerConfig,
) -> Floats:
    """Cost of every pair in units of the track's gate; 1 and above is out of the question, and
    infinite where the distance alone says so.

    The cost is motion-normalised: the distance of predicted and observed bottom centre over the
    box height, plus half the absolute logarithm of the height ratio, plus what is missing of the
    overlap. It stays meaningful where boxes of consecutive looks do not overlap at all.

    Args:
        tracks: (N, 4) predicted xyxy, clipped to the picture. track_class: (N,).
        reach_h: (N,) gate of each track in box heights.
        boxes: (M, 4) detected xyxy. box_class: (M,).

    Returns:
        (N, M).
    """
    height_t = np.maximum(tracks[:, 3] - tracks[:, 1], 1.0)
    height_d = np.maximum(boxes[:, 3] - boxes[:, 1], 1.0)
    dx = (tracks[:, 0] + tracks[:, 2])[:, None] / 2 - (boxes[:, 0] + boxes[:, 2]) / 2
    dy = tracks[:, 3, None] - boxes[:, 3]
    mean_height = (height_t[:, None] + height_d) / 2
    distance = np.sqrt(dx * dx + dy * dy) / mean_height
    gate = reach_h + config.iou_weight
    t, d = np.nonzero(distance < gate[:, None])
    ratio = np.abs(np.log(height_t)[t] - np.log(height_d)[d])
    near = distance[t, d] + config.size_weight * ratio
    near += config.iou_weight * (1 - _paired_iou(tracks[t], boxes[d]))
    near += config.class_cost * _CLASS_TABLE[track_class[t], box_class[d]]
    cost: Floats = np.full(distance.shape, np.inf)
    cost[t, d] = near / gate[t]
    return cost


def _paired_iou(a: Floats, b: npt.NDArray[np.floating[Any]]) -> Floats:
    """(K,) overlap of box k of (K, 4) with box k of the other."""
    wh = np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    np.maximum(wh, 0, out=wh)
    overlap = wh[:, 0] * wh[:, 1]
    union = (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1]) + (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])
    union -= overlap
    iou: Floats = np.divide(overlap, union, out=np.zeros_like(overlap), where=union > 0)
    return iou


def assign(cost: Floats) -> Pairs:
    """The cheapest pairing, where leaving a row and a column alone costs as much as a pair of
    cost 1, so no pair at or above 1 is made.

    Args:
        cost: (N, M), may hold infinities.

    Returns:
        Rows and columns of the pairs.
    """
    allowed = cost < 1
    if not allowed.any():
        none = np.empty(0, np.intp)
        return none, none
    row, column = np.nonzero(allowed)
    alone = (allowed.sum(axis=1)[row] == 1) & (allowed.sum(axis=0)[column] == 1)
    if alone.all():
        return row, column
    # Only those that compete for one another need the solver.
    rows, columns = np.unique(row[~alone]), np.unique(column[~alone])
    part = np.ix_(rows, columns)
    r, c = linear_sum_assignment(np.where(allowed[part], cost[part] - 1, 0.0))
    rows, columns = rows[r], columns[c]
    real = allowed[rows, columns]
    return np.concatenate([row[alone], rows[real]]), np.concatenate([column[alone], columns[real]])
