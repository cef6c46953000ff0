"""Near misses by time to collision: pairs that are about to touch unless somebody brakes hard."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.incidents.finding import Finding
from its_camera_ai.analytics.incidents.limits import IncidentLimits
from its_camera_ai.analytics.incidents.memory import NEVER
from its_camera_ai.analytics.incidents.trust import trusted
from its_camera_ai.analytics.incidents.usual_paths import UsualPaths
from its_camera_ai.analytics.incidents.view import Bools, Floats, View
from its_camera_ai.analytics.measures.conflicts import (
    REAR_END_DEG,
    Bodies,
    conflict_angle_deg,
    conflict_type,
    meet_turning,
    needed_deceleration,
    times_to_collision,
)
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.incidents import IncidentKind
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.time import NS_PER_S

Rows = npt.NDArray[np.intp]
_MOVING_MPS = 2.0
_WENT_SHARE = 0.5
"""A speed counts if the way gone of late confirms so much of it; a box that jumps has none."""
_LANE_KEEPING_DEG = 12.0
_WIDTH_MIN_M = 0.4
_SEVERE_TTC_S = 1.0
_HALF = 0.5
"""Pairs are followed from half of the braking on, so that hard braking is no single look."""
_BRAKE_POSSIBLE_MPS2 = 12.0
"""No tyre brakes harder on a dry road; a pair that would need it at once does not stand where it
seems to."""
_NEVER_MPS2 = 25.0
"""Who would have needed so much and was not hit, was not there: its boxes overlap another's."""
_GONE_S = 1.0
_TURN_LATER_S = 0.5
_PATHS_MIN = 20
"""At a junction, crossing conflicts of vehicles are told once so many ways are known."""


@dataclass(slots=True)
class _Close:
    """A pair on a collision course.

    Attributes:
        first_ns: since when. last_ns: of the last look at which it was.
        defined_ns: when avoiding it began to take hard braking, None before.
        ttc_s, needed_mps2, angle_deg: at the shortest time to collision so far.
        never: it took more than can be, so its places are wrong.
    """

    first_ns: int
    last_ns: int
    ttc_s: float
    needed_mps2: float
    angle_deg: float
    defined_ns: int | None = None
    never: bool = False


class CollisionCourses:
    """Pairs whose time to collision is short and takes hard braking to avoid.

    At least one of them is a motor vehicle. Vehicles that keep to different lanes are left out:
    there a little error in the heading makes a collision out of oncoming traffic. So is what
    overlaps from the start.
    """

    def __init__(self, scene: Scene, limits: IncidentLimits) -> None:
        self._limits = limits
        self._junction = bool(scene.signals or scene.movements) or any(
            lane.stop_line for lane in scene.lanes
        )
        self._usual = UsualPaths()
        self._close: dict[tuple[int, int], _Close] = {}

    def update(self, view: View) -> Iterator[Finding]:
        now = view.frame.pts_ns
        self._usual.update(view)
        rows = _users(view)
        if len(rows) >= 2:
            yield from self._courses(view, rows)
        gone = [k for k, c in self._close.items() if now - c.last_ns > _GONE_S * NS_PER_S]
        for key in gone:
            del self._close[key]

    def _courses(self, view: View, rows: Rows) -> Iterator[Finding]:
        limits, now = self._limits, view.frame.pts_ns
        a, b = self._candidates(view, rows)
        if not len(a):
            return
        bodies = _bodies(view)
        first, second = bodies.take(a), bodies.take(b)
        ttc = times_to_collision(first, second)
        needed = needed_deceleration(first, second, ttc)
        hit = np.flatnonzero((ttc <= limits.ttc_s) & (needed >= _HALF * limits.brake_mps2))
        if not len(hit):
            return
        hit = hit[self._surely(view, bodies, a[hit], b[hit])]
        angle = conflict_angle_deg(bodies.heading_rad[a], bodies.heading_rad[b])
        for k in hit.tolist():
            key = _key(view, int(a[k]), int(b[k]))
            close = self._follow(key, now, float(ttc[k]), float(needed[k]), float(angle[k]))
            if (
                close is not None
                and close.defined_ns is not None
                and not close.never
                and (now - close.first_ns) / NS_PER_S >= limits.ttc_looks_s
            ):
                yield self._finding(view, int(a[k]), int(b[k]), close)

    def _follow(
        self, key: tuple[int, int], now_ns: int, ttc_s: float, needed_mps2: float, angle_deg: float
    ) -> _Close | None:
        """What is known of this pair; None if it overlaps from the start."""
        close = self._close.get(key)
        if close is None:
            if ttc_s <= 0:
                return None
            close = self._close[key] = _Close(now_ns, now_ns, ttc_s, needed_mps2, angle_deg)
        close.last_ns = now_ns
        hard = self._limits.brake_mps2 <= needed_mps2 <= _BRAKE_POSSIBLE_MPS2
        if close.defined_ns is None and hard:
            close.defined_ns = now_ns
        close.never |= needed_mps2 > _NEVER_MPS2
        if ttc_s < close.ttc_s:
            close.ttc_s, close.angle_deg = ttc_s, angle_deg
            if ttc_s > 0:
                close.needed_mps2 = needed_mps2
        return close

    def _candidates(self, view: View, rows: Rows) -> tuple[Rows, Rows]:
        """Rows of pairs that could touch within the limit."""
        place, velocity = view.place[rows], view.velocity[rows]
        i, j = np.triu_indices(len(rows), 1)
        apart = place[j] - place[i]
        relative = velocity[j] - velocity[i]
        reach = (view.body_m[rows].sum(axis=1) / 2)[i] + (view.body_m[rows].sum(axis=1) / 2)[j]
        speed = np.hypot(relative[:, 0], relative[:, 1])
        near = np.hypot(apart[:, 0], apart[:, 1]) <= reach + speed * self._limits.ttc_s
        surely = view.speed_mps - 2 * np.nan_to_num(view.frame.speed_sd_mps)
        went = np.nan_to_num(view.went_mps) > _WENT_SHARE * view.speed_mps
        stands = view.rows("stood_ns") != NEVER
        fast = ((surely > _MOVING_MPS) & went & ~stands)[rows]
        motor = view.motor[rows]
        keep = near & (fast[i] | fast[j]) & (motor[i] | motor[j])
        keep &= (apart * relative).sum(axis=1) < 0
        # from their nearest points on it takes no more than Δv² / (2·gap) to avoid a collision
        gap = np.hypot(apart[:, 0], apart[:, 1]) - reach
        keep &= speed**2 >= 2 * _HALF * self._limits.brake_mps2 * gap
        i, j = rows[i[keep]], rows[j[keep]]
        apart_lanes = self._keep_apart(view, i, j)
        return i[~apart_lanes], j[~apart_lanes]

    def _surely(self, view: View, bodies: Bodies, a: Rows, b: Rows) -> Bools:
        """(P,) pairs that also meet if their bodies are smaller by what their places are unsure,
        and if both go on as others did here, or else as they turn now.
        """
        sure = _narrowed(bodies, view.frame.position_sd_m)
        one, other = sure.take(a), sure.take(b)
        meets: Bools = np.isfinite(times_to_collision(one, other))
        if meets.any():
            turn = view.turn_radps()
            within_s = self._limits.ttc_s + _TURN_LATER_S
            meets &= meet_turning(one, other, turn[a], turn[b], within_s)
            motor = view.motor[a] & view.motor[b]
            across = conflict_angle_deg(one.heading_rad, other.heading_rad) >= REAR_END_DEG
            if self._junction and len(self._usual) < _PATHS_MIN:
                meets &= ~(motor & across)
            for k in np.flatnonzero(meets & across).tolist():
                row = np.array([k])
                meets[k] = self._usual.meet(
                    one.take(row), other.take(row), turn[a[k]], turn[b[k]], within_s
                )
        return meets

    @staticmethod
    def _keep_apart(view: View, i: Rows, j: Rows) -> Bools:
        if not view.places.scene.lanes:
            return np.zeros(len(i), bool)
        ways = view.places.lane_way_m[view.lane]
        with np.errstate(invalid="ignore", divide="ignore"):
            cos = np.abs((view.velocity * ways).sum(axis=1)) / view.speed_mps
        keeps = (view.lane >= 0) & (
            (cos >= np.cos(np.radians(_LANE_KEEPING_DEG))) | (view.speed_mps < _MOVING_MPS)
        )
        apart: Bools = keeps[i] & keeps[j] & (view.lane[i] != view.lane[j])
        return apart

    def _finding(self, view: View, one: int, other: int, close: _Close) -> Finding:
        limits = self._limits
        main, second = sorted((one, other), key=lambda row: -float(view.speed_mps[row]))
        kind = conflict_type(close.angle_deg)
        weak = not (view.motor[one] and view.motor[other])
        return Finding(
            IncidentKind.NEAR_MISS,
            _key(view, one, other),
            "",
            (int(view.frame.track_id[main]), int(view.frame.track_id[second])),
            close.first_ns,
            close.defined_ns or close.first_ns,
            int(close.ttc_s < _SEVERE_TTC_S) + int(weak),
            f"{view.label(main)} and {view.label(second)} came within {close.ttc_s:.2f} s of a "
            f"collision (limit {limits.ttc_s:g} s); avoiding it took {close.needed_mps2:.1f} m/s² "
            f"({kind.value.replace('_', ' ')} conflict at {close.angle_deg:.0f}°).",
            {
                "ttc_s": round(close.ttc_s, 3),
                "limit_s": limits.ttc_s,
                "needed_mps2": round(close.needed_mps2, 2),
                "conflict": kind.value,
                "angle_deg": round(close.angle_deg, 1),
            },
            main,
        )


def _users(view: View) -> Rows:
    """Rows of road users with a place in metres; a rider is part of the two-wheeler.

    Who walks or cycles counts from the carriageway on, where the scene says where that is: most of
    those who come up to the kerb stop there.
    """
    kinds = (view.frame.class_id <= ObjectClass.TRUCK) & ~view.riders
    places = view.places
    ground = places.carriageways | places.crossings
    if ground.any():
        kinds &= view.motor | (view.lane >= 0) | view.in_zone[:, ground].any(axis=1)
    rows: Rows = np.flatnonzero(view.fresh & view.metric & kinds & trusted(view))
    return rows


def _bodies(view: View) -> Bodies:
    own = np.arctan2(view.velocity[:, 1], view.velocity[:, 0])
    heading = np.where(np.isnan(view.frame.heading_rad), own, view.frame.heading_rad)
    return Bodies(view.place, view.velocity, heading, view.body_m[:, 0], view.body_m[:, 1])


def _narrowed(bodies: Bodies, sd_m: Floats) -> Bodies:
    """Bodies that are surely there: smaller by two standard deviations of their place."""
    less = 2 * np.nan_to_num(sd_m)
    length = np.maximum(bodies.length_m - less, _WIDTH_MIN_M)
    width = np.maximum(bodies.width_m - less, _WIDTH_MIN_M)
    return Bodies(bodies.xy_m, bodies.velocity_mps, bodies.heading_rad, length, width)


def _key(view: View, one: int, other: int) -> tuple[int, int]:
    a, b = int(view.frame.track_id[one]), int(view.frame.track_id[other])
    return min(a, b), max(a, b)
