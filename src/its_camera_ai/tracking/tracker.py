"""Detections → tracks: which box of this look is which road user of the look before."""

from typing import Any

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import VEHICLES, Detections, ObjectClass
from its_camera_ai.core.geometry import box_iou
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.core.tracks import FrameTracks, Unknown
from its_camera_ai.tracking import kalman
from its_camera_ai.tracking.association import assign, costs
from its_camera_ai.tracking.config import TrackerConfig
from its_camera_ai.tracking.flow import FlowField
from its_camera_ai.tracking.looked import could_be_seen, cut_sides
from its_camera_ai.tracking.table import (
    BOX,
    CLASS,
    CLASSES,
    FLOATS,
    ID,
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
    Floats,
    TrackTable,
    positions_of,
)
from its_camera_ai.tracking.timeline import Place, Timeline

_CUT_VARIANCE = 25.0
_FLOW_MIN_H_S = 0.15
"""Slower than this, in box heights per second, is standing."""
_LEVEL_H = 0.25
"""Boxes whose lower edges differ by less, in heights of the larger, stand on the same ground."""
_IS_VEHICLE = np.array([c in VEHICLES for c in ObjectClass])
_LAYER = np.array([0 if c in VEHICLES | {ObjectClass.MOTORCYCLE} else 1 for c in ObjectClass])


class Tracker:
    """Follows the road users of one camera through looks at any, also irregular, times.

    Time is the frame's stream time and nothing else. A frame whose time is not after the one
    before is ignored and the previous result returned; a stream that goes on from an earlier time
    for a second is taken as a new beginning.

    Attributes:
        config: the parameters, all in seconds and box heights.
        next_id: the id that the next new track will get; store it and pass it in again, so that
            no id is ever used twice for a camera.
    """

    def __init__(self, config: TrackerConfig | None = None, *, next_id: int = 1) -> None:
        self.config = TrackerConfig() if config is None else config
        self.next_id = next_id
        self._table = TrackTable()
        self._flow = FlowField(self.config.flow_cells, layers=2)
        self._timeline = Timeline()
        self._last: FrameTracks | None = None

    def reset(self) -> None:
        """End every track, as after a camera reconnects. Ids go on; the learned flow stays."""
        self._table = TrackTable()
        self._timeline = Timeline()
        self._last = None

    def update(
        self,
        detections: Detections,
        pts_ns: int,
        wall_ns: int,
        size_wh: tuple[int, int],
        *,
        looks_per_s: float = 0.0,
        looked_xyxy: npt.NDArray[np.floating[Any]] | None = None,
    ) -> FrameTracks:
        """One look: what the detector found in the frame at ``pts_ns``.

        Args:
            detections: boxes in pixels of a frame of ``size_wh``; N = 0 means looked at and empty.
            pts_ns: stream time. wall_ns: the same moment in UTC.
            looks_per_s: passed on into the result.
            looked_xyxy: (R, 4) px, the areas that were looked at; None is the whole frame. Tracks
                outside of them are predicted and do not age.

        Returns:
            Tracks seen in this frame, in order of age, and predictions of those that were missed
            lately or not looked at.
        """
        dt_s = self._step(pts_ns)
        if dt_s is None:
            return self._last or FrameTracks.nothing(pts_ns, wall_ns, size_wh)
        cfg, table = self.config, self._table
        self._predict(pts_ns, dt_s)
        areas = None if looked_xyxy is None else np.asarray(looked_xyxy, np.float64).reshape(-1, 4)
        looked = could_be_seen(table.boxes(), areas)
        table.real[looked, UNSEEN_S] += min(dt_s, cfg.look_gap_s)
        found = _usable(detections, cfg.score_low)
        measured = positions_of(found.xyxy)
        variance = self._variance(measured, cut_sides(found.xyxy, size_wh, areas))
        rows, columns = self._associate(found, size_wh)
        self._continue(
            rows, found.take(columns), measured[columns], variance[columns], pts_ns, dt_s, size_wh
        )
        self._end(min(dt_s, cfg.look_gap_s), size_wh, looked)
        self._begin(found, measured, variance, columns, pts_ns, size_wh)
        return self._report(pts_ns, wall_ns, size_wh, None, looks_per_s)

    def skip(
        self,
        pts_ns: int,
        wall_ns: int,
        size_wh: tuple[int, int],
        reason: Unknown,
        *,
        looks_per_s: float = 0.0,
    ) -> FrameTracks:
        """A frame that was not looked at: tracks are predicted, and none ages or ends."""
        dt_s = self._step(pts_ns)
        if dt_s is None:
            return self._last or FrameTracks.nothing(pts_ns, wall_ns, size_wh, reason)
        self._predict(pts_ns, dt_s)
        return self._report(pts_ns, wall_ns, size_wh, reason, looks_per_s)

    def _step(self, pts_ns: int) -> float | None:
        """Seconds since the frame before; None where this frame must be ignored."""
        before = self._timeline.last_ns
        match self._timeline.place(pts_ns):
            case Place.STALE:
                return None
            case Place.RESTARTED:
                self._table = TrackTable()
                return 0.0
            case Place.NEXT:
                return 0.0 if before is None else (pts_ns - before) / NS_PER_S

    def _predict(self, pts_ns: int, dt_s: float) -> None:
        """Move the tracks ahead; those long unseen slow down and halt after ``coast_s``."""
        if not len(self._table):
            return
        cfg = self.config
        unseen_s = (pts_ns - self._table.whole[:, SEEN_NS]) / NS_PER_S
        step_s = _coasting(unseen_s, cfg.coast_s) - _coasting(unseen_s - dt_s, cfg.coast_s)
        kalman.predict(self._table.real, step_s, cfg.accel_h, cfg.accel_size)

    def _associate(
        self, found: Detections, size_wh: tuple[int, int]
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Pairs of track row and detection row, in three rounds over one cost matrix.

        Confirmed tracks choose among strong detections first; those seen lately then among the
        weak ones (Zhang et al., *ByteTrack*, 2022); tracks seen once take what strong ones are
        left.
        """
        cfg, real, whole = self.config, self._table.real, self._table.whole
        if not len(real) or not len(found):
            none = np.empty(0, np.intp)
            return none, none
        predicted = self._table.boxes()
        np.clip(predicted, 0, [*size_wh, *size_wh], out=predicted)
        height = np.exp(real[:, LOG_H])
        sigma_h = np.sqrt(real[:, P_POS][:, :2].max(axis=1)) / height
        confirmed = whole[:, SIGHTINGS] > 1
        widest_h = np.where(confirmed, cfg.gate_max_h, cfg.gate_newborn_h)
        reach_h = np.minimum(cfg.gate_h + cfg.gate_sigmas * sigma_h, widest_h)
        cost = costs(predicted, whole[:, CLASS], reach_h, found.xyxy, found.class_id, cfg)
        strong = found.score >= cfg.score_high
        recent = real[:, UNSEEN_S] <= cfg.low_within_s
        taken_t, taken_d = np.zeros(len(real), np.bool_), np.zeros(len(found), np.bool_)
        pairs: list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]] = []
        for track_mask, detection_mask in (
            (confirmed, strong),
            (confirmed & recent, ~strong),
            (~confirmed, found.score >= cfg.score_new),
        ):
            t = np.flatnonzero(track_mask & ~taken_t)
            d = np.flatnonzero(detection_mask & ~taken_d)
            if len(t) and len(d):
                rows, columns = assign(cost[np.ix_(t, d)])
                taken_t[t[rows]] = taken_d[d[columns]] = True
                pairs.append((t[rows], d[columns]))
        if not pairs:
            none = np.empty(0, np.intp)
            return none, none
        return np.concatenate([p[0] for p in pairs]), np.concatenate([p[1] for p in pairs])

    def _continue(
        self,
        rows: npt.NDArray[np.intp],
        seen: Detections,
        measured: Floats,
        variance: Floats,
        pts_ns: int,
        dt_s: float,
        size_wh: tuple[int, int],
    ) -> None:
        """Correct the tracks at ``rows`` by the detections ``seen``, one each."""
        if not len(rows):
            return
        cfg, table = self.config, self._table
        real, whole = table.real[rows], table.whole[rows]
        kalman.correct(real, measured, variance)
        real[:, VOTES] *= np.exp(-dt_s / cfg.vote_memory_s)
        whole[:, CLASS] = self._vote(real, whole[:, CLASS], seen)
        self._learn_flow(real, whole, pts_ns, size_wh)
        real[:, UNSEEN_S] = 0
        real[:, SCORE] = seen.score
        real[:, BOX] = seen.xyxy
        whole[:, SIGHTINGS] += 1
        whole[:, SEEN_NS] = pts_ns
        table.real[rows], table.whole[rows] = real, whole

    def _variance(self, measured: Floats, cut: npt.NDArray[np.bool_]) -> Floats:
        """(N, 4) of the measured positions; wide where the box is cut, ``cut`` as of
        ``cut_sides``.
        """
        cfg = self.config
        variance = np.empty_like(measured)
        variance[:, :2] = (cfg.measure_h * np.exp(measured[:, LOG_H, None])) ** 2
        variance[:, 2:] = cfg.measure_size**2
        variance[cut[:, 0] | cut[:, 2], 0::2] *= _CUT_VARIANCE
        variance[cut[:, 3], 1::2] *= _CUT_VARIANCE
        variance[cut[:, 1], 3] *= _CUT_VARIANCE
        return variance

    def _vote(
        self, real: Floats, present: npt.NDArray[np.int64], seen: Detections
    ) -> npt.NDArray[np.int64]:
        """Add the scores of ``seen`` to the votes in ``real``; the class each track now has."""
        each = np.arange(len(real))
        votes = real[:, VOTES]
        votes[each, seen.class_id] += seen.score
        best = votes.argmax(axis=1)
        leads = votes[each, best] > self.config.vote_margin * votes[each, present]
        return np.where(leads, best, present)

    def _learn_flow(
        self, real: Floats, whole: npt.NDArray[np.int64], pts_ns: int, size_wh: tuple[int, int]
    ) -> None:
        height = np.exp(real[:, LOG_H, None])
        velocity_h = real[:, VELOCITY][:, :2] / height
        speed = np.sqrt((velocity_h * velocity_h).sum(axis=1))
        since_s = (pts_ns - whole[:, SEEN_NS]) / NS_PER_S
        use = (whole[:, SIGHTINGS] >= 2) & (speed > _FLOW_MIN_H_S)
        travelled_h = np.minimum(speed * since_s, 1.0)
        self._flow.learn(
            real[use, :2], _LAYER[whole[use, CLASS]], velocity_h[use], travelled_h[use], size_wh
        )

    def _end(self, dt_s: float, size_wh: tuple[int, int], looked: npt.NDArray[np.bool_]) -> None:
        """Drop the tracks that were unseen for too long, or were last heading out of sight.

        None of them where the look did not cover its place.
        """
        cfg, real, whole = self.config, self._table.real, self._table.whole
        if not len(real):
            return
        unseen_s = real[:, UNSEEN_S]
        # At a slow rate of looks even one miss takes longer than a short-lived error may live.
        vehicle = _IS_VEHICLE[whole[:, CLASS]]
        tentative_s = np.where(vehicle, cfg.tentative_vehicle_lost_s, cfg.tentative_lost_s)
        tentative_s = np.maximum(tentative_s, 1.5 * dt_s)
        limit_s = np.where(whole[:, SIGHTINGS] > 1, cfg.lost_s, tentative_s)
        boxes = self._table.boxes()
        area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
        np.clip(boxes, 0, [*size_wh, *size_wh], out=boxes)
        visible = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) >= cfg.visible_share * area
        alive = ~looked | (unseen_s <= limit_s) & (visible | (unseen_s == 0))
        if not alive.all():
            self._table.keep(alive)

    def _begin(
        self,
        found: Detections,
        measured: Floats,
        variance: Floats,
        used: npt.NDArray[np.intp],
        pts_ns: int,
        size_wh: tuple[int, int],
    ) -> None:
        """Start a track from every strong detection that no track took."""
        cfg = self.config
        free = found.score >= cfg.score_new
        free[used] = False
        if not free.any():
            return
        seen_now = self._table.whole[:, SEEN_NS] == pts_ns
        if seen_now.any():
            free[free] = ~self._same_body(found.take(free), seen_now)
        fresh, measured, variance = found.take(free), measured[free], variance[free]
        n = len(fresh)
        if not n:
            return
        real, whole = np.zeros((n, FLOATS)), np.zeros((n, INTS), np.int64)
        height = np.exp(measured[:, LOG_H])
        real[:, POSITION] = measured
        real[:, P_POS] = variance
        flow, spread = self._flow.at(measured[:, :2], _LAYER[fresh.class_id], size_wh)
        real[:, VELOCITY][:, :2] = flow * height[:, None]
        speed_h = np.clip(spread, cfg.flow_sigma_h, cfg.newborn_speed_h)
        real[:, P_VEL][:, :2] = ((speed_h * height) ** 2)[:, None]
        real[:, P_VEL][:, 2:] = cfg.newborn_growth**2
        real[np.arange(n), VOTES.start + fresh.class_id] = fresh.score
        real[:, SCORE] = fresh.score
        real[:, BOX] = fresh.xyxy
        whole[:, ID] = np.arange(self.next_id, self.next_id + n)
        whole[:, CLASS] = fresh.class_id
        whole[:, SIGHTINGS] = 1
        whole[:, SEEN_NS] = pts_ns
        self.next_id += n
        self._table.append(TrackTable(real, whole))

    def _same_body(
        self, fresh: Detections, seen_now: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_]:
        """(N,): which of ``fresh`` are another box, or a part, of a body that is tracked.

        A part is a vehicle's box that lies in another vehicle's and stands on the same ground;
        a vehicle in front of another stands lower, one behind it higher.
        """
        cfg = self.config
        tracked = self._table.real[seen_now, BOX]
        again = box_iou(fresh.xyxy, tracked) >= cfg.duplicate_iou
        box = fresh.xyxy[:, None]
        wh = np.minimum(box[..., 2:], tracked[:, 2:]) - np.maximum(box[..., :2], tracked[:, :2])
        inside = np.clip(wh, 0, None).prod(axis=2)
        inside /= (box[..., 2:] - box[..., :2]).prod(axis=2)
        height = tracked[:, 3] - tracked[:, 1]
        level = np.abs(box[..., 3] - tracked[:, 3]) <= _LEVEL_H * height
        vehicle = _IS_VEHICLE[fresh.class_id][:, None]
        vehicle = vehicle & _IS_VEHICLE[self._table.whole[seen_now, CLASS]]
        same = again | (vehicle & level & (inside >= cfg.part_share))
        found: npt.NDArray[np.bool_] = np.any(same, axis=1)
        return found

    def _report(
        self,
        pts_ns: int,
        wall_ns: int,
        size_wh: tuple[int, int],
        unknown: Unknown | None,
        looks_per_s: float,
    ) -> FrameTracks:
        real, whole = self._table.real, self._table.whole
        observed = whole[:, SEEN_NS] == pts_ns
        coasting = (whole[:, SIGHTINGS] > 1) & (real[:, UNSEEN_S] <= self.config.shown_s)
        shown = np.flatnonzero(observed | coasting)
        observed = observed[shown]
        real, whole = real[shown], whole[shown]
        boxes = TrackTable(real, whole).boxes()
        np.clip(boxes, 0, [*size_wh, *size_wh], out=boxes)
        self._last = FrameTracks(
            pts_ns,
            wall_ns,
            size_wh,
            whole[:, ID].copy(),
            np.where(observed[:, None], real[:, BOX], boxes).astype(np.float32),
            np.where(observed, real[:, SCORE], 0).astype(np.float32),
            whole[:, CLASS].astype(np.int8),
            observed,
            unknown,
            looks_per_s,
        )
        return self._last


def _coasting(unseen_s: Floats, coast_s: float) -> Floats:
    """Time by which a track is thought on: all of it at first, ``coast_s`` in the end."""
    free_s = coast_s / 2
    over_s = np.maximum(unseen_s - free_s, 0.0)
    thought_s: Floats = unseen_s - over_s + free_s * (1 - np.exp(-over_s / free_s))
    return thought_s


def _usable(detections: Detections, score_low: float) -> Detections:
    """Only boxes that can be followed: finite, with an area, of a known class."""
    box = detections.xyxy
    good = np.isfinite(box).all(axis=1) & (detections.score >= score_low)
    good &= (box[:, 2] > box[:, 0]) & (box[:, 3] > box[:, 1])
    good &= (detections.class_id >= 0) & (detections.class_id < CLASSES)
    return detections if good.all() else detections.take(good)
