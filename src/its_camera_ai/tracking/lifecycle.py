"""Birth, life and end of tracks: what a look does to the table, given who was seen."""

import numpy as np

from its_camera_ai.core.detections import VEHICLES, Detections, ObjectClass
from its_camera_ai.core.geometry import box_iou
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.tracking import kalman
from its_camera_ai.tracking.association import speed_unknown
from its_camera_ai.tracking.config import TrackerConfig
from its_camera_ai.tracking.flow import FlowField
from its_camera_ai.tracking.sightings import Look, Sightings
from its_camera_ai.tracking.table import (
    BOX,
    CLASS,
    EVIDENCE,
    FIRST_BOX,
    FIRST_NS,
    FIRST_SCORE,
    FLOATS,
    INTS,
    LOG_H,
    P_POS,
    P_VEL,
    POSITION,
    SCORE,
    SEEN_NS,
    SIGHTINGS,
    UNSEEN_S,
    VELOCITY,
    VOTES,
    Bools,
    Floats,
    Ints,
    Rows,
    TrackTable,
)

_FLOW_MIN_H_S = 0.15
"""Slower than this, in box heights per second, is standing."""
_LEVEL_H = 0.25
"""Boxes whose lower edges differ by less, in heights of the larger, stand on the same ground."""
_FEATURE_KEPT = 0.9
"""Share of a track's known appearance that one more sighting leaves."""
_IS_VEHICLE = np.array([c in VEHICLES for c in ObjectClass])
_LAYER = np.array([0 if c in VEHICLES | {ObjectClass.MOTORCYCLE} else 1 for c in ObjectClass])


def go_on(
    table: TrackTable,
    rows: Rows,
    seen: Sightings,
    look: Look,
    flow: FlowField,
    config: TrackerConfig,
) -> None:
    """Correct the tracks at ``rows`` by the detections ``seen``, one each."""
    if not len(rows):
        return
    part = table.take(rows)
    real, whole = part.real, part.whole
    kalman.correct(real, seen.measured, seen.variance)
    real[:, VOTES] *= np.exp(-look.dt_s / config.vote_memory_s)
    whole[:, CLASS] = _vote(real, whole[:, CLASS], seen.found, config)
    _learn_flow(flow, real, whole, look)
    real[:, UNSEEN_S] = 0
    real[:, EVIDENCE] += _evidence(seen.found, look, config)
    real[:, SCORE] = seen.found.score
    real[:, BOX] = seen.found.xyxy
    whole[:, SIGHTINGS] += 1
    whole[:, SEEN_NS] = look.pts_ns
    table.real[rows], table.whole[rows] = real, whole
    if seen.features.shape[1]:
        _remember_looks(table, rows, seen)


def begin(
    table: TrackTable,
    seen: Sightings,
    used: Rows,
    look: Look,
    flow: FlowField,
    config: TrackerConfig,
) -> None:
    """Start a track, not yet shown, from every strong detection that no track took."""
    free: Bools = seen.found.score >= look.score_new
    free[used] = False
    if not free.any():
        return
    seen_now = table.whole[:, SEEN_NS] == look.pts_ns
    if seen_now.any():
        free[free] = ~_same_body(table, seen.found.take(free), seen_now, config)
    fresh = seen.take(free)
    n, found = len(fresh), fresh.found
    if not n:
        return
    real, whole = np.zeros((n, FLOATS)), np.zeros((n, INTS), np.int64)
    height = np.exp(fresh.measured[:, LOG_H])
    real[:, POSITION] = fresh.measured
    real[:, P_POS] = fresh.variance
    speed_h, spread, growth = flow.at(fresh.measured[:, :2], _LAYER[found.class_id], look.size_wh)
    real[:, VELOCITY][:, :2] = speed_h * height[:, None]
    real[:, VELOCITY][:, 2:] = growth[:, None]
    sigma_h = np.clip(spread, config.flow_sigma_h, config.newborn_speed_h)
    real[:, P_VEL][:, :2] = ((sigma_h * height) ** 2)[:, None]
    real[:, P_VEL][:, 2:] = config.newborn_growth**2
    real[np.arange(n), VOTES.start + found.class_id] = found.score
    real[:, EVIDENCE] = _evidence(found, look, config)
    real[:, SCORE] = real[:, FIRST_SCORE] = found.score
    real[:, BOX] = real[:, FIRST_BOX] = found.xyxy
    whole[:, CLASS] = found.class_id
    whole[:, SIGHTINGS] = 1
    whole[:, SEEN_NS] = whole[:, FIRST_NS] = look.pts_ns
    if fresh.features.shape[1]:
        table.use_features(fresh.features.shape[1])
        looks_like = fresh.features
    else:
        looks_like = np.zeros((n, table.looks_like.shape[1]), np.float32)
    table.append(TrackTable(real, whole, looks_like))


def survivors(table: TrackTable, looked: Bools, look: Look, config: TrackerConfig) -> Bools:
    """(N,): who goes on; ended are those unseen for too long or last heading out of sight.

    None of them where the look did not cover its place.
    """
    real, whole = table.real, table.whole
    unseen_s = real[:, UNSEEN_S]
    vehicle = _IS_VEHICLE[whole[:, CLASS]]
    tentative_s = np.where(vehicle, config.tentative_vehicle_lost_s, config.tentative_lost_s)
    # At a slow rate of looks even one miss takes longer than a short-lived error may live. Where
    # nothing tells its speed, what comes to its place after a miss is as likely the next one.
    tentative_s = np.where(
        speed_unknown(real, config), tentative_s, np.maximum(tentative_s, 1.5 * look.dt_s)
    )
    limit_s = np.where(whole[:, SIGHTINGS] > 1, config.lost_s, tentative_s)
    boxes = table.boxes()
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    np.clip(boxes, 0, [*look.size_wh, *look.size_wh], out=boxes)
    visible = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) >= config.visible_share * area
    alive: Bools = ~looked | (unseen_s <= limit_s) & (visible | (unseen_s == 0))
    if table.looks_like.shape[1]:
        away_s = (look.pts_ns - whole[:, SEEN_NS]) / NS_PER_S
        alive |= table.looks_like.any(axis=1) & (away_s <= config.reentry_s)
    return alive


def class_share(real: Floats, present: Ints) -> Floats:
    """(N,) share of the votes, 0–1, that the class in force has."""
    votes = real[:, VOTES]
    mine = votes[np.arange(len(real)), present]
    share: Floats = mine / np.maximum(votes.sum(axis=1), 1e-12)
    return share


def _evidence(found: Detections, look: Look, config: TrackerConfig) -> Floats:
    above: Floats = np.maximum(found.score.astype(np.float64) - config.evidence_score, 0.0)
    return above * look.weight


def _vote(real: Floats, present: Ints, found: Detections, config: TrackerConfig) -> Ints:
    """Add the scores to the votes in ``real``; the class that each track now has."""
    each = np.arange(len(real))
    votes = real[:, VOTES]
    votes[each, found.class_id] += found.score
    best = votes.argmax(axis=1)
    leads = votes[each, best] > config.vote_margin * votes[each, present]
    return np.where(leads, best, present)


def _learn_flow(flow: FlowField, real: Floats, whole: Ints, look: Look) -> None:
    height = np.exp(real[:, LOG_H, None])
    velocity_h = real[:, VELOCITY][:, :2] / height
    speed = np.sqrt((velocity_h * velocity_h).sum(axis=1))
    since_s = (look.pts_ns - whole[:, SEEN_NS]) / NS_PER_S
    use = (whole[:, SIGHTINGS] >= 2) & (speed > _FLOW_MIN_H_S)
    travelled_h = np.minimum(speed * since_s, 1.0)
    flow.learn(
        real[use, :2],
        _LAYER[whole[use, CLASS]],
        velocity_h[use],
        real[use, VELOCITY.start + LOG_H],
        travelled_h[use],
        look.size_wh,
    )


def _remember_looks(table: TrackTable, rows: Rows, seen: Sightings) -> None:
    table.use_features(seen.features.shape[1])
    known = table.looks_like[rows]
    have = seen.features.any(axis=1)
    share = np.where(known.any(axis=1) & have, _FEATURE_KEPT, np.where(have, 0.0, 1.0))
    mixed = share[:, None] * known + (1 - share[:, None]) * seen.features
    length = np.linalg.norm(mixed, axis=1, keepdims=True)
    table.looks_like[rows] = np.divide(mixed, length, out=np.zeros_like(mixed), where=length > 0)


def _same_body(
    table: TrackTable, fresh: Detections, seen_now: Bools, config: TrackerConfig
) -> Bools:
    """(N,): which of ``fresh`` are another box, or a part, of a body that is tracked.

    A part is a vehicle's box that lies in another vehicle's and stands on the same ground; a
    vehicle in front of another stands lower, one behind it higher.
    """
    tracked = table.real[seen_now, BOX]
    again = box_iou(fresh.xyxy, tracked) >= config.duplicate_iou
    box = fresh.xyxy[:, None]
    wh = np.minimum(box[..., 2:], tracked[:, 2:]) - np.maximum(box[..., :2], tracked[:, :2])
    inside = np.clip(wh, 0, None).prod(axis=2)
    inside /= (box[..., 2:] - box[..., :2]).prod(axis=2)
    height = tracked[:, 3] - tracked[:, 1]
    level = np.abs(box[..., 3] - tracked[:, 3]) <= _LEVEL_H * height
    vehicle = _IS_VEHICLE[fresh.class_id][:, None]
    vehicle = vehicle & _IS_VEHICLE[table.whole[seen_now, CLASS]]
    same = again | (vehicle & level & (inside >= config.part_share))
    found: Bools = np.any(same, axis=1)
    return found
